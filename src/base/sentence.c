/* base/sentence.c - see base/sentence.h */
#include "base/sentence.h"

bool sentence_next(struct slice *sentence, struct slice *ret_before, struct slice *ret_place)
{
	struct slice rest = *sentence;
	struct slice before = slice_cut(&rest, '{'), place = slice_cut(&rest, '}');
	if (slice_empty(place))
		return false;
	*sentence = rest;
	*ret_before = before;
	*ret_place = place;
	return true;
}

unsigned sentence_places(struct slice sentence)
{
	struct slice before, place;
	unsigned n = 0;
	while (sentence_next(&sentence, &before, &place))
		n++;
	return n;
}

struct slice sentence_value(struct slice *values, unsigned more)
{
	struct slice last = *values;
	if (more)
		return slice_cut(values, '\t');
	*values = SLICE_NONE;
	return last;
}

unsigned sentence_values(const char *format)
{
	unsigned n = 1;
	for (; *format; format++)
		n += *format == '\t';
	return n;
}
