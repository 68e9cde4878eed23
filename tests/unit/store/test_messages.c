/* Messages of calls: in order, of one call, without their secrets, and gone when they are old */
#include "scratch.h"
#include "store/messages.h"
#include "store/migrate.h"

static struct db *open_migrated(void)
{
	struct db *db = backend_open();
	struct store_reason reason = {{0}};
	assert_int_equal(db_migrate(db, store_migrations, store_migration_count, 1, &reason), 0);
	return db;
}

static void frame(struct writer *w, int64_t at_us, const char *text)
{
	struct store_message m = {.at_us = at_us,
				  .sent = true,
				  .callee = true,
				  .transport = SLICE("TLS"),
				  .remote = SLICE("192.0.2.1:5061"),
				  .text = slice_from_string(text)};
	store_frame_write(w, &m);
}

static void put_frames(struct db *db, const char *call, int64_t at_us, const struct writer *w)
{
	int64_t id;
	assert_int_equal(store_messages_next_id(db, &id), DB_OK);
	assert_int_equal(store_messages_put(db, id, slice_from_string(call), at_us, writer_slice(w)), DB_OK);
}

static void put(struct db *db, const char *call, int64_t at_us, const char *text)
{
	char bytes[400];
	struct writer w = writer_on(bytes, sizeof(bytes));
	frame(&w, at_us, text);
	put_frames(db, call, at_us, &w);
}

struct taken {
	size_t count, most;
	int64_t last;
	char text[256];
};

static bool take(void *arg, const struct store_message *m)
{
	struct taken *t = arg;
	if (t->count == t->most)
		return false;
	assert_true(m->id > t->last);
	assert_true(m->sent && m->callee);
	assert_int_equal(m->transport.n, 3);
	assert_int_equal(m->remote.n, 14);
	t->last = m->id;
	t->count++;
	snprintf(t->text + strlen(t->text), sizeof(t->text) - strlen(t->text), "%.*s|", SLICE_ARG(m->text));
	return true;
}

static struct taken list(struct db *db, const char *call, int64_t after, size_t most)
{
	struct taken t = {.most = most};
	assert_int_equal(store_messages_list(db, slice_from_string(call), after, take, &t), DB_OK);
	return t;
}

static void test_of_one_call(void **state)
{
	struct db *db = open_migrated();
	put(db, "one", 1, "a");
	put(db, "two", 2, "b");
	put(db, "one", 3, "Authorization: Digest response=\"5ec\"");
	struct taken t = list(db, "one", 0, 9);
	assert_string_equal(t.text, "a|Authorization: Digest response=*|");
	t = list(db, "one", 0, 1);
	assert_string_equal(t.text, "a|");
	t = list(db, "one", t.last, 9);
	assert_string_equal(t.text, "Authorization: Digest response=*|");
	assert_int_equal(list(db, "none", 0, 9).count, 0);
	db_close(db);
}

/* Several in a row, over more rows than are read at a time, and any of them can be the last that somebody has seen. */
static void test_several_in_a_row(void **state)
{
	struct db *db = open_migrated();
	char bytes[800];
	for (int i = 0; i < STORE_MESSAGES_ROWS + 1; i++) {
		struct writer w = writer_on(bytes, sizeof(bytes));
		frame(&w, i, "a");
		frame(&w, i, "b");
		put_frames(db, "one", i, &w);
	}
	assert_int_equal(list(db, "one", 0, 999).count, 2 * (STORE_MESSAGES_ROWS + 1));
	struct taken t = list(db, "one", 0, 2 * STORE_MESSAGES_ROWS + 1);
	assert_string_equal(list(db, "one", t.last, 9).text, "b|");
	t = list(db, "one", 0, 1);
	assert_string_equal(list(db, "one", t.last, 2).text, "b|a|");
	db_close(db);
}

/* What could be read is given; nothing behind a damaged frame is. */
static void test_damaged_row(void **state)
{
	struct db *db = open_migrated();
	char bytes[400];
	struct writer w = writer_on(bytes, sizeof(bytes));
	frame(&w, 1, "a");
	write_string(&w, "1 sent callee TLS 192.0.2.1:5061 2\nb");
	put_frames(db, "one", 1, &w);
	put(db, "one", 2, "c");
	assert_string_equal(list(db, "one", 0, 9).text, "a|");
	db_close(db);
}

static void test_old_ones_go(void **state)
{
	struct db *db = open_migrated();
	bool more = false;
	assert_int_equal(store_messages_trim(db, 100, &more), DB_OK); /* of nothing */
	assert_false(more);
	for (int i = 0; i < STORE_MESSAGES_TRIM + 1; i++)
		put(db, "old", 99, "x");
	put(db, "new", 100, "y");
	assert_int_equal(store_messages_trim(db, 100, &more), DB_OK);
	assert_true(more);
	assert_int_equal(list(db, "old", 0, 9).count, 1);
	assert_int_equal(store_messages_trim(db, 100, &more), DB_OK);
	assert_false(more);
	assert_int_equal(list(db, "old", 0, 9).count, 0);
	assert_int_equal(list(db, "new", 0, 9).count, 1);
	/* Ids go on, so that nobody's cursor jumps back. */
	put(db, "new", 101, "z");
	assert_string_equal(list(db, "new", 0, 9).text, "y|z|");
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_one_call),
		cmocka_unit_test(test_several_in_a_row),
		cmocka_unit_test(test_damaged_row),
		cmocka_unit_test(test_old_ones_go),
	};
	return BACKEND_RUN(tests);
}
