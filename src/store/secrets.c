/* store/secrets.c - line by line: fields of the head by name, then the body by its type */
#include "store/secrets.h"

/* ---- text that can be shown ---- */

static bool is_plain(char c)
{
	return (c >= ' ' && c < 0x7f) || c == '\r' || c == '\n' || c == '\t';
}

/* is_plain() of so many bytes in a few instructions: the store looks at every byte of every message. */
typedef uint8_t block __attribute__((vector_size(16)));

static bool are_plain(const char *p)
{
	union {
		block bytes;
		uint64_t words[2];
	} x, odd;
	memcpy(&x, p, sizeof(x));
	odd.bytes = (block)(((x.bytes < ' ') & (x.bytes != '\r') & (x.bytes != '\n') & (x.bytes != '\t')) |
			    (x.bytes >= 0x7f));
	return !(odd.words[0] | odd.words[1]);
}

/* Bytes at the beginning that are shown as they are: nearly always all. */
static size_t plain_bytes(struct slice s)
{
	size_t n = 0;
	while (s.n - n >= sizeof(block) && are_plain(s.p + n))
		n += sizeof(block);
	while (n < s.n && is_plain(s.p[n]))
		n++;
	return n;
}

static void write_shown(struct writer *w, struct slice s)
{
	while (s.n) {
		size_t n = plain_bytes(s);
		write_slice(w, slice_first(s, n));
		s = slice_from(s, n);
		if (!s.n)
			return;
		n = (unsigned char)*s.p < 0x80 ? 0 : slice_character(s);
		write_slice(w, n ? slice_first(s, n) : SLICE("?"));
		s = slice_from(s, MAX(n, (size_t)1));
	}
}

/* The next line with its end, whatever end a phone gives it. */
static struct slice next_line(struct slice *rest)
{
	struct slice all = *rest;
	const char *end = memchr(all.p, '\n', all.n);
	size_t n = end ? (size_t)(end - all.p) + 1 : all.n;
	const char *cr = memchr(all.p, '\r', n);
	if (cr && (size_t)(cr - all.p) + 2 < n) /* a line of its own: something follows that is no LF */
		n = (size_t)(cr - all.p) + 1;
	*rest = slice_from(all, n);
	return slice_first(all, n);
}

/*
 * What has been read and not yet written: most of a message goes in one piece. `from` is where that begins; all lines
 * are of one text.
 */
struct copier {
	struct writer *w;
	const char *from;
};

/* Everything up to `to`, as it is. */
static void copy_to(struct copier *c, const char *to)
{
	write_shown(c->w, slice_of(c->from, (size_t)(to - c->from)));
	c->from = to;
}

/* An asterisk in place of the line's bytes from `kept` on, but for its end. */
static void cut_line(struct copier *c, struct slice line, size_t kept)
{
	size_t text = line.n;
	while (text && (line.p[text - 1] == '\r' || line.p[text - 1] == '\n'))
		text--;
	if (kept >= text)
		return;
	copy_to(c, line.p + kept);
	write_char(c->w, '*');
	c->from = line.p + text;
}

static bool is_any(struct slice name, const struct slice *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (name.n == names[i].n && slice_caseeq(name, names[i]))
			return true;
	return false;
}

/* ---- credentials ---- */

/* Index behind a value that begins at `at`: a quoted string with its escapes, or anything up to a comma. */
static size_t value_end(struct slice s, size_t at)
{
	while (at < s.n && (s.p[at] == ' ' || s.p[at] == '\t'))
		at++;
	if (at < s.n && s.p[at] == '"') {
		for (at++; at < s.n && s.p[at] != '"'; at++)
			at += s.p[at] == '\\';
		at = MIN(at + 1, s.n);
	}
	while (at < s.n && s.p[at] != ',' && s.p[at] != '\r' && s.p[at] != '\n')
		at++;
	return at;
}

/* name=value, name=value ...: values stay only of names that are known to tell nothing. */
static void cut_parameters(struct copier *c, struct slice s)
{
	static const struct slice harmless[] = {{"username", 8}, {"realm", 5}, {"uri", 3},     {"algorithm", 9},
						{"qop", 3},      {"nc", 2},    {"charset", 7}, {"stale", 5},
						{"userhash", 8}, {"domain", 6}};
	while (s.n) {
		size_t name = 0;
		while (name < s.n && (s.p[name] == ' ' || s.p[name] == '\t' || s.p[name] == ','))
			name++;
		size_t equals = name;
		while (equals < s.n && s.p[equals] != '=' && s.p[equals] != ',' && s.p[equals] != '\r' &&
		       s.p[equals] != '\n')
			equals++;
		if (equals == s.n || s.p[equals] != '=') { /* no parameter: the line's end, or nothing we know */
			cut_line(c, s, name);
			return;
		}
		size_t end = value_end(s, equals + 1);
		struct slice word = slice_trim(slice_of(s.p + name, equals - name));
		if (!is_any(word, harmless, ARRAY_LEN(harmless)))
			cut_line(c, slice_first(s, end), equals + 1);
		s = slice_from(s, end);
	}
}

/* line: "Authorization: Digest ..."; `at`: behind its colon. Of a scheme other than Digest nothing but its name stays.
 */
static void cut_credentials(struct copier *c, struct slice line, size_t at, bool has_scheme)
{
	while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t'))
		at++;
	size_t scheme = at;
	while (has_scheme && at < line.n && line.p[at] != ' ' && line.p[at] != '\t' && line.p[at] != '\r' &&
	       line.p[at] != '\n')
		at++;
	if (has_scheme && !slice_caseeq(slice_of(line.p + scheme, at - scheme), SLICE("Digest"))) {
		cut_line(c, line, at);
		return;
	}
	cut_parameters(c, slice_from(line, at));
}

/* ---- the head ---- */

struct body {
	bool sdp, encoded;
};

/* True: the next line, if it is folded, belongs to a secret. */
static bool cut_field(struct copier *c, struct slice line, struct body *body)
{
	static const struct slice with_scheme[] = {{"Authorization", 13},
						   {"Proxy-Authorization", 19},
						   {"WWW-Authenticate", 16},
						   {"Proxy-Authenticate", 18}};
	static const struct slice without_scheme[] = {{"Authentication-Info", 19}, {"Proxy-Authentication-Info", 25}};
	static const struct slice type[] = {{"Content-Type", 12}, {"c", 1}};
	static const struct slice encoding[] = {{"Content-Encoding", 16}, {"e", 1}};
	/* The first letter tells most fields from those that matter here. */
	switch (ascii_lower(line.p[0])) {
	case 'a':
	case 'p':
	case 'w':
	case 'c':
	case 'e':
		break;
	default:
		return false;
	}
	ptrdiff_t colon = slice_find(line, ':');
	struct slice name = slice_trim(slice_first(line, colon < 0 ? 0 : (size_t)colon));
	bool schemed = is_any(name, with_scheme, ARRAY_LEN(with_scheme));
	if (schemed || is_any(name, without_scheme, ARRAY_LEN(without_scheme))) {
		cut_credentials(c, line, (size_t)colon + 1, schemed);
		return true;
	}
	if (is_any(name, type, ARRAY_LEN(type))) {
		struct slice value = slice_from(line, (size_t)colon + 1);
		body->sdp = slice_caseeq(slice_trim(slice_cut(&value, ';')), SLICE("application/sdp"));
	}
	body->encoded |= is_any(name, encoding, ARRAY_LEN(encoding));
	return false;
}

/* *rest is left at the body. */
static struct body cut_head(struct copier *c, struct slice *rest)
{
	struct body body = {false, false};
	bool secret = false;
	while (rest->n) {
		struct slice line = next_line(rest);
		if (line.p[0] == '\r' || line.p[0] == '\n')
			break;
		bool folded = line.p[0] == ' ' || line.p[0] == '\t';
		if (!folded)
			secret = cut_field(c, line, &body);
		else if (secret)
			cut_line(c, line, 1);
	}
	return body;
}

/* ---- the body ---- */

/* Index behind an "inline:" (RFC 4568 §6.1, also within the capabilities of 5939); the line's length: there is none. */
static size_t behind_inline(struct slice line)
{
	static const struct slice word = {"inline:", 7};
	const char *end = line.p + line.n;
	for (const char *p = line.p; (p = memchr(p, ':', (size_t)(end - p))) != NULL; p++) {
		size_t at = (size_t)(p - line.p) + 1;
		if (at >= word.n && slice_casestarts(slice_from(line, at - word.n), word))
			return at;
	}
	return line.n;
}

static void cut_description(struct copier *c, struct slice rest)
{
	static const struct slice lines[] = {{"a=ice-pwd:", 10}, {"a=key-mgmt:", 11}, {"k=", 2}};
	while (rest.n) {
		struct slice line = next_line(&rest);
		char letter = ascii_lower(line.p[0]);
		if (letter != 'a' && letter != 'k')
			continue;
		size_t kept = behind_inline(line);
		for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
			if (slice_casestarts(line, lines[i]))
				kept = MIN(kept, lines[i].n);
		}
		cut_line(c, line, kept);
	}
}

void secrets_cut(struct slice message, struct writer *w)
{
	struct copier c = {.w = w, .from = message.p};
	const char *end = message.p + message.n;
	struct body body = cut_head(&c, &message);
	if (body.sdp && !body.encoded) {
		cut_description(&c, message);
		copy_to(&c, end);
		return;
	}
	copy_to(&c, end - message.n);
	if (message.n)
		write_format(w, "(%zu bytes, cut)", message.n);
}
