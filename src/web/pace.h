/*
 * web/pace.h - how much one who has come in may do: what leaves rows behind, or work for nothing
 *
 * Each act leaves a row of the audit trail, which is kept for long and belongs to the company alone: a program that
 * changes something without rest must not fill the disk of all. The provider is not held back.
 */
#pragma once
#include "web/request.h"

/* True if there is nothing to wait for; else answered with 429 and when to come again. too_many: "wrong tries". */
MUST_USE bool web_pace(struct web_request *r, int64_t wait_us, const char *too_many);
/* May who asks do one more thing that is told in the audit trail? False: answered. */
MUST_USE bool web_may_act(struct web_request *r);
/* May this person, who is about to get a session? whole: of which they are a part. False: answered. */
MUST_USE bool web_may_act_as(struct web_request *r, enum web_role role, struct slice user, struct slice whole);
/* May who asks have a thing that takes long read once more: the trail's hashes, or all calls of days? False: answered.
 */
MUST_USE bool web_may_check(struct web_request *r);
