/*
 * support/postgresql.h - a PostgreSQL server for a test program, run by tests/support/postgresql.py
 *
 * One a program. It ends with the program, however that ends.
 */
#pragma once

/* Starts it at the first call, which takes some seconds; its URL. Aborts with the reason on standard error. */
const char *postgresql_url(void);
/* For a group's teardown: ends it now. 0. */
int postgresql_end(void **state);

void postgresql_stop(void); /* orderly */
void postgresql_kill(void); /* as by a crash */
void postgresql_start(void);
