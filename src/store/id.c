/* store/id.c - UUIDv7: 48 bits of milliseconds, 12 bits that keep the order, 62 random bits.   RFC 9562 §5.7, §6.2 */
#include <stdatomic.h>

#include "base/writer.h"
#include "store/store.h"

/* When the clock went back by more than this it was set, and new ids follow it; else it was corrected, and they wait.
 */
#define CLOCK_SET_BACK_MS 10000

/* Milliseconds << 12 | fraction: the order of all ids. §6.2 method 3, with a step of one where the clock stands still.
 */
static uint64_t next_stamp(int64_t wall_us)
{
	static _Atomic uint64_t last;
	uint64_t ms = (uint64_t)wall_us / 1000, us = (uint64_t)wall_us % 1000;
	uint64_t now = ms << 12 | us * 4096 / 1000;
	uint64_t before = atomic_load_explicit(&last, memory_order_relaxed), stamp;

	do {
		bool set_back = before > now && (before >> 12) - ms > CLOCK_SET_BACK_MS;
		stamp = before < now || set_back ? now : before + 1;
	} while (!atomic_compare_exchange_weak_explicit(&last, &before, stamp, memory_order_relaxed,
							memory_order_relaxed));
	return stamp;
}

void store_new_id(struct random *random, int64_t wall_us, char ret[STORE_ID_CAP])
{
	uint64_t stamp = next_stamp(wall_us), noise = random_u64(random);
	uint8_t bytes[16];

	for (int i = 0; i < 6; i++)
		bytes[i] = (uint8_t)(stamp >> (52 - 8 * i));
	bytes[6] = (uint8_t)(0x70 | ((stamp >> 8) & 0x0f));
	bytes[7] = (uint8_t)stamp;
	for (int i = 0; i < 8; i++)
		bytes[8 + i] = (uint8_t)(noise >> (56 - 8 * i));
	bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3f));

	struct writer w = writer_on(ret, STORE_ID_CAP);
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			write_char(&w, '-');
		write_hex(&w, &bytes[i], 1);
	}
	write_char(&w, '\0');
	ASSERT(!w.overflow);
}

struct slice store_id_at(int64_t wall_us, char text[16])
{
	uint64_t ms = (uint64_t)MAX(wall_us, (int64_t)0) / 1000;
	snprintf(text, 16, "%08llx-%04llx", (unsigned long long)(ms >> 16), (unsigned long long)(ms & 0xffff));
	return slice_from_string(text);
}

void store_keep_id(char ret[STORE_ID_CAP], struct slice id)
{
	struct slice kept = slice_first(id, STORE_ID_CAP - 1);
	if (kept.n)
		memcpy(ret, kept.p, kept.n);
	ret[kept.n] = 0;
}
