/* Who is shown as reachable, and for how long a page that was closed is still waited for */
#include "sim/office.h"
#include "support/remove.h"

static struct directory_device *device(const struct office *o, const char *username)
{
	return directory_device_by_username(o->s->directory, slice_from_string(username));
}

static void count(void *arg, const struct directory_user *user)
{
	*(unsigned *)arg += slice_eq(user->id, SLICE("acme-20"));
}

/* Shown as it is; and so often it was told that Bob has changed. */
static void check(const struct office *o, const char *username, bool reachable, unsigned told, unsigned count)
{
	assert_int_equal(device(o, username)->reachable, reachable);
	assert_int_equal(told, count);
}

/* A desk phone keeps its registration without its connection, but nobody is told that it is there. */
static void test_connection_lost(void **state)
{
	struct office o = office_tls();
	unsigned told = 0;
	directory_on_presence(o.s->directory, count, &told);
	check(&o, "acme-20-desk", true, told, 0);
	phone_registered(o.desk);
	check(&o, "acme-20-desk", true, told, 0);
	network_close(o.desk);
	check(&o, "acme-20-desk", false, told, 1);
	sim_run(o.s, 60 * SECOND_US);
	assert_non_null(device(&o, "acme-20-desk")->first_binding);
	network_connect(o.desk);
	phone_registered(o.desk);
	check(&o, "acme-20-desk", true, told, 2);
	phone_register(o.desk, 0);
	sim_until(o.s, 5, o.desk->register_status == 200);
	check(&o, "acme-20-desk", false, told, 3);
	office_done(&o);
}

/* Nobody is connected after a restart; a phone on UDP is where it was. */
static void test_restart(void **state)
{
	static const enum sip_transport transports[] = {SIP_TLS, SIP_UDP};
	for (size_t i = 0; i < ARRAY_LEN(transports); i++) {
		char directory[] = "/tmp/alto-sim-XXXXXX";
		assert_non_null(mkdtemp(directory));
		struct office o = office_on(sim_new_in(1, directory), transports[i], false);
		phone_registered(o.desk);
		sim_restart(o.s, false);
		assert_non_null(device(&o, "acme-20-desk")->first_binding);
		check(&o, "acme-20-desk", transports[i] == SIP_UDP, 0, 0);
		office_done(&o);
		assert_int_equal(remove_all(directory), 0);
	}
}

/* Two flows of one phone: it is reachable while one of them stands. */
static void test_two_flows(void **state)
{
	struct office o = office_tls();
	struct sim_phone *two = phone_new(o.s, "acme-20-desk", "secret20", SIP_TLS);
	unsigned told = 0;
	snprintf(two->contact, sizeof(two->contact), "<sip:other@10.0.0.9:5061;transport=tls>");
	phone_registered(two);
	directory_on_presence(o.s->directory, count, &told);
	network_close(o.desk);
	check(&o, "acme-20-desk", true, told, 0);
	network_close(two);
	check(&o, "acme-20-desk", false, told, 1);
	office_done(&o);
}

/* Two phones behind one connection, as of a gateway or a proxy. */
static void test_one_connection(void **state)
{
	struct office o = office_tls();
	unsigned told = 0;
	snprintf(o.desk->username, sizeof(o.desk->username), "%s", o.mobile->username);
	snprintf(o.desk->password, sizeof(o.desk->password), "%s", o.mobile->password);
	phone_registered(o.desk);
	directory_on_presence(o.s->directory, count, &told);
	assert_true(device(&o, "acme-20-mobile")->reachable);
	network_close(o.desk);
	check(&o, "acme-20-desk", false, told, 2);
	check(&o, "acme-20-mobile", false, told, 2);
	office_done(&o);
}

static void set_keepalive(const struct office *o, enum store_keepalive keepalive)
{
	sim_add_device(o->s,
		       &(struct sim_person){"acme", "20", "desk", "secret20", SIP_DIGEST_SHA256, true, keepalive});
}

/* A phone on UDP that leaves OPTIONS unanswered. */
static void test_unanswered(void **state)
{
	struct office o = office_on(sim_new_plain(1), SIP_UDP, true);
	unsigned told = 0;
	set_keepalive(&o, STORE_KEEPALIVE_OPTIONS);
	phone_registered(o.ann);
	phone_registered(o.desk);
	directory_on_presence(o.s->directory, count, &told);
	o.desk->dead = true;
	sim_until(o.s, 300, told);
	check(&o, "acme-20-desk", false, told, 1);
	o.desk->dead = false;
	sim_until(o.s, 60, told == 2);
	check(&o, "acme-20-desk", true, told, 2);
	set_keepalive(&o, STORE_KEEPALIVE_OFF); /* nothing is on its way when it ends */
	office_done(&o);
}

/* ---- a page ---- */

/* What it calls itself after it was loaded anew: its Contact is another one, its instance the same. */
static void load_anew(struct sim_phone *page, unsigned times)
{
	snprintf(page->contact, sizeof(page->contact),
		 "<sip:p%u@page.invalid;transport=ws>;reg-id=1;+sip.instance=\"<urn:uuid:7>\"", times);
	network_connect(page);
	phone_registered(page);
}

/* Bob has a page open, and nothing else. */
static struct office office_of_page(void)
{
	struct office o = office_on(sim_new(1), SIP_TLS, false);
	o.mobile = office_page(&o);
	phone_registered(o.ann);
	load_anew(o.mobile, 0);
	return o;
}

/* Not connected at once; registered a little longer, and then nobody waits for it. */
static void test_page_closed(void **state)
{
	struct office o = office_of_page();
	unsigned told = 0;
	directory_on_presence(o.s->directory, count, &told);
	network_close(o.mobile);
	check(&o, "acme-20-page", false, told, 1);
	sim_run(o.s, PAGE_RETURN_US - SECOND_US);
	assert_non_null(device(&o, "acme-20-page")->first_binding);
	sim_run(o.s, 2 * SECOND_US);
	assert_null(device(&o, "acme-20-page")->first_binding);
	assert_int_equal(told, 1);
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 1, a->status);
	assert_int_equal(a->status, 480);
	office_done(&o);
}

/* Who calls meanwhile waits for no longer than that. */
static void test_called_after_it_closed(void **state)
{
	struct office o = office_of_page();
	network_close(o.mobile);
	sim_run(o.s, PAGE_RETURN_US - 2 * SECOND_US);
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_run(o.s, SECOND_US);
	assert_int_equal(a->status, 0);
	sim_until(o.s, 2, a->status);
	sim_assert_row(o.s, 480, "unreachable", "alto");
	office_done(&o);
}

/* It rings while it is loaded anew, and then again. */
static void test_loaded_anew(void **state)
{
	struct office o = office_of_page();
	for (unsigned i = 1; i <= 9; i++) {
		network_close(o.mobile);
		sim_run(o.s, 2 * SECOND_US);
		load_anew(o.mobile, i);
	}
	o.mobile->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 2, a->rang);
	network_close(o.mobile);
	sim_run(o.s, 2 * SECOND_US);
	assert_int_equal(a->status, 0);
	o.mobile->answer_ms = 500;
	load_anew(o.mobile, 10);
	sim_until(o.s, 5, a->up);
	assert_int_equal(o.mobile->got[SIP_INVITE], 2);
	assert_null(device(&o, "acme-20-page")->first_binding->next_of_device);
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

/* Its network is another one: it comes by a new connection, long before the old one is seen to be dead. */
static void test_network_changed(void **state)
{
	struct office o = office_of_page();
	unsigned told = 0;
	directory_on_presence(o.s->directory, count, &told);
	pool_handle old = o.mobile->connection;
	network_connect(o.mobile);
	phone_registered(o.mobile);
	pool_handle now = o.mobile->connection;
	o.mobile->connection = old;
	network_close(o.mobile);
	o.mobile->connection = now;
	sim_run(o.s, 2 * PAGE_RETURN_US);
	check(&o, "acme-20-page", true, told, 0);
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->up);
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

/* A call outlasts its page's registration, should the page be away for longer than that. */
static void test_call_goes_on(void **state)
{
	struct office o = office_of_page();
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->up && phone_last(o.mobile)->up);
	sim_run(o.s, SECOND_US);
	network_close(o.mobile);
	sim_run(o.s, 2 * PAGE_RETURN_US);
	assert_null(device(&o, "acme-20-page")->first_binding);
	assert_false(a->ended);
	network_connect(o.mobile);
	phone_registered(o.mobile);
	phone_hang_up(a);
	sim_until(o.s, 5, phone_last(o.mobile)->byes == 1);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connection_lost), cmocka_unit_test(test_restart),
		cmocka_unit_test(test_two_flows),       cmocka_unit_test(test_one_connection),
		cmocka_unit_test(test_unanswered),      cmocka_unit_test(test_page_closed),
		cmocka_unit_test(test_loaded_anew),     cmocka_unit_test(test_called_after_it_closed),
		cmocka_unit_test(test_network_changed), cmocka_unit_test(test_call_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
