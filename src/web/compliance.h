/*
 * web/compliance.h - what a data protection officer asks of a company's telephone system: read by jobs, then described
 *
 * Read on the store's reading thread, in pieces that are bounded; described on the switchboard, from the directory as
 * it is then. Owner: the request's arena.
 */
#pragma once
#include "store/audit.h"
#include "store/compliance.h"
#include "store/deliveries.h"
#include "web/request.h"

struct web_compliance {
	struct store_job job;
	struct web_request *request;
	struct slice tenant; /* id */
	int64_t from_day, to_day, now_us;
	bool read;   /* all but the people */
	bool more;   /* there are people still to read */
	bool failed; /* out of memory while reading */

	struct store_call_day days[WEB_COMPLIANCE_DAYS];
	size_t day_count;
	int64_t first_day; /* 0: none is counted */
	struct store_plain_peer peers[WEB_COMPLIANCE_PEERS + 1];
	size_t peer_count;
	int64_t looked, oldest_us; /* calls that were looked at for them */
	struct store_tokens_sum tokens;
	struct store_audit_ends audit;
	struct store_webhook webhooks[STORE_WEBHOOKS_OF_TENANT]; /* name, url and state alone */
	size_t webhook_count;
	struct store_ways_in ways;
	char after[STORE_ID_CAP]; /* the last of the people that were looked at */
};

/* NULL: out of memory. */
json_t *web_compliance_json(const struct web_compliance *c);
