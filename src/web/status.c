/* web/status.c - /api/v1/status: what listens, what is in progress, and what an operator should know */
#include "base/clock.h"
#include "call/switchboard.h"
#include "net/certificates.h"
#include "net/dns.h"
#include "net/loop.h"
#include "net/tls.h"
#include "transport/bans.h"
#include "web/account.h"
#include "web/route.h"
#include "web/warning.h"

#define DAY_US (INT64_C(86400) * SECOND_US)
/* Long enough before the end for a person to act. */
#define EXPIRY_WARNING_US (30 * DAY_US)
#define STALL_WARNING_US (2 * SECOND_US)
/* So many connections in a minute that lead nowhere are no accident; scanners and phones with a poor link make a few.
 */
#define SLOW_PEERS_WARNING 30
/* How long it is told that a connection was turned away: who did so may still be there. */
#define REFUSED_WARNING_US (60 * SECOND_US)

static json_t *tls_json(const struct web_context *c)
{
	if (!c->certificates)
		return json_null();
	const struct tls_identity *i = tls_certificates_find(c->certificates, SLICE_NONE);
	char fingerprint[TLS_FINGERPRINT_CAP];
	tls_identity_fingerprint(i, fingerprint);
	return WEB_OBJECT({"fingerprint", json_string(fingerprint)},
			  {"begins", web_json_time(tls_identity_begins_us(i))},
			  {"expires", web_json_time(tls_identity_expires_us(i))},
			  {"self_signed", json_boolean(tls_identity_is_self_signed(i))});
}

static json_t *figures_json(const struct web_context *c, const struct switchboard_figures *calls)
{
	struct directory_figures d;
	struct transport_figures t;
	directory_figures(c->directory, &d);
	transport_figures(c->transport, &t);
	return WEB_OBJECT({"tenants", json_integer(d.tenants)}, {"users", json_integer(d.users)},
			  {"devices", json_integer(d.devices)},
			  {"devices_registered", json_integer(d.devices_reachable)},
			  {"bindings", json_integer(d.bindings)}, {"unreachable", json_integer(calls->unreachable)},
			  {"connections", json_integer((json_int_t)t.connections)},
			  {"calls", json_integer(calls->calls)}, {"calls_ringing", json_integer(calls->calls_ringing)},
			  {"calls_total", json_integer((json_int_t)calls->calls_total)},
			  {"calls_answered_total", json_integer((json_int_t)calls->calls_answered_total)},
			  {"bad_messages_total", json_integer((json_int_t)calls->bad_messages_total)});
}

static json_t *bans_json(const struct web_context *c)
{
	struct bans_figures b;
	bans_figures(c->bans, &b);
	return WEB_OBJECT({"addresses", json_integer(b.addresses)}, {"networks", json_integer(b.networks)},
			  {"slowed", json_integer(b.slowed)}, {"waiting", json_integer(b.waiting)},
			  {"dropped_total", json_integer((json_int_t)b.dropped)});
}

static json_t *media_json(const struct web_context *c)
{
	char ports[16];
	snprintf(ports, sizeof(ports), "%u-%u", c->config->media_port_low, c->config->media_port_high);
	return WEB_OBJECT({"workers", json_integer(media_workers(c->media))}, {"ports", json_string(ports)},
			  {"plain_rtp", json_boolean(c->config->plain_rtp)});
}

static json_t *store_json(const struct store_health *h)
{
	return WEB_OBJECT({"healthy", json_boolean(!h->trouble.kind)},
			  {"waiting_jobs", json_integer((json_int_t)h->waiting_jobs)},
			  {"waiting_bytes", json_integer((json_int_t)h->waiting_bytes)},
			  {"oldest_wait_ms", json_integer(h->oldest_wait_us / MS_US)});
}

static json_t *web_json(const struct web_listening *l)
{
	char at[80];
	struct writer w = writer_on(at, sizeof(at));
	write_address_with_port(&w, &l->at);
	if (l->plane == WEB_PLAIN)
		return WEB_OBJECT({"transport", json_string("HTTP")}, {"address", web_json_text(writer_slice(&w))});
	return WEB_OBJECT({"transport", json_string("HTTPS")}, {"address", web_json_text(writer_slice(&w))},
			  {"for", json_string(l->plane == WEB_ADMIN ? "provider" : "companies")});
}

/* Where phones come to, then browsers. */
static json_t *listeners_json(const struct web_context *c)
{
	json_t *list = web_listeners_json(c);
	bool ok = list != NULL;
	for (size_t i = 0; ok && i < c->listening_count; i++)
		ok = json_array_append_new(list, web_json(&c->listening[i])) == 0;
	if (ok)
		return list;
	json_decref(list);
	return NULL;
}

/* ---- warnings ---- */

/* Each twice, in the same order: as a sentence in English, and by kind and values. NULL: out of memory. */
struct warnings {
	json_t *english, *told;
};

static void give_up(struct warnings *all)
{
	json_decref(all->english);
	json_decref(all->told);
	*all = (struct warnings){0};
}

static void warn(struct warnings *all, const struct warning *w)
{
	if (!w->kind || !all->told)
		return;
	if (json_array_append_new(all->english, web_warning_english_json(w)) < 0 ||
	    json_array_append_new(all->told, web_warning_json(w)) < 0)
		give_up(all);
}

static void warn_plainly(struct warnings *all, enum warning_kind kind)
{
	struct warning w;
	warning_set(&w, kind);
	warn(all, &w);
}

static void warn_of_listeners(const struct web_context *c, struct warnings *all)
{
	size_t count = transport_listener_count(c->transport);
	for (size_t i = 0; i < count; i++) {
		struct transport_listen listen;
		struct warning w;
		char address[80];
		struct writer out = writer_on(address, sizeof(address));
		transport_listener(c->transport, i, &listen);
		if (sip_transport_secure(listen.transport))
			continue;
		write_address_with_port(&out, &listen.at);
		warning_set_with(&w, WARNING_IN_CLEAR, "%.*s\t%.*s", SLICE_ARG(sip_transport_name(listen.transport)),
				 SLICE_ARG(writer_slice(&out)));
		warn(all, &w);
	}
}

static void warn_of_certificate(const struct web_context *c, int64_t now_us, struct warnings *all)
{
	if (!c->certificates)
		return;
	const struct tls_identity *i = tls_certificates_find(c->certificates, SLICE_NONE);
	if (tls_identity_is_self_signed(i))
		warn_plainly(all, WARNING_SELF_SIGNED);
	int64_t left_us = tls_identity_expires_us(i) - now_us;
	int64_t begins_us = tls_identity_begins_us(i);
	struct warning w = {.kind = WARNING_NONE};
	if (begins_us > now_us)
		warning_set_with(&w, WARNING_NOT_YET_VALID, "%lld", (long long)begins_us);
	else if (left_us <= 0)
		warning_set(&w, WARNING_EXPIRED);
	else if (left_us <= EXPIRY_WARNING_US)
		warning_set_with(&w, WARNING_EXPIRES, "%lld", (long long)(left_us / DAY_US));
	warn(all, &w);
}

/* A store that answers late: what is told "done" waits. */
static void warn_of_stall(const struct store_health *store, int64_t now_us, struct warnings *all)
{
	struct warning w;
	if (store->oldest_wait_us < STALL_WARNING_US)
		return;
	warning_set_with(&w, WARNING_STORE_SLOW, "%lld\t%zu", (long long)(now_us - store->oldest_wait_us),
			 store->waiting_jobs);
	warn(all, &w);
}

static bool recent(int64_t at_us, int64_t now_us)
{
	return at_us && now_us - at_us < REFUSED_WARNING_US;
}

static void warn_of_connections(const struct web_context *c, struct warnings *all)
{
	int64_t now_us = loop_wheel(c->loop)->now_us;
	struct transport_figures t;
	struct warning w;
	transport_figures(c->transport, &t);
	if (recent(t.full_us, now_us)) {
		warning_set_with(&w, WARNING_CONNECTIONS_FULL, "%llu\t%llu\t%llu", (unsigned long long)t.connections,
				 (unsigned long long)t.guests, (unsigned long long)t.most);
		warn(all, &w);
	}
	if (recent(t.no_memory_us, now_us))
		warn_plainly(all, WARNING_CONNECTIONS_NO_MEMORY);
}

/* Peers that hold connections and do nothing with them. */
static void warn_of_slow_peers(const struct web_context *c, struct warnings *all)
{
	struct transport_figures t;
	struct warning w;
	transport_figures(c->transport, &t);
	if (t.unfinished >= SLOW_PEERS_WARNING) {
		warning_set_with(&w, WARNING_CONNECTIONS_UNFINISHED, "%u", t.unfinished);
		warn(all, &w);
	}
	if (t.silent >= SLOW_PEERS_WARNING) {
		warning_set_with(&w, WARNING_CONNECTIONS_SILENT, "%u", t.silent);
		warn(all, &w);
	}
}

static void warn_of_dns(const struct web_context *c, struct warnings *all)
{
	int64_t since_us = c->dns ? dns_silent_since_us(c->dns) : 0;
	struct warning w;
	if (!since_us)
		return;
	warning_set_with(&w, WARNING_DNS_SILENT, "%lld", (long long)since_us);
	warn(all, &w);
}

/* Set by hand, or by a service that found it far off: told for a day. */
static void warn_of_clock(const struct web_context *c, struct warnings *all)
{
	const struct wheel *clock = loop_wheel(c->loop);
	struct warning w;
	if (!clock->jumped_at_us || clock->now_us - clock->jumped_at_us >= DAY_US)
		return;
	warning_set_with(&w, clock->jump_us > 0 ? WARNING_CLOCK_FORWARDS : WARNING_CLOCK_BACK, "%lld\t%lld",
			 (long long)llabs(clock->jump_us / SECOND_US),
			 (long long)(clock->wall_us - (clock->now_us - clock->jumped_at_us)));
	warn(all, &w);
}

static void warn_of_node(const struct web_context *c, struct warnings *all)
{
	for (size_t i = 0; i < WEB_NODE_WARNINGS; i++)
		if (c->warnings[i])
			warn(all, c->warnings[i]);
}

static struct warnings warnings_of(const struct web_request *r, const struct store_health *store,
				   const struct switchboard_figures *calls)
{
	const struct web_context *c = r->context;
	struct warnings all = {.english = json_array(), .told = json_array()};
	if (!all.english || !all.told)
		give_up(&all);
	warn_of_listeners(c, &all);
	warn_of_certificate(c, web_now_us(r), &all);
	if (c->config->plain_rtp)
		warn_plainly(&all, WARNING_PLAIN_VOICE);
	warn_of_node(c, &all);
	warn_of_connections(c, &all);
	warn_of_slow_peers(c, &all);
	warn_of_clock(c, &all);
	warn_of_dns(c, &all);
	warn_of_stall(store, web_now_us(r), &all);
	warn(&all, &store->trouble);
	warn(&all, &calls->trouble);
	return all;
}

void web_status_get(struct web_request *r)
{
	const struct web_context *c = r->context;
	int64_t now_us = loop_wheel(c->loop)->now_us;
	struct store_health store;
	struct switchboard_figures calls;
	store_health(c->store, now_us, &store);
	switchboard_figures(c->switchboard, &calls);
	struct warnings warnings = warnings_of(r, &store, &calls);
	web_answer_json(r, 200,
			WEB_OBJECT({"node", json_string(c->config->node)}, {"version", json_string(c->version)},
				   {"uptime_s", json_integer((now_us - r->started_us) / SECOND_US)},
				   {"now", web_json_time(web_now_us(r))}, {"data", json_string(c->config->data)},
				   {"listeners", listeners_json(c)}, {"tls", tls_json(c)},
				   {"figures", figures_json(c, &calls)}, {"bans", bans_json(c)},
				   {"media", media_json(c)}, {"store", store_json(&store)},
				   {"warnings", warnings.english}, {"warned_of", warnings.told}));
}
