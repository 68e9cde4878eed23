/* store/secrets.c - line by line: fields of the head by name, then the body by its type */
#include "store/secrets.h"

/* ---- text that can be shown ---- */

static bool is_plain(char c)
{
	return (c >= ' ' && c < 0x7f) || c == '\r' || c == '\n' || c == '\t';
}

static void write_shown(struct writer *w, struct slice s)
{
	while (s.n) {
		size_t n = 0;
		while (n < s.n && is_plain(s.p[n]))
			n++;
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
	size_t n = 0;
	while (n < all.n && all.p[n] != '\r' && all.p[n] != '\n')
		n++;
	if (n < all.n && all.p[n] == '\r')
		n++;
	if (n < all.n && all.p[n] == '\n')
		n++;
	*rest = slice_from(all, n);
	return slice_first(all, n);
}

/* The line's first `kept` bytes, an asterisk for the rest, and its end. */
static void write_cut(struct writer *w, struct slice line, size_t kept)
{
	size_t text = line.n;
	while (text && (line.p[text - 1] == '\r' || line.p[text - 1] == '\n'))
		text--;
	write_shown(w, slice_first(line, MIN(kept, text)));
	if (kept < text)
		write_char(w, '*');
	write_shown(w, slice_from(line, text));
}

static bool is_any(struct slice name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_caseeq(name, slice_from_string(names[i])))
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
static void write_parameters(struct writer *w, struct slice s)
{
	static const char *const harmless[] = {"username", "realm",   "uri",   "algorithm", "qop",
					       "nc",       "charset", "stale", "userhash",  "domain"};
	while (s.n) {
		size_t name = 0;
		while (name < s.n && (s.p[name] == ' ' || s.p[name] == '\t' || s.p[name] == ','))
			name++;
		size_t equals = name;
		while (equals < s.n && s.p[equals] != '=' && s.p[equals] != ',' && s.p[equals] != '\r' &&
		       s.p[equals] != '\n')
			equals++;
		if (equals == s.n || s.p[equals] != '=') { /* no parameter: the line's end, or nothing we know */
			write_cut(w, s, name);
			return;
		}
		size_t end = value_end(s, equals + 1);
		struct slice word = slice_trim(slice_of(s.p + name, equals - name));
		if (is_any(word, harmless, ARRAY_LEN(harmless)))
			write_shown(w, slice_first(s, end));
		else
			write_cut(w, slice_first(s, end), equals + 1);
		s = slice_from(s, end);
	}
}

/* line: "Authorization: Digest ..."; `at`: behind its colon. Of a scheme other than Digest nothing but its name stays.
 */
static void write_credentials(struct writer *w, struct slice line, size_t at, bool has_scheme)
{
	while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t'))
		at++;
	size_t scheme = at;
	while (has_scheme && at < line.n && line.p[at] != ' ' && line.p[at] != '\t' && line.p[at] != '\r' &&
	       line.p[at] != '\n')
		at++;
	if (has_scheme && !slice_caseeq(slice_of(line.p + scheme, at - scheme), SLICE("Digest"))) {
		write_cut(w, line, at);
		return;
	}
	write_shown(w, slice_first(line, at));
	write_parameters(w, slice_from(line, at));
}

/* ---- the head ---- */

struct body {
	bool sdp, encoded;
};

/* True: the next line, if it is folded, belongs to a secret. */
static bool write_field(struct writer *w, struct slice line, struct body *body)
{
	static const char *const with_scheme[] = {"Authorization", "Proxy-Authorization", "WWW-Authenticate",
						  "Proxy-Authenticate"};
	static const char *const without_scheme[] = {"Authentication-Info", "Proxy-Authentication-Info"};
	static const char *const type[] = {"Content-Type", "c"}, *const encoding[] = {"Content-Encoding", "e"};
	ptrdiff_t colon = slice_find(line, ':');
	struct slice name = slice_trim(slice_first(line, colon < 0 ? 0 : (size_t)colon));
	bool schemed = is_any(name, with_scheme, ARRAY_LEN(with_scheme));
	if (schemed || is_any(name, without_scheme, ARRAY_LEN(without_scheme))) {
		write_credentials(w, line, (size_t)colon + 1, schemed);
		return true;
	}
	if (is_any(name, type, ARRAY_LEN(type))) {
		struct slice value = slice_from(line, (size_t)colon + 1);
		body->sdp = slice_caseeq(slice_trim(slice_cut(&value, ';')), SLICE("application/sdp"));
	}
	body->encoded |= is_any(name, encoding, ARRAY_LEN(encoding));
	write_shown(w, line);
	return false;
}

/* *rest is left at the body. */
static struct body write_head(struct writer *w, struct slice *rest)
{
	struct body body = {false, false};
	bool secret = false;
	while (rest->n) {
		struct slice line = next_line(rest);
		if (slice_empty(slice_trim(line)) && line.p[0] != ' ' && line.p[0] != '\t') {
			write_slice(w, line);
			break;
		}
		bool folded = line.p[0] == ' ' || line.p[0] == '\t';
		if (folded && secret)
			write_cut(w, line, 1);
		else if (folded)
			write_shown(w, line);
		else
			secret = write_field(w, line, &body);
	}
	return body;
}

/* ---- the body ---- */

/* Index of the first of these words, whatever its letters' case; -1: not there. */
static ptrdiff_t find_word(struct slice s, struct slice word)
{
	for (size_t i = 0; i + word.n <= s.n; i++)
		if (slice_casestarts(slice_from(s, i), word))
			return (ptrdiff_t)i;
	return -1;
}

static void write_description(struct writer *w, struct slice rest)
{
	static const char *const lines[] = {"a=ice-pwd:", "a=key-mgmt:", "k="};
	while (rest.n) {
		struct slice line = next_line(&rest);
		ptrdiff_t inline_key = find_word(line, SLICE("inline:"));
		size_t kept = inline_key < 0 ? line.n : (size_t)inline_key + SLICE("inline:").n;
		for (size_t i = 0; i < ARRAY_LEN(lines); i++)
			if (slice_casestarts(line, slice_from_string(lines[i])))
				kept = MIN(kept, slice_from_string(lines[i]).n);
		write_cut(w, line, kept);
	}
}

void secrets_cut(struct slice message, struct writer *w)
{
	struct body body = write_head(w, &message);
	if (body.sdp && !body.encoded)
		write_description(w, message);
	else if (message.n)
		write_format(w, "(%zu bytes, cut)", message.n);
}
