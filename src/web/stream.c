/* web/stream.c - what happens, told to the pages that are open */
#include "web/stream.h"
#include <sys/socket.h>

#include "directory/directory.h"
#include "web/access.h"
#include "web/events.h"
#include "web/policy.h"
#include "web/sip.h"
#include "web/who.h"

/* ---- may it listen ---- */

static int refuse_now(struct web_peer *p)
{
	/*
	 * All in one turn: the library reads what is returned here as its leave to go on. What a client that does not
	 * read leaves in the library's hands is not waited for: nothing takes it on before we return.
	 */
	while (!lws_partial_buffered(p->wsi) && web_peer_writable(p) == 0)
		continue;
	return -1;
}

static bool same_person(const struct web_who *a, const struct web_who *b)
{
	return slice_eq(a->user, b->user) && (!slice_empty(a->user) || slice_eq(a->pass, b->pass));
}

/* Looks at each of them, of which there are some thousand: about 50 us. */
static bool has_room(const struct web *w, struct web_request *r)
{
	uint32_t of_person = 0, of_tenant = 0;
	bool provider = r->who.role == WEB_PROVIDER;
	for (const struct web_peer *p = w->first_stream; p; p = p->next) {
		of_person += same_person(&p->stream->request->who, &r->who);
		of_tenant += slice_eq(p->stream->request->who.tenant, r->who.tenant);
	}
	if (w->streams + (provider ? 0 : WEB_STREAMS_KEPT) >= w->limits.streams)
		web_problem(r, WEB_BUSY, NULL, "as many pages are open as this node has room for: try again later");
	else if (r->plane != WEB_LOCAL && of_person >= w->limits.streams_of_person)
		web_problem(r, WEB_TOO_OFTEN, NULL, "you have %u pages open: close some of them", of_person);
	else if (!provider && of_tenant >= WEB_STREAMS_OF_TENANT)
		web_problem(r, WEB_BUSY, NULL, "your company has %u pages open: close some of them", of_tenant);
	else
		return true;
	return false;
}

int web_stream_confirm(struct web_peer *p, const char *protocol)
{
	if (!web_peer_start(p))
		return -1;
	struct web_request *r = p->request;
	r->handled = true;
	p->last = true;
	r->upgrade = slice_caseeq(slice_from_string(protocol), SLICE("websocket"));
	if (!r->upgrade || r->head || p->plane == WEB_PLAIN || web_peer_has_hosts(p) || !web_peer_arguments(p))
		web_problem(r, WEB_BAD_REQUEST, NULL,
			    "this server speaks HTTP/1.1 with one Host, and changes to no other protocol");
	else if (slice_eq(r->path, SLICE(WEB_SIP_PATH)) ? web_sip_admit(p, r)
							: web_route_admit_stream(r) && has_room(p->web, r))
		p->stream = p->sip ? NULL : calloc(1, sizeof(*p->stream));
	if (!p->stream && !p->sip)
		return p->answered ? refuse_now(p) : -1;
	if (p->sip) {
		p->request = web_request_free(r);
		return 0;
	}
	/* From the server's list to the stream: it is not answered, and lasts as long as the connection. */
	web_request_unlink(r);
	p->stream->request = r;
	p->stream->alive = true;
	p->request = NULL;
	web_peer_is_stream(p);
	return 0;
}

/* Browsers do not tell a page why its WebSocket was refused: it asks here. */
void web_events_get(struct web_request *r)
{
	const struct web *w = r->context->web;
	if (!w || has_room(w, r))
		web_problem(r, WEB_BAD_REQUEST, NULL, "events come over a WebSocket: ask with Upgrade: websocket");
}

/* Sessions end, roles change, people and companies go. */
static bool may_listen(const struct web_request *r)
{
	const struct web_who *who = &r->who;
	struct directory *d = r->context->directory;
	if (r->plane == WEB_LOCAL)
		return true;
	const struct web_pass *p = web_access_by_id(r->context->access, who->pass);
	const struct directory_user *u = directory_user_by_id(d, who->user);
	return p && p->expires_us > web_now_us(r) && web_who_maker_may(r->context, p) &&
	       (slice_empty(who->tenant) || directory_tenant_by_id(d, who->tenant)) &&
	       (slice_empty(who->user) || (u && web_role_find(u->role) == who->role));
}

/* ---- its messages ---- */

/* Each behind its length of two bytes. False: too slow for what happens. */
static bool put(struct web_stream *s, struct slice text)
{
	if (s->sent == s->queued)
		s->sent = s->queued = 0;
	if (!s->queue)
		s->queue = malloc(WEB_STREAM_BYTES);
	if (!s->queue || text.n > UINT16_MAX || text.n + 2 > WEB_STREAM_BYTES - s->queued)
		return false;
	uint16_t n = (uint16_t)text.n;
	memcpy(s->queue + s->queued, &n, sizeof(n));
	memcpy(s->queue + s->queued + 2, text.p, text.n);
	s->queued += text.n + 2;
	return true;
}

static bool say(struct web_peer *p, const char *text)
{
	bool ok = text && put(p->stream, slice_from_string(text));
	if (ok)
		lws_callback_on_writable(p->wsi);
	return ok;
}

static bool say_json(struct web_peer *p, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	bool ok = say(p, text);
	json_decref(value);
	free(text);
	return ok;
}

/* A company's events have numbers of its own: those of all would tell each how busy the others are. */
static int64_t newest_seq(const struct web *w, const struct web_request *r)
{
	const struct directory_tenant *t = directory_tenant_by_id(w->context.directory, r->who.tenant);
	uint64_t told = r->who.role == WEB_PROVIDER ? w->told : t ? t->told : 0;
	return w->first_seq + (int64_t)told;
}

int web_stream_opened(struct web_peer *p)
{
	uint64_t after;
	int64_t seq = newest_seq(p->web, p->stream->request);
	struct slice given = web_argument(p->stream->request, "after");
	bool missed = !slice_empty(given) && (!slice_u64(given, INT64_MAX, &after) || (int64_t)after != seq);
	/* What the kernel would keep for who does not read; its own choice is megabytes. Fails for nobody. */
	int most = WEB_STREAM_BYTES;
	(void)setsockopt(lws_get_socket_fd(p->wsi), SOL_SOCKET, SO_SNDBUF, &most, sizeof(most));
	web_peer_wait(p, WEB_PING_US);
	if (!say_json(p, WEB_OBJECT({"seq", json_integer(seq)}, {"kind", json_string("hello")})))
		return -1;
	return !missed || say_json(p, WEB_OBJECT({"seq", json_integer(seq)}, {"kind", json_string("resync")})) ? 0 : -1;
}

int web_stream_writable(struct web_peer *p)
{
	struct web_stream *s = p->stream;
	unsigned char piece[LWS_PRE + WEB_EVENT_BYTES];
	if (s->ping) {
		s->ping = false;
		if (lws_write(p->wsi, piece + LWS_PRE, 0, LWS_WRITE_PING) < 0)
			return -1;
	} else if (s->sent < s->queued) {
		uint16_t n;
		memcpy(&n, s->queue + s->sent, sizeof(n));
		ASSERT(n <= WEB_EVENT_BYTES);
		memcpy(piece + LWS_PRE, s->queue + s->sent + 2, n);
		s->sent += n + 2U;
		if (lws_write(p->wsi, piece + LWS_PRE, n, LWS_WRITE_TEXT) < n)
			return -1;
	}
	if (s->ping || s->sent < s->queued)
		lws_callback_on_writable(p->wsi);
	return 0;
}

/* Nothing is expected; what comes shows that somebody is there, unless it is a flood. */
int web_stream_heard(struct web_peer *p, size_t n)
{
	p->stream->alive = true;
	return n > WEB_HEARD_BYTES ? -1 : 0;
}

bool web_stream_tick(struct web_peer *p)
{
	struct web_stream *s = p->stream;
	if (!s->alive || !may_listen(s->request))
		return false;
	s->alive = false;
	s->ping = true;
	lws_callback_on_writable(p->wsi);
	web_peer_wait(p, WEB_PING_US);
	return true;
}

struct web_stream *web_stream_free(struct web_stream *s)
{
	if (!s)
		return NULL;
	web_request_free(s->request);
	free(s->queue);
	free(s);
	return NULL;
}

/* ---- changes ---- */

static void drop_slow(struct web_peer *p)
{
	metric_add(&p->web->streams_dropped_total, 1);
	web_peer_drop(p);
}

static void number(struct web *w, struct web_event *e)
{
	struct directory_tenant *t = directory_tenant_by_id(w->context.directory, e->tenant);
	w->told++;
	e->seq_of_all = w->first_seq + (int64_t)w->told;
	if (!t)
		return; /* nobody's but the provider's, or nobody is left to hear of it */
	t->told++;
	e->seq = w->first_seq + (int64_t)t->told;
}

void web_stream_change(struct web *w, const struct store_change *change)
{
	if (w->closed)
		return; /* what the store still delivers at the end */
	struct web_event e;
	bool rights = web_who_concerns(change);
	bool told = web_event_describe(&w->context, change, &e);
	if (told)
		number(w, &e);
	for (struct web_peer *p = w->first_stream, *next; p; p = next) {
		next = p->next;
		json_t *message = NULL;
		if (rights && !may_listen(p->stream->request))
			web_peer_drop(p);
		else if (told && web_event_seen(&e, p->stream->request, &message) && !say_json(p, message))
			drop_slow(p);
	}
}

void web_stream_presence(void *arg, const struct directory_user *user)
{
	struct web *w = arg;
	struct web_event e;
	char *texts[2] = {NULL, NULL};
	web_event_describe_presence(user, &e);
	number(w, &e);
	for (struct web_peer *p = w->first_stream; p; p = p->next) {
		json_t *message = NULL;
		char **text = &texts[p->stream->request->who.role == WEB_PROVIDER];
		if (!web_event_seen(&e, p->stream->request, *text ? NULL : &message))
			continue;
		/* Written once: after a restart all phones come to all pages, and who sees a person at all sees the
		 * same, but for the provider's numbers. */
		if (message)
			*text = json_dumps(message, JSON_COMPACT);
		json_decref(message);
		if (say(p, *text))
			continue;
		/* Too slow, and dropped by its timer: a page may end within a callback of the library. */
		p->stream->alive = false;
		web_peer_wait(p, 0);
	}
	free(texts[0]);
	free(texts[1]);
}
