/* call/text.h - a text on the heap that whoever holds the struct owns, such as a leg its descriptions */
#pragma once
#include "base/slice.h"

struct own_text {
	char *p; /* NULL: none; an empty text is one */
	size_t n;
};

/* A copy, in the place of what was there. false: out of memory, and nothing has changed. */
MUST_USE bool text_set(struct own_text *t, struct slice s);
void text_done(struct own_text *t);
static inline struct slice text_slice(const struct own_text *t)
{
	return slice_of(t->p, t->n);
}
