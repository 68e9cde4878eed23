/* serve.c - wiring only: config, then each room, joined by their callbacks; and an orderly end */
#include "serve.h"

#include "acme/acme.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/reserve.h"
#include "call/switchboard.h"
#include "config/config.h"
#include "demo.h"
#include "descriptors.h"
#include "net/certificates.h"
#include "net/dns.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/tls.h"
#include "notify.h"
#include "privilege.h"
#include "transport/bans.h"
#include "transport/target.h"
#include "turn_secret.h"
#include "watchdog.h"
#include "web/console.h"
#include "web/server.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_CONFIG "/etc/alto/alto.yaml"

struct server {
	struct config config;
	struct random random;
	struct metrics metrics;
	struct loop *loop;
	struct dns *dns;
	struct http *http;
	struct loop_waker *store_waker;
	struct store *store;
	struct directory *directory;
	struct media *media;
	struct transport *transport;
	struct bans *bans;
	struct switchboard *switchboard;
	struct tls_certificates *certificates; /* NULL: nothing listens with TLS */
	struct acme *acme;                     /* NULL: no certificates are had */
	struct web_console *console;
	struct turn_secret turn;
	struct web *web;
	struct watchdog *watchdog;
	bool demo;
	struct descriptors descriptors;
	/* Of `alto status`, where nothing else keeps them. */
	struct warning certificate_trouble, data_trouble, root_trouble, console_trouble;
};

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "alto: %s%s%s\n", what, *why ? ": " : "", why);
	return -1;
}

static int fail_with(const struct warning *w)
{
	char text[WARNING_TEXT_CAP];
	return fail(warning_text(w, text), "");
}

/* ---- callbacks between the rooms ---- */

static void store_wake(void *arg)
{
	struct server *s = arg;
	loop_waker_wake(s->store_waker);
}

static void store_ready(void *arg)
{
	struct server *s = arg;
	store_collect(s->store);
}

/* The domain of a company, copied; empty: there is none. */
static struct slice domain_of(struct server *s, const struct store_change *change, char ret[256])
{
	const struct directory_tenant *t = change->kind == STORE_TENANT
						   ? directory_tenant_by_id(s->directory, change->id)
						   : NULL;
	struct writer w = writer_on(ret, 256);
	if (t)
		write_slice(&w, t->domain);
	return writer_slice(&w);
}

static void want(struct server *s, struct slice domain, bool own)
{
	if (acme_want(s->acme, domain, own) < 0)
		log_event(LOG_WARN, "serve.certificate_left_out", LOG_SLICE("domain", domain));
}

static void on_change(void *owner, const struct store_change *change)
{
	struct server *s = owner;
	char before_text[256], after_text[256];
	struct slice before = s->acme ? domain_of(s, change, before_text) : SLICE_NONE;
	if (s->switchboard)
		switchboard_store_change(s->switchboard, change);
	struct slice after = s->acme ? domain_of(s, change, after_text) : SLICE_NONE;
	if (before.n && !slice_caseeq(before, after))
		acme_drop(s->acme, before);
	if (after.n)
		want(s, after, false);
	if (s->web)
		web_store_change(s->web, change);
}

static void on_input(void *owner, const struct sip_flow *flow, char *bytes, size_t n)
{
	struct server *s = owner;
	switchboard_input(s->switchboard, flow, bytes, n);
}

static void on_refused(void *owner, const struct sip_flow *flow, char *head, size_t n, const struct sip_reason *why)
{
	struct server *s = owner;
	switchboard_refused(s->switchboard, flow, head, n, why);
}

static void on_flow_closed(void *owner, const struct sip_flow *flow, uint64_t tag)
{
	struct server *s = owner;
	if (s->switchboard)
		switchboard_flow_closed(s->switchboard, flow, tag);
}

static bool on_accept(void *owner, const struct sip_flow *flow)
{
	struct server *s = owner;
	return s->switchboard && switchboard_knows(s->switchboard, flow);
}

static void on_media_event(void *owner, const struct media_event *event)
{
	struct server *s = owner;
	if (s->switchboard)
		switchboard_media_event(s->switchboard, event);
}

/* ---- signals ---- */

static void stopped(void *arg)
{
	struct server *s = arg;
	loop_stop(s->loop);
}

static uint32_t calls_now(struct server *s)
{
	struct switchboard_figures f;
	switchboard_figures(s->switchboard, &f);
	return f.calls;
}

/* A second signal, of either kind, does not wait any longer. */
static void on_terminate(void *arg)
{
	struct server *s = arg;
	unsigned wait_s = s->config.shutdown_wait_s;
	log_event(LOG_INFO, "serve.stopping", LOG_INT("calls", calls_now(s)), LOG_INT("wait_s", wait_s));
	notify("STOPPING=1\nSTATUS=New calls are refused; %u in progress have %u s to end", calls_now(s), wait_s);
	switchboard_stop(s->switchboard, (int64_t)wait_s * SECOND_US, stopped, s);
}

static void on_interrupt(void *arg)
{
	struct server *s = arg;
	if (s->demo)
		printf("\nStopping. The company is kept in %s.\n", s->config.data);
	notify("STOPPING=1\nSTATUS=Calls in progress are being ended");
	switchboard_stop(s->switchboard, 0, stopped, s);
}

static int load_identity(struct server *s, struct tls_identity **ret)
{
	struct tls_reason why;
	char directory[sizeof(s->config.data) + 8];
	snprintf(directory, sizeof(directory), "%s/tls", s->config.data);
	int rc = s->config.certificate[0]
			 ? tls_identity_load(s->config.certificate, s->config.key, ret, &why)
			 : tls_identity_self_signed(directory, "self-signed", clock_wall_us(), ret, &why);
	warning_set(&s->certificate_trouble, WARNING_NONE);
	if (rc == 0)
		return 0;
	warning_set_with(&s->certificate_trouble, WARNING_CERTIFICATE_NOT_READ, WARNING_REASON,
			 WARNING_REASON_ARG(&why.warning));
	return fail(s->config.certificate[0] ? "tls.certificate" : "certificate", why.text);
}

/* Whose certificates we believe when we connect: on failure those that were. */
static int trust_authorities(struct server *s)
{
	struct tls_reason why;
	const char *path = s->config.authorities[0] ? s->config.authorities : NULL;
	return stream_trust(s->loop, path, &why) < 0 ? fail("tls.ca", why.text) : 0;
}

/* What others can read there is the database, and with it every account. */
static void look_at_data(struct server *s)
{
	struct stat st;
	warning_set(&s->data_trouble, WARNING_NONE);
	if (stat(s->config.data, &st) == 0 && (st.st_mode & 077) != 0)
		warning_set_with(&s->data_trouble, WARNING_DATA_OPEN, "%04o\t%s", (unsigned)(st.st_mode & 07777),
				 s->config.data);
}

/* The secret of turn.secret; on failure the one that was. */
static int load_turn_secret(struct server *s)
{
	bool bad = s->config.turn_count && turn_secret_load(s->config.turn_secret, &s->turn) < 0;
	return bad ? fail_with(&s->turn.trouble) : 0;
}

/* 0: in use, or there is none. */
static int renew_identity(struct server *s)
{
	struct tls_identity *fresh;
	if (!s->certificates)
		return 0;
	if (load_identity(s, &fresh) < 0)
		return -1; /* the old certificate stays in use; the reason stands on stderr */
	tls_certificates_set_own(s->certificates, fresh);
	log_write(LOG_INFO, "serve.certificate_reloaded", NULL, 0);
	return 0;
}

static void on_hangup(void *arg)
{
	struct server *s = arg;
	char why[WARNING_TEXT_CAP];
	notify("RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_monotonic_us());
	look_at_data(s);
	dns_reload(s->dns);
	(void)load_turn_secret(s);
	(void)trust_authorities(s); /* on failure those that were are believed still; the reason stands on stderr */
	notify("READY=1\nSTATUS=%s", renew_identity(s) == 0 ? "Ready" : warning_text(&s->certificate_trouble, why));
}

/* ---- made ---- */

static int read_config(struct server *s, const struct serve_options *o)
{
	struct config_reason why;
	const char *path = o->config_path;
	/* Not there is fine; there and not to be read (its directory, for instance) is not: config_load() says so. */
	bool there = access(DEFAULT_CONFIG, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
	if (!path && !o->demo && there)
		path = DEFAULT_CONFIG;
	config_defaults(&s->config);
	if (path && config_load(path, &s->config, &why) < 0)
		return fail(why.text, "");
	if (o->demo && !path)
		demo_config(&s->config);
	if (o->data &&
	    (size_t)snprintf(s->config.data, sizeof(s->config.data), "%s", o->data) >= sizeof(s->config.data))
		return fail("--data", "the path is too long for a unix socket in it; choose a shorter one");
	return config_check(&s->config, &why) < 0 ? fail(path ? path : "the configuration", why.text) : 0;
}

/* Told at the start, not at the hundredth call. */
static int share_descriptors(struct server *s)
{
	const struct config *c = &s->config;
	struct descriptors_reason why;
	if (descriptors_share((unsigned)(c->media_port_high - c->media_port_low + 1), &s->descriptors, &why) < 0)
		return fail(why.text, "");
	if (s->descriptors.trouble.kind)
		(void)fail_with(&s->descriptors.trouble);
	return loop_reserve(s->loop, s->descriptors.most) < 0 ? fail("no memory for as many descriptors", "") : 0;
}

static int open_store(struct server *s)
{
	struct store_reason why;
	struct store_config c = {.directory = s->config.data,
				 .database = s->config.database,
				 .wake = store_wake,
				 .wake_arg = s,
				 .on_change = on_change,
				 .owner = s};
	if (loop_waker_new(s->loop, store_ready, s, &s->store_waker) < 0)
		return fail("no memory for the store", "");
	return store_open(&c, &s->store, &why) < 0 ? fail(why.text, "") : 0;
}

/* At the start, in one job: calls that a crash left open are closed, then everybody is read into the directory. */
struct load_job {
	struct store_job job;
	struct directory *directory;
	int result;
};

static int load_run(struct db *db, struct store_job *job)
{
	struct load_job *lj = container_of(job, struct load_job, job);
	int rc = store_calls_close_crashed(db, clock_wall_us());
	if (rc < 0)
		return rc;
	return directory_load(lj->directory, db) < 0 ? DB_FAILED : DB_OK;
}

static void load_done(struct store_job *job, int result)
{
	container_of(job, struct load_job, job)->result = result;
}

static int load_directory(struct server *s)
{
	struct load_job lj = {.job = {.run = load_run, .done = load_done, .bytes = sizeof(lj)},
			      .directory = s->directory};
	if (store_post(s->store, &lj.job) < 0)
		return fail("the store takes no work", "");
	store_wait(s->store); /* the loop does not run yet: nobody else uses the directory meanwhile */
	if (lj.result != DB_OK)
		return fail("the database cannot be read", "give it more memory, or restore a backup");
	return 0;
}

/* Why a listener cannot be had, and what to do. */
static int fail_to_listen(const char *key, const struct address *at, int rc)
{
	char text[128], why[160];
	struct writer w = writer_on(text, sizeof(text) - 1);
	write_string(&w, key);
	write_char(&w, ' ');
	write_address_with_port(&w, at);
	text[w.n] = 0;
	snprintf(why, sizeof(why), "%s%s", strerror(-rc),
		 rc == -EADDRINUSE      ? "; another program (or another alto) listens there"
		 : rc == -EACCES        ? "; ports below 1024 need root or CAP_NET_BIND_SERVICE"
		 : rc == -EADDRNOTAVAIL ? "; no interface has this address"
					: "");
	return fail(text, why);
}

static int listen_all(struct server *s, enum sip_transport transport, const struct config_addresses *list)
{
	static const char *const keys[] = {
		[SIP_UDP] = "listen.sip_udp", [SIP_TCP] = "listen.sip_tcp", [SIP_TLS] = "listen.sip_tls"};
	for (size_t i = 0; i < list->count; i++) {
		struct transport_listen l = {.transport = transport, .at = list->at[i]};
		int rc = transport_listen(s->transport, &l, transport == SIP_TLS ? s->certificates : NULL);
		if (rc < 0)
			return fail_to_listen(keys[transport], &l.at, rc);
	}
	return 0;
}

static int listen_web(struct server *s, enum web_plane plane, const char *key, const struct config_addresses *list)
{
	for (size_t i = 0; i < list->count; i++) {
		int rc = web_listen(s->web, plane, &list->at[i]);
		if (rc < 0)
			return fail_to_listen(key, &list->at[i], rc);
	}
	return 0;
}

_Static_assert(CONFIG_NETWORKS_MAX == TRANSPORT_NETWORKS_MAX && CONFIG_BLOCKS_MAX == TRANSPORT_BLOCKS_MAX,
	       "what a file can say is what transport holds");

static void set_networks(struct server *s)
{
	struct transport_network n[TRANSPORT_NETWORKS_MAX];
	for (size_t i = 0; i < s->config.network_count; i++) {
		const struct config_network *c = &s->config.networks[i];
		n[i] = (struct transport_network){.has_local = !c->local_auto,
						  .has_public = c->has_public,
						  .local = c->local,
						  .public_address = c->public_address,
						  .internal_count = c->internal_count};
		memcpy(n[i].internal, c->internal, sizeof(n[i].internal));
	}
	transport_set_networks(s->transport, n, s->config.network_count);
}

static int open_certificates(struct server *s)
{
	struct tls_identity *own;
	if (load_identity(s, &own) < 0)
		return -1;
	if (tls_certificates_new(own, &s->certificates) == 0)
		return 0;
	tls_identity_free(own);
	return fail("no memory for certificates", "");
}

static int open_transport(struct server *s)
{
	static const struct transport_events events = {
		.input = on_input, .refused = on_refused, .closed = on_flow_closed, .known = on_accept};
	bool wanted = s->config.sip_tls.count || s->config.https.count || s->config.admin.count;
	if (wanted && open_certificates(s) < 0)
		return -1;
	s->bans = bans_new(loop_wheel(s->loop), &s->random);
	if (!s->bans || transport_new(s->loop, &events, s, &s->transport) < 0)
		return fail("no memory for SIP", "");
	transport_set_bans(s->transport, s->bans);
	transport_set_connections(s->transport, s->descriptors.connections);
	if (dns_new(s->loop, NULL, &s->dns) < 0)
		return fail("DNS cannot be asked", "no memory, or no descriptors");
	transport_set_dns(s->transport, s->dns, &s->random);
	if (http_new(s->loop, &s->http) < 0)
		return fail("no memory for requests to other servers", "");
	if (trust_authorities(s) < 0)
		return -1;
	set_networks(s);
	if (listen_all(s, SIP_UDP, &s->config.sip_udp) < 0 || listen_all(s, SIP_TCP, &s->config.sip_tcp) < 0 ||
	    listen_all(s, SIP_TLS, &s->config.sip_tls) < 0)
		return -1;
	return 0;
}

/* The certificate of browsers' voice: one for the node, kept, as calls name it. */
static int load_voice_identity(struct server *s, struct tls_identity **ret)
{
	struct tls_reason why;
	char directory[sizeof(s->config.data) + 8];
	snprintf(directory, sizeof(directory), "%s/tls", s->config.data);
	int rc = tls_identity_self_signed(directory, "voice", clock_wall_us(), ret, &why);
	return rc < 0 ? fail("certificate of voice", why.text) : 0;
}

static int open_media(struct server *s)
{
	struct tls_identity *identity;
	if (load_voice_identity(s, &identity) < 0)
		return -1;
	struct media_config c = {.workers = s->config.media_workers,
				 .port_low = s->config.media_port_low,
				 .port_high = s->config.media_port_high,
				 .ports_ahead = 64,
				 .streams_max = s->descriptors.streams,
				 .directs_max = s->descriptors.directs,
				 .identity = identity,
				 .on_event = on_media_event,
				 .owner = s};
	int rc = media_new(s->loop, &c, &s->media);
	tls_identity_free(identity);
	if (rc == -EINVAL)
		return fail("media.ports",
			    "there must be two ports for voice, and beside them one for each media worker");
	return rc < 0 ? fail("voice workers cannot start", strerror(-rc)) : 0;
}

static int open_switchboard(struct server *s)
{
	struct switchboard_config c = {.wheel = loop_wheel(s->loop),
				       .random = &s->random,
				       .transport = s->transport,
				       .bans = s->bans,
				       .media = s->media,
				       .store = s->store,
				       .directory = s->directory,
				       .node = 1,
				       .plain_rtp = s->config.plain_rtp,
				       .keep_messages = s->config.trace_sip,
				       .keep_days = s->config.trace_days};
	if (switchboard_new(&c, &s->switchboard) < 0)
		return fail("no memory for the switchboard", "");
	return 0;
}

static void want_domain(void *arg, const struct directory_tenant *t)
{
	want(arg, t->domain, false);
}

/* After the directory is read, and before anybody may ask for what is had. */
static int open_acme(struct server *s)
{
	const struct config_acme *c = &s->config.acme;
	struct acme_reason why;
	if (!*c->directory || !s->certificates)
		return 0;
	struct acme_setup setup = {.loop = s->loop,
				   .http = s->http,
				   .random = &s->random,
				   .certificates = s->certificates,
				   .config = c,
				   .data = s->config.data};
	if (acme_new(&setup, &s->acme, &why) < 0)
		return fail("acme", why.text);
	for (size_t i = 0; i < c->name_count; i++)
		want(s, slice_from_string(c->names[i]), true);
	directory_tenants_each(s->directory, want_domain, s);
	return 0;
}

static int open_web(struct server *s)
{
	struct web_reason why;
	web_console_find(ALTO_CONSOLE, &s->console, &s->console_trouble);
	if (load_turn_secret(s) < 0)
		return -1;
	struct web_context c = {.loop = s->loop,
				.switchboard = s->switchboard,
				.directory = s->directory,
				.store = s->store,
				.media = s->media,
				.transport = s->transport,
				.bans = s->bans,
				.dns = s->dns,
				.http = s->http,
				.random = &s->random,
				.metrics = &s->metrics,
				.config = &s->config,
				.certificates = s->certificates,
				.acme = s->acme,
				.streams_max = s->descriptors.pages,
				.version = ALTO_VERSION,
				.console = s->console,
				.turn_secret = s->turn.text,
				.warnings = {&s->certificate_trouble, &s->descriptors.trouble, &s->data_trouble,
					     &s->root_trouble, &s->console_trouble, &s->turn.trouble,
					     s->acme ? acme_trouble(s->acme) : NULL}};
	look_at_data(s);
	if (privilege_is_root())
		warning_set(&s->root_trouble, WARNING_ROOT);
	if (web_new(&c, &s->web, &why) < 0)
		return fail(why.text, "");
	if (listen_web(s, WEB_COMPANY, "listen.https", &s->config.https) < 0 ||
	    listen_web(s, WEB_ADMIN, "listen.admin", &s->config.admin) < 0 ||
	    listen_web(s, WEB_PLAIN, "listen.http", &s->config.http) < 0)
		return -1;
	if (s->acme)
		acme_start(s->acme);
	return 0;
}

static void register_metrics(struct server *s)
{
	loop_metrics(s->loop, &s->metrics);
	transport_metrics(s->transport, &s->metrics);
	bans_metrics(s->bans, &s->metrics);
	dns_metrics(s->dns, &s->metrics);
	http_metrics(s->http, &s->metrics);
	switchboard_metrics(s->switchboard, &s->metrics);
	media_metrics(s->media, &s->metrics);
	store_metrics(s->store, &s->metrics);
	web_metrics(s->web, &s->metrics);
	if (s->acme)
		acme_metrics(s->acme, &s->metrics);
}

/*
 * One heap for all threads. The store's threads take memory that the switchboard frees, the whole directory among it:
 * a heap of their own would grow by a page at a time (glibc asks the kernel for each), and keep what was freed from it.
 * The media workers take none on the way of a packet, so they do not wait here for others.
 */
static void share_heap(void)
{
	(void)mallopt(M_ARENA_MAX, 1);
}

static int open_all(struct server *s)
{
	share_heap();
	/* Helpers hash passwords, each with 64 MiB and a core for 0.1 s: voice comes first. */
	(void)setenv("UV_THREADPOOL_SIZE", "2", 1);
	random_init(&s->random);
	metrics_init(&s->metrics);
	if (loop_new(&s->loop) < 0)
		return fail("no event loop", "");
	if (share_descriptors(s) < 0 || open_store(s) < 0)
		return -1;
	if (directory_new(&s->random, &s->directory) < 0)
		return fail("no memory for the directory", "");
	/* The switchboard comes before the load: it sets the timers of the bindings that are read. */
	if (open_transport(s) < 0 || open_media(s) < 0 || open_switchboard(s) < 0 || load_directory(s) < 0)
		return -1;
	if (s->demo && demo_company(s->store, s->directory, &s->random, &s->config) < 0)
		return -1;
	if (open_acme(s) < 0 || open_web(s) < 0 || privilege_finish() < 0)
		return -1;
	register_metrics(s);
	if (loop_on_signal(s->loop, SIGTERM, on_terminate, s) < 0 ||
	    loop_on_signal(s->loop, SIGINT, on_interrupt, s) < 0 || loop_on_signal(s->loop, SIGHUP, on_hangup, s) < 0)
		return fail("signals cannot be caught", "");
	if (watchdog_start(&s->watchdog) < 0)
		return fail("no watchdog", "no memory, or no thread");
	return reserve_take() < 0 ? fail("no memory can be kept back", "") : 0;
}

/* ---- taken down: also what was only half made ---- */

static void close_all(struct server *s)
{
	if (s->web)
		web_close(s->web);
	if (s->store)
		s->store = store_close(s->store); /* everything queued is committed; what is owed an answer gets it */
	acme_close(s->acme);
	http_free(s->http);
	s->switchboard = switchboard_free(s->switchboard);
	s->directory = directory_free(s->directory); /* and the timers of its bindings, before the loop turns again */
	s->media = media_free(s->media);
	if (s->transport)
		transport_close(s->transport);
	dns_free(s->dns);
	if (s->store_waker)
		loop_waker_close(s->store_waker);
	if (s->loop)
		loop_drain(s->loop);
	web_free(s->web);
	web_console_free(s->console);
	transport_free(s->transport);
	bans_free(s->bans);
	acme_free(s->acme);
	tls_certificates_free(s->certificates);
	loop_free(s->loop);
	reserve_drop();
	watchdog_stop(s->watchdog); /* last: what is taken down may stand still too */
}

static void say_listening(struct slice transport, const struct address *at)
{
	char text[64];
	struct writer w = writer_on(text, sizeof(text));
	write_address_with_port(&w, at);
	log_event(LOG_INFO, "serve.listening", LOG_SLICE("transport", transport),
		  LOG_SLICE("address", writer_slice(&w)));
}

/* What is shown to whoever asks for no name; NULL: nothing listens with TLS. */
static const struct tls_identity *own_identity(const struct server *s)
{
	return s->certificates ? tls_certificates_find(s->certificates, SLICE_NONE) : NULL;
}

static void say_ready(struct server *s)
{
	if (s->demo) {
		demo_print(&s->config, s->transport, own_identity(s));
		return;
	}
	for (size_t i = 0; i < transport_listener_count(s->transport); i++) {
		struct transport_listen l;
		transport_listener(s->transport, i, &l);
		say_listening(sip_transport_name(l.transport), &l.at);
	}
	for (size_t i = 0; i < s->config.https.count; i++)
		say_listening(SLICE("HTTPS"), &s->config.https.at[i]);
	for (size_t i = 0; i < s->config.admin.count; i++)
		say_listening(SLICE("HTTPS for the provider"), &s->config.admin.at[i]);
	for (size_t i = 0; i < s->config.http.count; i++)
		say_listening(SLICE("HTTP"), &s->config.http.at[i]);
	if (s->certificates) {
		char fingerprint[TLS_FINGERPRINT_CAP];
		tls_identity_fingerprint(own_identity(s), fingerprint);
		log_event(LOG_INFO, "serve.certificate", LOG_STR("sha256", fingerprint));
	}
	log_event(LOG_INFO, "serve.ready", LOG_STR("data", s->config.data));
}

int serve(const struct serve_options *options)
{
	struct server *s = calloc(1, sizeof(*s));
	if (!s)
		return 1;
	s->demo = options->demo;
	signal(SIGPIPE, SIG_IGN);
	umask(077);
	int rc = read_config(s, options);
	if (rc == 0)
		rc = privilege_become(s->config.user);
	if (rc == 0)
		rc = privilege_lock();
	if (rc == 0)
		rc = open_all(s);
	if (rc == 0) {
		say_ready(s);
		notify("READY=1\nSTATUS=Ready");
		loop_run(s->loop);
	}
	close_all(s);
	free(s);
	return rc == 0 ? 0 : 1;
}
