/*
 * web/etag.h - tags of states, and what a request makes of them.   RFC 9110 §8.8.3, §13.1
 *
 * A tag has two parts, "VERSION-FACE" in hexadecimal digits. VERSION is the time of the row's last write, FACE a hash
 * of all that is shown, with what changes by itself: calls in progress, registered phones. A client that asks whether
 * what it has is still right (If-None-Match) means both; one that does not want to undo what somebody else has written
 * (If-Match) means the first alone, or a phone that registers would stand in its way.
 *
 * DEVIATION: for If-Match, RFC 9110 §8.8.3.2 compares the whole tag (docs/decisions/023).
 *
 * Pure; any thread.
 */
#pragma once
#include "base/slice.h"

#define WEB_ETAG_CAP 40
/* version: not below zero. */
void web_etag_write(int64_t version, struct slice shown, char ret[WEB_ETAG_CAP]);
/* If-None-Match of a GET: the client has it. Weak tags count too (RFC 9110 §13.1.2). */
bool web_etag_is_known(struct slice if_none_match, const char *etag);
/* May a write be done, by If-Match and If-None-Match, each empty if not given? version: of what there is, -1: nothing.
 * What is no list of tags names nothing. */
bool web_etag_allows(struct slice if_match, struct slice if_none_match, int64_t version);
