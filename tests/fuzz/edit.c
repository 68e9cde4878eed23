/* fuzz/edit.c - messages changed on their way, as world.h says */
#include "fuzz/edit.h"

struct text {
	char *p;
	size_t n, cap;
	bool length_named; /* Content-Length is as the edits want it */
};

/* `gone` bytes at `at` make room for this; what does not fit stays as it was. */
static void splice(struct text *t, size_t at, size_t gone, struct slice with)
{
	if (with.n > gone && with.n - gone > t->cap - t->n)
		return;
	memmove(t->p + at + with.n, t->p + at + gone, t->n - at - gone);
	if (with.n)
		memcpy(t->p + at, with.p, with.n);
	t->n = t->n - gone + with.n;
}

/* Offset of the empty line that ends the head; the whole length if there is none. */
static size_t head_end(const struct text *t)
{
	const char *end = memmem(t->p, t->n, "\r\n\r\n", 4);
	return end ? (size_t)(end - t->p) + 2 : t->n;
}

/* Length of the line at `at`, its end included. */
static size_t line_length(const struct text *t, size_t at)
{
	const char *end = memchr(t->p + at, '\n', t->n - at);
	return end ? (size_t)(end - t->p) - at + 1 : t->n - at;
}

/* The first line in [at, end) that begins with this; end: none. */
static size_t find_line(const struct text *t, size_t at, size_t end, struct slice prefix)
{
	while (at < end) {
		struct slice line = slice_of(t->p + at, end - at);
		if (line.n >= prefix.n && slice_caseeq(slice_first(line, prefix.n), prefix))
			return at;
		at += line_length(t, at);
	}
	return end;
}

static void put_line(struct text *t, size_t at, size_t gone, struct slice line)
{
	splice(t, at, gone, SLICE("\r\n"));
	splice(t, at, 0, line);
}

static struct slice name_of(struct slice field)
{
	ptrdiff_t colon = slice_find(field, ':');
	return colon < 0 ? field : slice_first(field, (size_t)colon + 1);
}

static bool names_length(struct slice field)
{
	return slice_starts(field, SLICE("Content-Length")) || slice_starts(field, SLICE("l:"));
}

static void edit_put(struct text *t, struct slice field)
{
	size_t end = head_end(t), at = find_line(t, 0, end, name_of(field));
	t->length_named |= names_length(field);
	put_line(t, at, at < end ? line_length(t, at) : 0, field);
}

static void edit_add(struct text *t, struct slice field)
{
	t->length_named |= names_length(field);
	put_line(t, MIN(line_length(t, 0), t->n), 0, field);
}

static void edit_drop(struct text *t, struct slice name)
{
	size_t end = head_end(t), at = find_line(t, 0, end, name);
	t->length_named |= names_length(name);
	if (at < end)
		splice(t, at, line_length(t, at), SLICE_NONE);
}

static void edit_first(struct text *t, struct slice line)
{
	put_line(t, 0, line_length(t, 0), line);
}

static void edit_sdp(struct text *t, struct slice line)
{
	size_t body = MIN(head_end(t) + 2, t->n), at = find_line(t, body, t->n, slice_first(line, MIN(line.n, 2)));
	put_line(t, at, at < t->n ? line_length(t, at) : 0, line);
}

static void edit_body(struct text *t, struct slice body)
{
	t->n = MIN(head_end(t) + 2, t->n);
	while (!slice_empty(body))
		put_line(t, t->n, 0, slice_cut(&body, '\\'));
}

static void edit_cut(struct text *t, struct slice number)
{
	uint64_t n;
	t->length_named = true;
	if (slice_u64(number, t->n, &n))
		t->n = (size_t)n;
}

static void edit_lost(struct text *t, struct slice nothing)
{
	t->n = 0;
}

static const struct {
	const char *word;
	void (*edit)(struct text *t, struct slice rest);
} kinds[] = {{"put", edit_put}, {"add", edit_add},   {"drop", edit_drop}, {"first", edit_first},
	     {"sdp", edit_sdp}, {"body", edit_body}, {"cut", edit_cut},   {"lost", edit_lost}};

bool world_edit(struct world *w, enum world_who who, struct slice line)
{
	struct slice rest = line, word = slice_cut(&rest, ' ');
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (slice_eq(word, slice_from_string(kinds[i].word)) && w->edit_count < WORLD_EDITS_MAX) {
			w->edits[w->edit_count++] = (struct world_edit){who, line};
			return true;
		}
	return false;
}

/* Content-Length is what the body has. */
static void measure(struct text *t)
{
	char text[40];
	struct writer w = writer_on(text, sizeof(text));
	size_t end = head_end(t), at = find_line(t, 0, end, SLICE("Content-Length:"));
	write_format(&w, "Content-Length: %zu", t->n - MIN(end + 2, t->n));
	if (at < end)
		put_line(t, at, line_length(t, at), writer_slice(&w));
}

/* The next of w->bodies instead of a description. */
static void replace_description(struct world *w, struct text *t)
{
	size_t body = MIN(head_end(t) + 2, t->n);
	if (slice_empty(w->bodies) || body == t->n)
		return;
	t->n = body;
	while (!slice_empty(w->bodies)) {
		struct slice line = slice_cut(&w->bodies, '\n');
		if (slice_eq(line, SLICE("--")))
			return;
		put_line(t, t->n, 0, line);
	}
}

static void do_edits(struct world *w, enum world_who who, struct text *t)
{
	size_t kept = 0;
	for (size_t i = 0; i < w->edit_count; i++) {
		if (w->edits[i].who != who) {
			w->edits[kept++] = w->edits[i];
			continue;
		}
		struct slice rest = w->edits[i].line, word = slice_cut(&rest, ' ');
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
			if (slice_eq(word, slice_from_string(kinds[k].word)))
				kinds[k].edit(t, rest);
	}
	w->edit_count = kept;
}

size_t world_meddle(void *arg, struct sim_phone *from, char *bytes, size_t n, size_t cap)
{
	struct world *w = arg;
	struct text t = {.p = bytes, .n = n, .cap = cap};
	size_t who = 0;
	while (w->people[who] != from)
		who++;
	replace_description(w, &t);
	do_edits(w, (enum world_who)who, &t);
	if (!t.length_named)
		measure(&t);
	w->sent_n[who] = MIN(t.n, sizeof(w->sent[who]));
	memcpy(w->sent[who], t.p, w->sent_n[who]);
	return t.n;
}
