#include <errno.h>

#include "support/test.h"

#include "base/map.h"
#include "support/failing.h"
#include "support/guard.h"

static const uint8_t key[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

struct entry {
	struct map_node node;
	uint64_t number;
	unsigned seen;
};

static bool match(const struct map_node *node, const void *number)
{
	return container_of(node, struct entry, node)->number == *(const uint64_t *)number;
}

static uint64_t hash_of(const struct map *m, uint64_t number)
{
	return map_hash(m, slice_of(&number, sizeof(number)));
}

static struct entry *find(const struct map *m, uint64_t number)
{
	struct map_node *node = map_find(m, hash_of(m, number), match, &number);
	return node ? container_of(node, struct entry, node) : NULL;
}

/* The vectors of the paper's reference implementation: key 00..0f, messages of 0, 1, 2… bytes 00, 01, 02… */
static void test_siphash(void **state)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} vectors[] = {
		{0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd}, {2, 0x0d6c8009d9a94f5a},  {3, 0x85676696d7fb7e2d},
		{4, 0xcf2794e0277187b7}, {5, 0x18765564cd99a68d}, {6, 0xcbc9466e58fee3ce},  {7, 0xab0200f58b01d137},
		{8, 0x93f5f5799a932462}, {9, 0x9e0082df0ba9e4b0}, {15, 0xa129ca6149be45e5}, {63, 0x958a324ceb064572},
	};
	char bytes[64];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		char *copy = guard_copy(bytes, vectors[i].n);
		if (siphash24(key, copy, vectors[i].n) != vectors[i].hash)
			fail_msg("%zu bytes", vectors[i].n);
		guard_free(copy);
	}
}

/* The same with a round a word and three at the end, as others reckon it too. */
static void test_siphash_short(void **state)
{
	char bytes[15];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	assert_int_equal(siphash13(key, NULL, 0), 0xabac0158050fc4dc);
	assert_int_equal(siphash13(key, bytes, sizeof(bytes)), 0xd320d86d2a519956);
}

static void test_hash_with(void **state)
{
	struct map m;
	char both[8 + 11] = "\1\2\3\4\5\6\7\10hello world";

	map_init(&m, key);
	assert_int_equal(map_hash_with(&m, 0x0807060504030201, SLICE("hello world")), siphash13(key, both, 19));
	assert_int_not_equal(map_hash_with(&m, 0, SLICE("")), map_hash(&m, SLICE("")));
}

#define MANY 5000

/* How many entries and buckets moved from the old table in one call? */
static void check_growth(const struct map *m, const struct map *before)
{
	if (m->old_table && m->old_table == before->old_table)
		assert_true(m->moved - before->moved <= 4);
	else if (m->old_table) /* a growth began in this call */
		assert_true(m->moved <= 4);
	else if (before->old_table) /* one ended */
		assert_true(before->old_size - before->moved <= 4);
	else
		assert_true(before->size == m->size || before->size == 0);
}

static void test_grows_in_steps(void **state)
{
	struct entry *entries = calloc(MANY, sizeof(*entries));
	struct map m;
	size_t growing = 0;

	map_init(&m, key);
	assert_null(find(&m, 0));
	for (uint64_t i = 0; i < MANY; i++) {
		struct map before = m;
		entries[i].number = i;
		assert_int_equal(map_insert(&m, &entries[i].node, hash_of(&m, i)), 0);
		check_growth(&m, &before);
		growing += m.old_table != NULL;
		/* Old and new ones are found at every stage of a growth. */
		assert_ptr_equal(find(&m, i), &entries[i]);
		assert_ptr_equal(find(&m, i / 2), &entries[i / 2]);
		assert_ptr_equal(find(&m, 0), &entries[0]);
		assert_null(find(&m, i + 1));
	}
	assert_true(growing > MANY / 10);
	assert_int_equal(m.count, MANY);
	assert_true(m.size * 2 >= MANY);
	for (uint64_t i = 0; i < MANY; i++)
		assert_ptr_equal(find(&m, i), &entries[i]);
	for (uint64_t i = 0; i < MANY; i += 3)
		map_remove(&m, &entries[i].node);
	for (uint64_t i = 0; i < MANY; i++)
		assert_ptr_equal(find(&m, i), i % 3 ? &entries[i] : NULL);
	map_done(&m);
	assert_null(find(&m, 1));
	free(entries);
}

static void test_collisions(void **state)
{
	struct entry entries[20] = {0};
	struct map m;

	map_init(&m, key);
	for (uint64_t i = 0; i < 20; i++) {
		entries[i].number = i;
		/* The whole hash is the same for all; growth cannot part them. */
		assert_int_equal(map_insert(&m, &entries[i].node, 42), 0);
	}
	for (uint64_t i = 0; i < 20; i += 2)
		map_remove(&m, &entries[i].node);
	for (uint64_t i = 0; i < 20; i++) {
		struct map_node *node = map_find(&m, 42, match, &i);
		assert_ptr_equal(node, i % 2 ? &entries[i].node : NULL);
	}
	map_done(&m);
}

struct visit {
	struct map *m;
	size_t seen, stop_at;
};

static bool visit(struct map_node *node, void *arg)
{
	struct visit *v = arg;
	struct entry *e = container_of(node, struct entry, node);

	assert_int_equal(e->seen++, 0);
	if (e->number % 2)
		map_remove(v->m, node);
	return ++v->seen != v->stop_at;
}

/* At every size up to 200, so that it meets maps in the midst of growing. */
static void test_each_removes(void **state)
{
	struct entry entries[200];

	for (size_t n = 0; n <= ARRAY_LEN(entries); n++) {
		struct map m;
		map_init(&m, key);
		for (uint64_t i = 0; i < n; i++) {
			entries[i] = (struct entry){.number = i};
			assert_int_equal(map_insert(&m, &entries[i].node, hash_of(&m, i)), 0);
		}
		struct visit v = {.m = &m};
		map_each(&m, visit, &v);
		assert_int_equal(v.seen, n);
		assert_int_equal(m.count, (n + 1) / 2);
		for (uint64_t i = 0; i < n; i++)
			assert_ptr_equal(find(&m, i), i % 2 ? NULL : &entries[i]);
		for (uint64_t i = 0; i < n; i++)
			entries[i].seen = 0;
		v = (struct visit){.m = &m, .stop_at = 3};
		map_each(&m, visit, &v);
		assert_int_equal(v.seen, MIN(3u, m.count));
		map_done(&m);
	}
}

static int insert_many(void *arg)
{
	struct entry entries[100];
	struct map m;
	int rc = 0;

	map_init(&m, key);
	for (uint64_t i = 0; i < ARRAY_LEN(entries) && rc == 0; i++) {
		entries[i] = (struct entry){.number = i};
		rc = map_insert(&m, &entries[i].node, hash_of(&m, i));
		assert_int_equal(m.count, i + (rc == 0));
		/* The first table is the only one without which nothing works. */
		assert_true(rc == 0 || i == 0);
		for (uint64_t k = 0; k <= i; k++)
			assert_ptr_equal(find(&m, k), rc == 0 ? &entries[k] : NULL);
	}
	map_done(&m);
	return rc;
}

static void test_memory(void **state)
{
	failing_each(insert_many, NULL);
}

/* What was announced takes its memory at once; when there is none, the map grows as if nothing had been said. */
static void test_reserve(void **state)
{
	for (unsigned poor = 0; poor < 2; poor++) {
		struct entry entries[100];
		struct map m;
		map_init(&m, key);
		failing_start(poor);
		map_reserve(&m, ARRAY_LEN(entries));
		failing_stop();
		assert_int_equal(m.size, poor ? 0 : 128);
		failing_start(poor ? 0 : 1);
		for (uint64_t i = 0; i < ARRAY_LEN(entries); i++) {
			entries[i] = (struct entry){.number = i};
			assert_int_equal(map_insert(&m, &entries[i].node, hash_of(&m, i)), 0);
		}
		map_reserve(&m, 1000); /* too late */
		assert_false(failing_stop());
		for (uint64_t i = 0; i < ARRAY_LEN(entries); i++)
			assert_ptr_equal(find(&m, i), &entries[i]);
		map_done(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash),    cmocka_unit_test(test_siphash_short),
		cmocka_unit_test(test_hash_with),  cmocka_unit_test(test_grows_in_steps),
		cmocka_unit_test(test_collisions), cmocka_unit_test(test_each_removes),
		cmocka_unit_test(test_memory),     cmocka_unit_test(test_reserve),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
