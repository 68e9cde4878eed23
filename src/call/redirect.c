/*
 * call/redirect.c - a device answers with 3xx: call forward, set on the phone itself.   RFC 3261 §8.1.3.4, §16.7 step 4
 *
 * A phone may send its callers to people of its own company, since they could dial them themselves; nobody is called
 * twice in one call, so forwards cannot go round. Who calls does not matter: a colleague, somebody beyond a trunk or in
 * another company hears of it alike. Where to is decided in one place, redirect_user(): a forward to the
 * outside costs somebody money, and would be allowed or not there.
 */
#include "call/outside.h"
#include "call/ringing.h"

static uint64_t user_hash(const struct call *c, const struct directory_user *user)
{
	return map_hash(&c->sb->calls_by_id, user->id);
}

bool redirect_rung(struct call *c, const struct directory_user *user)
{
	uint64_t hash = user_hash(c, user);
	for (uint8_t i = 0; i < c->rung_count; i++)
		if (c->rung[i] == hash)
			return true;
	if (c->rung_count < ARRAY_LEN(c->rung))
		c->rung[c->rung_count++] = hash;
	return false;
}

bool redirect_host_is_ours(const struct call *c, const struct leg *leg, const struct directory_tenant *tenant,
			   struct slice host)
{
	struct address told, at;
	if (slice_caseeq(host, tenant->domain))
		return true;
	if (!address_parse(host, &at))
		return false;
	transport_public(c->sb->config.transport, &leg->flow.local, &leg->flow.remote, &told);
	return address_same_host(&at, &leg->flow.local) || address_same_host(&at, &told);
}

/* Who is meant by a contact; NULL: nobody whom this phone may send callers to. */
static struct directory_user *redirect_user(const struct call *c, const struct leg *leg,
					    const struct directory_tenant *tenant, const struct sip_uri *to)
{
	struct directory *d = c->sb->config.directory;
	char buf[64], number[NUMBER_CAP];
	size_t n;
	if (to->scheme == SIP_SCHEME_OTHER || !sip_user_unescape(to->user, buf, sizeof(buf), &n))
		return NULL;
	if (to->scheme != SIP_SCHEME_TEL && !redirect_host_is_ours(c, leg, tenant, to->host))
		return NULL;
	struct directory_user *user = directory_user_by_extension(d, tenant, slice_of(buf, n));
	if (user || !number_read(slice_of(buf, n), number))
		return user;
	const struct directory_number *found = directory_number_find(d, slice_from_string(number));
	return found && found->tenant == tenant ? found->user : NULL;
}

/* why: it is not followed; NULL: it is. */
static void trace_redirect(struct call *c, const struct directory_device *by, struct slice to, const char *why)
{
	char shown[64];
	bool foreign = c->callee_tenant[0]; /* another company's people are not the caller's company's to see */
	copy_shown(shown, sizeof(shown), to);
	if (foreign && why)
		call_trace_with(c, DECIDED_REDIRECT_FAILED, "%s", why);
	else if (foreign)
		call_trace(c, DECIDED_REDIRECTED);
	else if (why)
		call_trace_with(c, DECIDED_REDIRECT_TO_FAILED, "%.*s\t%s\t%s", SLICE_ARG(by->name), shown, why);
	else
		call_trace_with(c, DECIDED_REDIRECTED_TO, "%.*s\t%s", SLICE_ARG(by->name), shown);
}

/* Which of the users who are rung the leg is of; NULL: it rings no more. */
static const struct ringing *ring_of(const struct call *c, const struct leg *leg)
{
	struct ringing *r = c->rings;
	while (r && !ring_phone_of(r, leg))
		r = r->next_of_call;
	return r;
}

bool redirect_followed(struct call *c, const struct leg *leg)
{
	struct directory *dir = c->sb->config.directory;
	const struct directory_device *by = directory_device_by_id(dir, slice_from_string(leg->device_id));
	const struct directory_tenant *tenant = directory_tenant_by_id(
		dir, slice_from_string(c->callee_tenant[0] ? c->callee_tenant : c->tenant));
	struct slice rest = text_slice(&leg->moved);
	struct sip_address to;
	struct sip_reason err;
	const struct ringing *by_ring = ring_of(c, leg);
	char diverted[DIVERSION_TEXT_CAP];
	bool followed = false;
	if (!by || !by_ring)
		return false;
	memcpy(diverted, by_ring->diverted, sizeof(diverted));
	diversion_add(diverted, by->user->extension, by->user->tenant->domain, leg->moved_by);
	for (unsigned n = 0; n < REDIRECTS_MAX && !slice_empty(rest); n++) {
		if (sip_address_next(&rest, &to, &err) != SIP_OK)
			break;
		struct slice name = slice_empty(to.uri.user) ? to.uri.text : to.uri.user;
		struct directory_user *user = tenant ? redirect_user(c, leg, tenant, &to.uri) : NULL;
		if (user)
			name = user->extension;
		if (!user) {
			trace_redirect(c, by, name, decision_why(WHY_NOT_FOLLOWED));
		} else if (c->redirects == REDIRECTS_MAX || c->redirects + 1 >= c->caller->max_forwards) {
			trace_redirect(c, by, name, decision_why(WHY_TOO_MANY_REDIRECTS));
		} else if (redirect_rung(c, user)) {
			trace_redirect(c, by, name, decision_why(WHY_CALLED_ALREADY));
		} else {
			trace_redirect(c, by, name, NULL);
			c->redirects++;
			followed |= ring_more(c, user, by_ring, diverted);
		}
	}
	return followed;
}
