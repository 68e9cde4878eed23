/* call/text.c - see text.h */
#include "call/text.h"

#include <stdlib.h>

bool text_set(struct own_text *t, struct slice s)
{
	char *copy = slice_dup(s);
	if (!copy)
		return false;
	free(t->p);
	*t = (struct own_text){.p = copy, .n = s.n};
	return true;
}

void text_done(struct own_text *t)
{
	free(t->p);
	*t = (struct own_text){0};
}
