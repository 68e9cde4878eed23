/* Tests of acme/order.c and acme/trouble.c: an order against made answers, the good way and every other one. */
#include <jansson.h>
#include <openssl/evp.h>

#include "acme/order.h"
#include "support/test.h"

#define HTTPS "https://ca.example/"
#define TOKEN "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"
#define ERROR(name) "{\"type\":\"urn:ietf:params:acme:error:" name "\",\"detail\":\"said so\"}"
#define NOW_US (INT64_C(1785495600) * SECOND_US) /* 2026-07-31 11:00:00 */

static EVP_PKEY *key;
static struct acme_server server;
static struct acme_order order;

static int set_up(void **state)
{
	key = acme_key_make();
	assert_true(acme_server_init(&server, HTTPS "dir", "admin@example.com", key));
	assert_true(acme_order_init(&order, &server, "pbx.example.com"));
	return 0;
}

static int tear_down(void **state)
{
	acme_order_done(&order);
	EVP_PKEY_free(key);
	return 0;
}

/* One exchange: what must be asked, and what comes back. */
struct exchange {
	int method;
	const char *url;
	int status;
	const char *body, *location, *retry_after;
	enum acme_next next;
	bool no_nonce;
};

#define DIRECTORY                                                                                                      \
	"{\"newNonce\":\"" HTTPS "nonce\",\"newAccount\":\"" HTTPS "account\",\"newOrder\":\"" HTTPS                   \
	"order\",\"meta\":{}}"
#define ORDER(status)                                                                                                  \
	"{\"status\":\"" status "\",\"authorizations\":[\"" HTTPS "authz/1\"],\"finalize\":\"" HTTPS                   \
	"finalize/1\",\"certificate\":\"" HTTPS "cert/1\"}"
#define AUTHORIZATION(status, error)                                                                                   \
	"{\"status\":\"" status "\",\"challenges\":[{\"type\":\"dns-01\",\"url\":\"" HTTPS                             \
	"chall/0\",\"token\":\"x\"},{\"type\":\"http-01\",\"url\":\"" HTTPS "chall/1\",\"token\":\"" TOKEN "\"" error  \
	"}]}"

static const struct exchange good[] = {
	{ACME_GET, "dir", 200, DIRECTORY, .next = ACME_ASK},
	{ACME_HEAD, "nonce", 200, "", .next = ACME_ASK},
	{ACME_POST, "account", 201, "{}", HTTPS "account/7", .next = ACME_ASK},
	{ACME_POST, "order", 201, ORDER("pending"), HTTPS "order/1", .next = ACME_ASK},
	{ACME_POST, "authz/1", 200, AUTHORIZATION("pending", ""), .next = ACME_ASK},
	{ACME_POST, "chall/1", 200, "{}", .next = ACME_ASK},
	{ACME_POST, "authz/1", 200, AUTHORIZATION("pending", ""), .next = ACME_WAIT},
	{ACME_POST, "authz/1", 200, AUTHORIZATION("valid", ""), .next = ACME_ASK},
	{ACME_POST, "finalize/1", 200, ORDER("processing"), .next = ACME_WAIT},
	{ACME_POST, "order/1", 200, ORDER("processing"), .next = ACME_WAIT},
	{ACME_POST, "order/1", 200, ORDER("valid"), .next = ACME_ASK},
	{ACME_POST, "cert/1", 200, "-----BEGIN CERTIFICATE-----\n", .next = ACME_ISSUED},
};
enum {
	AT_DIRECTORY,
	AT_NONCE,
	AT_ACCOUNT,
	AT_ORDER,
	AT_AUTHORIZATION,
	AT_CHALLENGE,
	AT_PENDING,
	AT_VALID,
	AT_FINALIZE,
	AT_PROCESSING,
	AT_READY,
	AT_DOWNLOAD
};

static enum acme_next exchange(const struct exchange *e)
{
	static unsigned serial;
	char nonce[32];
	struct acme_ask ask;
	assert_true(acme_order_ask(&order, &ask));
	assert_int_equal(ask.method, e->method);
	assert_int_equal(strncmp(ask.url, HTTPS, strlen(HTTPS)), 0);
	assert_string_equal(ask.url + strlen(HTTPS), e->url);
	assert_int_equal(ask.body != NULL, e->method == ACME_POST);
	free(ask.body);
	snprintf(nonce, sizeof(nonce), "nonce-%u", serial++);
	struct acme_answer a = {.status = e->status,
				.error = "no way there",
				.body = slice_from_string(e->body),
				.nonce = slice_from_string(e->method == ACME_GET || e->no_nonce ? NULL : nonce),
				.location = slice_from_string(e->location),
				.retry_after = slice_from_string(e->retry_after),
				.wall_us = NOW_US};
	return acme_order_answer(&order, &a);
}

static const char *trouble(void)
{
	static char text[WARNING_TEXT_CAP];
	return warning_text(&order.trouble, text);
}

static void go_to(size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(exchange(&good[i]), good[i].next);
}

static void a_certificate_is_had(void **state)
{
	char proof[256];
	go_to(AT_CHALLENGE);
	snprintf(proof, sizeof(proof), TOKEN ".%s", server.thumbprint);
	assert_string_equal(order.token, TOKEN);
	assert_string_equal(order.proof, proof);
	for (size_t i = AT_CHALLENGE; i < ARRAY_LEN(good); i++)
		assert_int_equal(exchange(&good[i]), good[i].next);
	/* Its key, and what came. */
	assert_non_null(strstr(order.pem, "-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\n"));
	EVP_PKEY *made = acme_key_parse(slice_from_string(order.pem));
	assert_int_equal(EVP_PKEY_eq(made, order.key), 1);
	assert_int_equal(EVP_PKEY_eq(made, key), 0);
	EVP_PKEY_free(made);
}

/* The next order needs no account, and may find its proof still good. */
static void the_second_is_shorter(void **state)
{
	go_to(ARRAY_LEN(good));
	acme_order_done(&order);
	assert_true(acme_order_init(&order, &server, "pbx.example.com"));
	assert_int_equal(exchange(&good[AT_DIRECTORY]), ACME_ASK);
	assert_int_equal(exchange(&good[AT_ORDER]), ACME_ASK);
	struct exchange valid = good[AT_AUTHORIZATION];
	valid.body = AUTHORIZATION("valid", "");
	assert_int_equal(exchange(&valid), ACME_ASK);
	assert_int_equal(exchange(&good[AT_FINALIZE]), ACME_WAIT);
}

static void a_nonce_may_be_refused(void **state)
{
	go_to(AT_ORDER);
	struct exchange refused = good[AT_ORDER];
	refused.status = 400;
	refused.body = ERROR("badNonce");
	for (unsigned i = 0; i < ACME_NONCE_TRIES; i++)
		assert_int_equal(exchange(&refused), ACME_ASK);
	assert_int_equal(exchange(&refused), ACME_FAILED);
}

/* RFC 8555 §6.5: each is used once. */
static void a_nonce_is_fetched_where_none_came(void **state)
{
	go_to(AT_ACCOUNT);
	struct exchange without = good[AT_ACCOUNT];
	without.no_nonce = true;
	assert_int_equal(exchange(&without), ACME_ASK);
	without = good[AT_NONCE];
	without.no_nonce = true;
	assert_int_equal(exchange(&good[AT_NONCE]), ACME_ASK);
	assert_int_equal(exchange(&good[AT_ORDER]), ACME_ASK);
	*server.nonce = 0;
	assert_int_equal(exchange(&without), ACME_FAILED);
	assert_non_null(strstr(trouble(), "no nonce"));
}

/* At each step, what is no answer to it. */
static void odd_answers_end_it(void **state)
{
	static const struct {
		size_t at;
		struct exchange e;
		const char *says;
	} odd[] = {
		{AT_DIRECTORY, {.status = 200, .body = "<html>"}, "directory"},
		{AT_DIRECTORY, {.status = 200, .body = "{\"newNonce\":7}"}, "directory"},
		{AT_DIRECTORY,
		 {.status = 200,
		  .body = "{\"newNonce\":\"http://ca/\",\"newAccount\":\"https://a\",\"newOrder\":\"https://a\"}"},
		 "directory"},
		{AT_ACCOUNT, {.status = 201, .body = "{}"}, "account"},
		{AT_ACCOUNT, {.status = 201, .body = "{}", .location = "https://a\r\nb"}, "account"},
		{AT_ORDER, {.status = 201, .body = ORDER("pending")}, "order"},
		{AT_ORDER, {.status = 201, .body = "{\"authorizations\":[]}", .location = HTTPS "order/1"}, "order"},
		{AT_AUTHORIZATION, {.status = 200, .body = "[]"}, "http-01"},
		{AT_AUTHORIZATION, {.status = 200, .body = "{\"challenges\":[{\"type\":\"dns-01\"}]}"}, "http-01"},
		{AT_AUTHORIZATION,
		 {.status = 200,
		  .body = "{\"challenges\":[{\"type\":\"http-01\",\"token\":\"../x\",\"url\":\"https://a\"}]}"},
		 "challenge"},
		{AT_AUTHORIZATION,
		 {.status = 200,
		  .body = "{\"challenges\":[{\"type\":\"http-01\",\"token\":\"a\\u0000b\",\"url\":\"https://a\"}]}"},
		 "http-01"}, /* jansson takes no such text */
		{AT_READY, {.status = 200, .body = "{\"status\":\"valid\",\"certificate\":3}"}, "certificate"},
		{AT_READY, {.status = 200, .body = "{\"status\":\"invalid\"}"}, "no reason"},
		{AT_READY, {.status = 200, .body = ""}, "no reason"},
		{AT_ORDER, {.status = 0}, "no way there"},
		{AT_ORDER, {.status = 500, .body = "<html>"}, "status 500"},
		{AT_ORDER, {.status = 302, .body = ""}, "status 302"},
	};
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		struct exchange e = odd[i].e;
		*server.account = *server.nonce = 0;
		acme_order_done(&order);
		assert_true(acme_order_init(&order, &server, "pbx.example.com"));
		go_to(odd[i].at);
		e.method = good[odd[i].at].method;
		e.url = good[odd[i].at].url;
		assert_int_equal(exchange(&e), ACME_FAILED);
		if (!strstr(trouble(), odd[i].says))
			fail_msg("%zu: %s", i, trouble());
	}
}

/* What is refused is told in the authority's words, and with what to do. */
static void refusals_say_what_to_do(void **state)
{
	static const struct {
		const char *body, *says;
	} known[] = {
		{ERROR("dns"), "said so - let the name's A or AAAA record"},
		{ERROR("connection"), "port 80"},
		{ERROR("unauthorized"), "another server"},
		{ERROR("incorrectResponse"), "another server"},
		{ERROR("caa"), "CAA record"},
		{ERROR("rejectedIdentifier"), "no certificate for such a name"},
		{ERROR("externalAccountRequired"), "acme.directory"},
		{ERROR("userActionRequired"), "terms"},
		{ERROR("invalidContact"), "acme.contact"},
		{ERROR("somethingNew"), "the authority says: said so"},
		{"{\"type\":\"urn:ietf:params:acme:error:dns\"}", "the authority says: dns - let"},
		{"{\"detail\":\"outer\",\"subproblems\":[" ERROR("caa") "]}", "said so - the name's CAA"},
	};
	go_to(AT_ORDER);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		struct exchange e = {ACME_POST, "order", 403, known[i].body, .next = ACME_FAILED};
		assert_int_equal(exchange(&e), ACME_FAILED);
		if (!strstr(trouble(), known[i].says))
			fail_msg("%zu: %s", i, trouble());
		assert_false(order.limited);
	}
}

static void a_proof_that_fails_says_why(void **state)
{
	go_to(AT_PENDING);
	struct exchange e = good[AT_PENDING];
	e.body = AUTHORIZATION("invalid", ",\"error\":" ERROR("connection"));
	assert_int_equal(exchange(&e), ACME_FAILED);
	assert_non_null(strstr(trouble(), "said so - the authority must reach this server at port 80"));
}

static void who_asks_too_often_waits(void **state)
{
	static const struct {
		const char *retry_after;
		int64_t wait_us;
	} known[] = {{"120", 120 * SECOND_US},
		     {"Fri, 31 Jul 2026 11:05:00 GMT", 300 * SECOND_US},
		     {"Fri, 31 Jul 2026 10:05:00 GMT", ACME_RATE_US},
		     {"Fri, 31 Jul 2026 11:05:00 GMT, and more", ACME_RATE_US},
		     {NULL, ACME_RATE_US},
		     {"soon", ACME_RATE_US}};
	go_to(AT_ORDER);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		struct exchange e = {ACME_POST, "order", 429, ERROR("rateLimited"), NULL, known[i].retry_after};
		assert_int_equal(exchange(&e), ACME_FAILED);
		assert_true(order.limited);
		assert_int_equal(order.wait_us, known[i].wait_us);
	}
}

static void it_is_asked_less_and_less_often(void **state)
{
	int64_t last_us = 0;
	go_to(AT_PENDING);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(exchange(&good[AT_PENDING]), ACME_WAIT);
		assert_true(order.wait_us >= last_us && order.wait_us <= ACME_POLL_MAX_US);
		last_us = order.wait_us;
	}
	struct exchange e = good[AT_PENDING];
	e.retry_after = "20";
	assert_int_equal(exchange(&e), ACME_WAIT);
	assert_int_equal(order.wait_us, 20 * SECOND_US);
	e.retry_after = "86400";
	assert_int_equal(exchange(&e), ACME_WAIT);
	assert_int_equal(order.wait_us, ACME_POLL_MAX_US);
}

static void an_order_may_not_be_ready_yet(void **state)
{
	go_to(AT_FINALIZE);
	struct exchange e = good[AT_FINALIZE];
	e.status = 403;
	e.body = ERROR("orderNotReady");
	assert_int_equal(exchange(&e), ACME_WAIT);
	assert_int_equal(exchange(&good[AT_FINALIZE]), ACME_WAIT);
}

static void an_account_may_be_forgotten(void **state)
{
	go_to(AT_ORDER);
	struct exchange e = {ACME_POST, "order", 400, ERROR("accountDoesNotExist")};
	assert_int_equal(exchange(&e), ACME_FAILED);
	acme_order_done(&order);
	assert_true(acme_order_init(&order, &server, "pbx.example.com"));
	assert_int_equal(exchange(&good[AT_DIRECTORY]), ACME_ASK);
	assert_int_equal(exchange(&good[AT_ACCOUNT]), ACME_ASK);
}

/* At the limit, and one past it. */
static void what_is_too_long_is_no_answer(void **state)
{
	char url[ACME_URL_MAX + 2];
	memset(url, 'a', sizeof(url));
	memcpy(url, HTTPS, strlen(HTTPS));
	url[ACME_URL_MAX + 1] = 0;
	go_to(AT_ACCOUNT);
	struct exchange e = {ACME_POST, "account", 201, "{}", url};
	assert_int_equal(exchange(&e), ACME_FAILED);
	url[ACME_URL_MAX] = 0;
	assert_int_equal(exchange(&e), ACME_ASK);
	assert_string_equal(server.account, url);
}

static void a_long_reason_is_cut_between_characters(void **state)
{
	char body[4096] = "{\"detail\":\"a";
	for (size_t n = strlen(body); n < 3000; n += 2)
		memcpy(body + n, "\xc3\xa9", 3);
	memcpy(body + strlen(body), "\"}", 3);
	go_to(AT_ORDER);
	struct exchange e = {ACME_POST, "order", 403, body};
	assert_int_equal(exchange(&e), ACME_FAILED);
	json_t *text = json_string(trouble());
	assert_non_null(text); /* it is UTF-8 */
	json_decref(text);
	e.body = "{\"detail\":\"one\\r\\ntwo\"}";
	assert_int_equal(exchange(&e), ACME_FAILED);
	assert_non_null(strstr(trouble(), "one  two"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_certificate_is_had),
		TEST(the_second_is_shorter),
		TEST(a_nonce_may_be_refused),
		TEST(a_nonce_is_fetched_where_none_came),
		TEST(odd_answers_end_it),
		TEST(refusals_say_what_to_do),
		TEST(a_proof_that_fails_says_why),
		TEST(who_asks_too_often_waits),
		TEST(it_is_asked_less_and_less_often),
		TEST(an_order_may_not_be_ready_yet),
		TEST(an_account_may_be_forgotten),
		TEST(what_is_too_long_is_no_answer),
		TEST(a_long_reason_is_cut_between_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
