/* REGISTER: who may, where a device is reached, for how long, and what survives */
#include "sim/office.h"
#include "support/remove.h"

#include <unistd.h>

static struct directory_device *device(struct sim *s, const char *username)
{
	return directory_device_by_username(s->directory, slice_from_string(username));
}

static size_t binding_count(struct sim *s, const char *username)
{
	size_t n = 0;
	for (struct directory_binding *b = device(s, username)->first_binding; b; b = b->next_of_device)
		n++;
	return n;
}

static unsigned registers(struct sim_phone *p, int expires)
{
	phone_register(p, expires);
	sim_until(p->sim, 40, p->register_status != 0);
	return p->register_status;
}

static void test_both_digests(void **state)
{
	struct office o = office_on(sim_new(1), SIP_TLS, false);
	assert_int_equal(registers(o.ann, 300), 200);
	assert_int_equal(registers(o.desk, 300), 200);
	assert_int_equal(registers(o.mobile, 300), 200);
	assert_non_null(strstr(o.ann->authorization, "algorithm=MD5"));
	assert_non_null(strstr(o.desk->authorization, "algorithm=SHA-256"));
	assert_int_equal(binding_count(o.s, "acme-20-desk"), 1);
	assert_non_null(strstr(o.desk->last_response, ";expires=300"));
	office_done(&o);
}

static void test_refused(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	snprintf(o.ann->password, sizeof(o.ann->password), "wrong");
	assert_int_equal(registers(o.ann, 300), 401);
	assert_int_equal(binding_count(o.s, "acme-10-desk"), 0);
	assert_null(strstr(o.ann->last_response, "stale"));
	/* A name that nobody has is told the same. */
	struct sim_phone *nobody = phone_new(o.s, "acme-77-desk", "secret", SIP_UDP);
	assert_int_equal(registers(nobody, 300), 401);
	assert_int_equal(nobody->statuses[401], o.ann->statuses[401]);
	office_done(&o);
}

static void test_stale_nonce(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	phone_registered(o.ann);
	/* A nonce 301 s old: right password, so it is told to try again with another. */
	snprintf(o.ann->fixed_nonce, sizeof(o.ann->fixed_nonce), "%s", o.ann->realm_nonce);
	sim_run(o.s, 301 * SECOND_US);
	assert_int_equal(registers(o.ann, 300), 401);
	assert_non_null(strstr(o.ann->last_response, "stale=true"));
	o.ann->fixed_nonce[0] = 0;
	assert_int_equal(registers(o.ann, 300), 200);
	office_done(&o);
}

static void test_replay(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	phone_registered(o.ann);
	unsigned before = o.ann->statuses[200];
	o.ann->replay = true; /* the same Authorization once more: nonce count 1 was used */
	assert_int_equal(registers(o.ann, 0), 401);
	assert_int_equal(o.ann->statuses[200], before);
	assert_int_equal(binding_count(o.s, "acme-10-desk"), 1);
	office_done(&o);
}

static void test_refresh_and_expiry(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	phone_registered(o.ann);
	for (unsigned i = 0; i < 48; i++) { /* two days, every hour */
		sim_run(o.s, 3590 * SECOND_US);
		assert_int_equal(binding_count(o.s, "acme-10-desk"), 1);
		assert_int_equal(registers(o.ann, 3600), 200);
	}
	sim_store_refuses = true; /* what is over is over, disk or not */
	sim_run(o.s, 3601 * SECOND_US);
	assert_int_equal(binding_count(o.s, "acme-10-desk"), 0);
	sim_store_refuses = false;
	sim_run(o.s, 10 * SECOND_US);
	office_done(&o); /* no timer of a binding is left */
}

static void test_removed(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	phone_registered(o.ann);
	snprintf(o.ann->contact, sizeof(o.ann->contact), "<sip:second@198.51.100.1:5070>");
	phone_registered(o.ann);
	assert_int_equal(binding_count(o.s, "acme-10-desk"), 2);
	assert_int_equal(registers(o.ann, 0), 200); /* one */
	assert_int_equal(binding_count(o.s, "acme-10-desk"), 1);
	assert_int_equal(registers(o.ann, -1), 200); /* a question */
	assert_non_null(strstr(o.ann->last_response, "<sip:acme-10-desk@"));
	assert_int_equal(registers(o.ann, -2), 200); /* all */
	assert_int_equal(binding_count(o.s, "acme-10-desk"), 0);
	assert_null(strstr(o.ann->last_response, "Contact:"));
	office_done(&o);
}

static void test_too_brief(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	assert_int_equal(registers(o.ann, REGISTER_EXPIRES_MIN_S - 1), 423);
	assert_non_null(strstr(o.ann->last_response, "Min-Expires: 60"));
	assert_int_equal(registers(o.ann, REGISTER_EXPIRES_MIN_S), 200);
	assert_int_equal(registers(o.ann, 1000000), 200);
	assert_non_null(strstr(o.ann->last_response, ";expires=3600"));
	office_done(&o);
}

static void test_oldest_yields(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	for (unsigned i = 1; i <= REGISTER_BINDINGS_MAX + 1; i++) {
		snprintf(o.ann->contact, sizeof(o.ann->contact), "<sip:c%u@198.51.100.1:5060>", i);
		phone_registered(o.ann);
		sim_run(o.s, SECOND_US);
		assert_int_equal(binding_count(o.s, "acme-10-desk"), MIN(i, REGISTER_BINDINGS_MAX));
	}
	assert_null(strstr(o.ann->last_response, "sip:c1@"));
	assert_non_null(strstr(o.ann->last_response, "sip:c2@"));
	assert_non_null(strstr(o.ann->last_response, "sip:c4@"));
	office_done(&o);
}

static void test_too_many_at_once(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	phone_registered(o.ann);
	snprintf(o.ann->contact, sizeof(o.ann->contact),
		 "<sip:a@198.51.100.1>, <sip:b@198.51.100.1>, <sip:c@198.51.100.1>");
	phone_registered(o.ann); /* as many as there may be: the old one yields */
	assert_int_equal(binding_count(o.s, "acme-10-desk"), REGISTER_BINDINGS_MAX);
	assert_null(strstr(o.ann->last_response, "acme-10-desk@"));
	snprintf(o.ann->contact, sizeof(o.ann->contact),
		 "<sip:d@198.51.100.1>, <sip:e@198.51.100.1>, <sip:f@198.51.100.1>, <sip:g@198.51.100.1>");
	assert_int_equal(registers(o.ann, 300), 403);
	assert_int_equal(binding_count(o.s, "acme-10-desk"), REGISTER_BINDINGS_MAX);
	office_done(&o);
}

/* One Contact that is refused: the others of its request have not been taken either. */
static void test_all_or_nothing(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	snprintf(o.ann->contact, sizeof(o.ann->contact), "<sip:a@198.51.100.1:5060>");
	phone_registered(o.ann);
	int64_t before_us = device(o.s, "acme-10-desk")->first_binding->expires_us;
	sim_run(o.s, 100 * SECOND_US);
	snprintf(o.ann->contact, sizeof(o.ann->contact),
		 "<sip:a@198.51.100.1:5060>, <sip:b@198.51.100.1:5060>;expires=1");
	assert_int_equal(registers(o.ann, 3600), 423);
	assert_int_equal(binding_count(o.s, "acme-10-desk"), 1);
	assert_int_equal(device(o.s, "acme-10-desk")->first_binding->expires_us, before_us);
	snprintf(o.ann->contact, sizeof(o.ann->contact), "<sip:a@198.51.100.1:5060>, <sip:b@198.51.100.1:5060>");
	phone_registered(o.ann);
	assert_int_equal(binding_count(o.s, "acme-10-desk"), 2);
	assert_true(device(o.s, "acme-10-desk")->first_binding->expires_us > before_us);
	office_done(&o);
}

/* A binding is no older than the request that refreshes it: another one yields. */
static void test_refreshed_does_not_yield(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	for (unsigned i = 1; i <= REGISTER_BINDINGS_MAX; i++) {
		snprintf(o.ann->contact, sizeof(o.ann->contact), "<sip:c%u@198.51.100.1:5060>", i);
		phone_registered(o.ann);
		sim_run(o.s, SECOND_US);
	}
	snprintf(o.ann->contact, sizeof(o.ann->contact), "<sip:c1@198.51.100.1:5060>, <sip:d@198.51.100.1:5060>");
	phone_registered(o.ann);
	assert_int_equal(binding_count(o.s, "acme-10-desk"), REGISTER_BINDINGS_MAX);
	assert_non_null(strstr(o.ann->last_response, "sip:c1@"));
	assert_null(strstr(o.ann->last_response, "sip:c2@"));
	assert_non_null(strstr(o.ann->last_response, "sip:d@"));
	office_done(&o);
}

static void test_older_cseq(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	phone_registered(o.ann);
	o.ann->register_cseq = 1;
	assert_int_equal(registers(o.ann, 0), 500);
	assert_int_equal(binding_count(o.s, "acme-10-desk"), 1);
	office_done(&o);
}

static void test_two_devices(void **state)
{
	struct office o = office_two();
	assert_int_equal(binding_count(o.s, "acme-20-desk"), 1);
	assert_int_equal(binding_count(o.s, "acme-20-mobile"), 1);
	phone_register(o.desk, -2); /* only its own */
	sim_until(o.s, 5, o.desk->register_status == 200);
	assert_int_equal(binding_count(o.s, "acme-20-mobile"), 1);
	office_done(&o);
}

static void test_path(void **state)
{
	struct office o = office_udp();
	snprintf(o.desk->register_extra, sizeof(o.desk->register_extra), "%s",
		 "Supported: path\r\nPath: <sip:edge.example;lr>\r\nPath: <sip:inner.example;lr>\r\n");
	phone_registered(o.desk);
	assert_non_null(strstr(o.desk->last_response, "Path: <sip:edge.example;lr>\r\nPath: <sip:inner.example;lr>"));
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	assert_non_null(strstr(o.desk->last_request, "Route: <sip:edge.example;lr>"));
	assert_non_null(strstr(o.desk->last_request, "<sip:inner.example;lr>"));
	phone_cancel(a);
	sim_until(o.s, 5, a->ended);
	office_done(&o);
}

/* Headers in the URI of a Contact are not part of what is called. */
static void test_uri_headers(void **state)
{
	struct office o = office_udp();
	snprintf(o.desk->contact, sizeof(o.desk->contact), "<sip:acme-20-desk@198.51.100.2:5060;x=1?Subject=y>");
	phone_registered(o.desk);
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	assert_non_null(strstr(o.desk->last_request, "INVITE sip:acme-20-desk@198.51.100.2:5060;x=1 SIP/2.0\r\n"));
	phone_cancel(a);
	sim_until(o.s, 5, a->ended);
	office_done(&o);
}

static void test_outbound(void **state)
{
	struct office o = office_tls();
	snprintf(o.ann->register_extra, sizeof(o.ann->register_extra), "Supported: outbound\r\n");
	snprintf(o.ann->contact, sizeof(o.ann->contact),
		 "<sip:a@198.51.100.1:5060;transport=tls>;reg-id=1;+sip.instance=\"<urn:uuid:1>\"");
	phone_registered(o.ann);
	assert_non_null(strstr(o.ann->last_response, "Flow-Timer: 120"));
	assert_non_null(strstr(o.ann->last_response, "Require: outbound"));
	assert_non_null(strstr(o.ann->last_response, ";expires=3600"));
	/* Without it, a connection is asked to come back soon. */
	assert_non_null(strstr(o.desk->last_response, ";expires=300"));
	office_done(&o);
}

/* Through a proxy that does not keep the flow to the phone: told, if it counts on that; else as if it had not asked. */
static void test_first_hop(void **state)
{
	static const struct {
		const char *extra;
		unsigned status;
		const char *expires;
	} rows[] = {
		{"Supported: path, outbound\r\nPath: <sip:edge.example;lr>\r\n", 439, NULL},
		{"Supported: path\r\nPath: <sip:edge.example;lr>\r\n", 200, ";expires=300"},
		{"Supported: path, outbound\r\nPath: <sip:inner.example;lr>, <sip:t@edge.example;lr;ob>\r\n", 200,
		 ";expires=3600"},
	};
	struct office o = office_tls();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(o.ann->register_extra, sizeof(o.ann->register_extra), "%s", rows[i].extra);
		snprintf(o.ann->contact, sizeof(o.ann->contact),
			 "<sip:a%zu@198.51.100.1:5060;transport=tls>;reg-id=1;+sip.instance=\"<urn:uuid:%zu>\"", i, i);
		assert_int_equal(registers(o.ann, 3600), rows[i].status);
		assert_true(!rows[i].expires || strstr(o.ann->last_response, rows[i].expires));
	}
	assert_int_equal(o.ann->statuses[439], 1);
	office_done(&o);
}

/* A reboot leaves no ghost: the same instance with another Contact and another address is the same binding. */
static void test_reboot_by_instance(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(o.ann->contact, sizeof(o.ann->contact),
			 "<sip:r%u@198.51.100.1:%u>;+sip.instance=\"<urn:uuid:1>\"", i, 5060 + i);
		snprintf(o.ann->register_call_id, sizeof(o.ann->register_call_id), "boot-%u", i);
		o.ann->register_cseq = 1;
		o.ann->address.port = (uint16_t)(5060 + i);
		phone_registered(o.ann);
		assert_int_equal(binding_count(o.s, "acme-10-desk"), 1);
		assert_int_equal(device(o.s, "acme-10-desk")->first_binding->remote.port, 5060 + i);
	}
	office_done(&o);
}

/* The same Contact by another listener of ours is no refresh: calls go out by that one, and so after a restart. */
static void test_other_listener(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	phone_registered(o.ann);
	const struct directory_binding *b = device(o.s, "acme-10-desk")->first_binding;
	uint16_t before = b->listener;
	o.ann->second_listener = true;
	o.s->store_stalled = true; /* what is no refresh waits for its commit */
	phone_register(o.ann, 300);
	sim_run(o.s, 100 * MS_US);
	assert_int_equal(o.ann->register_status, 0);
	o.s->store_stalled = false;
	sim_until(o.s, 5, o.ann->register_status == 200);
	assert_int_equal(binding_count(o.s, "acme-10-desk"), 1);
	assert_int_not_equal(b->listener, before);
	office_done(&o);
}

/* Without an instance the Contact's user says which phone it is, whatever port its new connection has. */
static void test_reboot_by_user(void **state)
{
	static const enum sip_transport transports[] = {SIP_TCP, SIP_TLS};
	for (size_t t = 0; t < ARRAY_LEN(transports); t++) {
		struct office o = office_on(sim_new(1), transports[t], false);
		for (unsigned i = 0; i < 3; i++) {
			network_close(o.ann);
			o.ann->address.port = (uint16_t)(50000 + i);
			network_connect(o.ann);
			snprintf(o.ann->register_call_id, sizeof(o.ann->register_call_id), "boot-%u", i);
			o.ann->register_cseq = 1;
			phone_registered(o.ann);
			assert_int_equal(binding_count(o.s, "acme-10-desk"), 1);
		}
		struct sip_flow flow;
		assert_true(registrar_flow(o.s->sb, device(o.s, "acme-10-desk")->first_binding, &flow));
		assert_int_equal(flow.remote.port, 50002);
		office_done(&o);
	}
}

/* An INVITE on a connection that has authenticated is not challenged; on a new one it is. */
static void test_identity_of_connection(void **state)
{
	struct office o = office_two();
	unsigned before = o.ann->statuses[401];
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->up);
	assert_int_equal(o.ann->statuses[401], before);
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	network_close(o.ann);
	assert_int_equal(o.s->sb->identities.used, 2);
	network_connect(o.ann);
	a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->up);
	assert_int_equal(o.ann->statuses[401], before + 1);
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	/* Its device is removed: the connection is nobody's. */
	sim_remove_device(o.s, "acme-10-desk");
	a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->status);
	assert_int_equal(a->status, 401);
	office_done(&o);
}

/* However many phones are connected, each is known: one that is not would be cut as a guest. */
static void test_identity_of_last_connection(void **state)
{
	struct office o = office_on(sim_new(1), SIP_TLS, false);
	/* Every other connection that there can be has its identity. */
	for (unsigned i = 1; i < TRANSPORT_CONNECTIONS_MAX; i++)
		assert_non_null(pool_take(&o.s->sb->identities));
	phone_registered(o.ann);
	struct sip_flow flow;
	assert_true(registrar_flow(o.s->sb, device(o.s, "acme-10-desk")->first_binding, &flow));
	assert_true(transport_tag(o.s->transport, &flow) != 0);
	office_done(&o);
}

/* Over plain TCP a registered phone's connection is kept as one, but anybody could write into it: calls are challenged.
 */
static void test_plain_connection(void **state)
{
	struct office o = office_on(sim_new_plain(1), SIP_TCP, true);
	phone_registered(o.ann);
	phone_registered(o.desk);
	o.ann->suites = NULL;
	assert_int_equal(o.s->sb->identities.used, 2);
	unsigned before = o.ann->statuses[401];
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->up);
	assert_int_equal(o.ann->statuses[401], before + 1);
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	network_close(o.ann);
	assert_int_equal(o.s->sb->identities.used, 1);
	office_done(&o);
}

/* ... and so is what somebody writes into it about a call: only over TLS the connection itself speaks for its device.
 */
static void test_plain_connection_moves_nothing(void **state)
{
	static const enum sip_transport transports[] = {SIP_TCP, SIP_TLS};
	for (size_t t = 0; t < ARRAY_LEN(transports); t++) {
		struct office o = office_on(sim_new_plain(1), transports[t], true);
		phone_registered(o.ann);
		phone_registered(o.desk);
		o.ann->suites = NULL;
		struct phone_call *a, *b;
		office_talk(&o, &a, &b);
		network_close(o.ann);
		network_connect(o.ann);
		struct phone_call *other = phone_dial(o.ann, "99"); /* proves who it is, and registers nothing */
		sim_until(o.s, 5, other->status == 404);
		unsigned before = o.ann->statuses[401];
		phone_reinvite(a, false);
		sim_until(o.s, 5, a->reinvite_status == 200);
		assert_int_equal(o.ann->statuses[401], before + (transports[t] == SIP_TCP));
		phone_hang_up(a);
		sim_run(o.s, SECOND_US);
		office_done(&o);
	}
}

/* Two accounts in one phone, over one connection: each call is its own account's, without a challenge. */
static void test_two_accounts(void **state)
{
	struct office o = office_two();
	sim_add_device(o.s, &(struct sim_person){"acme", "11", "second", "secret11"});
	static const char *const accounts[2][3] = {{"acme-10-desk", "secret10", "10"},
						   {"acme-11-second", "secret11", "11"}};
	char from[64];
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 2; i++) {
			if (round == 2 && i == 1)
				continue;
			snprintf(o.ann->username, sizeof(o.ann->username), "%s", accounts[i][0]);
			snprintf(o.ann->password, sizeof(o.ann->password), "%s", accounts[i][1]);
			snprintf(o.ann->extension, sizeof(o.ann->extension), "%s", accounts[i][2]);
			if (round == 0) {
				phone_registered(o.ann);
				continue;
			}
			unsigned before = o.ann->statuses[401];
			struct phone_call *a = phone_dial(o.ann, "20");
			sim_until(o.s, 5, a->rang);
			snprintf(from, sizeof(from), "<sip:%s@acme.example>;tag=", accounts[i][2]);
			assert_non_null(strstr(o.desk->last_request, from));
			assert_int_equal(o.ann->statuses[401], before);
			phone_cancel(a);
			sim_until(o.s, 5, a->ended);
			sim_run(o.s, SECOND_US);
		}
		if (round == 1)
			sim_remove_device(o.s, "acme-11-second"); /* the other one goes on */
	}
	office_done(&o);
}

/* Two accounts of one extension in two companies: From's domain says whose the call is, though the other came last. */
static void test_two_companies(void **state)
{
	struct office o = office_tls();
	sim_add_device(o.s, &(struct sim_person){"other", "10", "desk", "secret"});
	sim_add_device(o.s, &(struct sim_person){"other", "20", "desk", "secret"});
	snprintf(o.ann->username, sizeof(o.ann->username), "other-10-desk");
	snprintf(o.ann->password, sizeof(o.ann->password), "secret");
	phone_registered(o.ann);
	unsigned before = o.ann->statuses[401];
	struct phone_call *a = phone_dial(o.ann, "20"); /* From: <sip:10@acme.example> */
	sim_until(o.s, 5, a->rang);
	assert_non_null(strstr(o.desk->last_request, "<sip:10@acme.example>;tag="));
	assert_int_equal(o.ann->statuses[401], before);
	phone_cancel(a);
	sim_until(o.s, 5, a->ended);
	office_done(&o);
}

/* For how long the binding that a 200 told of is given, and memory keeps it. */
static unsigned given_s(struct sim_phone *p)
{
	const struct directory_binding *b = device(p->sim, p->username)->first_binding;
	const char *expires = strstr(p->last_response, ";expires=");
	assert_non_null(b);
	assert_non_null(expires);
	unsigned told = (unsigned)strtoul(expires + strlen(";expires="), NULL, 10);
	assert_in_range((b->expires_us - p->sim->wheel.wall_us) / SECOND_US, told - 1, told);
	return told;
}

/* The disk refuses: phones stay reachable, from memory, a minute at a time; later the disk has it all. */
static void test_store_stalls(void **state)
{
	struct office o = office_on(sim_new_plain(1), SIP_UDP, true);
	phone_registered(o.desk);
	sim_store_refuses = true;
	phone_registered(o.ann);
	struct directory_binding *b = device(o.s, "acme-10-desk")->first_binding;
	assert_true(b->unsaved);
	assert_in_range(given_s(o.ann), REGISTER_UNSAVED_S - 1, REGISTER_UNSAVED_S);
	sim_run(o.s, 30 * SECOND_US);
	assert_int_equal(registers(o.ann, 3600), 200); /* and no longer when it comes again */
	assert_in_range(given_s(o.ann), REGISTER_UNSAVED_S - 1, REGISTER_UNSAVED_S);
	assert_int_equal(registers(o.desk, 3600), 200); /* one that the disk has, for as long as it has it */
	assert_in_range(given_s(o.desk), 3560, 3570);
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->up);
	phone_hang_up(a);
	sim_run(o.s, 10 * SECOND_US);
	assert_true(device(o.s, "acme-10-desk")->first_binding->unsaved);
	sim_store_refuses = false;
	sim_run(o.s, 10 * SECOND_US);
	assert_false(device(o.s, "acme-10-desk")->first_binding->unsaved);
	assert_int_equal(binding_count(o.s, "acme-10-desk"), 1);
	assert_int_equal(registers(o.ann, 3600), 200);
	assert_in_range(given_s(o.ann), 3599, 3600);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

/* The disk has a binding for two minutes; while it takes no refresh none is given for longer than that or a minute, so
 * a crash costs no more; once it takes them again all is as ever. */
static void test_store_takes_no_refresh(void **state)
{
	for (unsigned stalls = 0; stalls < 2; stalls++) {
		char directory[] = "/tmp/alto-sim-XXXXXX";
		assert_non_null(mkdtemp(directory));
		struct office o = office_on(sim_new_in(1, directory), SIP_UDP, false);
		assert_int_equal(registers(o.ann, 60), 200);
		assert_int_equal(registers(o.ann, 130), 200); /* and so the disk has it */
		sim_run(o.s, 10 * SECOND_US);
		sim_store_refuses = !stalls;
		sim_store_oldest_wait_us = stalls ? REGISTER_STALL_US + 1 : 0;
		o.s->store_stalled = stalls;
		phone_registered(o.desk); /* whose row cannot be written */
		sim_run(o.s, 20 * SECOND_US);
		assert_int_equal(registers(o.ann, 3600), 200);
		assert_in_range(given_s(o.ann), 95, 100);
		sim_run(o.s, 90 * SECOND_US);
		assert_int_equal(registers(o.ann, 3600), 200);
		assert_in_range(given_s(o.ann), REGISTER_UNSAVED_S - 1, REGISTER_UNSAVED_S);
		sim_store_refuses = o.s->store_stalled = false;
		sim_store_oldest_wait_us = 0;
		sim_run(o.s, 10 * SECOND_US);
		assert_int_equal(registers(o.ann, 3600), 200);
		assert_in_range(given_s(o.ann), 3599, 3600);
		office_done(&o);
		assert_int_equal(remove_all(directory), 0);
	}
}

/* One row that the disk never takes: it is given for a minute at a time, and the others are written without it. */
static void test_one_row_refused(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	phone_registered(o.desk);
	const struct directory_binding *desk = device(o.s, "acme-20-desk")->first_binding;
	sim_store_bad_agent = "bad";
	snprintf(o.ann->register_extra, sizeof(o.ann->register_extra), "User-Agent: bad\r\n");
	for (unsigned i = 0; i < 2; i++) {
		int64_t stored_until_us = desk->stored_until_us;
		assert_int_equal(registers(o.ann, 3600), 200);
		assert_in_range(given_s(o.ann), REGISTER_UNSAVED_S - 1, REGISTER_UNSAVED_S);
		assert_int_equal(registers(o.desk, 3600), 200); /* its row goes with the other */
		sim_run(o.s, 10 * SECOND_US);
		const struct directory_binding *b = device(o.s, "acme-10-desk")->first_binding;
		assert_true(b->unsaved);
		assert_false(b->dirty);
		assert_true(desk->stored_until_us > stored_until_us);
	}
	sim_store_bad_agent = NULL;
	assert_int_equal(registers(o.ann, 3600), 200);
	sim_run(o.s, 10 * SECOND_US);
	assert_false(device(o.s, "acme-10-desk")->first_binding->unsaved);
	assert_int_equal(registers(o.ann, 3600), 200);
	assert_in_range(given_s(o.ann), 3599, 3600);
	office_done(&o);
}

/* It was never written, so its end is in no change of the store; and the row that waits to be does not bring it back.
 */
static void test_unsaved_is_taken_back(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	sim_store_refuses = true;
	phone_registered(o.ann);
	sim_store_refuses = false;
	assert_int_equal(registers(o.ann, 0), 200);
	assert_null(strstr(o.ann->last_response, "\r\nContact: "));
	assert_int_equal(binding_count(o.s, "acme-10-desk"), 0);
	sim_run(o.s, 10 * SECOND_US);
	assert_int_equal(binding_count(o.s, "acme-10-desk"), 0);
	office_done(&o);
}

/* What a phone takes back is not done before the disk knows, and not said to be. */
static void test_store_refuses_removal(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	phone_registered(o.ann);
	sim_store_refuses = true;
	assert_int_equal(registers(o.ann, 0), 503);
	assert_non_null(strstr(o.ann->last_response, "\r\nRetry-After: "));
	assert_int_equal(binding_count(o.s, "acme-10-desk"), 1);
	assert_int_equal(registers(o.ann, 3600), 200); /* it stays after all */
	sim_store_refuses = false;
	assert_int_equal(registers(o.ann, 0), 200);
	assert_int_equal(binding_count(o.s, "acme-10-desk"), 0);
	office_done(&o);
}

/* One binding that moves is given up by nobody, and taken from memory; one that goes while another comes is not, and
 * the other comes with it or not at all. */
static void test_store_late_with_both(void **state)
{
	static const struct {
		const char *contact;
		unsigned status;
		const char *has;
	} rows[] = {
		{"<sip:a@198.51.100.1:5070>, <sip:a@198.51.100.1:5060>;expires=0", 200, "sip:a@198.51.100.1:5070"},
		{"<sip:b@198.51.100.1:5060>, <sip:a@198.51.100.1:5060>;expires=0", 503, "sip:a@198.51.100.1:5060"},
	};
	for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		bool refuses = i % 2;
		struct office o = office_on(sim_new(1), SIP_UDP, false);
		snprintf(o.ann->contact, sizeof(o.ann->contact), "<sip:a@198.51.100.1:5060>");
		phone_registered(o.ann);
		sim_store_refuses = refuses;
		o.s->store_stalled = !refuses;
		snprintf(o.ann->contact, sizeof(o.ann->contact), "%s", rows[i / 2].contact);
		assert_int_equal(registers(o.ann, 3600), rows[i / 2].status);
		assert_int_equal(binding_count(o.s, "acme-10-desk"), 1);
		struct directory_binding *b = device(o.s, "acme-10-desk")->first_binding;
		assert_true(slice_eq(directory_binding_text(b, BINDING_CONTACT), slice_from_string(rows[i / 2].has)));
		assert_int_equal(b->unsaved, rows[i / 2].status == 200);
		sim_store_refuses = o.s->store_stalled = false;
		sim_run(o.s, 10 * SECOND_US);
		assert_int_equal(registers(o.ann, 3600), 200); /* and now the disk has it */
		assert_int_equal(binding_count(o.s, "acme-10-desk"), 1);
		assert_false(device(o.s, "acme-10-desk")->first_binding->unsaved);
		office_done(&o);
	}
}

/* The store has it, and does not come to it: the next REGISTER must not be undone by it. One that is known to be late
 * is not given it, so a phone that starts anew meanwhile is taken as ever. */
static void test_store_late_with_removal(void **state)
{
	for (unsigned known = 0; known < 2; known++) {
		struct office o = office_on(sim_new(1), SIP_UDP, false);
		phone_registered(o.ann);
		o.s->store_stalled = true;
		sim_store_oldest_wait_us = known ? REGISTER_STALL_US + 1 : 0; /* then nobody waits to find out */
		int64_t before_us = o.s->wheel.now_us;
		assert_int_equal(registers(o.ann, 0), 503);
		assert_int_equal(o.s->wheel.now_us - before_us < SECOND_US, known);
		assert_int_equal(binding_count(o.s, "acme-10-desk"), 1);
		/* 503: as long as nobody knows what is left. */
		assert_int_equal(registers(o.ann, 3600), known ? 200 : 503);
		sim_store_oldest_wait_us = 0;
		o.s->store_stalled = false;
		sim_run(o.s, SECOND_US);
		assert_int_equal(binding_count(o.s, "acme-10-desk"), known);
		assert_int_equal(registers(o.ann, 3600), 200);
		sim_run(o.s, 10 * SECOND_US);
		assert_int_equal(binding_count(o.s, "acme-10-desk"), 1);
		office_done(&o);
	}
}

/* What was acknowledged while the disk refused, after a crash: a removal never, and no phone is away for long. */
static void test_crash_while_store_refuses(void **state)
{
	char directory[] = "/tmp/alto-sim-XXXXXX";
	assert_non_null(mkdtemp(directory));
	struct office o = office_on(sim_new_in(1, directory), SIP_UDP, false);
	phone_registered(o.desk);
	sim_store_refuses = true;
	assert_int_equal(registers(o.desk, 0), 503);
	phone_registered(o.ann);
	assert_in_range(given_s(o.ann), REGISTER_UNSAVED_S - 1, REGISTER_UNSAVED_S);
	sim_restart(o.s, true);
	sim_store_refuses = false;
	assert_int_equal(binding_count(o.s, "acme-20-desk"), 1);
	assert_int_equal(binding_count(o.s, "acme-10-desk"), 0); /* and is back within what it was given */
	office_done(&o);
	assert_int_equal(remove_all(directory), 0);
}

static void test_store_slow(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	sim_store_oldest_wait_us = REGISTER_STALL_US + 1;
	o.s->store_stalled = true;
	phone_registered(o.ann);
	assert_true(device(o.s, "acme-10-desk")->first_binding->unsaved);
	sim_store_oldest_wait_us = 0;
	o.s->store_stalled = false;
	sim_run(o.s, 10 * SECOND_US);
	assert_false(device(o.s, "acme-10-desk")->first_binding->unsaved);
	office_done(&o);
}

static void test_restart(void **state)
{
	char directory[] = "/tmp/alto-sim-XXXXXX";
	assert_non_null(mkdtemp(directory));
	struct sim *s = sim_new_in(1, directory);
	s->plain_rtp = true;
	sim_restart(s, false);
	struct office o = office_on(s, SIP_UDP, true);
	phone_registered(o.ann);
	phone_registered(o.desk);
	sim_restart(s, true);
	assert_int_equal(binding_count(s, "acme-20-desk"), 1);
	struct phone_call *a = phone_dial(o.ann, "20"); /* nobody has registered anew */
	sim_until(s, 10, a->up && phone_last(o.desk)->up);
	assert_true(voice_flows(a, phone_last(o.desk)));
	phone_hang_up(a);
	sim_assert_row(s, 200, "answered", "caller");
	sim_run(s, 3601 * SECOND_US);
	assert_int_equal(binding_count(s, "acme-20-desk"), 0);
	office_done(&o);
	assert_int_equal(remove_all(directory), 0);
}

static void test_lossy(void **state)
{
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct office o = office_on(sim_new(seed), SIP_UDP, false);
		o.s->weather = (struct sim_weather){10, 10, MS_US, 80 * MS_US};
		phone_registered(o.ann);
		phone_registered(o.desk);
		assert_int_equal(binding_count(o.s, "acme-10-desk"), 1);
		office_done(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_digests),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_stale_nonce),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_refresh_and_expiry),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_too_brief),
		cmocka_unit_test(test_oldest_yields),
		cmocka_unit_test(test_too_many_at_once),
		cmocka_unit_test(test_all_or_nothing),
		cmocka_unit_test(test_refreshed_does_not_yield),
		cmocka_unit_test(test_older_cseq),
		cmocka_unit_test(test_two_devices),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_uri_headers),
		cmocka_unit_test(test_outbound),
		cmocka_unit_test(test_first_hop),
		cmocka_unit_test(test_reboot_by_instance),
		cmocka_unit_test(test_other_listener),
		cmocka_unit_test(test_reboot_by_user),
		cmocka_unit_test(test_identity_of_connection),
		cmocka_unit_test(test_identity_of_last_connection),
		cmocka_unit_test(test_plain_connection),
		cmocka_unit_test(test_plain_connection_moves_nothing),
		cmocka_unit_test(test_two_accounts),
		cmocka_unit_test(test_two_companies),
		cmocka_unit_test(test_store_stalls),
		cmocka_unit_test(test_store_slow),
		cmocka_unit_test(test_store_takes_no_refresh),
		cmocka_unit_test(test_one_row_refused),
		cmocka_unit_test(test_unsaved_is_taken_back),
		cmocka_unit_test(test_store_refuses_removal),
		cmocka_unit_test(test_store_late_with_removal),
		cmocka_unit_test(test_store_late_with_both),
		cmocka_unit_test(test_crash_while_store_refuses),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_lossy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
