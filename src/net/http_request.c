/* net/http_request.c - what is asked of libcurl, and which addresses it may connect to */
#include <errno.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_private.h"

/* ---- URLs ---- */

static bool take_part(CURLU *u, CURLUPart part, unsigned flags, char *ret, size_t cap)
{
	char *text = NULL;
	bool fits = curl_url_get(u, part, &text, flags) == CURLUE_OK && strlen(text) < cap;
	if (fits)
		snprintf(ret, cap, "%s", text);
	curl_free(text);
	return fits;
}

static int read_parts(CURLU *u, const char *url, struct http_url *ret)
{
	char scheme[8], port[8];
	struct http_url parts = {0};
	uint64_t number;

	/* Names and passwords in a URL end up in other people's logs. */
	CURLUcode code = curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER);
	if (code != CURLUE_OK)
		return code == CURLUE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
	if (!take_part(u, CURLUPART_SCHEME, 0, scheme, sizeof(scheme)) ||
	    !take_part(u, CURLUPART_HOST, 0, parts.host, sizeof(parts.host)) ||
	    !take_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof(port)) ||
	    !slice_u64(slice_from_string(port), UINT16_MAX, &number) || number == 0)
		return -EINVAL;
	parts.https = strcmp(scheme, "https") == 0;
	if (!parts.https && strcmp(scheme, "http") != 0)
		return -EINVAL;
	/* libcurl takes one slash or three for two (RFC 3986 §3.2), and others then read another host than it does. */
	const char *rest = url + strlen(scheme);
	if (strncmp(rest, "://", 3) != 0 || rest[3] == '/')
		return -EINVAL;
	size_t n = strlen(parts.host);
	if (n > 1 && parts.host[0] == '[' && parts.host[n - 1] == ']') {
		memmove(parts.host, parts.host + 1, n - 2);
		parts.host[n - 2] = 0;
	}
	parts.port = (uint16_t)number;
	*ret = parts;
	return 0;
}

int http_url_read(const char *url, struct http_url *ret)
{
	if (strlen(url) > HTTP_URL_MAX)
		return -EINVAL;
	CURLU *u = curl_url();
	if (!u)
		return -ENOMEM;
	int rc = read_parts(u, url, ret);
	curl_url_cleanup(u);
	return rc;
}

/* ---- addresses ---- */

static bool may_connect(const struct http_call *c, const struct address *a)
{
	return !c->public_only || address_is_public_or_in(a, c->allowed, c->allowed_count);
}

/* In place of socket(2): libcurl asks for each address that it is about to connect to. */
static curl_socket_t open_socket(void *call, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct http_call *c = call;
	struct address a;

	if (!address_from_sockaddr(&to->addr, &a) || !may_connect(c, &a)) {
		c->why = "Its address is not of the public Internet.";
		return CURL_SOCKET_BAD;
	}
	c->why = NULL; /* it has another address beside one that was refused */
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* ---- the request ---- */

static bool add_header(struct http_call *c, const char *text)
{
	struct curl_slist *longer = curl_slist_append(c->headers, text);
	if (longer)
		c->headers = longer;
	return longer != NULL;
}

static int add_headers(struct http_call *c, const struct http_request *r)
{
	for (size_t i = 0; i < r->header_count; i++) {
		for (const char *p = r->headers[i]; *p; p++)
			if ((unsigned char)*p < ' ' || *p == 0x7f)
				return -EINVAL;
		if (!add_header(c, r->headers[i]))
			return -ENOMEM;
	}
	/* libcurl would ask before it sends a long body, and wait a second for those who do not answer that. */
	return add_header(c, "Expect:") ? 0 : -ENOMEM;
}

/* True: libcurl took it; the only reason not to is memory. */
#define SET(option, value) (curl_easy_setopt(c->curl, option, value) == CURLE_OK)

static bool set_method(struct http_call *c, const struct http_request *r)
{
	if (r->method == HTTP_POST)
		return SET(CURLOPT_POSTFIELDSIZE, (long)r->body.n) &&
		       SET(CURLOPT_COPYPOSTFIELDS, r->body.n ? r->body.p : "");
	return SET(CURLOPT_NOBODY, r->method == HTTP_HEAD ? 1L : 0L);
}

/* The system's by their directory, in which OpenSSL finds the one it needs: the file of all takes 20 ms to read. */
static const char *system_authorities(void)
{
	const char *set = getenv(X509_get_default_cert_dir_env());
	return set ? set : X509_get_default_cert_dir();
}

static bool set_tls(struct http_call *c, const char *ca_file)
{
	return SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) && SET(CURLOPT_CA_CACHE_TIMEOUT, 0L) &&
	       SET(CURLOPT_CAINFO, ca_file) && SET(CURLOPT_CAPATH, system_authorities());
}

/*
 * A connection of one request may not serve another, which may have other rules about where it connects to. Without
 * QUICK_EXIT the end of a call would wait for the thread that looks its name up.
 */
static bool set_limits(struct http_call *c)
{
	return SET(CURLOPT_PROTOCOLS_STR, "http,https") && SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_PROXY, "") &&
	       SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_FRESH_CONNECT, 1L) && SET(CURLOPT_FORBID_REUSE, 1L) &&
	       SET(CURLOPT_QUICK_EXIT, 1L) && SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	       SET(CURLOPT_USERAGENT, "Alto");
}

static bool set_callbacks(struct http_call *c)
{
	return SET(CURLOPT_PRIVATE, c) && SET(CURLOPT_ERRORBUFFER, c->error) &&
	       SET(CURLOPT_OPENSOCKETFUNCTION, open_socket) && SET(CURLOPT_OPENSOCKETDATA, c) &&
	       SET(CURLOPT_HEADERFUNCTION, http_take_head) && SET(CURLOPT_HEADERDATA, c) &&
	       SET(CURLOPT_WRITEFUNCTION, http_take_body) && SET(CURLOPT_WRITEDATA, c);
}

int http_prepare(struct http_call *c, const struct http_request *r)
{
	struct http_url parts;
	int rc = http_url_read(r->url, &parts);
	if (rc == 0)
		rc = add_headers(c, r);
	if (rc < 0)
		return rc;
	c->curl = curl_easy_init();
	if (!c->curl)
		return -ENOMEM;
	return SET(CURLOPT_URL, r->url) && SET(CURLOPT_HTTPHEADER, c->headers) && set_method(c, r) &&
			       set_tls(c, r->ca_file) && set_limits(c) && set_callbacks(c)
		       ? 0
		       : -ENOMEM;
}
