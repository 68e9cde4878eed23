/* test_issuers.c - issuers are asked in turn, for so many who wait, and answer for the row that they were asked for.
 * Clock and HTTP are played. */
#include "directory/directory.h"
#include "net/http.h"
#include "net/loop.h"
#include "support/test.h"
#include "web/issuer_learn.h"

#define S(text) slice_from_string(text)
#define DOCUMENT                                                                                                       \
	"{\"issuer\":\"https://login.example\",\"authorization_endpoint\":\"https://login.example/in\","               \
	"\"token_endpoint\":\"https://login.example/token\",\"jwks_uri\":\"https://login.example/keys\"}"

/* ---- HTTP, played at link time ---- */

struct http_call {
	void (*done)(void *owner, const struct http_answer *a);
	void *owner;
	char url[80];
	bool flying;
};
static struct http_call flights[64];
static size_t flown, flying;

int http_start(struct http *h, const struct http_request *r, void (*done)(void *owner, const struct http_answer *a),
	       void *owner, struct http_call **ret)
{
	ASSERT(flown < ARRAY_LEN(flights) && r->public_only);
	*ret = &flights[flown++];
	**ret = (struct http_call){.done = done, .owner = owner, .flying = true};
	snprintf((*ret)->url, sizeof((*ret)->url), "%s", r->url);
	flying++;
	return 0;
}

void http_cancel(struct http_call *c)
{
	assert_true(c->flying);
	c->flying = false;
	flying--;
}

static void land(size_t n, const char *body)
{
	struct http_call *c = &flights[n];
	http_cancel(c);
	c->done(c->owner, &(struct http_answer){.status = 200, .body = S(body)});
}

/* ---- a node of issuers alone ---- */

static struct random randomness;
static struct directory *directory;
static struct config config;
static struct web_context context;

static void put_issuer(int64_t version)
{
	struct store_issuer i = {
		.id = S("i1"), .tenant = S("t1"), .url = S("https://login.example"), .on = true, .updated_us = version};
	directory_apply(directory, &(struct store_change){.kind = STORE_ISSUER, .id = i.id, .row = &i});
}

static int set_up(void **state)
{
	struct store_tenant t = {.id = S("t1"), .name = S("Acme"), .domain = S("acme.example")};
	flown = flying = 0;
	random_init_seeded(&randomness, 7);
	context = (struct web_context){.http = (struct http *)&flights, .config = &config}; /* not looked into */
	assert_int_equal(loop_new(&context.loop), 0);
	assert_int_equal(directory_new(&randomness, &directory), 0);
	context.directory = directory;
	directory_apply(directory, &(struct store_change){.kind = STORE_TENANT, .id = t.id, .row = &t});
	put_issuer(1);
	return web_issuers_new(&context, &context.issuers);
}

static int tear_down(void **state)
{
	web_issuers_close(context.issuers);
	assert_int_equal(flying, 0);
	web_issuers_free(context.issuers);
	directory_free(directory);
	loop_drain(context.loop);
	loop_free(context.loop);
	return 0;
}

/* ---- turns ---- */

struct asker {
	struct web_asking asking;
	unsigned begun, done;
};

static void done(struct web_asking *a, int status, const json_t *json, const char *why)
{
	container_of(a, struct asker, asking)->done++;
}

static void begin(struct web_asking *a)
{
	const char *why;
	struct asker *asker = container_of(a, struct asker, asking);
	asker->begun++;
	if (web_ask(a, "https://login.example/", NULL, SLICE_NONE, done, &why) < 0)
		asker->done++;
}

static void a_company_asks_few_at_once(void **state)
{
	struct asker askers[WEB_ISSUERS_ASKED_OF_TENANT + WEB_ISSUER_WAITING + 1] = {0};
	struct asker others[WEB_ISSUERS_ASKED] = {0};
	struct web_askings *all = web_issuers_askings(context.issuers);
	size_t last = ARRAY_LEN(askers) - 1;
	for (size_t i = 0; i < last; i++)
		assert_int_equal(web_ask_in_turn(all, &askers[i].asking, S("t1"), begin), 0);
	assert_true(web_ask_in_turn(all, &askers[last].asking, S("t1"), begin) < 0);
	assert_int_equal(flying, WEB_ISSUERS_ASKED_OF_TENANT);
	/* Others are asked beside it, until all places are taken. */
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		char tenant[8];
		snprintf(tenant, sizeof(tenant), "o%zu", i);
		assert_int_equal(web_ask_in_turn(all, &others[i].asking, S(tenant), begin), 0);
	}
	assert_int_equal(flying, WEB_ISSUERS_ASKED);
	assert_false(others[WEB_ISSUERS_ASKED - WEB_ISSUERS_ASKED_OF_TENANT].begun);
	/* The first who waits is next: of the company, and where another's ends too, of the others. */
	land(0, "{}");
	assert_true(askers[0].done && askers[WEB_ISSUERS_ASKED_OF_TENANT].begun);
	land(WEB_ISSUERS_ASKED_OF_TENANT, "{}");
	assert_true(others[0].done && others[WEB_ISSUERS_ASKED - WEB_ISSUERS_ASKED_OF_TENANT].begun);
	assert_int_equal(flying, WEB_ISSUERS_ASKED);
	web_issuers_close(context.issuers);
	for (size_t i = 0; i < last; i++)
		assert_true(askers[i].begun == 1 && askers[i].done == 1);
}

/* ---- who waits for an answer ---- */

struct learner {
	struct web_learning learning;
	struct web_request request;
	unsigned told, answered, facts;
	const char *why;
	char keys[40];
};

static void answered(struct web_request *r)
{
	free(r->answer.bytes);
	container_of(r, struct learner, request)->answered = (unsigned)r->answer.status;
}

static void told(struct web_learning *l, const struct web_issuer_facts *facts, const char *why)
{
	struct learner *learner = container_of(l, struct learner, learning);
	learner->told++;
	learner->facts = facts != NULL;
	learner->why = why;
	struct slice keys = facts ? facts->keys : SLICE_NONE;
	slice_to_string(keys, learner->keys, sizeof(learner->keys));
}

static void begin_learning(struct learner *l, bool anew)
{
	*l = (struct learner){.request = {.context = &context, .peer = l, .answered = answered}};
	web_issuer_learn(&l->request, directory_issuer_by_id(directory, S("i1")), anew, &l->learning, told);
}

static void learn(struct learner *l)
{
	begin_learning(l, false);
}

static void learn_anew(struct learner *l)
{
	begin_learning(l, true);
}

static void pass(int64_t us)
{
	struct wheel *w = loop_wheel(context.loop);
	wheel_turn(w, w->now_us + us, w->wall_us + us);
}

static void so_many_wait_for_an_answer(void **state)
{
	static struct learner waiting[WEB_ISSUER_WAITING], more[3];
	for (size_t i = 0; i < WEB_ISSUER_WAITING; i++)
		learn(&waiting[i]);
	learn(&more[0]);
	assert_int_equal(more[0].answered, 503);
	/* Who has gone makes room, and is told nothing. */
	waiting[5].request.peer = NULL;
	learn(&more[1]);
	assert_int_equal(waiting[5].answered, 503);
	assert_int_equal(more[1].answered, 0);
	waiting[6].request.peer = NULL;
	assert_int_equal(flying, 1);
	land(0, DOCUMENT);
	land(1, "{\"keys\":[]}");
	for (size_t i = 0; i < WEB_ISSUER_WAITING; i++)
		assert_int_equal(waiting[i].told, i != 5 && i != 6);
	assert_int_equal(waiting[6].answered, 503);
	assert_true(waiting[0].facts && more[1].facts && !more[0].told);
	learn(&more[2]);
	assert_true(more[2].facts && flown == 2);
}

static void another_row_is_asked_for_anew(void **state)
{
	static struct learner before, after;
	learn(&before);
	land(0, DOCUMENT);
	put_issuer(2);
	learn(&after);
	assert_int_equal(flown, 2);
	land(1, "{\"keys\":[]}");
	/* Facts of the row before go to nobody who asks for this one. */
	assert_true(before.told == 1 && before.facts && after.told == 0);
	land(2, DOCUMENT);
	land(3, "{\"keys\":[]}");
	assert_true(after.told == 1 && after.facts && before.told == 1);
	/* Changed before its document has come: there is nothing to tell who asked first. */
	put_issuer(3);
	learn(&before);
	put_issuer(4);
	learn(&after);
	land(4, DOCUMENT);
	assert_true(before.told == 1 && !before.facts && after.told == 0);
	directory_apply(directory, &(struct store_change){.kind = STORE_ISSUER, .id = S("i1")});
	land(5, DOCUMENT);
	assert_true(after.told == 1 && !after.facts && after.why);
}

/* A row that has gone is not asked for in its turn, nor for who came with it. */
static void a_row_before_is_asked_for_no_more(void **state)
{
	static struct learner first, second;
	struct asker others[WEB_ISSUERS_ASKED_OF_TENANT] = {0};
	struct web_askings *all = web_issuers_askings(context.issuers);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_int_equal(web_ask_in_turn(all, &others[i].asking, S("t1"), begin), 0);
	learn(&first);
	put_issuer(2);
	learn(&second);
	put_issuer(3);
	assert_int_equal(flown, ARRAY_LEN(others));
	land(0, "{}");
	assert_int_equal(flown, ARRAY_LEN(others));
	assert_true(first.told == 1 && !first.facts && second.told == 1 && !second.facts);
	web_issuers_close(context.issuers);
}

/* After an hour: its document, and then the keys where the new document says that they are. */
static void all_is_asked_for_again(void **state)
{
	static struct learner first, later;
	learn(&first);
	assert_string_equal(flights[0].url, "https://login.example/.well-known/openid-configuration");
	land(0, DOCUMENT);
	assert_string_equal(flights[1].url, "https://login.example/keys");
	land(1, "{\"keys\":[]}");
	assert_string_equal(first.keys, "{\"keys\":[]}");
	pass(WEB_ISSUER_LEARNED_US);
	learn(&first);
	assert_true(first.told && first.facts && flown == 2);
	pass(1);
	learn(&later);
	assert_true(!later.told && flown == 3);
	assert_string_equal(flights[2].url, "https://login.example/.well-known/openid-configuration");
	land(2, "{\"issuer\":\"https://login.example\",\"authorization_endpoint\":\"https://login.example/in\","
		"\"token_endpoint\":\"https://login.example/token\",\"jwks_uri\":\"https://elsewhere.example/new\"}");
	assert_string_equal(flights[3].url, "https://elsewhere.example/new");
	land(3, "{\"keys\":[1]}");
	assert_true(later.told == 1 && later.facts);
	assert_string_equal(later.keys, "{\"keys\":[1]}");
}

/* Who needs none of the new keys is not held up by their being asked for, nor by their not being had. */
static void who_needs_a_new_key_waits_for_it(void **state)
{
	static struct learner needy[3], other;
	learn(&other);
	land(0, DOCUMENT);
	land(1, "{\"keys\":[]}");
	learn_anew(&needy[0]);
	learn_anew(&needy[1]);
	learn(&other);
	assert_true(flown == 3 && !needy[0].told && !needy[1].told && other.told == 1 && other.facts);
	land(2, DOCUMENT);
	learn(&other);
	land(3, "[]");
	for (size_t i = 0; i < 2; i++)
		assert_true(needy[i].told == 1 && !needy[i].facts && needy[i].why);
	assert_true(other.told == 1 && other.facts);
	learn(&other);
	learn_anew(&needy[2]); /* so soon there are no others: it is to be content with what there is */
	assert_true(other.facts && needy[2].told == 1 && needy[2].facts && flown == 4);
	pass(WEB_ISSUER_AGAIN_US);
	learn_anew(&needy[2]);
	assert_true(!needy[2].told && flown == 5);
	land(4, DOCUMENT);
	land(5, "{\"keys\":[1]}");
	assert_true(needy[2].told == 1 && needy[2].facts);
	assert_string_equal(needy[2].keys, "{\"keys\":[1]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_company_asks_few_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(so_many_wait_for_an_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_row_is_asked_for_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_row_before_is_asked_for_no_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_is_asked_for_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_needs_a_new_key_waits_for_it, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
