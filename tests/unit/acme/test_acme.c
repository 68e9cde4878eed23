/*
 * Tests of acme/acme.c and acme/issue.c: whose turn it is, pauses, names that come and go, on a clock of their own. The
 * authority is this file: it implements net/http.h. What an order asks is acme/test_order.c's, what comes of it
 * scenario/certificates'.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "acme/acme.h"
#include "acme/limits.h"
#include "base/clock.h"
#include "net/certificates.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/tls.h"
#include "support/remove.h"
#include "support/test.h"
#include "unit/acme/authority.h"
#include "unit/net/identity.h"

#define LIFE_US (INT64_C(90) * 86400 * SECOND_US)

static char directory[64];
static struct loop *loop;
static struct wheel *wheel;
static struct random seed;
static struct tls_certificates *certificates;
static struct acme *acme;
static struct config_acme config;

/* ---- the authority ---- */

static struct {
	unsigned asked, cancelled;
	void (*done)(void *owner, const struct http_answer *a);
	void *owner; /* NULL: nothing is in flight */
	char url[128];
	char body[4096]; /* of the last POST */
} http;

int http_start(struct http *h, const struct http_request *r, void (*done)(void *owner, const struct http_answer *a),
	       void *owner, struct http_call **ret)
{
	assert_null(http.owner); /* one at a time */
	http.asked++;
	http.done = done;
	http.owner = owner;
	snprintf(http.url, sizeof(http.url), "%s", r->url);
	slice_to_string(r->body, http.body, sizeof(http.body));
	*ret = (struct http_call *)&http;
	return 0;
}

void http_cancel(struct http_call *c)
{
	http.cancelled += c != NULL;
	http.owner = NULL;
}

static const char *retry_after;
struct slice http_answer_header(const struct http_answer *a, const char *name)
{
	return slice_from_string(strcmp(name, "Retry-After") == 0    ? retry_after
				 : strcmp(name, "Replay-Nonce") == 0 ? "bm9uY2U"
								     : CA "there"); /* Location */
}

int http_url_read(const char *url, struct http_url *ret)
{
	*ret = (struct http_url){.https = true, .port = 443, .host = "ca.example"};
	return 0;
}

static void answer(int status, const char *body)
{
	struct http_answer a = {.status = status, .error = "no way there", .body = slice_from_string(body)};
	void *owner = http.owner;
	assert_non_null(owner);
	http.owner = NULL;
	http.done(owner, &a);
}

/* ---- the clock ---- */

static void pass(int64_t us)
{
	wheel_turn(wheel, wheel->now_us + us, wheel->wall_us + us);
	wheel_turn(wheel, wheel->now_us + MS_US, wheel->wall_us + MS_US);
	wheel_turn(wheel, wheel->now_us + MS_US, wheel->wall_us + MS_US);
}

static const char *words(const struct warning *w)
{
	static char said[WARNING_TEXT_CAP];
	return warning_text(w, said);
}

static struct acme_state state_of(const char *name)
{
	struct acme_state s;
	assert_true(acme_state_of(acme, slice_from_string(name), &s));
	return s;
}

static int set_up(void **state)
{
	struct tls_identity *own;
	struct tls_reason tls;
	struct acme_reason why;
	snprintf(directory, sizeof(directory), "/tmp/alto-test-XXXXXX");
	memset(&http, 0, sizeof(http));
	retry_after = NULL;
	config = (struct config_acme){.directory = "https://ca.example/dir", .terms_agreed = true};
	random_init_seeded(&seed, 7);
	if (!mkdtemp(directory) || loop_new(&loop) < 0 ||
	    tls_identity_self_signed(directory, "own", clock_wall_us(), &own, &tls) < 0 ||
	    tls_certificates_new(own, &certificates) < 0)
		return -1;
	wheel = loop_wheel(loop);
	struct acme_setup setup = {
		.loop = loop, .random = &seed, .certificates = certificates, .config = &config, .data = directory};
	return acme_new(&setup, &acme, &why);
}

static int tear_down(void **state)
{
	acme_close(acme);
	loop_drain(loop);
	acme_free(acme);
	tls_certificates_free(certificates);
	loop_free(loop);
	return remove_all(directory);
}

static void want(const char *name, bool own)
{
	assert_int_equal(acme_want(acme, slice_from_string(name), own), 0);
}

/* Plays the authority to the end of an order; the certificate is what `sign` gives, on the heap. */
static void order(const char *host, char *(*sign)(struct slice jws, const char *host, int64_t now_us, int64_t life_us))
{
	static const struct {
		const char *path, *body;
	} answers[] = {{"dir", CA_DIRECTORY},
		       {"nonce", ""},
		       {"account", "{}"},
		       {"order", CA_ORDER},
		       {"authz", "{\"status\":\"valid\"}"},
		       {"finalize", CA_ORDER}};
	char *certificate = NULL;
	while (http.owner) {
		const char *path = http.url + strlen(CA), *body = certificate;
		for (size_t i = 0; i < ARRAY_LEN(answers); i++)
			if (strcmp(answers[i].path, path) == 0)
				body = answers[i].body;
		if (strcmp(path, "finalize") == 0)
			certificate = sign(slice_from_string(http.body), host, wheel->wall_us, LIFE_US);
		answer(200, body);
	}
	free(certificate);
	/* It is written on another thread. */
	while (state_of(host).condition == ACME_ORDERING)
		uv_run(loop_uv(loop), UV_RUN_ONCE);
}

static char *nothing(struct slice jws, const char *host, int64_t now_us, int64_t life_us)
{
	return strdup("");
}

static void fingerprint(const char *host, char ret[TLS_FINGERPRINT_CAP])
{
	tls_identity_fingerprint(tls_certificates_find(certificates, slice_from_string(host)), ret);
}

/* ---- tests ---- */

static void one_after_the_other(void **state)
{
	want("a.example", false);
	want("B.example", true);
	acme_start(acme);
	assert_int_equal(http.asked, 0);
	pass(0);
	assert_int_equal(http.asked, 1);
	assert_string_equal(http.url, config.directory);
	assert_int_equal(state_of("a.example").condition, ACME_ORDERING);
	assert_int_equal(state_of("b.example").condition, ACME_ORDERING);
	answer(500, "");
	pass(0);
	assert_int_equal(http.asked, 2);
	assert_int_equal(state_of("a.example").condition, ACME_FAILING);
	answer(0, "");
	pass(0);
	assert_int_equal(http.asked, 2);
	struct acme_state b = state_of("b.example");
	assert_true(b.own && b.failures == 1 && !b.held);
	assert_non_null(strstr(words(b.trouble), "no way there"));
	assert_non_null(strstr(words(acme_trouble(acme)), "a.example"));
	assert_non_null(strstr(words(acme_trouble(acme)), "1 more"));
}

static void pauses_double_up_to_a_day(void **state)
{
	int64_t expected_us = ACME_RETRY_US;
	want("a.example", false);
	acme_start(acme);
	pass(0);
	for (unsigned i = 0; i < 15; i++) {
		answer(500, "");
		int64_t wait_us = state_of("a.example").next_us - wheel->wall_us;
		assert_true(wait_us >= expected_us && wait_us <= expected_us + expected_us / 8);
		expected_us = MIN(expected_us * 2, ACME_RETRY_MAX_US);
		/* Looked at each hour, and not asked before its time. */
		unsigned asked = http.asked;
		while (state_of("a.example").next_us - wheel->wall_us > ACME_LOOK_US)
			pass(ACME_LOOK_US / 2);
		assert_int_equal(http.asked, asked);
		pass(ACME_LOOK_US);
		pass(0);
		assert_int_equal(http.asked, asked + 1);
	}
}

static void who_says_too_often_is_left_alone(void **state)
{
	want("a.example", false);
	want("b.example", false);
	acme_start(acme);
	pass(0);
	retry_after = "7200";
	answer(429, "{\"type\":\"urn:ietf:params:acme:error:rateLimited\"}");
	pass(0);
	pass(3600 * SECOND_US);
	assert_int_equal(http.asked, 1);
	assert_true(state_of("a.example").next_us - wheel->wall_us > 3500 * SECOND_US);
	pass(3601 * SECOND_US);
	assert_int_equal(http.asked, 2);
}

static void it_can_be_tried_at_once(void **state)
{
	want("a.example", false);
	acme_start(acme);
	pass(0);
	answer(500, "");
	pass(SECOND_US);
	assert_int_equal(http.asked, 1);
	assert_int_equal(acme_renew(acme, SLICE("A.example")), 0);
	assert_int_equal(acme_renew(acme, SLICE("b.example")), -ENOENT);
	pass(0);
	assert_int_equal(http.asked, 2);
}

static void the_operators_own_ends_the_trouble(void **state)
{
	want("a.example", false);
	want("b.example", false);
	acme_start(acme);
	pass(0);
	answer(500, "");
	pass(0);
	answer(500, "");
	assert_non_null(strstr(words(acme_trouble(acme)), "for a.example "));
	assert_non_null(strstr(words(acme_trouble(acme)), "1 more"));
	tls_certificates_set_own(certificates, identity_for("DNS:a.example", false));
	assert_int_equal(acme_renew(acme, SLICE("a.example")), 0);
	pass(0);
	struct acme_state s = state_of("a.example");
	assert_int_equal(s.condition, ACME_GIVEN);
	assert_true(s.failures == 0 && !s.trouble->kind);
	assert_null(strstr(words(acme_trouble(acme)), "a.example"));
	assert_non_null(strstr(words(acme_trouble(acme)), "b.example"));
}

static void names_come_and_go(void **state)
{
	struct acme_state s;
	acme_start(acme);
	want("a.example", false);
	want("a.example", true); /* the node's as well as a company's */
	want("b.example", false);
	want("c.example", false);
	pass(0);
	acme_drop(acme, SLICE("a.example"));
	assert_true(acme_state_of(acme, SLICE("a.example"), &s));
	/* Out of the queue, and out of the order in progress. */
	acme_drop(acme, SLICE("c.example"));
	assert_false(acme_state_of(acme, SLICE("c.example"), &s));
	answer(500, "");
	pass(0);
	assert_int_equal(state_of("b.example").condition, ACME_ORDERING);
	acme_drop(acme, SLICE("b.example"));
	assert_int_equal(http.cancelled, 1);
	pass(0);
	assert_int_equal(http.asked, 2);
	want("d.example", false);
	pass(0);
	assert_int_equal(http.asked, 3);
	assert_true(acme_state(acme, 1, &s) && !acme_state(acme, 2, &s));
}

static void some_names_get_none(void **state)
{
	static const char *const names[] = {"",         "localhost",  "192.0.2.1",   "2001:db8::1",
					    ".example", "a.example.", "a b.example", "a/../b.c",
					    "..",       "*.example",  "é.example"};
	char name[ACME_NAME_MAX + 2];
	struct acme_state s;
	acme_start(acme);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		want(names[i], false);
	memset(name, 'a', sizeof(name));
	name[1] = '.';
	assert_int_equal(acme_want(acme, slice_of(name, ACME_NAME_MAX + 1), false), 0);
	assert_false(acme_state(acme, 0, &s));
	assert_int_equal(acme_want(acme, slice_of(name, ACME_NAME_MAX), false), 0);
	assert_true(acme_state(acme, 0, &s));
}

/* RFC 8555 names no time; two thirds of its life leave a month of ninety days for what goes wrong. */
static void it_is_had_anew_in_time(void **state)
{
	char own[TLS_FINGERPRINT_CAP], first[TLS_FINGERPRINT_CAP], second[TLS_FINGERPRINT_CAP];
	want("a.example", false);
	fingerprint("a.example", own);
	acme_start(acme);
	pass(0);
	order("a.example", authority_sign);
	struct acme_state s = state_of("a.example");
	assert_true(s.condition == ACME_HELD && s.held && !s.trouble->kind && s.failures == 0);
	int64_t after_us = s.next_us - wheel->wall_us;
	assert_true(after_us <= LIFE_US / 3 * 2 && after_us >= LIFE_US / 3 * 2 - LIFE_US / 24 - SECOND_US);
	fingerprint("a.example", first);
	assert_string_not_equal(first, own);
	/* Looked at each hour, and not asked before its time. */
	unsigned asked = http.asked;
	while (wheel->wall_us + ACME_LOOK_US < s.next_us)
		pass(ACME_LOOK_US / 2);
	assert_int_equal(http.asked, asked);
	pass(ACME_LOOK_US);
	pass(0);
	assert_int_equal(http.asked, asked + 1);
	/* What it has is shown until there is the next. */
	assert_true(state_of("a.example").held);
	order("a.example", authority_sign);
	fingerprint("a.example", second);
	assert_string_not_equal(second, first);
	assert_int_equal(state_of("a.example").condition, ACME_HELD);
}

static void an_empty_certificate_is_none(void **state)
{
	char before[TLS_FINGERPRINT_CAP], after[TLS_FINGERPRINT_CAP];
	want("a.example", false);
	fingerprint("a.example", before);
	acme_start(acme);
	pass(0);
	order("a.example", nothing);
	struct acme_state s = state_of("a.example");
	assert_true(s.condition == ACME_FAILING && !s.held && s.failures == 1);
	assert_non_null(strstr(words(s.trouble), "the authority's certificate"));
	fingerprint("a.example", after);
	assert_string_equal(before, after);
}

/* It is shown all the same; where our files are stands in the log, and in no sentence that a company reads. */
static void what_cannot_be_kept_is_used(void **state)
{
	char path[160], log[512] = "";
	want("a.example", false);
	acme_start(acme);
	pass(0);
	snprintf(path, sizeof(path), "%s/acme/ca.example_443/a.example.pem.new", directory);
	assert_int_equal(mkdir(path, 0700), 0); /* nobody can write a file of this name */
	FILE *said = tmpfile();
	int before = dup(STDERR_FILENO);
	assert_true(said && dup2(fileno(said), STDERR_FILENO) >= 0);
	order("a.example", authority_sign);
	assert_true(dup2(before, STDERR_FILENO) >= 0);
	close(before);
	rewind(said);
	while (!strstr(log, "acme.unsaved") && fgets(log, sizeof(log), said))
		continue;
	assert_int_equal(fclose(said), 0);
	struct acme_state s = state_of("a.example");
	assert_true(s.held && s.condition == ACME_HELD);
	assert_non_null(strstr(words(s.trouble), "cannot be written"));
	assert_null(strstr(words(s.trouble), directory));
	assert_non_null(strstr(words(acme_trouble(acme)), "a.example"));
	assert_null(strstr(words(acme_trouble(acme)), directory));
	assert_non_null(strstr(log, directory));
}

static void the_account_is_kept(void **state)
{
	char path[128];
	struct stat st;
	struct acme *again;
	struct acme_reason why;
	struct acme_setup setup = {
		.loop = loop, .random = &seed, .certificates = certificates, .config = &config, .data = directory};
	snprintf(path, sizeof(path), "%s/acme/ca.example_443/account.key", directory);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(acme_new(&setup, &again, &why), 0);
	acme_free(again);
	assert_int_equal(truncate(path, 10), 0);
	assert_int_equal(acme_new(&setup, &again, &why), -EINVAL);
	assert_non_null(strstr(why.text, "account.key: there is no P-256 key in it"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_after_the_other),
		TEST(pauses_double_up_to_a_day),
		TEST(who_says_too_often_is_left_alone),
		TEST(it_can_be_tried_at_once),
		TEST(names_come_and_go),
		TEST(some_names_get_none),
		TEST(it_is_had_anew_in_time),
		TEST(an_empty_certificate_is_none),
		TEST(what_cannot_be_kept_is_used),
		TEST(the_account_is_kept),
		TEST(the_operators_own_ends_the_trouble),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
