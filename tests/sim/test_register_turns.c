/* REGISTERs of one device on each other's heels: as many bindings as it may have, and the last word counts */
#include "sim/office.h"

static struct directory_binding *first(struct office *o)
{
	return directory_device_by_username(o->s->directory, SLICE("acme-10-desk"))->first_binding;
}

static size_t binding_count(struct office *o)
{
	size_t n = 0;
	for (struct directory_binding *b = first(o); b; b = b->next_of_device)
		n++;
	return n;
}

static unsigned registers(struct sim_phone *p, int expires)
{
	phone_register(p, expires);
	sim_until(p->sim, 40, p->register_status != 0);
	return p->register_status;
}

static struct office office(void)
{
	return office_on(sim_new(1), SIP_UDP, false);
}

#define MANY (REGISTER_WAITING_MAX + 2)

/* As many phones with Ann's account, each with a Contact of its own, all at once; the store gets to nothing. */
static void crowd(struct office *o, struct sim_phone *ret[MANY])
{
	o->s->store_stalled = true;
	for (unsigned i = 0; i < MANY; i++) {
		ret[i] = phone_new(o->s, "acme-10-desk", "secret10", SIP_UDP);
		snprintf(ret[i]->contact, sizeof(ret[i]->contact), "<sip:c%u@198.51.100.1:5060>", i);
		phone_register(ret[i], 300);
		sim_run(o->s, 100 * MS_US);
	}
}

/* None that waits for its commit is overlooked by the next: the bound holds, and the oldest have yielded. */
static void test_bound_holds(void **state)
{
	struct office o = office();
	struct sim_phone *phones[MANY];
	crowd(&o, phones);
	for (unsigned i = 0; i < MANY; i++) /* one too many waits: the one that has waited longest is told */
		assert_int_equal(phones[i]->register_status, i == 1 ? 503 : 0);
	assert_non_null(strstr(phones[1]->last_response, "Retry-After: "));
	o.s->store_stalled = false;
	sim_until(o.s, 5, phones[MANY - 1]->register_status);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(phones[i]->register_status, i == 1 ? 503 : 200);
	assert_int_equal(binding_count(&o), REGISTER_BINDINGS_MAX);
	assert_non_null(strstr(phones[MANY - 1]->last_response, "sip:c4@"));
	assert_null(strstr(phones[MANY - 1]->last_response, "sip:c0@"));
	assert_int_equal(registers(phones[0], -2), 200); /* and all can be taken away */
	assert_int_equal(binding_count(&o), 0);
	office_done(&o);
}

/* A phone that registers twice in a row, before the first is written. */
static void register_twice(struct office *o)
{
	o->s->store_stalled = true;
	for (unsigned i = 0; i < 2; i++) {
		phone_register(o->ann, 300);
		sim_run(o->s, 100 * MS_US);
	}
}

/* It is one phone. */
static void test_no_ghost(void **state)
{
	struct office o = office();
	snprintf(o.ann->contact, sizeof(o.ann->contact), "<sip:a@198.51.100.1:5060>;+sip.instance=\"<urn:uuid:1>\"");
	register_twice(&o);
	o.s->store_stalled = false;
	sim_until(o.s, 5, o.ann->statuses[200] == 2);
	assert_int_equal(binding_count(&o), 1);
	office_done(&o);
}

/* The store stands still once it has the job: the phone does not wait for it, nor do those behind it. */
static void test_late(void **state)
{
	struct office o = office();
	struct sim_phone *phones[MANY];
	crowd(&o, phones);
	sim_until(o.s, 3, phones[0]->register_status == 200);
	assert_true(first(&o)->unsaved);
	sim_until(o.s, MANY * 3, phones[MANY - 1]->register_status == 200);
	assert_int_equal(binding_count(&o), REGISTER_BINDINGS_MAX);
	o.s->store_stalled = false;
	sim_run(o.s, 10 * SECOND_US);
	assert_int_equal(binding_count(&o), REGISTER_BINDINGS_MAX);
	for (struct directory_binding *b = first(&o); b; b = b->next_of_device)
		assert_false(b->unsaved);
	office_done(&o);
}

/* A refresh is written while the removal of its binding is on its way: the row does not come back. */
static void test_refresh_does_not_revive(void **state)
{
	struct office o = office();
	phone_registered(o.ann);
	sim_run(o.s, 100 * SECOND_US);
	phone_registered(o.ann); /* written within 5 s */
	sim_run(o.s, REGISTER_WRITE_US - SECOND_US);
	o.s->store_stalled = true;
	phone_register(o.ann, 0);
	sim_run(o.s, 1500 * MS_US);
	o.s->store_stalled = false;
	sim_until(o.s, 5, o.ann->register_status == 200);
	sim_run(o.s, 10 * SECOND_US);
	assert_int_equal(binding_count(&o), 0);
	office_done(&o);
}

/* Its device is removed while it waits. */
static void test_device_goes(void **state)
{
	struct office o = office();
	register_twice(&o);
	sim_remove_device(o.s, "acme-10-desk");
	o.s->store_stalled = false;
	sim_until(o.s, 5, o.ann->statuses[403] + o.ann->statuses[200] == 2);
	assert_int_equal(o.ann->statuses[403], 1); /* the first was written before that */
	office_done(&o);
}

/* §10.3 step 7: the Contacts of a request are taken one after the other; the last one for a binding counts. */
static void test_named_twice(void **state)
{
	static const struct {
		const char *before, *contact;
		size_t bindings;
		const char *has, *lacks;
	} rows[] = {
		{NULL, "<sip:a@198.51.100.1:5060>, <sip:a@198.51.100.1:5060>", 1, "sip:a@", "5070"},
		{NULL, "<sip:a@198.51.100.1:5060>, <sip:a@198.51.100.1:5070>", 1, "5070", "5060"},
		{NULL, "<sip:a@198.51.100.1:5060>, <sip:a@198.51.100.1:5060>;expires=0", 0, NULL, "sip:a@"},
		{"<sip:a@198.51.100.1:5060>", "<sip:a@198.51.100.1:5060>;expires=0, <sip:a@198.51.100.1:5060>", 1,
		 "sip:a@", NULL},
		{"<sip:a@198.51.100.1:5060>", "<sip:a@198.51.100.1:5060>, <sip:a@198.51.100.1:5060>;expires=0", 0, NULL,
		 "sip:a@"},
		{"<sip:a@198.51.100.1:5060>", "<sip:a@198.51.100.1:5070>, <sip:a@198.51.100.1:5060>", 1, "5060",
		 "5070"},
		{"<sip:a@198.51.100.1:5060>", "<sip:a@198.51.100.1:5070>, <sip:a@198.51.100.1:5080>", 1, "5080",
		 "5070"},
		/* The phone has moved: what it takes back behind that is where it was. */
		{"<sip:a@198.51.100.1:5060>", "<sip:a@198.51.100.1:5070>, <sip:a@198.51.100.1:5060>;expires=0", 1,
		 "5070", "5060"},
		{"<sip:a@198.51.100.1:5060>", "<sip:a@198.51.100.1:5060>;expires=0, <sip:a@198.51.100.1:5070>", 1,
		 "5070", "5060"},
		{"<sip:a@198.51.100.1:5060>", "<sip:a@198.51.100.1:5060>, <sip:a@198.51.100.1:5050>;expires=0", 1,
		 "5060", "5050"},
		{NULL, "<sip:a@198.51.100.1:5070>, <sip:a@198.51.100.1:5060>;expires=0", 1, "5070", "5060"},
		{"<sip:a@198.51.100.1:5060>",
		 "<sip:a@198.51.100.1:5070>, <sip:a@198.51.100.1:5060>;expires=0, <sip:a@198.51.100.1:5070>;expires=0",
		 0, NULL, "sip:a@"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct office o = office();
		if (rows[i].before) {
			snprintf(o.ann->contact, sizeof(o.ann->contact), "%s", rows[i].before);
			phone_registered(o.ann);
		}
		snprintf(o.ann->contact, sizeof(o.ann->contact), "%s", rows[i].contact);
		assert_int_equal(registers(o.ann, 300), 200);
		assert_int_equal(binding_count(&o), rows[i].bindings);
		const char *contacts = strstr(o.ann->last_response, "Contact: ");
		assert_true(!rows[i].has || (contacts && strstr(contacts, rows[i].has)));
		assert_true(!rows[i].lacks || !contacts || !strstr(contacts, rows[i].lacks));
		office_done(&o);
	}
}

/* By its instance a binding gets another user, and by that user it is named again: it is one, and nothing new. */
static void test_named_twice_by_instance(void **state)
{
	struct office o = office();
	snprintf(o.ann->contact, sizeof(o.ann->contact), "<sip:a@198.51.100.1:5060>;+sip.instance=\"<urn:uuid:1>\"");
	phone_registered(o.ann);
	for (unsigned i = 0; i <= REGISTER_BINDINGS_MAX; i++) {
		snprintf(o.ann->contact, sizeof(o.ann->contact),
			 "<sip:c%u@198.51.100.1:5060>;+sip.instance=\"<urn:uuid:1>\", <sip:c%u@198.51.100.1:5070>", i,
			 i);
		phone_registered(o.ann);
		assert_int_equal(binding_count(&o), 1);
		assert_non_null(strstr(o.ann->last_response, ":5070"));
		snprintf(o.ann->contact, sizeof(o.ann->contact),
			 "<sip:c%u@198.51.100.1:5060>;+sip.instance=\"<urn:uuid:1>\"", i);
		phone_registered(o.ann);
		assert_int_equal(binding_count(&o), 1);
	}
	snprintf(o.ann->contact, sizeof(o.ann->contact),
		 "<sip:d@198.51.100.1:5060>;+sip.instance=\"<urn:uuid:1>\", <sip:d@198.51.100.1:5060>;expires=0");
	assert_int_equal(registers(o.ann, 300), 200);
	assert_int_equal(binding_count(&o), 0);
	office_done(&o);
}

/* A binding that the request names is not the one that yields, wherever it stands in it. */
static void test_named_does_not_yield(void **state)
{
	struct office o = office();
	for (unsigned i = 1; i <= REGISTER_BINDINGS_MAX; i++) {
		snprintf(o.ann->contact, sizeof(o.ann->contact), "<sip:c%u@198.51.100.1:5060>", i);
		phone_registered(o.ann);
		sim_run(o.s, SECOND_US);
	}
	snprintf(o.ann->contact, sizeof(o.ann->contact), "<sip:d@198.51.100.1:5060>, <sip:c1@198.51.100.1:5070>");
	phone_registered(o.ann);
	assert_int_equal(binding_count(&o), REGISTER_BINDINGS_MAX);
	assert_non_null(strstr(o.ann->last_response, "sip:c1@198.51.100.1:5070"));
	assert_null(strstr(o.ann->last_response, "sip:c2@"));
	assert_non_null(strstr(o.ann->last_response, "sip:d@"));
	office_done(&o);
}

static void register_two(struct office *o)
{
	for (unsigned i = 1; i <= 2; i++) {
		snprintf(o->ann->contact, sizeof(o->ann->contact), "<sip:c%u@198.51.100.1:5060>", i);
		phone_registered(o->ann);
	}
	assert_int_equal(binding_count(o), 2);
}

static void test_all_removed(void **state)
{
	struct office o = office();
	register_two(&o);
	assert_int_equal(registers(o.ann, -2), 200);
	assert_int_equal(binding_count(&o), 0);
	assert_null(strstr(o.ann->last_response, "Contact:"));
	office_done(&o);
}

/* §10.3 step 6: "*" that is older than one of the bindings on its Call-ID removes none. */
static void test_older_star(void **state)
{
	struct office o = office();
	register_two(&o);
	uint32_t cseq = o.ann->register_cseq;
	o.ann->register_cseq = cseq - 3; /* with the challenged one before it: older than the second, not the first */
	assert_int_equal(registers(o.ann, -2), 500);
	assert_int_equal(binding_count(&o), 2);
	/* Another Call-ID is another order: the phone has restarted. */
	snprintf(o.ann->register_call_id, sizeof(o.ann->register_call_id), "restarted");
	o.ann->register_cseq = 1;
	assert_int_equal(registers(o.ann, -2), 200);
	assert_int_equal(binding_count(&o), 0);
	office_done(&o);
}

/* "*" stands alone. */
static void test_star_alone(void **state)
{
	static const char *const contacts[] = {"<sip:d@198.51.100.1:5060>, *", "*, <sip:d@198.51.100.1:5060>"};
	struct office o = office();
	register_two(&o);
	for (size_t i = 0; i < ARRAY_LEN(contacts); i++) {
		snprintf(o.ann->contact, sizeof(o.ann->contact), "%s", contacts[i]);
		assert_int_equal(registers(o.ann, 0), 400);
		assert_int_equal(binding_count(&o), 2);
	}
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound_holds),
		cmocka_unit_test(test_no_ghost),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_refresh_does_not_revive),
		cmocka_unit_test(test_device_goes),
		cmocka_unit_test(test_named_twice),
		cmocka_unit_test(test_named_twice_by_instance),
		cmocka_unit_test(test_named_does_not_yield),
		cmocka_unit_test(test_all_removed),
		cmocka_unit_test(test_older_star),
		cmocka_unit_test(test_star_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
