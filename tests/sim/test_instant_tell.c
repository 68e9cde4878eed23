/* Instant messages: what webhooks are to hear of them, together, later, and of how many at once */
#include "sim/office.h"

#include "call/instant.h"

static struct directory_tenant *acme_hears(const struct office *o)
{
	struct directory_tenant *acme = directory_tenant_by_id(o->s->directory, SLICE("acme"));
	acme->hearing = 1;
	return acme;
}

/* What webhooks hear of: all that was for somebody here, and what came of it. */
static void test_told(void **state)
{
	struct office o = office_tls();
	struct directory_tenant *acme = acme_hears(&o);
	sim_set_number(o.s, "acme", "+33142685320", "20");
	phone_write(o.ann, "+33142685320", "text/plain;charset=UTF-8", SLICE("hello"));
	sim_until(o.s, 10, o.ann->written);
	sim_run(o.s, SECOND_US);
	assert_string_equal(sim_store_instant, "10 (acme-10) > +33142685320 (acme-20) text/plain 5 200");
	o.desk->message_status = 603;
	phone_write(o.ann, "20", "", SLICE_NONE);
	sim_until(o.s, 10, o.ann->written);
	sim_run(o.s, SECOND_US);
	assert_string_equal(sim_store_instant, "10 (acme-10) > 20 (acme-20)  0 603");
	sim_store_instant[0] = 0;
	assert_int_equal(phone_wrote(o.ann, "99", "hello"), 404);
	sim_run(o.s, SECOND_US);
	assert_string_equal(sim_store_instant, "");
	/* Where nobody wants to hear of it the store has no work. */
	acme->hearing = 0;
	sim_store_instant_jobs = 0;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 603);
	sim_run(o.s, SECOND_US);
	assert_int_equal(sim_store_instant_jobs, 0);
	office_done(&o);
}

/* Many that end at once are few transactions. */
static void test_told_together(void **state)
{
	struct office o = office_tls();
	struct directory_tenant *acme = acme_hears(&o);
	o.desk->message_status = 0;
	for (unsigned i = 0; i < INSTANTS_OF_DEVICE; i++)
		phone_write(o.ann, "20", "text/plain", SLICE("hello"));
	sim_until(o.s, 5, o.desk->got[SIP_MESSAGE] == INSTANTS_OF_DEVICE);
	sim_store_refuses = true;
	sim_run(o.s, INSTANT_PATIENCE_US);
	assert_int_equal(o.ann->statuses[480], INSTANTS_OF_DEVICE);
	assert_int_equal(acme->telling, INSTANTS_OF_DEVICE);
	assert_int_equal(sim_store_instant_jobs, 0);
	sim_store_refuses = false;
	sim_until(o.s, 5, !acme->telling);
	assert_int_equal(sim_store_instant_jobs, 1);
	assert_int_equal(sim_store_instants, INSTANTS_OF_DEVICE);
	office_done(&o);
}

/* While the database cannot be written people write to each other, and webhooks hear of it later. */
static void test_told_later(void **state)
{
	struct office o = office_tls();
	struct directory_tenant *acme = acme_hears(&o);
	const unsigned many = INSTANTS_TOLD_AT_ONCE + 2;
	sim_store_instant_error = DB_FULL;
	for (unsigned i = 0; i < many; i++)
		assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	sim_run(o.s, 10 * SECOND_US);
	assert_int_equal(acme->telling, many);
	assert_int_equal(o.s->sb->tellings.count, many);
	sim_store_instant_error = DB_OK;
	sim_store_instant_jobs = sim_store_instants = 0;
	sim_until(o.s, 5, !acme->telling);
	assert_int_equal(sim_store_instants, many);
	assert_int_equal(sim_store_instant_jobs, 2);
	assert_int_equal(o.s->sb->instants_untold.value, 0);
	assert_int_equal(o.s->sb->tellings.count, 0);
	office_done(&o);
}

/* An orderly end waits for what is to be told, as it does for the history: not for ever. */
static void test_told_at_the_end(void **state)
{
	for (unsigned ill = 0; ill < 2; ill++) {
		struct office o = office_tls();
		acme_hears(&o);
		sim_store_refuses = true;
		assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
		sim_stop(o.s, 0);
		sim_run(o.s, STOP_PATIENCE_US / 3);
		assert_false(o.s->stopped);
		sim_store_refuses = ill;
		sim_until(o.s, 5, o.s->stopped);
		assert_int_equal(sim_store_instants, !ill);
		sim_store_refuses = false;
		office_done(&o);
	}
}

/* One that the database never takes, and a company that has gone meanwhile. */
static void test_never_told(void **state)
{
	struct office o = office_tls();
	struct directory_tenant *acme = acme_hears(&o);
	o.s->sb->tellings.refused = 7; /* of a job before */
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	sim_until(o.s, 5, !acme->telling);
	assert_int_equal(o.s->sb->instants_untold.value, 0);
	sim_store_instants_refused = 1;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	sim_until(o.s, 5, !acme->telling);
	assert_int_equal(o.s->sb->instants_untold.value, 1);
	office_done(&o);
}

/* Of how many its webhooks are still to be told is bounded, for a company that has such, and for all that have. */
static void test_how_many_are_told(void **state)
{
	struct office o = office_tls();
	struct directory_tenant *acme = acme_hears(&o);
	acme->telling = INSTANTS_TELLING_OF_TENANT - 1;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	sim_until(o.s, 5, acme->telling == INSTANTS_TELLING_OF_TENANT - 1);
	assert_string_equal(sim_store_instant, "10 (acme-10) > 20 (acme-20) text/plain 5 200");
	acme->telling = INSTANTS_TELLING_OF_TENANT;
	sim_store_instant[0] = 0;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 503);
	assert_has(o.ann->last_response, "503 Too Many Messages On Their Way");
	assert_has(o.ann->last_response, "\r\nRetry-After: ");
	acme->telling = 0;
	o.s->sb->tellings.count += INSTANTS_TELLING_MAX;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 503);
	assert_string_equal(sim_store_instant, "");
	/* A company that is told nothing has nothing to do with that. */
	acme->hearing = 0;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	o.s->sb->tellings.count -= INSTANTS_TELLING_MAX;
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),       cmocka_unit_test(test_told_together),
		cmocka_unit_test(test_told_later), cmocka_unit_test(test_told_at_the_end),
		cmocka_unit_test(test_never_told), cmocka_unit_test(test_how_many_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
