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
			  {"slowed", json_integer(b.slowed)}, {"dropped_total", json_integer((json_int_t)b.dropped)});
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
	return WEB_OBJECT({"healthy", json_boolean(!*h->trouble)},
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

static bool warn(json_t *list, const char *sentence)
{
	return json_array_append_new(list, web_json_text(slice_from_string(sentence))) == 0;
}

static bool warn_of_listeners(const struct web_context *c, json_t *list)
{
	size_t count = transport_listener_count(c->transport);
	bool ok = true;
	for (size_t i = 0; ok && i < count; i++) {
		struct transport_listen listen;
		transport_listener(c->transport, i, &listen);
		if (sip_transport_secure(listen.transport))
			continue;
		char line[200];
		struct writer w = writer_on(line, sizeof(line) - 1);
		write_string(&w, "Signalling is in clear on ");
		write_slice(&w, sip_transport_name(listen.transport));
		write_char(&w, ' ');
		write_address_with_port(&w, &listen.at);
		write_string(&w, ": who listens on the way reads numbers and may read voice keys.");
		line[w.n] = 0;
		ok = warn(list, line);
	}
	return ok;
}

static bool warn_of_certificate(const struct web_context *c, int64_t now_us, json_t *list)
{
	if (!c->certificates)
		return true;
	const struct tls_identity *i = tls_certificates_find(c->certificates, SLICE_NONE);
	bool ok = true;
	if (tls_identity_is_self_signed(i))
		ok = warn(list, "The certificate is self-signed: phones and browsers must be told its fingerprint, or "
				"not to check it.");
	int64_t left_us = tls_identity_expires_us(i) - now_us;
	int64_t begins_us = tls_identity_begins_us(i);
	if (!ok || (left_us > EXPIRY_WARNING_US && begins_us <= now_us))
		return ok;
	char line[120], begin[28];
	if (begins_us > now_us) {
		clock_format(begins_us, begin);
		snprintf(line, sizeof(line), "The certificate is not valid before %s: phones and browsers refuse it.",
			 begin);
	} else if (left_us <= 0) {
		snprintf(line, sizeof(line), "The certificate has expired: phones and browsers refuse it.");
	} else {
		snprintf(line, sizeof(line), "The certificate expires in %lld days.", (long long)(left_us / DAY_US));
	}
	return warn(list, line);
}

/* A store that answers late: what is told "done" waits. */
static bool warn_of_stall(const struct store_health *store, int64_t now_us, json_t *list)
{
	if (store->oldest_wait_us < STALL_WARNING_US)
		return true;
	char line[200], since[28];
	clock_format(now_us - store->oldest_wait_us, since);
	snprintf(line, sizeof(line),
		 "Since %.19sZ the database has not committed, and %zu writes wait: the disk is slow, or stands still. "
		 "Calls go on; look what else uses the disk.",
		 since, store->waiting_jobs);
	return warn(list, line);
}

static bool recent(int64_t at_us, int64_t now_us)
{
	return at_us && now_us - at_us < REFUSED_WARNING_US;
}

static bool warn_of_connections(const struct web_context *c, json_t *list)
{
	int64_t now_us = loop_wheel(c->loop)->now_us;
	struct transport_figures t;
	char line[320];
	bool ok = true;
	transport_figures(c->transport, &t);
	if (recent(t.full_us, now_us)) {
		snprintf(line, sizeof(line),
			 "Connections were turned away in the last minute: %llu are open, %llu of them by nobody who "
			 "has given a password, and there may be %llu, and half as many of those. Look who holds them, "
			 "or raise the descriptor limit (LimitNOFILE).",
			 (unsigned long long)t.connections, (unsigned long long)t.guests, (unsigned long long)t.most);
		ok = warn(list, line);
	}
	if (ok && recent(t.no_memory_us, now_us))
		ok = warn(list, "Connections were turned away, or had to wait, in the last minute because no memory "
				"was left: give the machine, or the service (MemoryMax), more.");
	return ok;
}

/* Peers that hold connections and do nothing with them. */
static bool warn_of_slow_peers(const struct web_context *c, json_t *list)
{
	struct transport_figures t;
	char line[320];
	bool ok = true;
	transport_figures(c->transport, &t);
	if (t.unfinished >= SLOW_PEERS_WARNING) {
		snprintf(line, sizeof(line),
			 "%u connections were closed in a minute because their TLS did not come to its end: scanners, "
			 "or phones that do not trust the certificate. If phones are missing, look at the certificate; "
			 "else keep those out by the firewall.",
			 t.unfinished);
		ok = warn(list, line);
	}
	if (ok && t.silent >= SLOW_PEERS_WARNING) {
		snprintf(line, sizeof(line),
			 "%u connections were closed in a minute because nobody gave a password on them in time: peers "
			 "that send slowly, or nothing. Look who they are, and keep them out by the firewall.",
			 t.silent);
		ok = warn(list, line);
	}
	return ok;
}

static bool warn_of_dns(const struct web_context *c, json_t *list)
{
	int64_t since_us = c->dns ? dns_silent_since_us(c->dns) : 0;
	if (!since_us)
		return true;
	char line[200], since[28];
	clock_format(since_us, since);
	snprintf(line, sizeof(line),
		 "Since %.19sZ no DNS server has answered: operators that are named are not found. Look at "
		 "/etc/resolv.conf, and at the way to the servers in it.",
		 since);
	return warn(list, line);
}

/* Set by hand, or by a service that found it far off: told for a day. */
static bool warn_of_clock(const struct web_context *c, json_t *list)
{
	const struct wheel *w = loop_wheel(c->loop);
	if (!w->jumped_at_us || w->now_us - w->jumped_at_us >= DAY_US)
		return true;
	char line[280], at[28];
	clock_format(w->wall_us - (w->now_us - w->jumped_at_us), at);
	snprintf(line, sizeof(line),
		 "The clock was set %s by %lld s, to %.19sZ: calls and registrations go on, but times in the history "
		 "from before and after do not fit together. Let a time service keep it (chrony, systemd-timesyncd).",
		 w->jump_us > 0 ? "forwards" : "back", (long long)llabs(w->jump_us / SECOND_US), at);
	return warn(list, line);
}

static bool warn_of_node(const struct web_context *c, json_t *list)
{
	bool ok = true;
	for (size_t i = 0; ok && i < WEB_NODE_WARNINGS; i++)
		if (c->warnings[i] && *c->warnings[i])
			ok = warn(list, c->warnings[i]);
	return ok;
}

static json_t *warnings_json(const struct web_request *r, const struct store_health *store,
			     const struct switchboard_figures *calls)
{
	const struct web_context *c = r->context;
	json_t *list = json_array();
	if (!list)
		return NULL;
	bool ok = warn_of_listeners(c, list) && warn_of_certificate(c, web_now_us(r), list);
	if (ok && c->config->plain_rtp)
		ok = warn(list, "Unencrypted voice is allowed on this node for devices that have srtp off.");
	if (ok)
		ok = warn_of_node(c, list) && warn_of_connections(c, list) && warn_of_slow_peers(c, list) &&
		     warn_of_clock(c, list) && warn_of_dns(c, list) && warn_of_stall(store, web_now_us(r), list);
	if (ok && *store->trouble)
		ok = warn(list, store->trouble);
	if (ok && *calls->trouble)
		ok = warn(list, calls->trouble);
	if (ok)
		return list;
	json_decref(list);
	return NULL;
}

void web_status_get(struct web_request *r)
{
	const struct web_context *c = r->context;
	int64_t now_us = loop_wheel(c->loop)->now_us;
	struct store_health store;
	struct switchboard_figures calls;
	store_health(c->store, now_us, &store);
	switchboard_figures(c->switchboard, &calls);
	web_answer_json(r, 200,
			WEB_OBJECT({"node", json_string(c->config->node)}, {"version", json_string(c->version)},
				   {"uptime_s", json_integer((now_us - r->started_us) / SECOND_US)},
				   {"now", web_json_time(web_now_us(r))}, {"data", json_string(c->config->data)},
				   {"listeners", listeners_json(c)}, {"tls", tls_json(c)},
				   {"figures", figures_json(c, &calls)}, {"bans", bans_json(c)},
				   {"media", media_json(c)}, {"store", store_json(&store)},
				   {"warnings", warnings_json(r, &store, &calls)}));
}
