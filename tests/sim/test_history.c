/* The call's row: from the first moment, written few times, never lost, whole again after a crash */
#include "sim/office.h"
#include "support/remove.h"

static void test_from_the_first_moment(void **state)
{
	struct office o = office_tls();
	o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	sim_run(o.s, 50 * MS_US);
	struct sim_row row;
	assert_int_equal(sim_rows(o.s, &row, 1), 1); /* while it rings */
	assert_int_equal(row.ended_us, 0);
	assert_int_equal(row.status, 0);
	struct switchboard_figures f;
	switchboard_figures(o.s->sb, &f);
	assert_int_equal(f.calls_ringing, 1);
	phone_answer(phone_last(o.desk), 200);
	sim_until(o.s, 5, a->up);
	sim_run(o.s, 50 * MS_US);
	assert_int_equal(sim_rows(o.s, &row, 1), 1);
	assert_int_equal(row.status, 200);
	assert_true(row.answered_us && !row.ended_us);
	assert_string_equal(row.b_codec, "PCMA/8000"); /* what a crash must not lose */
	assert_string_equal(row.b_srtp, "AEAD_AES_128_GCM");
	switchboard_figures(o.s->sb, &f);
	assert_int_equal(f.calls_ringing, 0);
	assert_int_equal(f.calls, 1);
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

static void test_coalesced(void **state)
{
	struct office o = office_tls();
	o.desk->status = 486;
	o.desk->ring_ms = -1;
	o.desk->answer_ms = 0;
	unsigned before = sim_store_call_puts;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->status == 486);
	sim_run(o.s, SECOND_US);
	/* Begun, refused and gone within 20 ms of each other: one row, at most two writes, the last one whole. */
	assert_in_range(sim_store_call_puts - before, 1, 2);
	sim_assert_row(o.s, 486, "busy", "callee");
	office_done(&o);
}

static void check_disk_refuses(int error)
{
	struct office o = office_tls();
	sim_store_call_error = error;
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	phone_hang_up(a);
	sim_run(o.s, 30 * SECOND_US);
	struct sim_row rows[2];
	assert_int_equal(sim_rows(o.s, rows, 2), 0);
	o.desk->status = 486;
	a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->status == 486);
	sim_run(o.s, SECOND_US);
	sim_store_call_error = DB_OK;
	sim_run(o.s, 5 * SECOND_US);
	assert_int_equal(sim_rows(o.s, rows, 2), 2);
	assert_string_equal(rows[0].cause, "busy");
	assert_string_equal(rows[1].cause, "answered"); /* its last state, though its first one came late */
	assert_true(rows[1].ended_us);
	office_done(&o);
}

static void test_disk_refuses(void **state)
{
	check_disk_refuses(DB_FULL);
	check_disk_refuses(DB_NO_MEMORY);
}

/* What cannot be shown of a dialled number is kept escaped. */
static void test_odd_numbers(void **state)
{
	static const struct {
		const char *dialled, *shown;
	} cases[] = {
		{"%00", "%00"},
		{"2%0a0", "2%0A0"},
		{"%ff1", "%FF1"},
		{"%c3%a9", "\xc3\xa9"},
		{"%c3", "%C3"},
		{"%c0%80", "%C0%80"},
		{"%ed%a0%80", "%ED%A0%80"},
		{"%e2%82%ac", "\xe2\x82\xac"},
		{"a%25b", "a%25b"},
		{"%f0%9f%98%80", "\xf0\x9f\x98\x80"},
		{"%f4%90%80%80", "%F4%90%80%80"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct office o = office_tls();
		struct phone_call *a = phone_dial(o.ann, cases[i].dialled);
		sim_until(o.s, 5, a->status == 404);
		assert_string_equal(sim_assert_row(o.s, 404, "no-such-number", "alto").to, cases[i].shown);
		office_done(&o);
	}
}

/* One row that the store never takes: the others do not wait for it. */
static void test_one_row_refused(void **state)
{
	struct office o = office_tls();
	o.desk->status = 486;
	o.desk->ring_ms = -1;
	o.desk->answer_ms = 0;
	sim_store_bad_to = "99";
	struct phone_call *bad = phone_dial(o.ann, "99"), *good = phone_dial(o.ann, "20");
	sim_until(o.s, 5, bad->status == 404 && good->status == 486); /* in one batch */
	sim_run(o.s, 5 * SECOND_US);
	struct sim_row rows[3];
	assert_int_equal(sim_rows(o.s, rows, 3), 1);
	assert_string_equal(rows[0].to, "20");
	assert_string_equal(rows[0].cause, "busy");
	assert_true(history_idle(o.s->sb->history));

	good = phone_dial(o.ann, "20"); /* what came later is not held up either */
	sim_until(o.s, 5, good->status == 486);
	sim_run(o.s, SECOND_US);
	assert_int_equal(sim_rows(o.s, rows, 3), 2);

	char text[32768];
	struct metrics m;
	struct writer w = writer_on(text, sizeof(text) - 1);
	metrics_init(&m);
	switchboard_metrics(o.s->sb, &m);
	metrics_write(&m, &w);
	text[w.n] = 0;
	assert_non_null(strstr(text, "\nalto_history_rows_dropped_total 1\n"));
	office_done(&o);
}

/* Posting is refused as well: 64 MiB wait. */
static void test_queue_is_full(void **state)
{
	struct office o = office_tls();
	sim_store_refuses = true;
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	phone_hang_up(a);
	sim_run(o.s, 5 * SECOND_US);
	assert_false(history_idle(o.s->sb->history));
	sim_store_refuses = false;
	sim_assert_row(o.s, 200, "answered", "caller");
	assert_true(history_idle(o.s->sb->history));
	office_done(&o);
}

/* Rows up to the bound may wait; above it new calls are told to come back later, and those in progress go on. */
static void test_too_many_rows_wait(void **state)
{
	struct office o = office_two();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	sim_run(o.s, SECOND_US);
	sim_store_refuses = true;
	o.s->sb->config.history_bytes_max = 1; /* one row is more */
	struct phone_call *first = phone_dial(o.ann, "99");
	sim_until(o.s, 5, first->status);
	assert_int_equal(first->status, 404); /* nothing waited yet: at the bound, not above it */
	sim_run(o.s, SECOND_US);
	struct phone_call *second = phone_dial(o.ann, "20");
	sim_until(o.s, 5, second->status);
	assert_int_equal(second->status, 503);
	assert_non_null(strstr(o.ann->last_response, "Retry-After: "));
	assert_non_null(strstr(o.ann->last_response, "Call History Cannot Be Written"));
	assert_true(voice_flows(a, b));
	sim_store_refuses = false;
	sim_run(o.s, 3 * SECOND_US);
	o.desk->answer_ms = 100;
	struct phone_call *third = phone_dial(o.ann, "20");
	sim_until(o.s, 5, third->up);
	phone_hang_up(third);
	phone_hang_up(a);
	office_done(&o);
}

/* The switchboard dies in the middle of calls; the next one closes their rows. */
static void test_crash(void **state)
{
	char directory[] = "/tmp/alto-sim-XXXXXX";
	assert_non_null(mkdtemp(directory));
	struct sim *s = sim_new_in(1, directory);
	struct office o = office_on(s, SIP_TLS, false);
	phone_registered(o.ann);
	phone_registered(o.desk);
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.desk->answer_ms = -1;
	struct phone_call *ringing = phone_dial(o.ann, "20");
	sim_until(s, 5, ringing->rang);
	sim_run(s, 100 * MS_US);
	sim_restart(s, true);
	struct sim_row rows[3];
	assert_int_equal(sim_rows(s, rows, 3), 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(rows[i].cause, "crashed");
		assert_true(rows[i].ended_us >= rows[i].started_us);
	}
	assert_int_equal(rows[1].status, 200);
	/* Its phones are told by the next thing they say. */
	network_connect(o.ann);
	phone_hang_up(a);
	sim_run(s, SECOND_US);
	assert_int_equal(o.ann->statuses[481], 1);
	office_done(&o);
	assert_int_equal(remove_all(directory), 0);
}

/* One after the other on one line: each has its own row. */
static void test_many_calls_one_row_each(void **state)
{
	struct office o = office_tls();
	o.desk->answer_ms = 200;
	for (unsigned i = 0; i < 20; i++) {
		struct phone_call *a = phone_dial(o.ann, "20");
		sim_until(o.s, 5, a->up);
		phone_hang_up(a);
		sim_until(o.s, 5, phone_last(o.desk)->ended);
	}
	sim_run(o.s, SECOND_US);
	struct sim_row rows[30];
	assert_int_equal(sim_rows(o.s, rows, 30), 20);
	for (size_t i = 0; i < 20; i++)
		assert_string_equal(rows[i].cause, "answered");
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_the_first_moment),
		cmocka_unit_test(test_coalesced),
		cmocka_unit_test(test_disk_refuses),
		cmocka_unit_test(test_odd_numbers),
		cmocka_unit_test(test_one_row_refused),
		cmocka_unit_test(test_queue_is_full),
		cmocka_unit_test(test_too_many_rows_wait),
		cmocka_unit_test(test_crash),
		cmocka_unit_test(test_many_calls_one_row_each),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
