/*
 * fuzz_resources.c - requests of the API, one a line, through every resource to the store and back
 *
 *   METHOD PATH[?NAME=VALUE&...] [BODY]
 *
 * $1 to $9 stand for the ids of what was created first, second ... in this input. Whatever is asked, there is one
 * answer, with a status of the API's and a body that is what it says it is; and what was created is found again.
 */
#include "fuzz/lines.h"
#include "unit/web/node.h"

#include "store/messages.h"
#include "store/rows.h"
#include "web/hooks.h"
#include "web/route.h"

#define LINES_MAX 32
#define LINE_BYTES_MAX 4096
#define IDS_MAX 9
#define PARTS_MAX (2 + 2 * WEB_ARGUMENTS_MAX)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct client {
	struct node node;
	struct web_context context;
	bool store_wanted;
	char ids[IDS_MAX][STORE_ID_CAP];
	size_t id_count;
	unsigned answers;
	int status; /* of the last answer */
	char *parts[PARTS_MAX];
	size_t part_count;
};

static void store_wakes(void *arg)
{
	struct client *c = arg;
	c->store_wanted = true;
}

static void store_changed(void *owner, const struct store_change *change)
{
	struct client *c = owner;
	if (change->kind != STORE_CALL)
		directory_apply(c->node.read_model, change);
	if (c->context.hooks)
		web_hooks_apply(c->context.hooks, change);
}

/* ---- a call that is over, with its messages, and one that is not ---- */

#define OVER SLICE("01920000-0000-7000-8000-000000000001")
#define LIVE SLICE("01920000-0000-7000-8000-000000000002")

static int put_history(struct db *db, struct store_job *job)
{
	static char text[2048];
	struct store_call c = {.id = OVER,
			       .tenant = SLICE("acme"),
			       .call_id = SLICE("call-1"),
			       .caller = {.uri = SLICE("10"), .transport = SLICE("TLS"), .codec = SLICE("PCMA/8000")},
			       .callee = {.uri = SLICE("20"), .transport = SLICE("UDP")},
			       .started_us = 1,
			       .answered_us = 2,
			       .ended_us = 3,
			       .status = 200,
			       .cause = SLICE("answered"),
			       .trace = SLICE("+0.012 ring device desk\n+0.5 answered\n")};
	struct store_message m = {.at_us = 1,
				  .transport = SLICE("TLS"),
				  .remote = SLICE("192.0.2.1:5061"),
				  .text = SLICE("BYE sip:20@acme.example SIP/2.0\r\n\r\n")};
	struct writer w = writer_on(text, sizeof(text));
	store_frame_write(&w, &m);
	store_frame_write(&w, &m);
	ASSERT(!w.overflow && store_call_put(db, &c) == DB_OK);
	return store_messages_put(db, 1, OVER, 1, writer_slice(&w));
}

static void history_there(struct store_job *job, int result)
{
	ASSERT(result == DB_OK);
}

static void add_calls(struct client *c)
{
	static struct store_job job;
	job = (struct store_job){.run = put_history, .done = history_there, .bytes = 1};
	int rc = store_post(c->node.store, &job);
	ASSERT(rc == 0);
	while (c->store_wanted) {
		c->store_wanted = false;
		store_collect(c->node.store);
	}
	c->node.call_count = 1;
	c->node.calls[0] = (struct call_view){
		.id = LIVE, .tenant = SLICE("acme"), .from = SLICE("10"), .to = SLICE("20"), .state = "answered"};
}

static struct client *client_new(void)
{
	static struct loop *loop; /* its clock alone is used, and it costs more than all the rest */
	struct client *c = calloc(1, sizeof(*c));
	struct store_config config = {.directory = ":memory:",
				      .database = "sqlite",
				      .wake = store_wakes,
				      .wake_arg = c,
				      .threadless = true,
				      .on_change = store_changed,
				      .owner = c};
	struct store_reason why;
	ASSERT(c && (loop || loop_new(&loop) == 0));
	wheel_init(loop_wheel(loop), 1000 * SECOND_US, 1800000000 * SECOND_US);
	random_init_seeded(&c->node.random, 1);
	config_defaults(&c->node.config);
	metrics_init(&c->node.metrics);
	node_play(&c->node);
	int rc = directory_new(&c->node.random, &c->node.read_model);
	ASSERT(rc == 0);
	rc = store_open(&config, &c->node.store, &why);
	ASSERT(rc == 0);
	c->node.bans = bans_new(loop_wheel(loop), &c->node.random);
	ASSERT(c->node.bans);
	c->context = (struct web_context){.loop = loop,
					  .bans = c->node.bans,
					  .directory = c->node.read_model,
					  .store = c->node.store,
					  .random = &c->node.random,
					  .metrics = &c->node.metrics,
					  .config = &c->node.config,
					  .version = "fuzz"};
	rc = web_hooks_new(&c->context, &c->context.hooks);
	ASSERT(rc == 0);
	add_calls(c);
	return c;
}

static void client_free(struct client *c)
{
	store_close(c->node.store);
	web_hooks_free(c->context.hooks);
	bans_free(c->node.bans);
	directory_free(c->node.read_model);
	free(c);
}

/* ---- answers ---- */

static void keep_id(struct client *c, const json_t *answer)
{
	const char *id = json_string_value(json_object_get(answer, "id"));
	if (id && c->id_count < IDS_MAX)
		(void)snprintf(c->ids[c->id_count++], STORE_ID_CAP, "%s", id);
}

static void answered(struct web_request *r)
{
	struct client *c = r->peer;
	const struct web_answer *a = &r->answer;
	c->answers++;
	c->status = a->status;
	ASSERT(a->status >= 200 && a->status < 600 && a->status != 500);
	ASSERT((a->status == 204) == !a->bytes || a->status == 503);
	if (a->type && strstr(a->type, "json")) {
		json_t *answer = json_loadb(a->bytes, a->n, 0, NULL);
		ASSERT(json_is_object(answer));
		ASSERT(a->status < 400 || json_integer_value(json_object_get(answer, "status")) == a->status);
		if (a->status == 201)
			keep_id(c, answer);
		json_decref(answer);
	}
	web_request_free(r);
}

/* ---- requests ---- */

static enum web_method method_of(struct slice word)
{
	static const char *const names[] = {[WEB_GET] = "GET",
					    [WEB_PUT] = "PUT",
					    [WEB_POST] = "POST",
					    [WEB_PATCH] = "PATCH",
					    [WEB_DELETE] = "DELETE"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_eq(word, slice_from_string(names[i])))
			return (enum web_method)i;
	return WEB_OTHER;
}

/* The line with $1 and the others replaced. */
static struct slice fill_in(const struct client *c, struct slice line, char *buf, size_t cap)
{
	struct writer w = writer_on(buf, cap);
	for (size_t i = 0; i < line.n; i++) {
		unsigned n = line.p[i] == '$' && i + 1 < line.n ? (unsigned)(line.p[i + 1] - '1') : IDS_MAX;
		if (n < c->id_count) {
			write_string(&w, c->ids[n]);
			i++;
		} else {
			write_char(&w, line.p[i]);
		}
	}
	return w.overflow ? SLICE_NONE : writer_slice(&w);
}

/* Alone in its memory until the answer is there, so that a read behind it is seen. */
static struct slice part(struct client *c, struct slice s)
{
	if (s.n == 0)
		return SLICE("");
	char *bytes = malloc(s.n);
	ASSERT(bytes && c->part_count < PARTS_MAX);
	memcpy(bytes, s.p, s.n);
	c->parts[c->part_count++] = bytes;
	return slice_of(bytes, s.n);
}

static void read_arguments(struct client *c, struct web_request *r, struct slice text)
{
	while (!slice_empty(text) && r->argument_count < WEB_ARGUMENTS_MAX) {
		struct slice value = slice_cut(&text, '&'), name = slice_cut(&value, '=');
		if (value.n <= WEB_ARGUMENT_BYTES_MAX)
			r->arguments[r->argument_count++] = (struct web_argument){part(c, name), part(c, value)};
	}
}

static void ask(struct client *c, struct slice line)
{
	char buf[LINE_BYTES_MAX];
	struct slice rest = fill_in(c, line, buf, sizeof(buf));
	struct web_request *r = web_request_new(&c->context);
	ASSERT(r);
	r->peer = c;
	r->answered = answered;
	r->method = method_of(slice_cut(&rest, ' '));
	struct slice query = slice_cut(&rest, ' ');
	r->path = part(c, slice_first(slice_cut(&query, '?'), WEB_PATH_MAX));
	r->json_type = slice_starts(rest, SLICE("{")) || slice_starts(rest, SLICE("["));
	r->body_text = part(c, rest);
	read_arguments(c, r, query);
	c->answers = 0;
	web_handle(r);
	struct wheel *wheel = loop_wheel(c->context.loop);
	while (c->answers == 0) {
		ASSERT(c->store_wanted || wheel->running > 0);
		c->store_wanted = false;
		store_collect(c->node.store);
		wheel_turn(wheel, wheel->now_us + MS_US, wheel->wall_us + MS_US);
	}
	ASSERT(c->answers == 1);
	while (c->part_count)
		free(c->parts[--c->part_count]);
}

/* Nothing that the API made is hidden from it. */
static void find_again(struct client *c)
{
	static const char *const kinds[] = {"tenants", "users", "devices", "numbers", "trunks"};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		char line[64];
		(void)snprintf(line, sizeof(line), "GET /api/v1/%s?limit=1000", kinds[i]);
		ask(c, slice_from_string(line));
		ASSERT(c->status == 200);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of(data, size);
	struct client *c = client_new();
	for (unsigned i = 0; i < LINES_MAX && !slice_empty(rest); i++)
		ask(c, slice_cut(&rest, '\n'));
	find_again(c);
	client_free(c);
	return 0;
}

const char *const lines_words[] = {
	"POST /api/v1/tenants {\"name\":\"acme\",\"domain\":\"acme.example\",\"lines\":4}",
	"PATCH /api/v1/tenants/$1 {\"lines\":0}",
	"PATCH /api/v1/tenants/acme {\"lines\":1000000,\"name\":\"b\"}",
	"DELETE /api/v1/tenants/$1",
	"GET /api/v1/tenants?limit=1&cursor=$1",
	"GET /api/v1/tenants/acme",
	"POST /api/v1/users {\"tenant\":\"acme\",\"login\":\"ann\",\"extension\":\"10\",\"name\":\"Ann\"}",
	"POST /api/v1/users {\"tenant\":\"$1\",\"login\":\"bob\",\"extension\":\"20\",\"name\":\"Bob\"}",
	"GET /api/v1/users?tenant=acme&limit=2",
	"GET /api/v1/users?role=user&q=N_",
	"PUT /api/v1/numbers/01920000-0000-7000-8000-0000000000bb {}",
	"PATCH /api/v1/users/$2 {\"login\":\"eve\",\"extension\":\"11\",\"role\":\"admin\"}",
	"GET /api/v1/users/$2",
	"DELETE /api/v1/users/$2",
	"POST /api/v1/devices {\"tenant\":\"acme\",\"user\":\"ann\",\"name\":\"desk\"}",
	"POST /api/v1/devices {\"tenant\":\"$1\",\"user\":\"$2\",\"name\":\"mobile\",\"username\":\"mobile-7\"}",
	"PATCH /api/v1/devices/$3 {\"digest\":\"sha-256\",\"srtp\":\"off\",\"password\":\"secret-enough\"}",
	"PATCH /api/v1/devices/$3 {\"keepalive\":\"off\"}",
	"GET /api/v1/devices?user=$2",
	"DELETE /api/v1/devices/$3",
	"POST /api/v1/numbers {\"tenant\":\"acme\",\"number\":\"+33142685300\",\"user\":\"ann\"}",
	"PATCH /api/v1/numbers/+33142685300 {\"user\":\"bob\"}",
	"DELETE /api/v1/numbers/$3",
	"POST /api/v1/trunks {\"tenant\":\"acme\",\"name\":\"op\",\"host\":\"op.example:5062\",\"srtp\":\"off\"}",
	"PATCH /api/v1/trunks/$3 {\"transport\":\"tcp\",\"from\":\"192.0.2.0/24, 2001:db8::/32\"}",
	"POST /api/v1/trunks {\"name\":\"shared\",\"host\":\"192.0.2.7\",\"listener\":\"[::]:5061\"}",
	"GET /api/v1/trunks?tenant=acme",
	"DELETE /api/v1/trunks/$3",
	"GET /api/v1/calls?tenant=acme&live=true&limit=5",
	"GET /api/v1/calls?tenant=acme&user=ann&number=10&result=answered&q=20&from=2026-11-27T08:30:00Z",
	"GET /api/v1/peak?from=2026-11-27T08:30:00.25+01:00",
	"GET /api/v1/audit?act=changed&to=2026-11-27T08:30:00Z",
	"GET /api/v1/calls/01920000-0000-7000-8000-000000000001",
	"GET /api/v1/calls/01920000-0000-7000-8000-000000000001/messages?limit=1",
	"POST /api/v1/calls/01920000-0000-7000-8000-000000000002/hangup",
	"DELETE /api/v1/calls?tenant=acme",
	"GET /api/v1/certificates?tenant=acme",
	"POST /api/v1/certificates/acme.example/renew",
	"GET /api/v1/status",
	"GET /metrics",
	"GET /healthz",
	"PUT /api/v1/tenants {}",
	"GET /api/v1/nothing",
	"POST /api/v1/tenants [1,2",
	NULL,
};
