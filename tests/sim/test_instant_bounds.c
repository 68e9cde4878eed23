/* Instant messages: how large, how many, and what becomes of them while the switchboard is short of something or ends
 */
#include "sim/office.h"

#include "call/instant.h"

/* ---- sizes ---- */

static void test_size(void **state)
{
	static char text[INSTANT_BODY_MAX + 1];
	memset(text, 'x', sizeof(text));
	struct office o = office_tls();
	phone_write(o.ann, "20", "text/plain", slice_of(text, INSTANT_BODY_MAX));
	sim_until(o.s, 10, o.ann->written);
	assert_int_equal(o.ann->written, 200);
	assert_int_equal(o.desk->message_n, INSTANT_BODY_MAX);
	phone_write(o.ann, "20", "text/plain", slice_of(text, INSTANT_BODY_MAX + 1));
	sim_until(o.s, 10, o.ann->written);
	assert_int_equal(o.ann->written, 413);
	assert_int_equal(o.desk->got[SIP_MESSAGE], 1);
	office_done(&o);
}

/* With all that its head says. */
static void test_size_of_request(void **state)
{
	static char text[INSTANT_BODY_MAX];
	memset(text, 'x', sizeof(text));
	struct office o = office_tls();
	for (unsigned more = 0; more < 3; more++) {
		o.ann->write_padding = more ? INSTANT_REQUEST_MAX - o.ann->write_request_n + o.ann->write_padding : 1;
		o.ann->write_padding += more == 2;
		phone_write(o.ann, "20", "text/plain", slice_of(text, sizeof(text)));
		sim_until(o.s, 10, o.ann->written);
		if (more)
			assert_int_equal(o.ann->write_request_n, INSTANT_REQUEST_MAX + (more == 2));
		assert_int_equal(o.ann->written, more == 2 ? 413 : 200);
	}
	assert_int_equal(o.desk->got[SIP_MESSAGE], 2);
	office_done(&o);
}

/* RFC 3428 §8: to a phone on UDP no request above 1300 bytes. */
static void test_size_over_udp(void **state)
{
	static char text[INSTANT_DATAGRAM_MAX];
	memset(text, 'x', sizeof(text));
	struct office o = office_udp();
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	size_t head = strlen(o.desk->last_request) - strlen("hello") + 2; /* Content-Length has three digits */
	phone_write(o.ann, "20", "text/plain", slice_of(text, INSTANT_DATAGRAM_MAX - head));
	sim_until(o.s, 10, o.ann->written);
	assert_int_equal(o.ann->written, 200);
	assert_int_equal(strlen(o.desk->last_request), INSTANT_DATAGRAM_MAX);
	phone_write(o.ann, "20", "text/plain", slice_of(text, INSTANT_DATAGRAM_MAX - head + 1));
	sim_until(o.s, 10, o.ann->written);
	assert_int_equal(o.ann->written, 413);
	assert_int_equal(o.desk->got[SIP_MESSAGE], 2);
	/* Another one, on TLS, takes it. */
	struct sim_phone *mobile = phone_new(o.s, "acme-20-mobile", "secret21", SIP_TLS);
	phone_registered(mobile);
	phone_write(o.ann, "20", "text/plain", slice_of(text, sizeof(text)));
	sim_until(o.s, 10, o.ann->written);
	assert_int_equal(o.ann->written, 200);
	assert_int_equal(mobile->message_n, sizeof(text));
	assert_int_equal(o.desk->got[SIP_MESSAGE], 2);
	office_done(&o);
}

/* ---- how many are on their way ---- */

static void test_how_many(void **state)
{
	struct office o = office_tls();
	o.desk->message_status = 0;
	for (unsigned i = 0; i < INSTANTS_OF_DEVICE; i++)
		phone_write(o.ann, "20", "text/plain", SLICE("hello"));
	sim_until(o.s, 5, o.desk->got[SIP_MESSAGE] == INSTANTS_OF_DEVICE);
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 503);
	assert_has(o.ann->last_response, "\r\nRetry-After: ");
	/* Others may. */
	assert_int_equal(phone_wrote(o.desk, "10", "hello"), 200);
	sim_run(o.s, INSTANT_PATIENCE_US);
	assert_int_equal(o.ann->statuses[480], INSTANTS_OF_DEVICE);
	o.desk->message_status = 200;
	/* Those to the phone are still repeated. */
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 503);
	sim_run(o.s, 32 * SECOND_US - INSTANT_PATIENCE_US);
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	office_done(&o);
}

/* One phone has taken them, the other does not answer: they are on their way for as long as it is tried. */
static void test_how_many_to_silent_phones(void **state)
{
	struct office o = office_two();
	o.mobile->message_status = 0;
	for (unsigned i = 0; i < INSTANTS_OF_DEVICE; i++)
		assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	assert_int_equal(o.s->sb->instants.used, INSTANTS_OF_DEVICE);
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 503);
	assert_has(o.ann->last_response, "503 Too Many Messages On Their Way");
	/* They end as they were told, without a 100 or a second answer, whatever the other says at last. */
	unsigned oks = o.ann->statuses[200];
	sim_run(o.s, 33 * SECOND_US);
	assert_int_equal(o.s->sb->instants.used, 0);
	assert_int_equal(o.ann->statuses[200], oks);
	assert_int_equal(o.ann->statuses[100], 0);
	assert_int_equal(o.s->sb->instants_delivered.value, INSTANTS_OF_DEVICE);
	assert_int_equal(o.s->sb->instants_failed.value, 0);
	o.mobile->message_status = 603;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	sim_run(o.s, SECOND_US);
	assert_int_equal(o.s->sb->instants.used, 0);
	office_done(&o);
}

/* One company leaves room to the others. */
static void test_how_many_of_a_company(void **state)
{
	struct office o = office_tls();
	struct directory_tenant *acme = directory_tenant_by_id(o.s->directory, SLICE("acme"));
	sim_add_device(o.s, &(struct sim_person){"other", "40", "desk", "secret", SIP_DIGEST_SHA256});
	struct sim_phone *zoe = phone_new(o.s, "other-40-desk", "secret", SIP_TLS);
	phone_registered(zoe);
	acme->messages = INSTANTS_OF_TENANT - 1;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	assert_int_equal(acme->messages, INSTANTS_OF_TENANT - 1);
	o.desk->message_status = 0;
	phone_write(o.ann, "20", "text/plain", SLICE("hello"));
	sim_until(o.s, 5, acme->messages == INSTANTS_OF_TENANT);
	assert_int_equal(phone_wrote(o.desk, "10", "hello"), 503);
	assert_has(o.desk->last_response, "503 Too Many Messages On Their Way");
	assert_has(o.desk->last_response, "\r\nRetry-After: ");
	assert_int_equal(phone_wrote(zoe, "40", "hello"), 480);
	sim_run(o.s, 33 * SECOND_US);
	assert_int_equal(acme->messages, INSTANTS_OF_TENANT - 1);
	acme->messages = 0;
	office_done(&o);
}

/* ---- when the whole is short of something, or ends ---- */

/* A message has no row in the history, so it goes on while calls do not. */
static void test_history_stalls(void **state)
{
	struct office o = office_tls();
	sim_store_refuses = true;
	o.s->sb->config.history_bytes_max = 1; /* one row is more */
	for (unsigned i = 0; i < 2; i++) {
		struct phone_call *a = phone_dial(o.ann, "99");
		sim_until(o.s, 5, a->status);
		assert_int_equal(a->status, i ? 503 : 404);
		sim_run(o.s, SECOND_US);
	}
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	sim_store_refuses = false;
	sim_run(o.s, 3 * SECOND_US);
	office_done(&o);
}

static void test_overload(void **state)
{
	struct office o = office_tls();
	o.s->behind_us = OVERLOAD_CALLS_US;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	o.s->behind_us = OVERLOAD_OTHERS_US;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 503);
	o.s->behind_us = 0;
	office_done(&o);
}

/* One allocation fails while one message is handled. */
static void written_without(unsigned message, unsigned allocation, unsigned *ret_messages, bool *ret_met)
{
	struct office o = office_udp();
	unsigned before = o.s->messages;
	o.s->poor_message = before + message;
	o.s->poor_allocation = allocation;
	unsigned status = phone_wrote(o.ann, "20", "hello");
	if (status != 200 && status != 480 && status != 503)
		fail_msg("message %u, allocation %u: %u", message, allocation, status);
	sim_run(o.s, 40 * SECOND_US);
	*ret_messages = o.s->messages - before;
	*ret_met = o.s->poor_met;
	office_done(&o);
}

static void test_no_memory(void **state)
{
	unsigned messages, failures = 0, ignored;
	bool met;
	written_without(0, 1, &messages, &met);
	for (unsigned message = 1; message <= messages; message++) {
		met = true;
		for (unsigned n = 1; met; n++) {
			written_without(message, n, &ignored, &met);
			failures += met;
		}
	}
	assert_in_range(failures, 8, 200);
}

static void test_stopping(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	sim_stop(o.s, 60 * SECOND_US);
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 503);
	assert_has(o.ann->last_response, "503 Shutting Down");
	phone_hang_up(a);
	sim_until(o.s, 70, o.s->stopped);
	office_done(&o);
}

/* An orderly end waits for who is to have an answer, not for what only a silent phone still would. */
static void test_stopping_beside_a_silent_phone(void **state)
{
	struct office o = office_two();
	o.mobile->message_status = 0;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	sim_run(o.s, SECOND_US);
	o.desk->message_status = 0;
	phone_write(o.ann, "20", "text/plain", SLICE("hello"));
	sim_until(o.s, 5, o.desk->got[SIP_MESSAGE] == 2);
	sim_stop(o.s, 0);
	sim_run(o.s, STOP_PATIENCE_US - SECOND_US);
	assert_false(o.s->stopped);
	sim_until(o.s, 5, o.s->stopped);
	office_done(&o);

	o = office_two();
	o.mobile->message_status = 0;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	assert_int_equal(o.s->sb->instants.used, 1);
	sim_stop(o.s, 0);
	sim_run(o.s, SECOND_US);
	assert_true(o.s->stopped);
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_size_of_request),
		cmocka_unit_test(test_size_over_udp),
		cmocka_unit_test(test_how_many),
		cmocka_unit_test(test_how_many_to_silent_phones),
		cmocka_unit_test(test_how_many_of_a_company),
		cmocka_unit_test(test_history_stalls),
		cmocka_unit_test(test_overload),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_stopping),
		cmocka_unit_test(test_stopping_beside_a_silent_phone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
