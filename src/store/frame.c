/* store/frame.c - SIP messages framed into one text, and read back strictly */
#include "store/frame.h"

void store_frame_write(struct writer *w, const struct store_message *m)
{
	size_t begin = w->n;
	secrets_cut(m->text, w);
	char bytes[STORE_FRAME_LINE];
	struct writer line = writer_on(bytes, sizeof(bytes));
	write_i64(&line, m->at_us);
	write_string(&line, m->sent ? " sent" : " received");
	write_string(&line, m->callee ? " callee " : " caller ");
	write_slice(&line, m->transport);
	write_char(&line, ' ');
	write_slice(&line, m->remote);
	write_char(&line, ' ');
	write_u64(&line, w->n - begin);
	write_char(&line, '\n');
	ASSERT(!line.overflow);
	/* How long the text is shows when it is cut: the line goes before it then. */
	write_slice(w, writer_slice(&line));
	if (w->overflow)
		return;
	memmove(w->p + begin + line.n, w->p + begin, w->n - begin - line.n);
	memcpy(w->p + begin, line.p, line.n);
}

static bool one_of(struct slice word, struct slice yes, struct slice no, bool *ret)
{
	*ret = slice_eq(word, yes);
	return *ret || slice_eq(word, no);
}

bool store_frame_read(struct slice *rest, struct store_message *ret)
{
	ptrdiff_t end = slice_find(*rest, '\n');
	if (end < 0)
		return false;
	struct slice line = slice_first(*rest, (size_t)end), bytes = slice_from(*rest, (size_t)end + 1);
	struct store_message m = {0};
	uint64_t at_us, n;
	if (!slice_u64(slice_cut(&line, ' '), INT64_MAX, &at_us) ||
	    !one_of(slice_cut(&line, ' '), SLICE("sent"), SLICE("received"), &m.sent) ||
	    !one_of(slice_cut(&line, ' '), SLICE("callee"), SLICE("caller"), &m.callee))
		return false;
	m.transport = slice_cut(&line, ' ');
	m.remote = slice_cut(&line, ' ');
	if (slice_empty(m.transport) || slice_empty(m.remote) || !slice_u64(line, bytes.n, &n))
		return false;
	m.at_us = (int64_t)at_us;
	m.text = slice_first(bytes, n);
	*ret = m;
	*rest = slice_from(bytes, n);
	return true;
}
