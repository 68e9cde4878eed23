/* Those who are nobody: what they leave behind, who is banned, and who must not be */
#include "sim/office.h"

#include "call/private.h"
#include "sip/transaction_private.h"

static struct bans_figures figures(struct sim *s)
{
	struct bans_figures f;
	bans_figures(s->bans, &f);
	return f;
}

static struct ban only_ban(struct sim *s)
{
	struct ban ban, more;
	uint32_t cursor = 0;
	assert_true(bans_next(s->bans, &cursor, &ban));
	assert_false(bans_next(s->bans, &cursor, &more));
	return ban;
}

/* Somebody without an account, at an address of his own. */
static struct sim_phone *stranger(struct sim *s, const char *at, enum sip_transport transport)
{
	struct sim_phone *p = phone_new(s, "acme-10-desk", "guess0", transport);
	assert_true(address_parse(slice_from_string(at), &p->address));
	p->address.port = 5060;
	return p;
}

/* One more password. True: it was answered. */
static bool guess(struct sim_phone *p)
{
	unsigned n = p->statuses[401];
	snprintf(p->password, sizeof(p->password), "guess%u", p->register_cseq);
	if (sip_transport_reliable(p->transport) && !p->connection)
		network_connect(p);
	phone_register(p, 300);
	sim_run(p->sim, SECOND_US);
	return p->statuses[401] >= n + 2;
}

static unsigned guesses_until_ban(struct sim_phone *p)
{
	unsigned n = 0;
	while (!figures(p->sim).addresses && n < 100) {
		guess(p);
		n++;
	}
	return n;
}

/* Over UDP, returning our nonces: slowed, banned unread, and back after the ban; the next one is longer. */
static void test_guesser(void **state)
{
	struct office o = office_udp();
	struct sim_phone *p = stranger(o.s, "203.0.113.9", SIP_UDP);
	assert_true(guess(p));
	assert_in_range(guesses_until_ban(p), 10, 25);
	struct ban ban = only_ban(o.s);
	assert_true(address_block_has(&ban.block, &p->address) && ban.block.bits == 128);
	assert_int_equal(ban.why, BAN_PASSWORDS);
	assert_int_equal(ban.times, 1);
	assert_int_equal(ban.until_us - ban.since_us, BAN_HOST_US);
	unsigned messages = o.s->messages;
	assert_false(guess(p));
	assert_int_equal(o.s->messages, messages); /* nobody has read it */
	assert_true(only_ban(o.s).dropped > 0);
	/* The others go on. */
	phone_registered(o.ann);
	sim_run(o.s, BAN_HOST_US);
	assert_int_equal(figures(o.s).addresses, 0);
	assert_true(guess(p));
	guesses_until_ban(p);
	ban = only_ban(o.s);
	assert_int_equal(ban.times, 2);
	assert_int_equal(ban.until_us - ban.since_us, BAN_HOST_US * BAN_GROWTH);
	assert_int_equal(bans_lift(o.s->bans, &ban.block), 1);
	assert_true(guess(p));
	sim_run(o.s, 40 * SECOND_US);
	office_done(&o);
}

static void test_unknown_users(void **state)
{
	struct office o = office_udp();
	struct sim_phone *p = stranger(o.s, "203.0.113.9", SIP_UDP);
	for (unsigned i = 0; !figures(o.s).addresses && i < 100; i++) {
		snprintf(p->username, sizeof(p->username), "nobody-%u", i);
		guess(p);
	}
	assert_int_equal(only_ban(o.s).why, BAN_UNKNOWN_USERS);
	sim_run(o.s, 40 * SECOND_US);
	office_done(&o);
}

static void answer_nothing(struct sim_phone *p, unsigned n)
{
	char text[400];
	int size = snprintf(text, sizeof(text),
			    "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKnothing%u\r\n"
			    "From: <sip:a@acme.example>;tag=a\r\nTo: <sip:b@acme.example>;tag=b\r\n"
			    "Call-ID: nothing-%u\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
			    n, n);
	phone_send_raw(p, slice_of(text, (size_t)size));
	sim_run(p->sim, MS_US);
}

/* Answers to nothing: over UDP they are read less and less, over TLS they end in a ban; a phone's are only counted. */
static void test_unasked(void **state)
{
	struct office o = office_udp();
	struct sim_phone *p = stranger(o.s, "203.0.113.9", SIP_UDP);
	unsigned before = o.s->messages;
	for (unsigned n = 0; n < 2000; n++)
		answer_nothing(p, n);
	assert_in_range(o.s->messages - before, GUEST_ASKS_MAX / 1000, GUEST_ASKS_MAX / 1000 + 3 * 32);
	assert_int_equal(figures(o.s).slowed, 1);
	assert_int_equal(figures(o.s).addresses, 0);
	before = o.s->messages;
	for (unsigned n = 0; n < 2000; n++)
		answer_nothing(o.ann, n);
	sim_run(o.s, 10 * MS_US);
	assert_in_range(o.s->messages - before, 2000, 2010);
	office_done(&o);

	o = office_tls();
	p = stranger(o.s, "203.0.113.9", SIP_TLS);
	network_connect(p);
	unsigned sent = 0;
	for (; !figures(o.s).addresses && sent < 1000; sent++)
		answer_nothing(p, sent);
	assert_in_range(sent, 100, 200);
	for (unsigned n = 0; n < 1000; n++)
		answer_nothing(o.ann, n);
	assert_int_equal(figures(o.s).addresses, 1);
	office_done(&o);
}

/* With an algorithm that is not the device's a name is tried as well; names that nobody has are challenged with either.
 */
static void test_other_algorithm(void **state)
{
	struct office o = office_udp();
	struct sim_phone *p = stranger(o.s, "203.0.113.9", SIP_UDP);
	p->algorithm = "SHA-256";
	unsigned names = 0, sha256 = 0;
	for (; !figures(o.s).addresses && names < 100; names++) {
		snprintf(p->username, sizeof(p->username), "nobody-%u", names);
		guess(p);
	}
	assert_in_range(names, 10, 25);
	assert_int_equal(only_ban(o.s).why, BAN_UNKNOWN_USERS);
	for (names = 0; names < 40; names++) {
		bans_lift(o.s->bans, NULL);
		sim_run(o.s, 3 * BAN_POINT_LEAK_US); /* or wrong ones would soon be given no answer */
		snprintf(p->username, sizeof(p->username), "nobody-%u", names);
		guess(p);
		sha256 += strstr(p->last_response, "algorithm=SHA-256") != NULL;
	}
	assert_in_range(sha256, 8, 32);
	sim_run(o.s, 40 * SECOND_US);
	office_done(&o);
}

static void ask_as(struct sim_phone *p, const char *method, unsigned n)
{
	char text[600];
	int size = snprintf(text, sizeof(text),
			    "%s sip:acme.example SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.9;branch=z9hG4bKsweep%u\r\n"
			    "Max-Forwards: 70\r\nFrom: <sip:%u@acme.example>;tag=s\r\nTo: <sip:%u@acme.example>\r\n"
			    "Call-ID: sweep-%u\r\nCSeq: 1 %s\r\nContact: <sip:x@203.0.113.9>\r\n"
			    "Content-Length: 0\r\n\r\n",
			    method, n, n, n, n, method);
	phone_send_raw(p, slice_of(text, (size_t)size));
}

/*
 * A sweep through all extensions over UDP by somebody who never brings back a nonce: the address may be forged, so it
 * is not banned, whatever comes; it is heard less and less, and is told nothing that differs from name to name.
 */
static void sweep_over_udp(const char *method)
{
	struct office o = office_udp();
	struct sim_phone *p = stranger(o.s, "203.0.113.9", SIP_UDP);
	unsigned before = o.s->messages;
	for (unsigned n = 0; n < 4000; n++) {
		ask_as(p, method, n);
		sim_run(o.s, MS_US);
	}
	sim_run(o.s, 10 * MS_US);
	unsigned heard = o.s->messages - before;
	assert_in_range(heard, GUEST_ASKS_MAX / 1000, GUEST_ASKS_MAX / 1000 + 5 * 32);
	assert_int_equal(figures(o.s).addresses + figures(o.s).networks, 0);
	assert_int_equal(figures(o.s).slowed, 1);
	assert_true(figures(o.s).dropped >= 4000 - heard - 10);
	phone_registered(o.ann); /* the others are heard as ever */
	sim_run(o.s, 20 * SECOND_US);
	assert_int_equal(figures(o.s).slowed, 0);
	before = o.s->messages;
	ask_as(p, method, 4001);
	sim_run(o.s, 10 * MS_US);
	assert_int_equal(o.s->messages, before + 1);
	sim_run(o.s, 40 * SECOND_US);
	office_done(&o);
}

/* Whatever is asked: a CANCEL of nothing is answered from its message alone, and counts as much. */
static void test_sweep_over_udp(void **state)
{
	static const char *const methods[] = {"REGISTER", "OPTIONS", "BYE", "CANCEL"};
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		sweep_over_udp(methods[i]);
}

/*
 * A forger never sees the nonces that go to the address he writes, and who has two addresses may bring to one what went
 * to the other: nobody is banned, and not even the right password is looked at.
 */
static void test_forged(void **state)
{
	struct office o = office_udp();
	struct sim_phone *p = stranger(o.s, "203.0.113.9", SIP_UDP), *own = stranger(o.s, "203.0.113.200", SIP_UDP);
	phone_register(own, 300);
	sim_run(o.s, SECOND_US);
	assert_true(*own->realm_nonce);
	snprintf(p->fixed_nonce, sizeof(p->fixed_nonce), "%s", own->realm_nonce);
	for (unsigned i = 0; i < 100; i++) {
		assert_true(guess(p));
		assert_non_null(strstr(p->last_response, "stale=true"));
	}
	assert_int_equal(figures(o.s).addresses, 0);
	snprintf(p->password, sizeof(p->password), "%s", o.ann->password);
	phone_register(p, 300);
	sim_run(o.s, SECOND_US);
	assert_int_equal(p->statuses[200], 0);
	*p->fixed_nonce = 0; /* its own: the guesses before have cost it nothing */
	phone_registered(p);
	sim_run(o.s, 40 * SECOND_US);
	office_done(&o);
}

/* Ten a second with the address and the name of a phone on them, and a nonce that is made up: the phone goes on. */
static void test_forged_as_a_phone(void **state)
{
	struct office o = office_udp();
	struct sim_phone *p = stranger(o.s, "203.0.113.9", SIP_UDP);
	memcpy(p->address.ip, o.ann->address.ip, sizeof(p->address.ip));
	p->address.port = 5099;
	memcpy(p->username, o.ann->username, sizeof(p->username));
	snprintf(p->fixed_nonce, sizeof(p->fixed_nonce), "%072d", 1);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(p->password, sizeof(p->password), "guess%u", i);
		phone_register(p, 300);
		sim_run(o.s, 100 * MS_US);
		if (i % 100 == 99)
			phone_registered(o.ann);
	}
	assert_int_equal(figures(o.s).addresses, 0);
	sim_run(o.s, 40 * SECOND_US);
	office_done(&o);
}

/* Over TLS the address is proven; the ban closes what is open, and nothing more is accepted. */
static void test_tls(void **state)
{
	struct office o = office_tls();
	struct sim_phone *p = stranger(o.s, "203.0.113.9", SIP_TLS);
	assert_in_range(guesses_until_ban(p), 10, 25);
	guess(p);
	assert_int_equal(p->connection, 0);
	assert_int_equal(network_connect(p), 0);
	assert_true(only_ban(o.s).dropped > 0);
	sim_run(o.s, BAN_HOST_US);
	assert_true(network_connect(p) != 0);
	office_done(&o);
}

/* A phone with an old password behind the address of an office: its name is slowed, and the office is not banned. */
static void test_office(void **state)
{
	struct office o = office_udp();
	struct sim_phone *old = stranger(o.s, "203.0.113.9", SIP_UDP);
	memcpy(old->address.ip, o.ann->address.ip, 16);
	old->address.port = 5099;
	snprintf(old->username, sizeof(old->username), "acme-20-mobile");
	unsigned unanswered = 0;
	for (unsigned i = 0; i < 200; i++)
		unanswered += !guess(old);
	assert_int_equal(figures(o.s).addresses, 0);
	assert_in_range(unanswered, 100, 199);
	phone_registered(o.ann);
	phone_registered(o.desk);
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	/* Given the right one it is back, once its old guesses are no longer repeated. */
	sim_run(o.s, 60 * SECOND_US);
	snprintf(old->password, sizeof(old->password), "secret21");
	phone_registered(old);
	sim_run(o.s, 40 * SECOND_US);
	office_done(&o);
}

/* An office is known by the registrations that a restart finds on the disk. */
static void test_office_restart(void **state)
{
	struct office o = office_udp();
	sim_run(o.s, 10 * SECOND_US);
	const struct guest g = {.from = &o.ann->address, .proven = true, .name = SLICE("acme-10-desk"), .attempt = 7};
	bans_lift(o.s->bans, NULL);
	for (unsigned i = 0; i < 100; i++)
		bans_deed(o.s->bans, &(struct guest){g.from, true, SLICE("x"), i + 1}, GUEST_UNKNOWN_USER);
	assert_int_equal(figures(o.s).addresses, 0);
	office_done(&o);
}

/* An operator's address is never banned, whatever comes from it. */
static void test_trunk(void **state)
{
	struct office o = office_udp();
	sim_add_trunk(o.s, &(struct sim_trunk){"", "carrier", "203.0.113.9", .transport = SIP_UDP, .plain_rtp = true});
	struct sim_phone *p = stranger(o.s, "203.0.113.9", SIP_UDP);
	unsigned messages = o.s->messages;
	for (unsigned i = 0; i < 60; i++)
		guess(p);
	assert_int_equal(figures(o.s).addresses, 0);
	assert_true(o.s->messages >= messages + 120); /* all were read */
	sim_run(o.s, 40 * SECOND_US);
	office_done(&o);
}

/*
 * A scanner that says so. Over UDP its first right to a ban is the nonce that it brings back, and OPTIONS are not
 * answered; over TLS it is banned at once.
 */
static void test_scanner(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	struct sim_phone *udp = stranger(o.s, "203.0.113.9", SIP_UDP), *tls = stranger(o.s, "198.51.100.7", SIP_TLS);
	snprintf(udp->register_extra, sizeof(udp->register_extra), "User-Agent: friendly-scanner\r\n");
	snprintf(tls->register_extra, sizeof(tls->register_extra), "User-Agent: SIPVicious/0.3\r\n");
	snprintf(udp->fixed_nonce, sizeof(udp->fixed_nonce), "%056d", 1);
	phone_register(udp, 300);
	sim_run(o.s, 10 * SECOND_US);
	assert_int_equal(figures(o.s).addresses, 0);
	*udp->fixed_nonce = 0;
	sim_run(o.s, 40 * SECOND_US);
	phone_register(udp, 300);
	sim_run(o.s, 10 * SECOND_US);
	assert_int_equal(only_ban(o.s).why, BAN_SCANNER);
	bans_lift(o.s->bans, NULL);
	network_connect(tls);
	phone_register(tls, 300);
	sim_run(o.s, SECOND_US);
	assert_int_equal(only_ban(o.s).why, BAN_SCANNER);
	sim_run(o.s, 60 * SECOND_US);
	office_done(&o);
}

/* Challenges leave nothing behind: no transaction, not a byte, for any number of requests from anywhere. */
static void test_nothing_kept(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	struct sim_phone *p = stranger(o.s, "203.0.113.9", SIP_UDP);
	p->dead = true; /* as who forges addresses hears nothing */
	for (unsigned i = 0; i < 2000; i++) {
		char text[600];
		p->address.ip[15] = (uint8_t)i;
		const char *method = i % 3 == 0 ? "INVITE" : i % 3 == 1 ? "REGISTER" : "OPTIONS";
		int n = snprintf(text, sizeof(text),
				 "%s sip:10@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.9;branch=z9hG4bK%u\r\n"
				 "From: <sip:1@acme.example>;tag=%u\r\nTo: <sip:10@acme.example>\r\nCall-ID: %u\r\n"
				 "CSeq: 1 %s\r\nMax-Forwards: 70\r\nContact: <sip:1@203.0.113.9>\r\n"
				 "Content-Length: 0\r\n\r\n",
				 method, i, i, i, method);
		network_from_phone(p, slice_of(text, (size_t)n));
		sim_run(o.s, 6 * MS_US);
		assert_true(o.s->sb->stack->server_pool.used <= 2);
	}
	sim_run(o.s, MS_US);
	assert_int_equal(o.s->sb->stack->kept_bytes, 0);
	assert_true(o.s->messages >= 2000);
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guesser),
		cmocka_unit_test(test_unknown_users),
		cmocka_unit_test(test_unasked),
		cmocka_unit_test(test_other_algorithm),
		cmocka_unit_test(test_sweep_over_udp),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_forged_as_a_phone),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_office),
		cmocka_unit_test(test_office_restart),
		cmocka_unit_test(test_trunk),
		cmocka_unit_test(test_scanner),
		cmocka_unit_test(test_nothing_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
