/* web/check.c - what names, numbers and secrets may look like */
#include "directory/directory.h"
#include "directory/e164.h"
#include "net/http.h"
#include "web/fields.h"
#include "web/hooks.h"
#include "web/limits.h"

static bool all_of(struct slice s, size_t min, size_t max, const char *extra, bool upper)
{
	if (s.n < min || s.n > max)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool fits = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (upper && c >= 'A' && c <= 'Z');
		if (!fits && slice_find(slice_from_string(extra), c) < 0)
			return false;
	}
	return true;
}

/*
 * UTF-8 has been checked by the JSON parser. Control characters: C0, DEL, and C1 (U+0080 to U+009F, bytes c2 80 to c2
 * 9f): they would reach display names in SIP and terminals.
 */
static bool plain_text(struct slice s, size_t min, size_t max)
{
	if (s.n < min || s.n > max)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = (uint8_t)s.p[i];
		if (c < 0x20 || c == 0x7f)
			return false;
		if (c == 0xc2 && i + 1 < s.n && (uint8_t)s.p[i + 1] < 0xa0)
			return false;
	}
	return true;
}

static bool one_of(struct slice s, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_eq(s, slice_from_string(words[i])))
			return true;
	return false;
}

bool web_is_tenant_name(struct slice s)
{
	return all_of(s, 1, 63, "-", false);
}

bool web_is_domain(struct slice s)
{
	if (s.n < 1 || s.n > 253 || s.p[s.n - 1] == '.')
		return false;
	while (!slice_empty(s)) {
		struct slice label = slice_cut(&s, '.');
		if (!all_of(label, 1, 63, "-", true) || label.p[0] == '-' || label.p[label.n - 1] == '-')
			return false;
	}
	return true;
}

bool web_is_extension(struct slice s)
{
	uint64_t number;
	return s.n >= 2 && s.n <= 10 && slice_u64(s, UINT64_MAX, &number);
}

bool web_is_login(struct slice s)
{
	return all_of(s, 1, 64, "._-", false);
}

bool web_is_device_name(struct slice s)
{
	return all_of(s, 1, 64, "._-", true);
}

bool web_is_username(struct slice s)
{
	return all_of(s, 3, 64, "._-", true);
}

bool web_is_password(struct slice s)
{
	return plain_text(s, WEB_PASSWORD_MIN, WEB_PASSWORD_MAX);
}

bool web_is_role(struct slice s)
{
	static const char *const words[] = {"user", "admin", "supervisor", "auditor", "provider"};
	return one_of(s, words, ARRAY_LEN(words));
}

bool web_is_digest(struct slice s)
{
	static const char *const words[] = {"md5", "sha-256"};
	return one_of(s, words, ARRAY_LEN(words));
}

bool web_is_srtp(struct slice s)
{
	static const char *const words[] = {"sdes", "off"};
	return one_of(s, words, ARRAY_LEN(words));
}

bool web_is_device_srtp(struct slice s)
{
	return web_is_srtp(s) || slice_eq(s, SLICE("dtls"));
}

bool web_host_port(struct slice s, struct slice *ret_host, uint16_t *ret_port)
{
	struct address literal;
	uint64_t port = 0;
	struct slice host = s;
	bool bare = address_parse(s, &literal);
	/* The last colon begins a port, unless all is an IPv6 address. */
	ptrdiff_t colon = -1;
	for (size_t i = 0; i < s.n && !bare; i++)
		colon = s.p[i] == ':' ? (ptrdiff_t)i : colon;
	if (colon >= 0) {
		host = slice_first(s, (size_t)colon);
		if (!slice_u64(slice_from(s, (size_t)colon + 1), UINT16_MAX, &port) || !port)
			return false;
		bool bracketed = host.n && host.p[0] == '[';
		bare = (bracketed || slice_find(host, ':') < 0) && address_parse(host, &literal);
	}
	if (!bare && !web_is_domain(host))
		return false;
	if (host.p[0] == '[')
		host = slice_of(host.p + 1, host.n - 2);
	*ret_host = host;
	*ret_port = (uint16_t)port;
	return true;
}

bool web_is_host_port(struct slice s)
{
	struct slice host;
	uint16_t port;
	return web_host_port(s, &host, &port);
}

bool web_is_sources(struct slice s)
{
	struct address_block blocks[DIRECTORY_SOURCES_MAX];
	size_t count = 0;
	if (s.n > WEB_SOURCES_MAX || !directory_sources_parse(s, blocks, &count) || !count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (blocks[i].bits < (address_is_v4(&blocks[i].base) ? WEB_SOURCE_BITS_V4 : WEB_SOURCE_BITS_V6))
			return false;
	return true;
}

bool web_is_address_port(struct slice s)
{
	struct address a;
	return address_parse_with_port(s, &a);
}

bool web_is_trunk_transport(struct slice s)
{
	static const char *const words[] = {"udp", "tcp", "tls"};
	return one_of(s, words, ARRAY_LEN(words));
}

bool web_is_number(struct slice s)
{
	char number[E164_CAP];
	return e164_parse(s, number);
}

bool web_is_flow(struct slice s)
{
	return false;
}

bool web_is_keepalive(struct slice s)
{
	static const char *const words[] = {"crlf", "options", "off"};
	return one_of(s, words, ARRAY_LEN(words));
}

/* Below 1024 other ports are of services that take no HTTP, and might take it for what they know. */
bool web_is_hook_url(struct slice s)
{
	char text[WEB_HOOK_URL_MAX + 1];
	struct http_url u;
	/* A fragment is for who shows a page: no server is sent one (RFC 9110 §4.2.5). */
	if (s.n > WEB_HOOK_URL_MAX || memchr(s.p, 0, s.n) || slice_find(s, '#') >= 0)
		return false;
	slice_to_string(s, text, sizeof(text));
	return http_url_read(text, &u) == 0 && u.https && (u.port == 443 || u.port >= 1024);
}

bool web_is_hook_events(struct slice s)
{
	int64_t bits;
	return web_hook_events_read(s, &bits);
}

bool web_is_switch(struct slice s)
{
	static const char *const words[] = {"on", "off"};
	return one_of(s, words, ARRAY_LEN(words));
}

/* ASCII without spaces and control characters. */
static bool is_visible(struct slice s, size_t max)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.n >= 1 && s.n <= max;
}

/* OpenID Connect Discovery 1.0 §3: an issuer has neither query nor fragment. */
bool web_is_issuer_url(struct slice s)
{
	return is_visible(s, WEB_HOOK_URL_MAX) && web_is_hook_url(s) && slice_find(s, '?') < 0;
}

bool web_is_client_id(struct slice s)
{
	return is_visible(s, WEB_CLIENT_ID_MAX);
}

bool web_is_client_secret(struct slice s)
{
	return is_visible(s, WEB_CLIENT_SECRET_MAX);
}

bool web_is_claim(struct slice s)
{
	return all_of(s, 1, WEB_CLAIM_MAX, ":/._-", true);
}

bool web_is_who(struct slice s)
{
	return s.n >= 1 && s.n <= WEB_WHO_MAX;
}

bool web_is_id(struct slice s)
{
	if (s.n != 36)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool fits = dash ? c == '-' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
		if (!fits)
			return false;
	}
	return true;
}

bool web_is_reference(struct slice s)
{
	return all_of(s, 1, 64, "._-", true);
}
