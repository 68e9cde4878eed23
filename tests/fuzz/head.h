/* fuzz/head.h - the head of an HTTP request, as libwebsockets would hand it out to web/peer.c and web/peer_head.c */
#pragma once
#include "base/slice.h"

#define HEAD_FIELDS_MAX 24

struct head {
	struct slice method, path, query;
	struct {
		struct slice name, value;
	} fields[HEAD_FIELDS_MAX];
	size_t field_count;
};
/* The one that is asked with, in memory of the target. */
extern struct head given;

struct slice head_field(struct slice name); /* empty: not given */
/* As the library copies: with a NUL, for which there must be room. The length; -1: there is none. */
int head_copy(char *ret, int cap, struct slice s);
