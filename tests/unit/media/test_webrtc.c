/* Browsers on the shared port of a worker: who is heard, who is sent to, and with which keys. */
#include <errno.h>

#include "fixture.h"
#include "identity.h"
#include "media/dtls.h"

/* A browser: a phone's socket, ICE and DTLS. */
struct browser {
	struct phone phone;
	struct ice_credentials ice; /* Alto's, as its description said them */
	struct dtls_context *context;
	struct dtls *dtls;
	enum dtls_state state;
	pool_handle stream;
	struct media_settings set;
	struct media_fingerprint alto; /* whom it believes */
};

struct office {
	struct fixture f;
	struct tls_identity *ours, *theirs;
	struct media_fingerprint our_fingerprint, their_fingerprint;
};

static void office_open(struct office *o)
{
	o->ours = identity_make();
	o->theirs = identity_make();
	o->our_fingerprint = identity_fingerprint(o->ours);
	o->their_fingerprint = identity_fingerprint(o->theirs);
	fixture_init(&o->f);
	o->f.identity = o->ours;
	fixture_start(&o->f, 1, 64);
}

static void office_close(struct office *o)
{
	fixture_done(&o->f);
	tls_identity_free(o->ours);
	tls_identity_free(o->theirs);
}

static void send_to_browser(void *arg, const uint8_t *p, size_t n)
{
	struct browser *b = arg;
	phone_send_raw(&b->phone, p, n);
}

static struct ice_credentials credentials(uint8_t fill)
{
	struct ice_credentials c;
	uint8_t random[ICE_RANDOM_BYTES];
	memset(random, fill, sizeof(random));
	ice_credentials_make(random, &c);
	return c;
}

/* Its stream is open and set; we_are_client: Alto says hello. */
static void browser_open(struct office *o, struct browser *b, uint8_t number, bool we_are_client)
{
	memset(b, 0, sizeof(*b));
	phone_open(&b->phone, 0x1000u + number);
	b->ice = credentials(number);
	b->alto = o->our_fingerprint;
	assert_int_equal(dtls_context_new(o->theirs, &b->context), 0);
	assert_int_equal(media_open_shared(o->f.media, 77, &b->phone.at, 0, &b->ice, &b->stream, &b->phone.to), 0);
	settings_for(&b->phone, &b->set);
	b->set.rtcp_mux = true;
	b->set.webrtc = (struct media_webrtc){
		.ice = b->ice, .client = we_are_client, .fingerprint = o->their_fingerprint};
	assert_int_equal(media_set(o->f.media, b->stream, &b->set), 0);
	fixture_sync(&o->f);
}

static void browser_close(struct browser *b)
{
	dtls_free(b->dtls);
	dtls_context_free(b->context);
	phone_done(&b->phone);
}

static size_t write_check(const struct ice_credentials *ice, bool nominated, uint8_t *ret, size_t cap)
{
	struct hmac_sha1 key;
	char name[32];
	struct stun_message check = {.class = STUN_REQUEST,
				     .method = STUN_BINDING,
				     .transaction = {7},
				     .has_priority = true,
				     .role = STUN_CONTROLLING,
				     .use_candidate = nominated};
	snprintf(name, sizeof(name), "%.*s:them", ICE_UFRAG_CHARS, ice->ufrag);
	check.username = slice_from_string(name);
	hmac_sha1_init(&key, (const uint8_t *)ice->pwd, sizeof(ice->pwd));
	size_t n = stun_write(&check, &key, ret, cap);
	assert_true(n > 0);
	return n;
}

/* From this phone's socket; the answer's error, 0: none. */
static unsigned check_from(struct phone *p, const struct ice_credentials *ice, bool nominated)
{
	uint8_t bytes[256];
	struct stun_message answer;
	phone_send_raw(p, bytes, write_check(ice, nominated, bytes, sizeof(bytes)));
	phone_receive(p);
	assert_true(address_eq(&p->from, &p->to)); /* it leaves from where the question came to */
	assert_true(stun_parse(p->bytes, p->n, &answer));
	if (answer.class == STUN_SUCCESS)
		assert_true(address_eq(&answer.mapped, &p->at));
	return answer.error;
}

/* To its end, or until the browser has refused Alto. */
static void shake(struct browser *b)
{
	struct dtls_terms terms = {.client = !b->set.webrtc.client, .peer = b->alto, .retry_us = DTLS_RETRY_US};
	dtls_free(b->dtls);
	b->dtls = dtls_new(b->context, &terms, send_to_browser, b);
	assert_non_null(b->dtls);
	b->state = terms.client ? dtls_start(b->dtls) : DTLS_SHAKING;
	while (b->state == DTLS_SHAKING) {
		phone_receive(&b->phone);
		b->state = dtls_input(b->dtls, b->phone.bytes, b->phone.n);
	}
}

static void secure(struct office *o, struct browser *b)
{
	struct srtp_key send, receive;
	shake(b);
	assert_int_equal(b->state, DTLS_READY);
	assert_true(dtls_keys(b->dtls, &send, &receive));
	phone_key(&b->phone, &send, &receive);
	assert_int_equal(fixture_event(&o->f, b->stream, MEDIA_SECURED)->suite, SRTP_AEAD_AES_128_GCM);
	fixture_sync(&o->f);
}

/* A browser and a plain phone that hear each other. */
struct browser_call {
	struct office o;
	struct browser b;
	struct phone phone;
	pool_handle stream;
	struct media_settings set;
};

static void browser_call_start(struct browser_call *c, bool we_are_client)
{
	memset(c, 0, sizeof(*c));
	office_open(&c->o);
	browser_open(&c->o, &c->b, 1, we_are_client);
	phone_open(&c->phone, 0x2000);
	c->stream = phone_stream(&c->o.f, &c->phone, c->b.stream, &c->set);
	fixture_join(&c->o.f, c->b.stream, c->stream);
}

static void browser_call_secure(struct browser_call *c)
{
	assert_int_equal(check_from(&c->b.phone, &c->b.ice, true), 0);
	secure(&c->o, &c->b);
}

static void browser_call_end(struct browser_call *c)
{
	browser_close(&c->b);
	phone_done(&c->phone);
	office_close(&c->o);
}

static void test_both_roles(void **state)
{
	struct browser_call c;
	struct rtcp_report report;
	for (int client = 0; client < 2; client++) {
		browser_call_start(&c, client);
		browser_call_secure(&c);
		say_and_hear(&c.b.phone, &c.phone, 1);
		say_and_hear(&c.phone, &c.b.phone, 2);
		say_and_hear(&c.b.phone, &c.phone, 3);
		fixture_advance(&c.o.f, 8 * SECOND_US);
		phone_hear_report(&c.b.phone, true, &report); /* on the one port */
		assert_int_equal(report.block_count, 1);
		struct media_figures figures = fixture_close(&c.o.f, c.b.stream);
		assert_int_equal(figures.received_packets, 2);
		assert_int_equal(figures.sent_packets, 1);
		assert_int_equal(figures.refused_packets, 0);
		browser_call_end(&c);
	}
}

static void test_no_voice_before_keys(void **state)
{
	struct browser_call c;
	struct srtp_key key;
	browser_call_start(&c, false);
	make_key(&key, SRTP_AEAD_AES_128_GCM, 1);
	/* Not to a browser that has not asked, nor to one that did and has no keys. */
	phone_say(&c.phone, PCMU, 1);
	fixture_sync(&c.o.f);
	assert_true(phone_quiet(&c.b.phone));
	phone_say(&c.b.phone, PCMU, 1); /* from nowhere */
	assert_int_equal(check_from(&c.b.phone, &c.b.ice, true), 0);
	phone_say(&c.phone, PCMU, 2);
	/* And nothing of it in clear, or by keys of its own. */
	phone_say(&c.b.phone, PCMU, 3);
	phone_key(&c.b.phone, &key, &key);
	phone_say(&c.b.phone, PCMU, 4);
	fixture_sync(&c.o.f);
	fixture_sync(&c.o.f);
	assert_true(phone_quiet(&c.b.phone) && phone_quiet(&c.phone));
	secure(&c.o, &c.b);
	say_and_hear(&c.phone, &c.b.phone, 5);
	/* Nor afterwards. */
	struct srtp *good = c.b.phone.send;
	c.b.phone.send = NULL;
	phone_say(&c.b.phone, PCMU, 6);
	c.b.phone.send = good;
	say_and_hear(&c.b.phone, &c.phone, 7);
	assert_int_equal(fixture_close(&c.o.f, c.b.stream).refused_packets, 3);
	browser_call_end(&c);
}

static void test_strangers(void **state)
{
	struct browser_call c;
	struct phone stranger;
	struct ice_credentials wrong;
	uint8_t bytes[256];
	browser_call_start(&c, false);
	phone_open(&stranger, 1);
	stranger.to = c.b.phone.to;
	/* By another password, by another name. */
	wrong = c.b.ice;
	wrong.pwd[0] ^= 1;
	assert_int_equal(check_from(&stranger, &wrong, true), 401);
	wrong = credentials(99);
	assert_int_equal(check_from(&stranger, &wrong, true), 401);
	/* Who has not been checked gets no DTLS, not even an answer. */
	struct browser copy = c.b;
	copy.phone = stranger;
	struct dtls_terms terms = {.client = true, .peer = c.b.alto, .retry_us = DTLS_RETRY_US};
	copy.dtls = dtls_new(copy.context, &terms, send_to_browser, &copy);
	assert_int_equal(dtls_start(copy.dtls), DTLS_SHAKING);
	fixture_sync(&c.o.f);
	fixture_sync(&c.o.f);
	assert_true(phone_quiet(&stranger));
	dtls_free(copy.dtls);
	/* Nor does noise do any harm: of each first byte, short and long. */
	memset(bytes, 0x5a, sizeof(bytes));
	for (unsigned first = 0; first < 256; first++) {
		bytes[0] = (uint8_t)first;
		phone_send_raw(&stranger, bytes, 1 + first);
		if (first % 16 == 15)
			fixture_sync(&c.o.f);
	}
	browser_call_secure(&c);
	say_and_hear(&c.b.phone, &c.phone, 1);
	assert_true(phone_quiet(&stranger));
	phone_done(&stranger);
	browser_call_end(&c);
}

/* RFC 7675: 30 s after the last check nothing is sent, until there is another. */
static void test_consent(void **state)
{
	struct browser_call c;
	browser_call_start(&c, false);
	browser_call_secure(&c);
	for (int i = 0; i < 3; i++) {
		fixture_advance(&c.o.f, ICE_CONSENT_US - 2 * MS_US);
		while (!phone_quiet(&c.b.phone))
			phone_receive(&c.b.phone); /* reports */
		say_and_hear(&c.phone, &c.b.phone, 1);
		assert_int_equal(check_from(&c.b.phone, &c.b.ice, false), 0);
	}
	fixture_advance(&c.o.f, ICE_CONSENT_US + 2 * MS_US);
	while (!phone_quiet(&c.b.phone))
		phone_receive(&c.b.phone);
	phone_say(&c.phone, PCMU, 2);
	fixture_sync(&c.o.f);
	assert_true(phone_quiet(&c.b.phone));
	/* It is heard all the same, */
	say_and_hear(&c.b.phone, &c.phone, 3);
	/* and asks again. */
	assert_int_equal(check_from(&c.b.phone, &c.b.ice, false), 0);
	say_and_hear(&c.phone, &c.b.phone, 4);
	browser_call_end(&c);
}

/* The browser's network changes: voice follows the nomination, not a check, and not a packet. */
static void test_moves(void **state)
{
	struct browser_call c;
	struct phone elsewhere;
	browser_call_start(&c, true);
	browser_call_secure(&c);
	phone_open(&elsewhere, 0);
	elsewhere.to = c.b.phone.to;
	say_and_hear(&c.phone, &c.b.phone, 1);
	assert_int_equal(check_from(&elsewhere, &c.b.ice, false), 0);
	say_and_hear(&c.phone, &c.b.phone, 2);
	/* What it says is taken from each place that it has proven, */
	uint8_t bytes[256];
	size_t n = phone_write(&c.b.phone, PCMU, 3, bytes, sizeof(bytes));
	phone_send_raw(&elsewhere, bytes, n);
	phone_hear(&c.phone, 3);
	say_and_hear(&c.phone, &c.b.phone, 4);
	assert_int_equal(check_from(&elsewhere, &c.b.ice, true), 0);
	elsewhere.receive = c.b.phone.receive;
	say_and_hear(&c.phone, &elsewhere, 5);
	assert_true(phone_quiet(&c.b.phone));
	/* and from no other. */
	struct phone third;
	phone_open(&third, 0);
	third.to = c.b.phone.to;
	n = phone_write(&c.b.phone, PCMU, 6, bytes, sizeof(bytes));
	phone_send_raw(&third, bytes, n);
	say_and_hear(&c.b.phone, &c.phone, 7);
	elsewhere.receive = NULL;
	phone_done(&elsewhere);
	phone_done(&third);
	browser_call_end(&c);
}

/* More places than are kept: the one that was silent longest goes, never the one in use. */
static void test_many_places(void **state)
{
	struct browser_call c;
	struct phone places[MEDIA_PAIRS_MAX];
	browser_call_start(&c, false);
	browser_call_secure(&c);
	for (size_t i = 0; i < MEDIA_PAIRS_MAX; i++) {
		phone_open(&places[i], 0);
		places[i].to = c.b.phone.to;
		fixture_advance(&c.o.f, MS_US);
		assert_int_equal(check_from(&places[i], &c.b.ice, false), 0);
	}
	uint8_t bytes[256];
	/* The first of them was given up for the last. */
	size_t n = phone_write(&c.b.phone, PCMU, 1, bytes, sizeof(bytes));
	phone_send_raw(&places[0], bytes, n);
	n = phone_write(&c.b.phone, PCMU, 2, bytes, sizeof(bytes));
	phone_send_raw(&places[1], bytes, n);
	phone_hear(&c.phone, 2);
	assert_true(phone_quiet(&c.phone));
	say_and_hear(&c.phone, &c.b.phone, 3);
	for (size_t i = 0; i < MEDIA_PAIRS_MAX; i++)
		phone_done(&places[i]);
	browser_call_end(&c);
}

/* §9: by new names voice goes on where it went, and the old ones are nobody's. */
static void test_restart(void **state)
{
	struct browser_call c;
	struct ice_credentials before;
	browser_call_start(&c, false);
	browser_call_secure(&c);
	before = c.b.ice;
	c.b.ice = c.b.set.webrtc.ice = credentials(50);
	assert_int_equal(media_set(c.o.f.media, c.b.stream, &c.b.set), 0);
	fixture_sync(&c.o.f);
	say_and_hear(&c.phone, &c.b.phone, 1);
	assert_int_equal(check_from(&c.b.phone, &before, true), 401);
	assert_int_equal(check_from(&c.b.phone, &c.b.ice, true), 0);
	say_and_hear(&c.phone, &c.b.phone, 2);
	say_and_hear(&c.b.phone, &c.phone, 3);
	assert_int_equal(fixture_count(&c.o.f, c.b.stream, MEDIA_SECURED), 1);
	browser_call_end(&c);
}

/* Another browser, or the same one anew, takes the place of the one before on the same stream. */
static struct tls_identity *replace_browser(struct browser_call *c)
{
	struct tls_identity *another = identity_make();
	dtls_free(c->b.dtls);
	c->b.dtls = NULL;
	dtls_context_free(c->b.context);
	assert_int_equal(dtls_context_new(another, &c->b.context), 0);
	c->b.set.webrtc.fingerprint = identity_fingerprint(another);
	assert_int_equal(media_set(c->o.f.media, c->b.stream, &c->b.set), 0);
	fixture_sync(&c->o.f);
	return another;
}

static void secure_anew(struct browser_call *c)
{
	fixture_forget(&c->o.f);
	secure(&c->o, &c->b);
	say_and_hear(&c->b.phone, &c->phone, 10);
	say_and_hear(&c->phone, &c->b.phone, 11);
}

/* RFC 8842: another certificate is another association; the keys before serve until it has some. */
static void test_another_certificate(void **state)
{
	struct browser_call c;
	browser_call_start(&c, false);
	browser_call_secure(&c);
	say_and_hear(&c.b.phone, &c.phone, 1);
	struct tls_identity *another = replace_browser(&c);
	say_and_hear(&c.b.phone, &c.phone, 2);
	say_and_hear(&c.phone, &c.b.phone, 3);
	secure_anew(&c);
	tls_identity_free(another);
	browser_call_end(&c);
}

/* With new names of ICE at once, and from elsewhere: also then nobody falls silent until there are new keys. */
static void test_restart_and_another_certificate(void **state)
{
	struct browser_call c;
	struct phone elsewhere;
	browser_call_start(&c, false);
	browser_call_secure(&c);
	c.b.ice = c.b.set.webrtc.ice = credentials(51);
	struct tls_identity *another = replace_browser(&c);
	phone_open(&elsewhere, 0);
	elsewhere.to = c.b.phone.to;
	assert_int_equal(check_from(&elsewhere, &c.b.ice, true), 0);
	elsewhere.receive = c.b.phone.receive;
	say_and_hear(&c.phone, &elsewhere, 1);
	say_and_hear(&c.b.phone, &c.phone, 2);
	elsewhere.receive = NULL;
	assert_int_equal(check_from(&c.b.phone, &c.b.ice, true), 0);
	secure_anew(&c);
	phone_done(&elsewhere);
	tls_identity_free(another);
	browser_call_end(&c);
}

/* Somebody between the two: he has the names of ICE, which signalling told him, but not the certificate. */
static void test_wrong_certificate(void **state)
{
	struct browser_call c;
	for (int client = 0; client < 2; client++) {
		browser_call_start(&c, client);
		c.b.set.webrtc.fingerprint.bytes[31] ^= 1;
		assert_int_equal(media_set(c.o.f.media, c.b.stream, &c.b.set), 0);
		fixture_sync(&c.o.f);
		assert_int_equal(check_from(&c.b.phone, &c.b.ice, true), 0);
		shake(&c.b);
		assert_int_equal(fixture_event(&c.o.f, c.b.stream, MEDIA_UNSECURED)->suite, SRTP_NONE);
		assert_int_equal(fixture_count(&c.o.f, c.b.stream, MEDIA_SECURED), 0);
		phone_say(&c.phone, PCMU, 1);
		fixture_sync(&c.o.f);
		browser_call_end(&c);
	}
}

/* The answer comes after the first checks: who it is becomes known later, and DTLS waits. */
static void test_late_description(void **state)
{
	struct browser_call c;
	for (int client = 0; client < 2; client++) {
		browser_call_start(&c, client);
		struct browser late;
		browser_open(&c.o, &late, 9, client);
		struct media_settings known = late.set;
		late.set.webrtc.fingerprint.n = 0;
		assert_int_equal(media_set(c.o.f.media, late.stream, &late.set), 0);
		fixture_sync(&c.o.f);
		assert_int_equal(check_from(&late.phone, &late.ice, true), 0);
		/* If it says hello, that waits with us: nobody says it again. */
		struct dtls_terms terms = {.client = !client, .peer = late.alto, .retry_us = DTLS_RETRY_US};
		late.dtls = dtls_new(late.context, &terms, send_to_browser, &late);
		late.state = client ? DTLS_SHAKING : dtls_start(late.dtls);
		fixture_sync(&c.o.f);
		fixture_sync(&c.o.f);
		assert_true(phone_quiet(&late.phone));
		late.set = known;
		assert_int_equal(media_set(c.o.f.media, late.stream, &late.set), 0);
		fixture_turn(&c.o.f);
		while (late.state == DTLS_SHAKING) {
			phone_receive(&late.phone);
			late.state = dtls_input(late.dtls, late.phone.bytes, late.phone.n);
		}
		assert_int_equal(late.state, DTLS_READY);
		fixture_event(&c.o.f, late.stream, MEDIA_SECURED);
		browser_close(&late);
		browser_call_end(&c);
	}
}

/* Many browsers on one port; each hears its own. */
static void test_one_port(void **state)
{
	struct office o;
	struct browser b[4];
	memset(&o, 0, sizeof(o));
	office_open(&o);
	for (size_t i = 0; i < ARRAY_LEN(b); i++) {
		browser_open(&o, &b[i], (uint8_t)(i + 1), i & 1);
		assert_true(address_eq(&b[i].phone.to, &b[0].phone.to));
		assert_int_equal(b[i].phone.to.port, 29999); /* the upper end of the range */
	}
	fixture_join(&o.f, b[0].stream, b[1].stream);
	fixture_join(&o.f, b[2].stream, b[3].stream);
	for (size_t i = 0; i < ARRAY_LEN(b); i++)
		assert_int_equal(check_from(&b[i].phone, &b[i].ice, true), 0);
	for (size_t i = 0; i < ARRAY_LEN(b); i++)
		secure(&o, &b[i]);
	for (size_t i = 0; i < ARRAY_LEN(b); i++)
		say_and_hear(&b[i].phone, &b[i ^ 1].phone, (uint8_t)(10 + i));
	/* One is gone, and its address becomes another's. */
	fixture_close(&o.f, b[0].stream);
	phone_receive(&b[0].phone); /* BYE */
	assert_int_equal(check_from(&b[0].phone, &b[0].ice, true), 401);
	assert_int_equal(check_from(&b[0].phone, &b[2].ice, true), 0);
	/* Or it is taken from a living one, whose voice is then refused. */
	assert_int_equal(check_from(&b[3].phone, &b[2].ice, false), 0);
	phone_say(&b[3].phone, PCMU, 20);
	fixture_sync(&o.f);
	assert_true(phone_quiet(&b[2].phone) && phone_quiet(&b[0].phone));
	assert_int_equal(check_from(&b[3].phone, &b[3].ice, true), 0);
	b[0].phone.receive = (srtp_free(b[0].phone.receive), b[2].phone.receive);
	b[2].phone.receive = NULL;
	say_and_hear(&b[3].phone, &b[0].phone, 21);
	for (size_t i = 0; i < ARRAY_LEN(b); i++)
		browser_close(&b[i]);
	office_close(&o);
}

static void test_what_is_told(void **state)
{
	struct office o;
	struct browser b;
	struct address candidates[MEDIA_CANDIDATES_MAX];
	char text[TLS_FINGERPRINT_CAP + 16], fingerprint[TLS_FINGERPRINT_CAP];
	memset(&o, 0, sizeof(o));
	office_open(&o);
	browser_open(&o, &b, 1, false);
	size_t n = media_candidates(o.f.media, b.stream, candidates);
	assert_true(n >= 1 && address_eq(&candidates[0], &b.phone.to));
	for (size_t i = 1; i < n; i++) {
		assert_int_equal(candidates[i].port, b.phone.to.port);
		assert_false(address_same_host(&candidates[i], &b.phone.to));
	}
	tls_identity_fingerprint(o.ours, fingerprint);
	snprintf(text, sizeof(text), "sha-256 %s", fingerprint);
	assert_slice(media_fingerprint(o.f.media), text);
	assert_int_equal(media_candidates(o.f.media, 0, candidates), 0);
	browser_close(&b);
	office_close(&o);
	/* Without a certificate there are no browsers. */
	pool_handle stream;
	struct address address;
	struct ice_credentials ice = credentials(1);
	fixture_init(&o.f);
	fixture_start(&o.f, 1, 8);
	assert_int_equal(media_open_shared(o.f.media, 1, &o.f.local, 0, &ice, &stream, &address), -ENOTSUP);
	assert_slice(media_fingerprint(o.f.media), "");
	fixture_done(&o.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_roles),
		cmocka_unit_test(test_no_voice_before_keys),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_consent),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_many_places),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_another_certificate),
		cmocka_unit_test(test_restart_and_another_certificate),
		cmocka_unit_test(test_wrong_certificate),
		cmocka_unit_test(test_late_description),
		cmocka_unit_test(test_one_port),
		cmocka_unit_test(test_what_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
