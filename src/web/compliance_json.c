/* web/compliance_json.c - what was read for a company's compliance, as the API shows it */
#include "call/limits.h"
#include "net/http.h"
#include "web/compliance.h"
#include "web/find.h"

/* Takes item. False: out of memory. */
static bool add(json_t *list, json_t *item)
{
	return json_array_append_new(list, item) == 0;
}

/* Takes list. */
static json_t *whole(json_t *list, bool ok)
{
	if (ok)
		return list;
	json_decref(list);
	return NULL;
}

/* ---- calls ---- */

static json_t *shares_json(int64_t all, int64_t some, int64_t none)
{
	return WEB_OBJECT({"all", json_integer(all)}, {"some", json_integer(some)}, {"none", json_integer(none)});
}

static json_t *figures_json(const struct store_call_day *d, json_t *from)
{
	return WEB_OBJECT({"from", from}, {"calls", json_integer(d->calls)}, {"answered", json_integer(d->answered)},
			  {"voice", shares_json(d->voice_all, d->voice_some, d->voice_none)},
			  {"keys_in_clear", json_integer(d->keys_in_clear)},
			  {"signalling", shares_json(d->signalling_all, d->signalling_some, d->signalling_none)});
}

static void sum_up(struct store_call_day *sum, const struct store_call_day *d)
{
	sum->calls += d->calls;
	sum->answered += d->answered;
	sum->voice_all += d->voice_all;
	sum->voice_some += d->voice_some;
	sum->voice_none += d->voice_none;
	sum->keys_in_clear += d->keys_in_clear;
	sum->signalling_all += d->signalling_all;
	sum->signalling_some += d->signalling_some;
	sum->signalling_none += d->signalling_none;
}

static json_t *days_json(const struct web_compliance *c)
{
	json_t *list = json_array();
	bool ok = list != NULL;
	for (size_t i = 0; ok && i < c->day_count; i++)
		ok = add(list, figures_json(&c->days[i], web_json_time(c->days[i].day * STORE_DAY_US)));
	return whole(list, ok);
}

/* Whose it is, for as long as it is there; an operator of the provider is named to the provider alone. */
static json_t *peer_json(const struct web_compliance *c, const struct store_plain_peer *p)
{
	struct directory *d = c->request->context->directory;
	const struct directory_device *device = directory_device_by_id(d, p->device);
	const struct directory_trunk *trunk = directory_trunk_by_id(d, p->trunk);
	const struct directory_user *user = device ? device->user : NULL;
	bool shown = trunk && (trunk->tenant || c->request->reach == WEB_REACH_ALL);
	return WEB_OBJECT(
		{"kind", json_string(slice_empty(p->trunk) ? "device" : "trunk")},
		{"id", user    ? web_json_text(device->id)
		       : shown ? web_json_text(trunk->id)
			       : json_null()},
		{"name", user    ? web_json_text(device->name)
			 : shown ? web_json_text(trunk->name)
				 : json_null()},
		{"user",
		 user ? WEB_OBJECT({"id", web_json_text(user->id)}, {"name", web_json_text(user->name)}) : json_null()},
		{"voice", json_integer(p->voice)}, {"signalling", json_integer(p->signalling)},
		{"last", web_json_time(p->last_us)});
}

static json_t *peers_json(const struct web_compliance *c)
{
	json_t *list = json_array();
	bool ok = list != NULL;
	for (size_t i = 0; ok && i < MIN(c->peer_count, (size_t)WEB_COMPLIANCE_PEERS); i++)
		ok = add(list, peer_json(c, &c->peers[i]));
	return whole(list, ok);
}

static json_t *calls_json(const struct web_compliance *c)
{
	struct store_call_day sum = {0};
	for (size_t i = 0; i < c->day_count; i++)
		sum_up(&sum, &c->days[i]);
	/* Fewer were looked at than there are: those before this moment were not. */
	bool cut = c->looked == WEB_CALLS_SCANNED;
	return WEB_OBJECT({"sum", figures_json(&sum, web_json_time(c->from_day * STORE_DAY_US))},
			  {"days", days_json(c)}, {"counted_since", web_json_time(c->first_day * STORE_DAY_US)},
			  {"in_clear", peers_json(c)},
			  {"in_clear_more", json_boolean(c->peer_count > WEB_COMPLIANCE_PEERS)},
			  {"in_clear_since", cut ? web_json_time(c->oldest_us) : json_null()},
			  {"plain_voice_allowed", json_boolean(c->request->context->config->plain_rtp)});
}

/* ---- who can come in ---- */

static json_t *host_json(struct slice url)
{
	char text[HTTP_URL_MAX + 1];
	struct http_url u;
	struct writer w = writer_on(text, sizeof(text));
	write_slice(&w, url);
	write_char(&w, 0);
	return !w.overflow && http_url_read(text, &u) == 0 ? json_string(u.host) : json_null();
}

static json_t *people_json(const struct web_compliance *c)
{
	const struct directory_issuer *issuer = web_issuer_of(
		directory_tenant_by_id(c->request->context->directory, c->tenant));
	const struct store_ways_in *w = &c->ways;
	return WEB_OBJECT({"people", json_integer(w->people)}, {"password", json_integer(w->password)},
			  {"password_alone", json_integer(w->password - w->code)},
			  {"passkey", json_integer(w->passkey)}, {"issuer", json_integer(w->issuer)},
			  {"none", json_integer(w->none)},
			  {"passwords_closed", json_boolean(issuer && !issuer->passwords)});
}

static json_t *tokens_json(const struct store_tokens_sum *t)
{
	return WEB_OBJECT({"tokens", json_integer(t->tokens)}, {"writing", json_integer(t->writing)},
			  {"unused", json_integer(t->unused)}, {"last_expires", web_json_time(t->last_expires_us)});
}

/* ---- what is kept, and where ---- */

#define DAY_HOURS INT64_C(24)

/* hours: 0: nothing is kept; -1: without end. */
static json_t *kept_one(const char *what, int64_t hours)
{
	return WEB_OBJECT({"what", json_string(what)}, {"hours", hours < 0 ? json_null() : json_integer(hours)});
}

static json_t *kept_json(const struct config *config)
{
	const struct {
		const char *what;
		int64_t hours;
	} kept[] = {
		{"calls", -1},
		{"messages", config->trace_sip ? config->trace_days * DAY_HOURS : 0},
		{"audit", config->audit_days * DAY_HOURS},
		{"deliveries", STORE_DELIVERIES_DAYS * DAY_HOURS},
		{"sessions", WEB_SESSION_US / (3600 * SECOND_US)},
		{"registrations", REGISTER_EXPIRES_MAX_S / 3600},
		{"recordings", 0},
	};
	json_t *list = json_array();
	bool ok = list != NULL;
	for (size_t i = 0; ok && i < ARRAY_LEN(kept); i++)
		ok = add(list, kept_one(kept[i].what, kept[i].hours));
	return whole(list, ok);
}

/* The data directory and the address of a server are the provider's affair. */
static json_t *stored_json(const struct config *config)
{
	bool sqlite = strcmp(config->database, "sqlite") == 0;
	return WEB_OBJECT({"database", json_string(sqlite ? "sqlite" : "postgresql")}, {"sealed", json_false()},
			  {"backups", json_false()});
}

/* ---- who gets some of it ---- */

/* Takes name and host. */
static json_t *receiver(const char *kind, json_t *name, json_t *host, bool on)
{
	return WEB_OBJECT({"kind", json_string(kind)}, {"name", name}, {"host", host}, {"on", json_boolean(on)});
}

static bool add_trunks(json_t *list, const struct directory_trunk *t, bool shown)
{
	bool ok = true;
	for (; ok && t; t = t->next_of_owner)
		ok = add(list, receiver("trunk", shown ? web_json_text(t->name) : json_null(),
					shown ? web_json_text(t->host) : json_null(), true));
	return ok;
}

static bool add_of_node(json_t *list, const struct config *config)
{
	bool ok = true;
	if (*config->acme.directory)
		ok = add(list, receiver("authority", json_null(), host_json(slice_from_string(config->acme.directory)),
					true));
	for (size_t i = 0; ok && i < config->turn_count; i++)
		ok = add(list, receiver("relay", json_null(), json_string(config->turn_urls[i]), true));
	return ok;
}

static json_t *receivers_json(const struct web_compliance *c)
{
	struct directory *d = c->request->context->directory;
	const struct directory_tenant *t = directory_tenant_by_id(d, c->tenant);
	const struct directory_issuer *issuer = t ? t->issuer : NULL;
	json_t *list = json_array();
	bool ok = list && add_trunks(list, t ? t->first_trunk : NULL, true) &&
		  add_trunks(list, directory_shared_trunks(d), c->request->reach == WEB_REACH_ALL);
	for (size_t i = 0; ok && i < c->webhook_count; i++)
		ok = add(list, receiver("webhook", web_json_text(c->webhooks[i].name), host_json(c->webhooks[i].url),
					c->webhooks[i].state == STORE_WEBHOOK_ON));
	if (ok && issuer)
		ok = add(list, receiver("issuer", web_json_text(issuer->name), host_json(issuer->url), issuer->on));
	return whole(list, ok && add_of_node(list, c->request->context->config));
}

static json_t *audit_json(const struct store_audit_ends *a)
{
	return WEB_OBJECT({"rows", json_integer(a->last ? a->last - a->first + 1 : 0)},
			  {"first", web_json_time(a->first_us)}, {"last", web_json_time(a->last_us)});
}

json_t *web_compliance_json(const struct web_compliance *c)
{
	const struct config *config = c->request->context->config;
	return WEB_OBJECT({"tenant", web_tenant_name_json(c->request, c->tenant)}, {"made", web_json_time(c->now_us)},
			  {"from", web_json_time(c->from_day * STORE_DAY_US)},
			  {"to", web_json_time(c->to_day * STORE_DAY_US)}, {"calls", calls_json(c)},
			  {"sign_in", people_json(c)}, {"tokens", tokens_json(&c->tokens)}, {"kept", kept_json(config)},
			  {"stored", stored_json(config)}, {"receivers", receivers_json(c)},
			  {"audit", audit_json(&c->audit)});
}
