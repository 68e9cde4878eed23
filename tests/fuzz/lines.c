/* fuzz/lines.c - see lines.h */
#include "fuzz/lines.h"

#include "base/random.h"
#include "base/writer.h"

#define LINE_MAX_BYTES 512
#define TRIES_MAX 4 /* changes of one mutation */

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t cap);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t cap, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_n, const uint8_t *other, size_t other_n, uint8_t *out,
				 size_t cap, unsigned seed);

struct text {
	char *p;
	size_t n, cap;
};

/* `gone` bytes at `at` make room for `with`, which is not in the text itself; what does not fit stays as it was. */
static void splice(struct text *t, size_t at, size_t gone, struct slice with)
{
	if (with.n > gone && with.n - gone > t->cap - t->n)
		return;
	memmove(t->p + at + with.n, t->p + at + gone, t->n - at - gone);
	if (with.n)
		memcpy(t->p + at, with.p, with.n);
	t->n = t->n - gone + with.n;
}

static size_t count_lines(struct slice text)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n + (text.n > 0 && text.p[text.n - 1] != '\n');
}

/* A line by chance, without its end; empty: there is none. */
static struct slice any_line(struct slice text, struct random *r)
{
	size_t count = count_lines(text);
	struct slice line = SLICE_NONE;
	if (count == 0)
		return slice_of(text.p, 0);
	for (size_t i = random_below(r, (uint32_t)count) + 1; i > 0; i--)
		line = slice_cut(&text, '\n');
	return line;
}

static struct slice listed_line(struct random *r)
{
	uint32_t count = 0;
	while (lines_words[count])
		count++;
	return slice_from_string(lines_words[random_below(r, count)]);
}

/* How a line begins: "a=crypto:", "REGISTER ", "v=". */
static struct slice kind_of(struct slice line)
{
	size_t n = 0;
	while (n < line.n && line.p[n] != ':' && line.p[n] != ' ')
		n++;
	if (n == line.n)
		n = (size_t)(slice_find(line, '=') + 1);
	return slice_first(line, n + (n < line.n));
}

/* Of the lines that begin so, each with the same chance; empty: there is none. */
static struct slice line_of_kind(struct slice text, struct slice kind, struct random *r)
{
	struct slice found = slice_of(text.p, 0);
	uint32_t seen = 0;
	while (!slice_empty(text)) {
		struct slice line = slice_cut(&text, '\n');
		if (slice_starts(line, kind) && random_below(r, ++seen) == 0)
			found = line;
	}
	return found;
}

/* Half the time a line of which the list has many, however few there are of it here. */
static struct slice telling_line(struct slice text, struct random *r)
{
	struct slice line = random_below(r, 2) ? line_of_kind(text, kind_of(listed_line(r)), r) : SLICE_NONE;
	return line.n ? line : any_line(text, r);
}

/* Before a line by chance, or last. */
static void insert_line(struct text *t, struct slice line, struct random *r)
{
	struct slice all = slice_of(t->p, t->n), where = any_line(all, r);
	size_t at = where.p && random_below(r, 4) ? (size_t)(where.p - t->p) : t->n;
	char copy[LINE_MAX_BYTES + 1];
	size_t n = MIN(line.n, LINE_MAX_BYTES);
	if (at > 0 && t->p[at - 1] != '\n')
		return;
	if (n)
		memcpy(copy, line.p, n);
	copy[n] = '\n';
	splice(t, at, 0, slice_of(copy, n + 1));
}

/* One from the list instead of one of its kind. */
static void replace_line(struct text *t, struct random *r)
{
	struct slice with = listed_line(r), line = line_of_kind(slice_of(t->p, t->n), kind_of(with), r);
	if (line.n)
		splice(t, (size_t)(line.p - t->p), line.n, with);
}

static void remove_line(struct text *t, struct random *r)
{
	struct slice line = any_line(slice_of(t->p, t->n), r);
	if (line.p)
		splice(t, (size_t)(line.p - t->p), MIN(line.n + 1, t->n - (size_t)(line.p - t->p)), SLICE_NONE);
}

static void spoil_line(struct text *t, struct random *r)
{
	char bytes[LINE_MAX_BYTES];
	struct slice line = telling_line(slice_of(t->p, t->n), r);
	if (line.n == 0 || line.n > sizeof(bytes) / 2)
		return;
	memcpy(bytes, line.p, line.n);
	/* Mostly what comes behind the first words. */
	size_t from = random_below(r, 4) ? random_below(r, (uint32_t)line.n) : 0;
	size_t n = LLVMFuzzerMutate((uint8_t *)bytes + from, line.n - from, sizeof(bytes) - from);
	splice(t, (size_t)(line.p - t->p), line.n, slice_of(bytes, from + n));
}

/* A line ends early: anywhere, or before or behind a character that parts something. */
static void cut_line(struct text *t, struct random *r)
{
	struct slice line = telling_line(slice_of(t->p, t->n), r);
	if (line.n == 0)
		return;
	size_t kept = random_below(r, (uint32_t)line.n);
	if (random_below(r, 4)) {
		while (kept < line.n && slice_find(SLICE("=:;,\"-+%/.T"), line.p[kept]) < 0)
			kept++;
		kept = MIN(kept + random_below(r, 2), line.n);
	}
	splice(t, (size_t)(line.p - t->p) + kept, line.n - kept, SLICE_NONE);
}

/* A byte of it stands there very often: longer than any place that was made for it. */
static void stretch_line(struct text *t, struct random *r)
{
	char bytes[LINE_MAX_BYTES];
	struct slice line = telling_line(slice_of(t->p, t->n), r);
	if (line.n == 0)
		return;
	size_t at = random_below(r, (uint32_t)line.n), n = (size_t)8 << random_below(r, 7);
	memset(bytes, line.p[at], n);
	splice(t, (size_t)(line.p - t->p) + at, 0, slice_of(bytes, n));
}

static bool begins_number(struct slice line, size_t i)
{
	char before = i ? line.p[i - 1] : ' ';
	bool in_word = before == '_' || (before >= '0' && before <= '9') || (before >= 'A' && before <= 'Z') ||
		       (before >= 'a' && before <= 'z');
	return !in_word && line.p[i] >= '0' && line.p[i] <= '9';
}

/* A number of a line is another one: the next, or one at which something ends. */
static void change_number(struct text *t, struct random *r)
{
	static const uint64_t edges[] = {0,   1,   3,   4,   9,     16,    17,         32,        64,
					 127, 128, 255, 256, 65535, 65536, UINT32_MAX, INT64_MAX, UINT64_MAX};
	struct slice line = telling_line(slice_of(t->p, t->n), r);
	char text[24];
	size_t at = line.n, n = 0, seen = 0;
	uint64_t value = 0;
	for (size_t i = 0; i < line.n; i++)
		if (begins_number(line, i) && random_below(r, (uint32_t)++seen) == 0)
			at = i; /* each of them with the same chance */
	if (at == line.n)
		return;
	while (at + n < line.n && n < 19 && line.p[at + n] >= '0' && line.p[at + n] <= '9')
		value = value * 10 + (uint64_t)(line.p[at + n++] - '0');
	uint32_t choice = random_below(r, ARRAY_LEN(edges) + 8);
	value = choice < ARRAY_LEN(edges) ? edges[choice] : choice % 2 ? value + 1 + random_below(r, 3) : value - 1;
	struct writer w = writer_on(text, sizeof(text));
	write_u64(&w, value);
	splice(t, (size_t)(line.p - t->p) + at, n, writer_slice(&w));
}

/* A word of one line takes the place of a word of another. */
static void exchange_word(struct text *t, struct random *r)
{
	struct slice all = slice_of(t->p, t->n), from = random_below(r, 2) ? listed_line(r) : any_line(all, r);
	struct slice to = any_line(all, r), word = SLICE_NONE, place = SLICE_NONE;
	char copy[LINE_MAX_BYTES];
	for (unsigned i = random_below(r, 5) + 1; i > 0 && from.n; i--)
		word = slice_cut(&from, ' ');
	for (unsigned i = random_below(r, 5) + 1; i > 0 && to.n; i--)
		place = slice_cut(&to, ' ');
	if (!place.n || !word.n || word.n > sizeof(copy))
		return;
	memcpy(copy, word.p, word.n);
	splice(t, (size_t)(place.p - t->p), place.n, slice_of(copy, word.n));
}

static void change(struct text *t, struct random *r)
{
	for (uint32_t i = random_below(r, TRIES_MAX) + 1; i > 0; i--) {
		switch (random_below(r, 14)) {
		case 0:
		case 1:
			insert_line(t, listed_line(r), r);
			break;
		case 2:
			insert_line(t, any_line(slice_of(t->p, t->n), r), r);
			break;
		case 3:
			remove_line(t, r);
			break;
		case 4:
			spoil_line(t, r);
			break;
		case 5:
		case 6:
			cut_line(t, r);
			break;
		case 7:
		case 8:
			change_number(t, r);
			break;
		case 9:
		case 10:
			stretch_line(t, r);
			break;
		case 11:
		case 12:
			replace_line(t, r);
			break;
		default:
			exchange_word(t, r);
		}
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t cap, unsigned seed)
{
	struct random r;
	struct text t = {(char *)data, size, cap};
	random_init_seeded(&r, seed);
	change(&t, &r);
	return t.n;
}

/* The beginning of one and the end of the other, cut where lines end, and then changed: half of all inputs come here.
 */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_n, const uint8_t *other, size_t other_n, uint8_t *out,
				 size_t cap, unsigned seed)
{
	struct random r;
	random_init_seeded(&r, seed);
	struct slice head = slice_of(one, one_n), tail = slice_of(other, other_n);
	struct slice last = any_line(head, &r), first = any_line(tail, &r);
	struct writer w = writer_on((char *)out, cap);
	if (last.p)
		write_slice(&w, slice_first(head, (size_t)(last.p + last.n - head.p)));
	write_char(&w, '\n');
	if (first.p)
		write_slice(&w, slice_from(tail, (size_t)(first.p - tail.p)));
	if (w.overflow)
		return 0;
	struct text t = {(char *)out, w.n, cap};
	change(&t, &r);
	return t.n;
}
