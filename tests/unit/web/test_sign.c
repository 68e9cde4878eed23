/* test_sign.c - a log-in by a passkey that does not count, while used challenges are remembered and while there is no
 * room to: what was signed is good once */
#include <openssl/evp.h>

#include "support/test.h"

#include "base/writer.h"
#include "unit/web/played.h"
#include "web/passkey.h"
#include "web/route.h"

#define ORIGIN "https://alto.example"
#define STICK "a stick"
#define ATTEMPT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" /* the browser's cookie */

static EVP_PKEY *key;

static int put_stick(struct db *db)
{
	uint8_t point[65]; /* 4, x, y */
	size_t n;
	bool room = false;
	assert_int_equal(EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof(point), &n), 1);
	const struct store_passkey stick = {.id = SLICE("01920000-0000-7000-8000-0000000000d1"),
					    .tenant = SLICE(ACME),
					    .user = SLICE(ANN),
					    .credential = SLICE(STICK),
					    .key = slice_of(point + 1, CRYPTO_P256_KEY),
					    .host = SLICE("alto.example"),
					    .name = SLICE("Stick"),
					    .created_us = WALL_US};
	int rc = store_passkey_put(db, &stick, WEB_PASSKEYS_OF_PERSON, &room);
	return rc == DB_OK && !room ? DB_FAILED : rc;
}

static int start(void **state)
{
	key = EVP_EC_gen("P-256");
	played_start(put_stick);
	return key ? 0 : -1;
}

static int stop(void **state)
{
	played_stop();
	EVP_PKEY_free(key);
	return 0;
}

static json_t *coded(const void *bytes, size_t n)
{
	char text[1024];
	struct writer w = writer_on(text, sizeof(text));
	write_base64url(&w, bytes, n);
	assert_false(w.overflow);
	return json_stringn(text, w.n);
}

/* What a browser sends that was given a challenge now: verified, with a count of 0. */
static json_t *sign(void)
{
	uint8_t challenge[WEB_CHALLENGE_BYTES], data[37] = {0}, signature[CRYPTO_ES256_MAX], text[512];
	char client[512];
	size_t signature_n = sizeof(signature);
	struct web_context *c = &played.web.context;
	web_challenge_draw(&c->access->challenges, c->random, SLICE(ATTEMPT), loop_wheel(c->loop)->wall_us, challenge);
	json_t *shown = coded(challenge, sizeof(challenge));
	int client_n = snprintf(client, sizeof(client),
				"{\"type\":\"webauthn.get\",\"challenge\":\"%s\",\"origin\":\"" ORIGIN
				"\",\"crossOrigin\":false}",
				json_string_value(shown));
	json_decref(shown);
	assert_true(webauthn_rp_hash(SLICE("alto.example"), data));
	data[32] = 0x05; /* touched, and it knows by whom */
	memcpy(text, data, sizeof(data));
	assert_int_equal(EVP_Digest(client, (size_t)client_n, text + sizeof(data), NULL, EVP_sha256(), NULL), 1);
	EVP_MD_CTX *x = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(x, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(EVP_DigestSign(x, signature, &signature_n, text, sizeof(data) + 32), 1);
	EVP_MD_CTX_free(x);
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "credential", coded(STICK, strlen(STICK)), "user_handle",
			 coded(ANN, strlen(ANN)), "client_data", coded(client, (size_t)client_n), "authenticator_data",
			 coded(data, sizeof(data)), "signature", coded(signature, signature_n));
}

static void answered(struct web_request *r) {}

/* The status of the answer. */
static int show(json_t *what)
{
	struct web_request *r = web_request_new(&played.web.context);
	assert_non_null(r);
	r->plane = WEB_COMPANY;
	r->method = WEB_POST;
	r->shown.host = SLICE("alto.example");
	r->shown.origin = SLICE(ORIGIN);
	r->shown.attempt = SLICE(ATTEMPT);
	r->shown.from = played.web.entering_from;
	r->answered = answered;
	r->body = json_incref(what);
	web_passkey_sign(r);
	played_settle();
	int status = r->answer.status;
	web_request_free(r);
	played_pass(SECOND_US);
	return status;
}

static void check(void)
{
	json_t *first = sign();
	assert_int_equal(show(first), 200);
	assert_int_equal(show(first), 401);
	json_t *second = sign();
	assert_int_equal(show(second), 200);
	assert_int_equal(show(second), 401);
	json_decref(first);
	json_decref(second);
}

static void it_is_good_once(void **state)
{
	check();
}

/* Each log-in leaves a row: who knows their password makes no more of them than another change would. */
static void who_has_done_too_much_waits(void **state)
{
	int64_t now_us = loop_wheel(played.web.context.loop)->now_us;
	struct web_throttle *t = &played.web.context.access->throttle;
	for (int i = 0; i < WEB_ACTS_OF_ACTOR; i++)
		assert_int_equal(web_throttle_act(t, SLICE(ANN), SLICE(ACME), now_us), 0);
	json_t *first = sign();
	assert_int_equal(show(first), 429);
	json_decref(first);
	played_pass(WEB_ACT_OF_ACTOR_US);
	json_t *second = sign();
	assert_int_equal(show(second), 200);
	json_decref(second);
}

/* Others have used them all up: nobody is kept out, and still nothing is taken twice. */
static void it_is_good_once_also_where_nothing_is_remembered(void **state)
{
	struct web_challenges *c = &played.web.context.access->challenges;
	for (size_t i = 0; i < WEB_CHALLENGES_USED; i++)
		c->used[i] = (struct web_used){.drawn = {1, (uint8_t)i, (uint8_t)(i >> 8)}, .until_us = INT64_MAX};
	check();
	/* Nor what was signed before somebody logged in with it. */
	json_t *earlier = sign(), *later = sign();
	assert_int_equal(show(later), 200);
	assert_int_equal(show(earlier), 401);
	json_decref(earlier);
	json_decref(later);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_is_good_once, start, stop),
		cmocka_unit_test_setup_teardown(who_has_done_too_much_waits, start, stop),
		cmocka_unit_test_setup_teardown(it_is_good_once_also_where_nothing_is_remembered, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
