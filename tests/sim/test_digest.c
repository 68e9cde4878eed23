/* Who is challenged, with what, what is refused, and what an attacker learns of it */
#include "sim/office.h"

/* ---- the linker puts this between the digest and its hashes ---- */
static unsigned hashes;
void __real_crypto_hash_parts(struct crypto_hasher *h, enum crypto_hash kind, const struct slice *parts, size_t count,
			      uint8_t ret[CRYPTO_HASH_MAX]);
void __wrap_crypto_hash_parts(struct crypto_hasher *h, enum crypto_hash kind, const struct slice *parts, size_t count,
			      uint8_t ret[CRYPTO_HASH_MAX]);

void __wrap_crypto_hash_parts(struct crypto_hasher *h, enum crypto_hash kind, const struct slice *parts, size_t count,
			      uint8_t ret[CRYPTO_HASH_MAX])
{
	hashes++;
	__real_crypto_hash_parts(h, kind, parts, count, ret);
}

static unsigned registers(struct sim_phone *p)
{
	phone_register(p, 300);
	sim_until(p->sim, 40, p->register_status != 0);
	return p->register_status;
}

static unsigned hashes_of_register(struct sim_phone *p)
{
	hashes = 0;
	assert_int_equal(registers(p), 401);
	return hashes;
}

/*
 * A wrong password and a name that nobody has cost the same work; the phones' own hashes are the same for both. Of such
 * names one is taken that seems to be set to MD5, as Ann's is: another algorithm than the first guess is a round more.
 */
static void test_same_work(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	snprintf(o.ann->password, sizeof(o.ann->password), "wrong");
	unsigned wrong = hashes_of_register(o.ann), unknown = 0;
	assert_true(wrong > 0);
	struct sim_phone *nobody = NULL;
	for (unsigned i = 70; !nobody || !strstr(nobody->last_response, "algorithm=MD5"); i++) {
		char name[32];
		snprintf(name, sizeof(name), "acme-%u-desk", i);
		nobody = phone_new(o.s, name, "secret", SIP_UDP);
		unknown = hashes_of_register(nobody);
	}
	assert_int_equal(wrong, unknown);
	office_done(&o);
}

static void test_auth_int(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	o.ann->qop = "auth-int";
	assert_int_equal(registers(o.ann), 400);
	assert_non_null(strstr(o.ann->last_response, "400 Digest With qop=auth And Our Algorithm Only"));
	o.ann->qop = "auth";
	assert_int_equal(registers(o.ann), 200);
	office_done(&o);
}

/* A client without qop: each nonce once. */
static void test_without_qop(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	o.ann->qop = "";
	assert_int_equal(registers(o.ann), 200);
	o.ann->replay = true;
	assert_int_equal(registers(o.ann), 401);
	assert_non_null(strstr(o.ann->last_response, "stale=true"));
	office_done(&o);
}

/* What the password vouches for is what is asked for; the host may be written otherwise. */
static void test_uri(void **state)
{
	static const struct {
		const char *uri;
		unsigned status;
	} rows[] = {
		{"sip:acme.example:5060;transport=udp", 200},
		{"sip:192.0.2.10", 200},
		{"sip:20@acme.example", 400},
		{"sip:::1:5060", 200},
	};
	struct office o = office_udp();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		o.ann->digest_uri = rows[i].uri;
		assert_int_equal(registers(o.ann), rows[i].status);
	}
	/* Somebody on the way has put another number into the INVITE. */
	o.ann->digest_uri = "sip:10@acme.example";
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->status);
	assert_int_equal(a->status, 400);
	static const char *const others[] = {"sip:20@proxy.example;lr", "sip:192.0.2.10:5060"};
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		o.ann->digest_uri = others[i];
		a = phone_dial(o.ann, "20");
		sim_until(o.s, 5, a->up);
		phone_hang_up(a);
		sim_run(o.s, SECOND_US);
	}
	office_done(&o);
}

/* Over UDP an INVITE is challenged each time; ACK, CANCEL and BYE never. */
static void test_who_is_challenged(void **state)
{
	struct office o = office_udp();
	unsigned before = o.ann->statuses[401], desk_before = o.desk->statuses[401];
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	assert_int_equal(o.ann->statuses[401], before + 1);
	phone_cancel(a);
	sim_until(o.s, 5, a->ended);
	a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->up);
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	assert_int_equal(o.ann->statuses[401], before + 2);
	assert_int_equal(o.desk->statuses[401], desk_before);
	office_done(&o);
}

/* ---- inside a dialog (call/leg_source.c) ---- */

/* Ann's NAT mapping moves while she speaks: her re-INVITE is challenged, and the call goes on at her new address. */
static void test_moved(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->nat = true; /* and so she is seen by another address */
	unsigned before = o.ann->statuses[401];
	phone_reinvite(a, false);
	sim_until(o.s, 5, a->reinvite_status == 200);
	assert_int_equal(o.ann->statuses[401], before + 1);
	sim_run(o.s, 100 * MS_US);
	assert_true(voice_flows(a, b));
	phone_reinvite(a, false); /* from there on it is the leg's own flow */
	sim_until(o.s, 5, a->reinvite_status == 200);
	assert_int_equal(o.ann->statuses[401], before + 1);
	phone_hang_up(b);
	sim_until(o.s, 5, a->byes == 1);
	sim_assert_row(o.s, 200, "answered", "callee");
	office_done(&o);
}

/* She has registered from there: it is a flow of hers, and nobody is asked. */
static void test_moved_and_registered(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->nat = true;
	phone_registered(o.ann);
	unsigned before = o.ann->statuses[401];
	phone_reinvite(a, false);
	sim_until(o.s, 5, a->reinvite_status == 200);
	assert_int_equal(o.ann->statuses[401], before);
	phone_hang_up(b);
	sim_until(o.s, 5, a->byes == 1);
	office_done(&o);
}

static bool voice_goes_to(struct sim *s, const char *host)
{
	struct address thief;
	assert_true(address_parse(slice_from_string(host), &thief));
	for (uint16_t port = 1; port; port++) {
		const struct voice_stream *v = voice_at(s->media, port);
		if (v && memcmp(v->settings.remote.ip, thief.ip, sizeof(thief.ip)) == 0)
			return true;
	}
	return false;
}

/* Somebody elsewhere knows the tags and no password: the voice is not moved, nor is the signalling. */
static void test_stolen_tags(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->forgets_password = true;
	o.ann->nat = true;
	o.ann->host = "203.0.113.66"; /* where the voice is to go */
	phone_reinvite(a, false);
	sim_until(o.s, 5, a->reinvite_status == 401);
	assert_false(voice_goes_to(o.s, "203.0.113.66"));
	o.ann->nat = false;
	o.ann->host = NULL;
	phone_hang_up(b);
	sim_until(o.s, 5, a->byes == 1); /* at her own address, not at the thief's */
	sim_assert_row(o.s, 200, "answered", "callee");
	office_done(&o);
}

/* Another user's phone, with a password of its own, is not the peer of this call either. */
static void test_not_your_call(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->nat = true;
	snprintf(o.ann->username, sizeof(o.ann->username), "acme-20-mobile");
	snprintf(o.ann->password, sizeof(o.ann->password), "secret21");
	phone_reinvite(a, false);
	sim_until(o.s, 5, a->reinvite_status == 403);
	phone_hang_up(a); /* a BYE is taken: it cannot be challenged */
	sim_until(o.s, 5, b->byes == 1);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

/* Neither by UPDATE. */
static void test_stolen_tags_update(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->nat = true;
	o.ann->host = "203.0.113.66";
	phone_update(a, false, "");
	sim_until(o.s, 5, a->reinvite_status);
	assert_int_equal(a->reinvite_status, 401);
	assert_false(voice_goes_to(o.s, "203.0.113.66"));
	o.ann->nat = false;
	o.ann->host = NULL;
	phone_hang_up(b);
	sim_until(o.s, 5, a->byes == 1);
	office_done(&o);
}

/* A stranger's PRACK acknowledges nothing: our 183 is repeated until the caller's own. */
static void test_stolen_tags_prack(void **state)
{
	struct office o = office_udp();
	o.ann->reliable = o.ann->no_prack = true;
	o.desk->early = true;
	o.desk->ring_ms = 100;
	o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rseq);
	char rack[64];
	snprintf(rack, sizeof(rack), "%u %u INVITE", a->rseq, a->dialog.local_cseq);
	o.ann->nat = true;
	phone_prack(a, rack, "");
	sim_until(o.s, 5, a->prack_status);
	assert_int_equal(a->prack_status, 401);
	o.ann->nat = false;
	unsigned told = o.ann->statuses[183];
	sim_until(o.s, 5, o.ann->statuses[183] > told); /* once more */
	phone_prack(a, rack, "");
	sim_until(o.s, 5, a->prack_status == 200);
	told = o.ann->statuses[183];
	sim_run(o.s, 5 * SECOND_US);
	assert_int_equal(o.ann->statuses[183], told);
	phone_cancel(a);
	sim_until(o.s, 5, a->ended);
	office_done(&o);
}

/* Nor does a stranger's ACK: the 200 is repeated until the caller's own, which alone brings the answer it owes. */
static void test_stolen_tags_ack(void **state)
{
	for (unsigned delayed = 0; delayed < 2; delayed++) {
		struct office o = office_udp();
		o.ann->no_body = delayed;
		o.ann->no_ack = true;
		struct phone_call *a = phone_dial(o.ann, "20");
		sim_until(o.s, 5, a->oks);
		uint32_t cseq = a->dialog.local_cseq;
		o.ann->nat = true;
		phone_ack(a, cseq);
		o.ann->nat = false;
		sim_run(o.s, SECOND_US);
		unsigned oks = a->oks;
		sim_until(o.s, 5, a->oks > oks); /* once more */
		assert_int_equal(a->byes, 0);
		phone_ack(a, cseq);
		sim_run(o.s, SECOND_US);
		oks = a->oks;
		sim_run(o.s, 5 * SECOND_US);
		assert_int_equal(a->oks, oks);
		assert_int_equal(a->byes, delayed); /* its own lacks the answer */
		if (!delayed)
			phone_hang_up(a);
		sim_run(o.s, SECOND_US);
		office_done(&o);
	}
}

/* Over a connection the phone may just have come back on it: its 200 would be repeated on the old one in vain. */
static void test_ack_from_new_connection(void **state)
{
	struct office o = office_tls();
	o.ann->no_ack = true;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->oks);
	network_close(o.ann);
	network_connect(o.ann);
	phone_ack(a, a->dialog.local_cseq);
	sim_run(o.s, 40 * SECOND_US);
	assert_int_equal(phone_last(o.desk)->byes, 0);
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_work),
		cmocka_unit_test(test_auth_int),
		cmocka_unit_test(test_without_qop),
		cmocka_unit_test(test_uri),
		cmocka_unit_test(test_who_is_challenged),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_moved_and_registered),
		cmocka_unit_test(test_stolen_tags),
		cmocka_unit_test(test_not_your_call),
		cmocka_unit_test(test_stolen_tags_update),
		cmocka_unit_test(test_stolen_tags_prack),
		cmocka_unit_test(test_stolen_tags_ack),
		cmocka_unit_test(test_ack_from_new_connection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
