/*
 * oracle.h - packaged libsrtp2, to compare with
 *
 * Its functions have names that ours have too, so it is opened at run time and wrapped here.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum oracle_suite { ORACLE_CM_80, ORACLE_CM_32, ORACLE_GCM_128, ORACLE_GCM_256 };

struct oracle;
/* key: master key and salt. Aborts when libsrtp2 is not there: the tests must not pass without it. */
struct oracle *oracle_new(enum oracle_suite suite, const uint8_t *key, bool sender);
void oracle_free(struct oracle *o);
/* In place, *n is the length before and after; false: libsrtp2 refuses the packet. */
bool oracle_protect(struct oracle *o, uint8_t *p, int *n);
bool oracle_unprotect(struct oracle *o, uint8_t *p, int *n);
bool oracle_protect_rtcp(struct oracle *o, uint8_t *p, int *n);
bool oracle_unprotect_rtcp(struct oracle *o, uint8_t *p, int *n);
