/*
 * sip/framing.c - see framing.h
 *
 * What it takes for the end of the head and for Content-Length is what message.c will: lines end with CRLF alone, a
 * length is digits and comes once. Else a stranger could make the two disagree on where a message ends.
 */
#include "sip/framing.h"
#include "sip/scan.h"

enum {
	BETWEEN,    /* before a message: CRLFs are keep-alives; match counts the bytes of CR LF CR LF */
	LINE_START, /* first byte of a header line */
	NAME,       /* match bytes of "content-length" have come */
	NAME_END,   /* the name was Content-Length: white space, then ':' */
	LENGTH,     /* its value, before or in the digits */
	LENGTH_END, /* white space after the digits */
	SKIP,       /* the rest of a line that is not looked at */
	LINE_LF,    /* CR seen: LF must follow */
	HEAD_LF,    /* CR of the empty line seen */
	BODY
};

static const char content_length[] = "content-length";
#define COMPACT (sizeof(content_length)) /* match after an 'l' that may be the compact form */
static const char too_large[] = "Message Too Large";

void sip_framer_reset(struct sip_framer *f)
{
	*f = (struct sip_framer){0};
}

static enum sip_frame refuse(struct sip_reason *reterr, size_t offset, unsigned status, const char *text)
{
	*reterr = (struct sip_reason){.offset = (uint32_t)offset, .status = (uint16_t)status, .text = text};
	return SIP_FRAME_BAD;
}

/* BETWEEN: nothing but CR and LF so far. */
static enum sip_frame scan_between(struct sip_framer *f, struct slice buffer, size_t *ret_n, struct sip_reason *reterr)
{
	static const char ping[] = "\r\n\r\n";
	while (f->seen < buffer.n) {
		char c = buffer.p[f->seen];
		if (f->match == 0 && sip_charset_has(&sip_token_chars, c)) {
			f->state = SKIP;
			return SIP_FRAME_MORE;
		}
		if (f->match == 2 && c != '\r') {
			*ret_n = 2;
			return SIP_FRAME_SKIP;
		}
		if (c != ping[f->match])
			return refuse(reterr, f->seen, 400, "Not SIP");
		f->seen++;
		if (++f->match == 4) {
			*ret_n = 4;
			return SIP_FRAME_PING;
		}
	}
	return SIP_FRAME_MORE;
}

/* One byte of a name or of Content-Length's value. NULL, or why it is refused. */
static const char *step(struct sip_framer *f, char c)
{
	char lower = ascii_lower(c);
	switch (f->state) {
	case LINE_START:
		if (sip_is_space(c)) {
			/* A continuation (§7.3.1), of a length as of anything else. */
			f->state = !f->in_length ? SKIP : f->has_length ? LENGTH_END : LENGTH;
			return NULL;
		}
		if (f->in_length && !f->has_length)
			return "Bad Content-Length";
		f->in_length = false;
		f->match = lower == 'l' ? COMPACT : lower == content_length[0] ? 1 : 0;
		f->state = c == '\r' ? HEAD_LF : f->match ? NAME : SKIP;
		return c == '\n' ? "Line Not Ended By CRLF" : NULL;
	case NAME:
		if (f->match < sizeof(content_length) - 1) {
			f->state = lower == content_length[f->match] ? NAME : SKIP;
			f->match++;
			return NULL;
		}
		f->state = sip_is_space(c) ? NAME_END : c == ':' ? LENGTH : SKIP;
		break;
	case NAME_END:
		f->state = sip_is_space(c) ? NAME_END : c == ':' ? LENGTH : SKIP;
		break;
	case LENGTH:
	case LENGTH_END:
		if (c == '\r') {
			f->state = LINE_LF;
		} else if (f->state == LENGTH && sip_is_digit(c)) {
			f->has_length = true;
			f->number = f->number * 10 + (uint32_t)(c - '0');
			return f->number > SIP_MESSAGE_MAX ? too_large : NULL;
		} else if (!sip_is_space(c)) {
			return "Bad Content-Length";
		} else if (f->has_length) {
			f->state = LENGTH_END;
		}
		return NULL;
	default:
		return NULL;
	}
	if (f->state == LENGTH) {
		f->in_length = true;
		return f->has_length ? "Header Field Given Twice" : NULL;
	}
	return NULL;
}

/* To the end of the head or of the bytes. NULL, or why it is refused; f->seen is then where. */
static const char *scan_head(struct sip_framer *f, struct slice bytes)
{
	while (f->seen < bytes.n && f->state != BODY) {
		const char *p = bytes.p + f->seen, *end = bytes.p + bytes.n, *why;
		switch (f->state) {
		case SKIP: {
			const char *cr = memchr(p, '\r', (size_t)(end - p));
			const char *stop = cr ? cr : end;
			const char *lf = memchr(p, '\n', (size_t)(stop - p));
			f->seen = (size_t)((lf ? lf : stop) - bytes.p);
			if (lf)
				return "Line Not Ended By CRLF";
			if (cr) {
				f->seen++;
				f->state = LINE_LF;
			}
			break;
		}
		case LINE_LF:
		case HEAD_LF:
			if (*p != '\n')
				return "Line Not Ended By CRLF";
			f->seen++;
			if (f->state == HEAD_LF)
				f->head_n = f->seen;
			f->state = f->state == HEAD_LF ? BODY : LINE_START;
			break;
		default:
			why = step(f, *p);
			if (why)
				return why;
			/* A byte that ended the name too early may itself be a CR: SKIP looks at it as its first. */
			if (f->state != SKIP)
				f->seen++;
			break;
		}
	}
	return NULL;
}

enum sip_frame sip_framer_scan(struct sip_framer *f, struct slice buffer, size_t *ret_n, struct sip_reason *reterr)
{
	if (f->state == BETWEEN) {
		enum sip_frame frame = scan_between(f, buffer, ret_n, reterr);
		if (f->state == BETWEEN)
			return frame;
	}
	if (f->state != BODY) {
		/* Never past the bound: so what comes beyond it changes nothing, whether or not it is there yet. */
		const char *why = scan_head(f, slice_first(buffer, SIP_MESSAGE_MAX));
		if (why)
			return refuse(reterr, f->seen, why == too_large ? 513 : 400, why);
		if (f->state != BODY)
			return f->seen < SIP_MESSAGE_MAX ? SIP_FRAME_MORE : refuse(reterr, f->seen, 513, too_large);
		if (!f->has_length)
			return refuse(reterr, f->head_n, 400, "Missing Content-Length");
		if (f->number > SIP_MESSAGE_MAX - f->head_n)
			return refuse(reterr, f->head_n, 513, too_large);
		f->body_n = f->number;
	}
	size_t n = f->head_n + f->body_n;
	f->seen = MIN(buffer.n, n);
	if (buffer.n < n)
		return SIP_FRAME_MORE;
	*ret_n = n;
	return SIP_FRAME_MESSAGE;
}
