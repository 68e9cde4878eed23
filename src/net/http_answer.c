/* net/http_answer.c - what the other side sends, bounded */
#include "net/http_private.h"

/* To libcurl: that is not what it gave, so it gives up. */
#define REFUSED 0

size_t http_take_head(char *bytes, size_t one, size_t n, void *call)
{
	struct http_call *c = call;

	if (n > HTTP_HEAD_MAX - c->head_seen) {
		c->why = "The head of its answer is too long.";
		return REFUSED;
	}
	c->head_seen += n;
	if (slice_starts(slice_of(bytes, n), SLICE("HTTP/"))) {
		c->head_n = 0; /* what stood there was an interim answer: RFC 9110 §15.2 */
		return n;
	}
	memcpy(c->head + c->head_n, bytes, n);
	c->head_n += n;
	return n;
}

size_t http_take_body(char *bytes, size_t one, size_t n, void *call)
{
	struct http_call *c = call;

	if (n > c->answer_max - c->body_n) {
		c->why = "Its answer is too long.";
		return REFUSED;
	}
	if (n > c->body_cap - c->body_n) {
		size_t cap = MIN(c->answer_max, MAX(c->body_n + n, 2 * c->body_cap));
		char *more = realloc(c->body, cap);
		if (!more) {
			c->why = "There is no memory for its answer.";
			return REFUSED;
		}
		c->body = more;
		c->body_cap = cap;
	}
	memcpy(c->body + c->body_n, bytes, n);
	c->body_n += n;
	return n;
}

struct slice http_answer_header(const struct http_answer *a, const char *name)
{
	struct slice rest = a->head, wanted = slice_from_string(name);

	while (rest.n) {
		struct slice value = slice_cut(&rest, '\n');
		if (slice_find(value, ':') >= 0 && slice_caseeq(slice_cut(&value, ':'), wanted))
			return slice_trim(value);
	}
	return SLICE_NONE;
}
