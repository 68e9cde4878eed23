/* fuzz_uri.c - a URI parsed, put together again from its parts, and equal to itself */
#include "sip/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char out[8192], user[4096], escaped[3 * 4096], user2[4096];

static void check_user(struct slice text)
{
	size_t n, n2;
	if (!sip_user_unescape(text, user, sizeof(user), &n))
		return;
	struct writer w = writer_on(escaped, sizeof(escaped));
	sip_write_user_escaped(&w, slice_of(user, n));
	ASSERT(!w.overflow && sip_user_unescape(writer_slice(&w), user2, sizeof(user2), &n2));
	ASSERT(n == n2 && memcmp(user, user2, n) == 0);
}

static void put_together(struct writer *w, const struct sip_uri *uri)
{
	static const char *const schemes[] = {
		[SIP_SCHEME_SIP] = "sip:", [SIP_SCHEME_SIPS] = "sips:", [SIP_SCHEME_TEL] = "tel:"};
	write_string(w, schemes[uri->scheme]);
	write_slice(w, uri->user);
	if (uri->password.n) {
		write_char(w, ':');
		write_slice(w, uri->password);
	}
	if (uri->user.n && uri->host.n)
		write_char(w, '@');
	write_slice(w, uri->host);
	if (uri->port)
		write_format(w, ":%u", uri->port);
	if (uri->params.n) {
		write_char(w, ';');
		write_slice(w, uri->params);
	}
	if (uri->headers.n) {
		write_char(w, '?');
		write_slice(w, uri->headers);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sip_uri uri = {.port = 99}, again;
	struct sip_reason reason;
	struct slice text = slice_of(data, size);
	check_user(text);
	if (sip_uri_parse(text, &uri, &reason) != SIP_OK) {
		ASSERT(uri.port == 99 && reason.status == 400 && reason.offset <= size);
		return 0;
	}
	ASSERT(sip_uri_eq(&uri, &uri));
	if (uri.scheme == SIP_SCHEME_OTHER)
		return 0;
	ASSERT(uri.scheme == SIP_SCHEME_TEL || uri.host.n);
	check_user(uri.user);
	struct writer w = writer_on(out, sizeof(out));
	put_together(&w, &uri);
	if (w.overflow)
		return 0;
	ASSERT(sip_uri_parse(writer_slice(&w), &again, &reason) == SIP_OK);
	ASSERT(sip_uri_eq(&uri, &again) && sip_uri_eq(&again, &uri));
	ASSERT(slice_eq(uri.user, again.user) && slice_eq(uri.params, again.params));
	return 0;
}
