/*
 * base/sentence.h - a sentence with places for values: "ring device {device}"
 *
 * What is told is kept as its kind and its values, a tab between them, in the order of the places; so whoever shows it
 * may say it in a language of their own. Pure; any thread.
 */
#pragma once
#include "base/slice.h"

/* The next {place} of a sentence, and what stands before it; false: there is none, and all is left as it was. */
bool sentence_next(struct slice *sentence, struct slice *ret_before, struct slice *ret_place);
unsigned sentence_places(struct slice sentence);
/* The value of the next place, of which there are `more` behind it. In the last a tab is its own. */
struct slice sentence_value(struct slice *values, unsigned more);
/* How many values a format for printf makes. */
unsigned sentence_values(const char *format);
