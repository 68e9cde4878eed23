/* sim/office.h - the people of most tests: Ann (10) with a desk phone, Bob (20) with a desk phone and a mobile */
#pragma once
#include "sim/phone.h"

struct office {
	struct sim *s;
	struct sim_phone *ann, *desk, *mobile;
};

static inline struct office office_on(struct sim *s, enum sip_transport transport, bool plain)
{
	struct office o = {.s = s};
	sim_add_device(s, &(struct sim_person){"acme", "10", "desk", "secret10", SIP_DIGEST_MD5, plain});
	sim_add_device(s, &(struct sim_person){"acme", "20", "desk", "secret20", SIP_DIGEST_SHA256, plain});
	sim_add_device(s, &(struct sim_person){"acme", "20", "mobile", "secret21", SIP_DIGEST_MD5, plain});
	o.ann = phone_new(s, "acme-10-desk", "secret10", transport);
	o.desk = phone_new(s, "acme-20-desk", "secret20", transport);
	o.mobile = phone_new(s, "acme-20-mobile", "secret21", transport);
	return o;
}

/* Over TLS, encrypted; Bob's mobile is at home and off. */
static inline struct office office_tls(void)
{
	struct office o = office_on(sim_new(1), SIP_TLS, false);
	phone_registered(o.ann);
	phone_registered(o.desk);
	return o;
}

/* The same, the mobile with him. */
static inline struct office office_two(void)
{
	struct office o = office_tls();
	phone_registered(o.mobile);
	return o;
}

/* Over UDP, plain, both allowed by name. */
static inline struct office office_udp(void)
{
	struct office o = office_on(sim_new_plain(1), SIP_UDP, true);
	phone_registered(o.ann);
	phone_registered(o.desk);
	return o;
}

/* The phone in a page that Bob has open; not yet registered. */
static inline struct sim_phone *office_page(struct office *o)
{
	uint8_t ha1[SIP_HA1_BYTES];
	sip_digest_ha1(o->s->sb->hasher, SIP_DIGEST_MD5, SLICE("acme-20-page"), SLICE(SWITCHBOARD_REALM),
		       SLICE("secret22"), ha1);
	const struct store_device row = {.id = SLICE("acme-20-page"),
					 .tenant = SLICE("acme"),
					 .user = SLICE("acme-20"),
					 .name = SLICE("browser"),
					 .username = SLICE("acme-20-page"),
					 .digest = SIP_DIGEST_MD5,
					 .ha1 = slice_of(ha1, 16),
					 .srtp = STORE_SRTP_SDES};
	assert_int_equal(directory_browser_add(o->s->directory, &row, o->s), 0);
	struct sim_phone *page = phone_new(o->s, "acme-20-page", "secret22", SIP_TLS);
	page->person = "acme-20";
	return page;
}

/* Ann has called Bob's desk phone, and they speak. */
static inline void office_talk(struct office *o, struct phone_call **a, struct phone_call **b)
{
	o->desk->answer_ms = 500;
	*a = phone_dial(o->ann, "20");
	sim_until(o->s, 10, (*a)->up && phone_last(o->desk)->up);
	*b = phone_last(o->desk);
	sim_run(o->s, 100 * MS_US); /* the ACK has arrived */
	assert_true(voice_flows(*a, *b));
}

/* Everything is over and left nothing behind. */
static inline void office_done(struct office *o)
{
	sim_assert_empty(o->s);
	sim_free(o->s);
}
