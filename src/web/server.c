/* web/server.c - libwebsockets on the switchboard's loop: its context and its callbacks */
#include <errno.h>
#include <jansson.h>
#include <malloc.h>

#include "crypto/crypto.h"
#include "directory/directory.h"
#include "net/certificates.h"
#include "net/loop.h"
#include "web/access.h"
#include "web/audit_upkeep.h"
#include "web/hooks.h"
#include "web/issuer_learn.h"
#include "web/phones.h"
#include "web/sip.h"
#include "web/stream.h"
#include "web/who.h"

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t n);

static const struct lws_protocols protocols[] = {
	{.name = "http", .callback = callback},
	{.name = "sip", .callback = callback}, /* RFC 7118: what a phone asks for */
	{0},
};

static int accepted(struct web *w, struct lws *wsi)
{
	struct web_peer *p = web_peer_new(w, wsi);
	if (!p)
		return -1;
	lws_set_opaque_user_data(wsi, p);
	return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t n)
{
	struct web *w = wsi ? lws_context_user(lws_get_context(wsi)) : NULL;
	if (reason == LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED)
		return accepted(w, wsi);
	if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS)
		return w ? tls_certificates_serve(w->context.certificates, user) : -1;
	struct web_peer *p = wsi ? lws_get_opaque_user_data(wsi) : NULL;
	if (!p)
		return 0;
	switch (reason) {
	case LWS_CALLBACK_HTTP:
		return web_peer_begin(p);
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return web_stream_confirm(p, in);
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
		return p->stream || p->sip ? 0 : -1;
	case LWS_CALLBACK_ESTABLISHED:
		return p->sip ? web_sip_opened(p) : web_stream_opened(p);
	case LWS_CALLBACK_RECEIVE:
		return p->sip ? web_sip_received(p, in, n) : web_stream_heard(p, n);
	case LWS_CALLBACK_RECEIVE_PONG:
		return p->sip ? web_sip_pong(p) : web_stream_heard(p, 0);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return p->sip ? web_sip_writable(p) : web_stream_writable(p);
	case LWS_CALLBACK_HTTP_BODY:
		return web_peer_body(p, in, n);
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return web_peer_complete(p);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return web_peer_writable(p);
	case LWS_CALLBACK_WSI_DESTROY:
		lws_set_opaque_user_data(wsi, NULL);
		web_peer_free(p);
		return 0;
	default:
		return 0;
	}
}

/* ---- the context ---- */

/*
 * Both without a listening socket of the library's own. One for TLS serves both planes: the library chooses among
 * several by the Host field (lws_select_vhost()), which is the client's word.
 */
static int make_vhosts(struct web *w, struct lws_context_creation_info *info)
{
	info->pcontext = NULL;
	info->vhost_name = "local";
	info->options = 0;
	w->local = lws_create_vhost(w->lws, info);
	if (!w->local || !w->context.certificates)
		return w->local ? 0 : -ENOMEM;
	info->port = CONTEXT_PORT_NO_LISTEN_SERVER;
	info->vhost_name = "secure";
	info->options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX |
			LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
	info->alpn = "http/1.1";
	w->secure = lws_create_vhost(w->lws, info);
	return w->secure ? 0 : -ENOMEM;
}

static int make_context(struct web *w)
{
	lws_set_log_level(0, NULL);
	void *loops[] = {loop_uv(w->context.loop)};
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.user = w,
		.pcontext = &w->lws, /* NULL again when it is really gone */
		.foreign_loops = loops,
		.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
			   LWS_SERVER_OPTION_UV_NO_SIGSEGV_SIGFPE_SPIN | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
		.max_http_header_data2 = WEB_HEAD_MAX,
		.max_http_header_pool2 = WEB_PEERS_MAX,
		.pt_serv_buf_size = WEB_READ_BYTES,
		/* The wheel's timers are shorter; these only stand behind them. */
		.timeout_secs = 60,
		.keepalive_timeout = 120,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
	};
	w->lws = lws_create_context(&info);
	if (!w->lws)
		return -ENOENT; /* of its plugin for libuv, as good as always */
	return make_vhosts(w, &info);
}

static void init_metrics(struct web *w)
{
	w->requests_total = (struct metric){.name = "alto_web_requests_total", .help = "Requests answered"};
	w->refused_total = (struct metric){.name = "alto_web_refused_total",
					   .help = "Requests answered with a status of 400 or above"};
	w->timeouts_total = (struct metric){.name = "alto_web_timeouts_total",
					    .help = "Connections dropped for being slow or idle"};
	w->turned_away_total = (struct metric){.name = "alto_web_turned_away_total",
					       .help = "Connections closed because there were too many"};
	w->made_room_total = (struct metric){.name = "alto_web_made_room_total",
					     .help = "Idle or unknown connections closed to let others in"};
	w->streams_dropped_total = (struct metric){.name = "alto_web_streams_dropped_total",
						   .help = "Live event streams dropped for being too slow"};
	w->peers_now = (struct metric){
		.name = "alto_web_connections", .help = "Open connections", .kind = METRIC_GAUGE};
	w->streams_now = (struct metric){
		.name = "alto_web_streams", .help = "Of these live event streams", .kind = METRIC_GAUGE};
}

/* What the loop still has to close stays until the process ends, which is soon: the caller does not start. */
static int give_up(struct web *w, int rc)
{
	web_close(w);
	w->context.access = web_access_free(w->context.access);
	w->context.phones = web_phones_free(w->context.phones);
	w->context.hooks = web_hooks_free(w->context.hooks);
	w->audit = web_audit_upkeep_free(w->audit);
	w->context.issuers = web_issuers_free(w->context.issuers);
	if (!w->lws && !w->listener_count)
		free(w);
	return rc;
}

/* Bodies and answers hold passwords, and jansson is not told which. */
static void wipe_and_free(void *p)
{
	if (p)
		crypto_wipe(p, malloc_usable_size(p));
	free(p);
}

int web_new(const struct web_context *context, struct web **ret, struct web_reason *reterr)
{
	struct web *w = calloc(1, sizeof(*w));
	if (!w) {
		snprintf(reterr->text, sizeof(reterr->text), "out of memory");
		return -ENOMEM;
	}
	w->context = *context;
	w->context.web = w;
	w->limits = web_limits_usual;
	w->limits.streams = MIN(WEB_STREAMS_LEAST + context->streams_max, WEB_STREAMS_MAX);
	w->started_us = loop_wheel(context->loop)->now_us;
	w->first_seq = loop_wheel(context->loop)->wall_us;
	init_metrics(w);
	json_set_alloc_funcs(malloc, wipe_and_free);
	int rc = web_access_new(context->store, context->random, &w->context.access);
	if (rc < 0) {
		snprintf(reterr->text, sizeof(reterr->text), "sessions and tokens cannot be read: %s", strerror(-rc));
		return give_up(w, rc);
	}
	w->context.phones = web_phones_new(&w->context);
	w->audit = web_audit_upkeep_new(&w->context);
	rc = w->context.phones && w->audit ? web_issuers_new(&w->context, &w->context.issuers) : -ENOMEM;
	if (rc < 0) {
		snprintf(reterr->text, sizeof(reterr->text), "out of memory");
		return give_up(w, -ENOMEM);
	}
	rc = web_hooks_new(&w->context, &w->context.hooks);
	if (rc < 0) {
		snprintf(reterr->text, sizeof(reterr->text), "webhooks cannot be read: %s", strerror(-rc));
		return give_up(w, rc);
	}
	rc = web_listen_local(w, reterr);
	if (rc < 0)
		return give_up(w, rc);
	rc = make_context(w);
	if (rc < 0) {
		snprintf(reterr->text, sizeof(reterr->text),
			 "the web server cannot start (%s): is the package libwebsockets-evlib-uv installed?",
			 strerror(-rc));
		return give_up(w, rc);
	}
	directory_on_presence(context->directory, web_stream_presence, w);
	/* Last: with jobs of theirs in the store nothing could be given up any more. */
	web_hooks_start(w->context.hooks);
	web_audit_upkeep_start(w->audit);
	*ret = w;
	return 0;
}

void web_set_limits(struct web *w, const struct web_limits *limits)
{
	w->limits = *limits;
}

void web_store_change(struct web *w, const struct store_change *change)
{
	web_access_apply(w->context.access, change);
	web_hooks_apply(w->context.hooks, change);
	web_stream_change(w, change);
	web_sip_change(w, change);
	if (!w->closed)
		web_phones_change(w->context.phones, change);
}

void web_close(struct web *w)
{
	if (w->closed)
		return;
	w->closed = true;
	if (w->context.hooks)
		web_hooks_close(w->context.hooks);
	web_audit_upkeep_close(w->audit);
	web_listen_close(w);
	directory_on_presence(w->context.directory, NULL, NULL);
	w->context.phones = web_phones_free(w->context.phones); /* while there is a directory */
	if (w->lws)
		lws_context_destroy(w->lws);
	/* What only waited for its next turn has nobody left to answer; what the store owes comes to its done(). */
	for (struct web_request *r = w->requests, *next; r; r = next) {
		next = r->next;
		bool waits_for_turn = timer_running(&r->timer);
		if (r->peer)
			web_peer_let_go(r->peer);
		if (waits_for_turn)
			web_request_free(r);
	}
	if (w->context.issuers)
		web_issuers_close(w->context.issuers); /* who waits for one is answered, unheard */
}

struct web *web_free(struct web *w)
{
	if (!w)
		return NULL;
	web_close(w);
	ASSERT(!w->requests && !w->peers && !w->streams);
	/* The second half, after the loop has closed its handles: the first leaves the context itself. */
	if (w->lws)
		lws_context_destroy(w->lws);
	web_access_free(w->context.access);
	web_hooks_free(w->context.hooks);
	web_audit_upkeep_free(w->audit);
	web_issuers_free(w->context.issuers);
	free(w);
	return NULL;
}

void web_metrics(struct web *w, struct metrics *m)
{
	metrics_add(m, &w->requests_total);
	metrics_add(m, &w->refused_total);
	metrics_add(m, &w->timeouts_total);
	metrics_add(m, &w->turned_away_total);
	metrics_add(m, &w->made_room_total);
	metrics_add(m, &w->streams_dropped_total);
	metrics_add(m, &w->peers_now);
	metrics_add(m, &w->streams_now);
}
