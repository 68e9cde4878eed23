/*
 * fuzz/records.c - a mutator for inputs of one byte and then records: two bytes, a length, and so many bytes
 *
 * It repeats, moves, removes, changes and shortens whole records, keeps their lengths true, and lets the fuzzer at the
 * bytes of one; now and then the first byte is another one. fuzz_srtp.c and fuzz_voice.c have such inputs. With the
 * fuzzer only: replay.c needs none.
 */
#include "base/random.h"
#include "base/slice.h"

#define HEAD 3
#define RECORD_MAX (HEAD + 255)
#define RECORDS_MAX 64

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t cap);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t cap, unsigned seed);

struct record {
	uint8_t bytes[RECORD_MAX];
	size_t n;
};

/* Returns how many; at most RECORDS_MAX. */
static size_t split(const uint8_t *p, size_t n, struct record *ret)
{
	size_t count = 0;
	while (n >= HEAD && count < RECORDS_MAX) {
		struct record *r = &ret[count++];
		r->n = MIN(HEAD + (size_t)p[2], n);
		memcpy(r->bytes, p, r->n);
		p += r->n;
		n -= r->n;
	}
	return count;
}

static size_t join(const struct record *r, size_t count, uint8_t *p, size_t cap)
{
	size_t n = 0;
	for (size_t i = 0; i < count && r[i].n <= cap - n; i++) {
		memcpy(p + n, r[i].bytes, r[i].n);
		p[n + 2] = (uint8_t)(r[i].n - HEAD);
		n += r[i].n;
	}
	return n;
}

/* A copy of record `from` before record `at`. */
static size_t insert(struct record *r, size_t count, size_t at, size_t from)
{
	struct record copy = r[from];
	if (count == RECORDS_MAX)
		return count;
	memmove(r + at + 1, r + at, (count - at) * sizeof(*r));
	r[at] = copy;
	return count + 1;
}

static size_t change(struct record *r, size_t count, struct random *random)
{
	size_t at = random_below(random, (uint32_t)count), other = random_below(random, (uint32_t)count);
	switch (random_below(random, 8)) {
	case 0:
		return insert(r, count, at, other);
	case 1:
		memmove(r + at, r + at + 1, (count - at - 1) * sizeof(*r));
		return count - 1;
	case 2: /* the next of its kind: sequence number and time go on */
		count = insert(r, count, at, at);
		if (at + 1 < count && r[at + 1].n >= HEAD + 8) {
			r[at + 1].bytes[HEAD + 3]++;
			r[at + 1].bytes[HEAD + 7] += 160;
		}
		return count;
	case 3:
		r[at].bytes[0] ^= (uint8_t)(1 << random_below(random, 8));
		return count;
	case 4:
		r[at].bytes[1] = (uint8_t)random_u64(random);
		return count;
	case 5: /* it ends early, often at once */
		r[at].n = HEAD + random_below(random, (uint32_t)(random_below(random, 2) ? MIN(r[at].n - HEAD, 3) + 1
											 : r[at].n - HEAD + 1));
		return count;
	case 6: /* the same in the way of another one */
		r[at].bytes[0] = r[other].bytes[0];
		return count;
	default:
		r[at].n = HEAD + LLVMFuzzerMutate(r[at].bytes + HEAD, r[at].n - HEAD, RECORD_MAX - HEAD);
		return count;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t cap, unsigned seed)
{
	static struct record records[RECORDS_MAX];
	struct random random;
	random_init_seeded(&random, seed);
	size_t count = size ? split(data + 1, size - 1, records) : 0;
	if (size && random_below(&random, 8) == 0)
		data[0] ^= (uint8_t)(1 << random_below(&random, 8));
	if (count == 0 || random_below(&random, 8) == 0)
		return LLVMFuzzerMutate(data, size, cap);
	for (uint32_t i = random_below(&random, 3) + 1; i > 0 && count > 0; i--)
		count = change(records, count, &random);
	return 1 + join(records, count, data + 1, cap - 1);
}
