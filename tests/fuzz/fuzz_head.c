/*
 * fuzz_head.c - requests of the API with their heads, in lines, and who is let in by what they show
 *
 *   plane NAME              of what follows: company, admin or local
 *   time SECONDS            pass
 *   METHOD PATH[?QUERY]     a request begins; the one before it is made
 *   NAME: VALUE             a field of its head
 *   anything else           its body
 *
 * $a is the session of Ann, who administrates acme; $e that of Eve, the provider; $x one whose time is over; $A and $E
 * are what their pages show beside it, $t a token of acme, $p one of the provider, $n the session that was begun last;
 * $g and $m are what a browser says of the passkey's challenge that was offered last, to log in and to make one, and $k
 * is the cookie that came with it. Where a WebSocket is asked for, the body is what comes on it (socket.h).
 * The library is played here, and so is the slow hash. Whatever is asked, there is one answer; nobody is somebody by
 * anything but these, nor on the wrong address; no foreign page changes anything; and who logs in knew the password.
 */
#include "fuzz/head.h"
#include "fuzz/lines.h"
#include "fuzz/socket.h"
#include "unit/web/node.h"

#include "base/writer.h"
#include "web/access.h"
#include "web/hashing.h"
#include "web/policy.h"
#include "web/sip.h"
#include "web/stream.h"
#include "web/who.h"

#define LINES_MAX 64
#define TEXT_MAX 4096
#define ACME "01920000-0000-7000-8000-0000000000a0"
#define HOST "01920000-0000-7000-8000-0000000000b0"
#define ANN "01920000-0000-7000-8000-0000000000a1"
#define EVE "01920000-0000-7000-8000-0000000000b1"
#define PASSWORD "right-horse-1"
#define WALL_US (1800000000 * SECOND_US)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What opens something, and the mark it stands by. */
enum { ANNS, EVES, OLD, TOKEN, PROVIDERS, BEGUN, PASS_COUNT };
static const struct {
	const char *id, *tenant, *user, *role; /* user empty: a token */
	enum web_role becomes;
	int64_t days;
	char mark;
} passes[PASS_COUNT] = {
	[ANNS] = {"01920000-0000-7000-8000-0000000000c1", ACME, ANN, "admin", WEB_COMPANY_ADMIN, 1, 'a'},
	[EVES] = {"01920000-0000-7000-8000-0000000000c2", HOST, EVE, "provider", WEB_PROVIDER, 1, 'e'},
	[OLD] = {"01920000-0000-7000-8000-0000000000c3", ACME, ANN, "admin", WEB_NOBODY, -1, 'x'},
	[TOKEN] = {"01920000-0000-7000-8000-0000000000c4", ACME, "", "admin", WEB_COMPANY_ADMIN, 1, 't'},
	[PROVIDERS] = {"01920000-0000-7000-8000-0000000000c5", "", "", "provider", WEB_PROVIDER, 1, 'p'},
	[BEGUN] = {.mark = 'n'},
};

static struct {
	struct node node;
	struct web web;
	struct web_listener door;
	char secrets[PASS_COUNT][WEB_SECRET_CHARS + 1];
	char challenge[64], attempt[WEB_SECRET_CHARS + 1]; /* of a passkey, as they were given last */
	bool store_wanted, knew_password;
	/* the request that is made */
	char text[TEXT_MAX];
	size_t text_n;
	struct slice body;
} h;

/* ---- the slow hash, played: the password itself ---- */

void __wrap_web_hashing_compare(struct web_hashing *x, struct web_request *r, struct slice hash, struct slice password,
				void (*done)(struct web_hashing *x));
void __wrap_web_hashing_make(struct web_hashing *x, struct web_request *r, struct slice password,
			     void (*done)(struct web_hashing *x));

void __wrap_web_hashing_compare(struct web_hashing *x, struct web_request *r, struct slice hash, struct slice password,
				void (*done)(struct web_hashing *x))
{
	x->request = r;
	x->ok = h.knew_password = !slice_empty(hash) && slice_eq(hash, password);
	done(x);
}

void __wrap_web_hashing_make(struct web_hashing *x, struct web_request *r, struct slice password,
			     void (*done)(struct web_hashing *x))
{
	x->request = r;
	x->ok = head_copy(x->hash, sizeof(x->hash), password) >= 0;
	done(x);
}

/* ---- the node ---- */

static void store_wakes(void *arg)
{
	h.store_wanted = true;
}

static void store_changed(void *owner, const struct store_change *change)
{
	directory_apply(h.node.read_model, change);
	if (!h.web.context.access)
		return;
	web_access_apply(h.web.context.access, change);
	web_stream_change(&h.web, change);
	web_sip_change(&h.web, change);
}

static int put_pass(struct db *db, size_t i)
{
	uint8_t hash[STORE_PASS_HASH];
	web_secret_hash(slice_from_string(h.secrets[i]), hash);
	struct store_pass p = {.id = slice_from_string(passes[i].id),
			       .tenant = slice_from_string(passes[i].tenant),
			       .user = slice_from_string(passes[i].user),
			       .kind = !*passes[i].user ? STORE_TOKEN : STORE_SESSION,
			       .hash = slice_of(hash, sizeof(hash)),
			       .name = SLICE("tool"),
			       .role = slice_from_string(passes[i].role),
			       .created_us = WALL_US,
			       .used_us = WALL_US,
			       .expires_us = WALL_US + passes[i].days * 86400 * SECOND_US};
	return store_pass_put(db, &p);
}

static int put_people(struct db *db, struct store_job *job)
{
	const struct store_tenant tenants[] = {
		{.id = SLICE(ACME), .name = SLICE("acme"), .domain = SLICE("acme.example")},
		{.id = SLICE(HOST), .name = SLICE("host"), .domain = SLICE("host.example")}};
	const struct store_user users[] = {
		{SLICE(ANN), SLICE(ACME), SLICE("ann"), SLICE("10"), SLICE("Ann"), SLICE("admin"), 1, 1},
		{SLICE(EVE), SLICE(HOST), SLICE("eve"), SLICE("10"), SLICE("Eve"), SLICE("provider"), 1, 1}};
	int rc = DB_OK;
	for (size_t i = 0; i < ARRAY_LEN(tenants) && rc == DB_OK; i++)
		rc = store_tenant_put(db, &tenants[i]);
	for (size_t i = 0; i < ARRAY_LEN(users) && rc == DB_OK; i++) {
		rc = store_user_put(db, &users[i]);
		if (rc == DB_OK)
			rc = store_password_set(db, users[i].tenant, users[i].id, SLICE(PASSWORD));
	}
	for (size_t i = 0; i < BEGUN && rc == DB_OK; i++)
		rc = put_pass(db, i);
	return rc;
}

static void people_there(struct store_job *job, int result)
{
	ASSERT(result == DB_OK);
}

static void add_people(void)
{
	static struct store_job job;
	job = (struct store_job){.run = put_people, .done = people_there, .bytes = 1};
	for (size_t i = 0; i < BEGUN; i++)
		web_secret_draw(&h.node.random, h.secrets[i]);
	int rc = store_post(h.node.store, &job);
	ASSERT(rc == 0);
	while (h.store_wanted) {
		h.store_wanted = false;
		store_collect(h.node.store);
	}
}

static void begin(void)
{
	static struct loop *loop; /* its clock alone is used, and it costs more than all the rest */
	struct node *n = &h.node;
	struct store_config config = {.directory = ":memory:",
				      .database = "sqlite",
				      .wake = store_wakes,
				      .threadless = true,
				      .on_change = store_changed};
	struct store_reason why;
	memset(&h, 0, sizeof(h));
	given = (struct head){0};
	ASSERT(loop || loop_new(&loop) == 0);
	wheel_init(loop_wheel(loop), 1000 * SECOND_US, WALL_US);
	random_init_seeded(&n->random, 1);
	config_defaults(&n->config);
	metrics_init(&n->metrics);
	node_play(n);
	int rc = directory_new(&n->random, &n->read_model);
	ASSERT(rc == 0);
	rc = store_open(&config, &n->store, &why);
	ASSERT(rc == 0);
	n->bans = bans_new(loop_wheel(loop), &n->random);
	ASSERT(n->bans);
	h.web.context = (struct web_context){.loop = loop,
					     .bans = n->bans,
					     .directory = n->read_model,
					     .store = n->store,
					     .random = &n->random,
					     .metrics = &n->metrics,
					     .config = &n->config,
					     .version = "fuzz"};
	rc = web_access_new(n->store, &n->random, &h.web.context.access);
	ASSERT(rc == 0);
	h.web.limits = web_limits_usual;
	h.web.limits.ahead_us = WEB_AHEAD_US;
	h.door.plane = WEB_COMPANY;
	h.web.entering = &h.door;
	bool ok = address_parse(SLICE("192.0.2.1"), &h.web.entering_from);
	ASSERT(ok);
	add_people();
}

static void end(void)
{
	ASSERT(!h.web.requests && !h.web.peers);
	store_close(h.node.store);
	web_access_free(h.web.context.access);
	bans_free(h.node.bans);
	directory_free(h.node.read_model);
}

/* ---- what must hold of an answer ---- */

static bool is_own_page(void)
{
	struct slice host = head_field(SLICE("host")), origin = head_field(SLICE("origin"));
	return host.n && origin.n == host.n + 8 && slice_starts(origin, SLICE("https://")) &&
	       slice_caseeq(slice_from(origin, 8), host);
}

/* Who is somebody showed what makes them that, on the address where it is good. */
static void check_who(const struct web_request *r)
{
	const struct web_shown *s = &r->shown;
	const struct web_who *who = &r->who;
	if (r->plane == WEB_LOCAL || who->role == WEB_NOBODY)
		return;
	ASSERT((who->role == WEB_PROVIDER) == (r->plane == WEB_ADMIN));
	for (size_t i = 0; i < PASS_COUNT; i++) {
		struct slice secret = slice_from_string(h.secrets[i]);
		bool session = i == BEGUN || *passes[i].user;
		/* Of a session and a token the token counts. */
		if (!secret.n || (session && s->bearer.n) || !slice_eq(session ? s->session : s->bearer, secret))
			continue;
		ASSERT(i == BEGUN ||
		       (who->role == passes[i].becomes && slice_eq(who->user, slice_from_string(passes[i].user))));
		if (!session || (r->method == WEB_GET && !r->upgrade))
			return;
		char csrf[WEB_CSRF_CHARS + 1];
		web_csrf(s->session, csrf);
		ASSERT(is_own_page() &&
		       (r->upgrade || slice_eq(head_field(SLICE("x-csrf-token")), slice_from_string(csrf))));
		return;
	}
	ASSERT(!"somebody by nothing that we gave");
}

#define SIGN SLICE("/api/v1/session/passkey")

/* The attempt's cookie is for whoever asks; it opens nothing. */
static void keep_offer(const struct web_answer *a)
{
	json_t *o = json_loadb(a->bytes, a->n, 0, NULL);
	const char *challenge = json_string_value(json_object_get(o, "challenge"));
	struct slice cookie = slice_from_string(a->cookie);
	if (challenge)
		snprintf(h.challenge, sizeof(h.challenge), "%s", challenge);
	json_decref(o);
	(void)slice_cut(&cookie, '=');
	if (a->cookie)
		head_copy(h.attempt, sizeof(h.attempt), slice_cut(&cookie, ';'));
}

static void check_answer(const struct web_request *r)
{
	const struct web_answer *a = &r->answer;
	bool good = a->status < 400, changes = r->method != WEB_GET || r->upgrade;
	bool logs_in = r->method == WEB_POST && slice_eq(r->path, SLICE("/api/v1/session"));
	ASSERT(a->status >= 200 && a->status < 600 && a->status != 500);
	check_who(r);
	if (r->plane == WEB_LOCAL)
		return;
	ASSERT(!good || !changes || !head_field(SLICE("origin")).n || is_own_page());
	ASSERT(!good || !logs_in || h.knew_password);
	bool signs_in = slice_eq(r->path, SIGN);
	if (good && slice_starts(r->path, SIGN) && a->bytes)
		keep_offer(a);
	ASSERT(!good || r->who.role != WEB_NOBODY || logs_in || signs_in || slice_eq(r->path, SLICE("/healthz")) ||
	       slice_eq(r->path, SLICE("/api/v1/openapi.json")));
	if (!a->cookie)
		return;
	struct slice cookie = slice_from_string(a->cookie), name = slice_cut(&cookie, '=');
	if (signs_in) { /* of the attempt alone: nobody has the key that could sign */
		ASSERT(slice_eq(name, slice_from_string(web_attempt_name(r->plane))));
		return;
	}
	ASSERT(good && slice_eq(name, slice_from_string(web_cookie_name(r->plane))));
	if (logs_in)
		head_copy(h.secrets[BEGUN], sizeof(h.secrets[BEGUN]), slice_cut(&cookie, ';'));
}

/* ---- requests ---- */

static bool is_upgrade(void)
{
	return slice_caseeq(head_field(SLICE("upgrade")), SLICE("websocket"));
}

/* Its body, as much of it as came, in two pieces. False: more was promised. */
static bool give_body(struct web_peer *p)
{
	size_t n = MIN(h.body.n, p->body_cap), half = n / 2;
	int rc = 0;
	if (n > 0) /* the library gives no empty pieces */
		rc = web_peer_body(p, h.body.p, half) | web_peer_body(p, h.body.p + half, n - half);
	ASSERT(rc == 0);
	if (n < p->body_cap)
		return false;
	rc = web_peer_complete(p);
	ASSERT(rc == 0);
	return true;
}

static void wait_for_answer(const struct web_peer *p)
{
	struct wheel *wheel = loop_wheel(h.web.context.loop);
	while (!p->answered) {
		ASSERT(h.store_wanted || wheel->running > 1);
		h.store_wanted = false;
		store_collect(h.node.store);
		wheel_turn(wheel, wheel->now_us + MS_US, wheel->wall_us + MS_US);
	}
}

static void add_field(struct slice name, struct slice value)
{
	if (given.field_count == HEAD_FIELDS_MAX)
		return;
	given.fields[given.field_count].name = name;
	given.fields[given.field_count++].value = value;
}

/* A WebSocket: that of a person's page if a session opened it, of whoever it may be else. */
static void open_socket(struct web_peer *p)
{
	struct slice user = slice_from_string(p->sip ? p->sip->user : "");
	if (p->stream)
		check_who(p->stream->request);
	ASSERT(!p->request && (!user.n || is_own_page()));
	socket_play(p, h.body, user);
}

static void make_request(void)
{
	char length[24];
	bool wrote = snprintf(length, sizeof(length), "%zu", h.body.n) > 0;
	if (h.body.n && wrote && !head_field(SLICE("content-length")).p)
		add_field(SLICE("content-length"), slice_from_string(length));
	struct web_peer *p = web_peer_new(&h.web, NULL);
	ASSERT(p);
	h.knew_password = false;
	if (is_upgrade()) {
		int rc = web_stream_confirm(p, "websocket");
		if (rc == 0)
			open_socket(p);
		else if (p->answered)
			check_answer(p->request);
	} else if (web_peer_begin(p) == 0 && (!p->body || give_body(p))) {
		wait_for_answer(p);
		check_answer(p->request);
	}
	web_peer_free(p);
	while (h.store_wanted) { /* what was left to be written, such as the use of a session */
		h.store_wanted = false;
		store_collect(h.node.store);
	}
}

/* What a browser at alto.example says of the challenge, as it is sent. */
static void write_said(struct writer *w, const char *type)
{
	char text[256];
	int n = snprintf(
		text, sizeof(text),
		"{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"https://alto.example\",\"crossOrigin\":false}",
		type, h.challenge);
	write_base64url(w, (const uint8_t *)text, (size_t)n);
}

/* Kept for the request, with its marks replaced; empty: no room. */
static struct slice keep(struct slice line)
{
	struct writer w = writer_on(h.text + h.text_n, sizeof(h.text) - h.text_n);
	for (size_t i = 0; i < line.n; i++) {
		char mark = line.p[i] == '$' && i + 1 < line.n ? line.p[i + 1] : 0, csrf[WEB_CSRF_CHARS + 1];
		size_t k = 0;
		while (k < PASS_COUNT && (!mark || passes[k].mark != mark))
			k++;
		if (k < PASS_COUNT) {
			write_string(&w, h.secrets[k]);
		} else if (mark == 'g' || mark == 'm') {
			write_said(&w, mark == 'g' ? "webauthn.get" : "webauthn.create");
		} else if (mark == 'k') {
			write_string(&w, h.attempt);
		} else if (mark == 'A' || mark == 'E') {
			web_csrf(slice_from_string(h.secrets[mark == 'A' ? ANNS : EVES]), csrf);
			write_string(&w, csrf);
		} else {
			write_char(&w, line.p[i]);
			continue;
		}
		i++;
	}
	if (w.overflow)
		return SLICE_NONE;
	h.text_n += w.n;
	return writer_slice(&w);
}

static void set_plane(struct slice name)
{
	h.door.plane = slice_eq(name, SLICE("admin"))   ? WEB_ADMIN
		       : slice_eq(name, SLICE("local")) ? WEB_LOCAL
							: WEB_COMPANY;
}

static void pass_time(struct slice seconds)
{
	struct wheel *wheel = loop_wheel(h.web.context.loop);
	uint64_t n;
	if (slice_u64(seconds, 1000000, &n))
		wheel_turn(wheel, wheel->now_us + (int64_t)n * SECOND_US, wheel->wall_us + (int64_t)n * SECOND_US);
}

static void finish_request(void)
{
	if (given.method.n)
		make_request();
	given.method = h.body = SLICE_NONE;
	given.field_count = h.text_n = 0;
}

static void start_request(struct slice line)
{
	finish_request();
	line = keep(line);
	given.method = slice_cut(&line, ' ');
	given.query = slice_cut(&line, ' ');
	given.path = slice_cut(&given.query, '?');
}

static void take_line(struct slice line)
{
	struct slice rest = line, word = slice_cut(&rest, ' ');
	bool is_field = word.n > 1 && word.p[word.n - 1] == ':' && word.p[0] >= 'a';
	if (slice_eq(word, SLICE("plane")) || slice_eq(word, SLICE("time"))) {
		finish_request();
		(slice_eq(word, SLICE("time")) ? pass_time : set_plane)(rest);
	} else if (word.n > 2 && word.p[0] >= 'A' && word.p[0] <= 'Z' && slice_starts(rest, SLICE("/"))) {
		start_request(line);
	} else if (is_field) {
		add_field(slice_first(word, word.n - 1), keep(rest));
	} else {
		h.body = keep(line);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of(data, size);
	begin();
	for (unsigned i = 0; i < LINES_MAX && !slice_empty(rest); i++)
		take_line(slice_cut(&rest, '\n'));
	finish_request();
	end();
	return 0;
}

const char *const lines_words[] = {
	"plane admin",
	"plane company",
	"plane local",
	"time 60",
	"time 50000",
	"GET /api/v1/session",
	"POST /api/v1/session",
	"DELETE /api/v1/session",
	"GET /api/v1/users?tenant=acme&limit=2",
	"GET /api/v1/calls?from=2026-11-27T08:30:00Z&number=10&q=20",
	"PATCH /api/v1/users/01920000-0000-7000-8000-0000000000a1",
	"POST /api/v1/users/01920000-0000-7000-8000-0000000000a1/password",
	"GET /api/v1/tenants/01920000-0000-7000-8000-0000000000b0",
	"POST /api/v1/tokens",
	"POST /api/v1/session/totp",
	"POST /api/v1/session/passkey",
	"POST /api/v1/session/passkeys",
	"cookie: __Host-alto-attempt=$k",
	"GET /api/v1/events?after=3",
	"GET /sip",
	"sec-websocket-protocol: sip",
	"sec-websocket-protocol: chat, sip",
	"GET /api/v1/status",
	"GET /healthz",
	"GET /index.html",
	"host: alto.example",
	"origin: https://alto.example",
	"origin: https://evil.example",
	"origin: null",
	"cookie: __Host-alto=$a",
	"cookie: a=b; __Host-alto=$a; c=d",
	"cookie: __Host-alto-admin=$e",
	"cookie: __Host-alto=$n",
	"cookie: __Host-alto=$x",
	"x-csrf-token: $A",
	"x-csrf-token: $E",
	"authorization: Bearer $t",
	"authorization: Bearer $p",
	"content-type: application/json",
	"content-type: application/json; charset=utf-8",
	"content-length: 5",
	"transfer-encoding: chunked",
	"upgrade: websocket",
	"if-match: \"1f\"",
	"if-none-match: W/\"1f\", *",
	"accept-encoding: br, gzip",
	"{\"login\":\"ann@acme.example\",\"password\":\"right-horse-1\"}",
	"{\"login\":\"eve@host.example\",\"password\":\"right-horse-1\"}",
	"{\"login\":\"ann@acme.example\",\"password\":\"wrong\",\"code\":\"123456\"}",
	"{\"password\":\"another-horse-2\",\"old\":\"right-horse-1\"}",
	"{\"name\":\"Anna\"}",
	"{\"name\":\"tool\",\"days\":3}",
	NULL,
};
