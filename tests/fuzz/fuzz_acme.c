/*
 * fuzz_acme.c - what an authority answers, a line each: STATUS NONCE LOCATION RETRY-AFTER BODY, '-' for what is not
 * there
 *
 * Orders follow one another until the lines end. Whatever is answered: what is asked next is a URL of https, in one
 * line, signed with a nonce that was given and is used once; what stands below /.well-known is a token; what went wrong
 * is a sentence; and who is to wait is told for how long. Keys are drawn by chance: no answer depends on them. Each
 * request is made ready as net/http.h would, and each answer read as it reads what libcurl hands out.
 */
#include <errno.h>
#include <jansson.h>
#include <openssl/evp.h>

#include "acme/order.h"
#include "base/writer.h"
#include "net/http_private.h"

#define LINES_MAX 64
#define LINE_BYTES_MAX 8192
#define WALL_US (INT64_C(1785495600) * SECOND_US)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Alone in its memory, so that a read behind it is seen. */
struct part {
	char *bytes;
	struct slice s;
};

static struct part alone(struct slice s)
{
	struct part p = {0};
	if (s.n == 0)
		return p;
	p.bytes = malloc(s.n);
	ASSERT(p.bytes);
	memcpy(p.bytes, s.p, s.n);
	p.s = slice_of(p.bytes, s.n);
	return p;
}

static struct part part_of(struct slice s)
{
	return alone(slice_eq(s, SLICE("-")) ? SLICE_NONE : s);
}

/* Dates have spaces, which part fields here: '_' stands for one. */
static struct part with_spaces(struct part p)
{
	for (size_t i = 0; i < p.s.n; i++)
		if (p.bytes[i] == '_')
			p.bytes[i] = ' ';
	return p;
}

static bool is_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ')
			return false;
	return true;
}

static void check_url(const char *url)
{
	ASSERT(strncmp(url, "https://", 8) == 0 && strlen(url) <= ACME_URL_MAX && is_line(url) && !strchr(url, ' '));
}

/* The protected head of what is sent says where to and with which nonce, once. */
static void check_signed(const struct acme_order *o, const struct acme_ask *ask)
{
	uint8_t bytes[4096];
	size_t n;
	ASSERT(!*o->server->nonce);
	json_t *jws = json_loads(ask->body, 0, NULL);
	bool good = base64url_decode(slice_from_string(json_string_value(json_object_get(jws, "protected"))), bytes,
				     sizeof(bytes), &n);
	ASSERT(good);
	json_t *head = json_loadb((const char *)bytes, n, 0, NULL);
	const char *url = json_string_value(json_object_get(head, "url"));
	const char *nonce = json_string_value(json_object_get(head, "nonce"));
	ASSERT(url && strcmp(url, ask->url) == 0 && nonce && *nonce && strlen(nonce) <= ACME_NONCE_MAX);
	json_decref(head);
	json_decref(jws);
}

static void check_next(const struct acme_order *o, enum acme_next next)
{
	char trouble[WARNING_TEXT_CAP];
	(void)warning_text(&o->trouble, trouble);
	ASSERT(strlen(o->token) <= ACME_TOKEN_MAX);
	ASSERT(!*o->token || strspn(o->token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
				     strlen(o->token));
	if (next == ACME_WAIT)
		ASSERT(o->wait_us >= ACME_POLL_US && o->wait_us <= ACME_POLL_MAX_US);
	if (next == ACME_FAILED)
		ASSERT(*trouble && is_line(trouble) && o->wait_us >= 0 && o->wait_us <= 86400 * SECOND_US &&
		       (!o->limited || o->wait_us));
	ASSERT((next == ACME_ISSUED) == (o->pem != NULL));
	if (next == ACME_ISSUED)
		ASSERT(strncmp(o->pem, "-----BEGIN PRIVATE KEY-----", 27) == 0);
}

/* What libcurl is given; it refuses what is no URL to it. */
static void check_request(const struct acme_ask *ask)
{
	static const char *const headers[] = {"Content-Type: application/jose+json"};
	struct http_call *c = calloc(1, sizeof(*c));
	struct http_request request = {
		.method = ask->method == ACME_POST   ? HTTP_POST
			  : ask->method == ACME_HEAD ? HTTP_HEAD
						     : HTTP_GET,
		.url = ask->url,
		.headers = headers,
		.header_count = ask->body ? 1 : 0,
		.body = slice_from_string(ask->body ? ask->body : ""),
	};
	ASSERT(c);
	int rc = http_prepare(c, &request);
	ASSERT(rc == 0 || rc == -EINVAL);
	curl_easy_cleanup(c->curl);
	curl_slist_free_all(c->headers);
	free(c);
}

/* ---- an answer as libcurl hands it out: a line of its head each time, then pieces of its body ---- */

#define ANSWER_MAX 1024 /* small, so that an input goes beyond it */

static void give(size_t (*take)(char *bytes, size_t one, size_t n, void *call), struct http_call *c, struct slice s)
{
	struct part p = alone(s);
	if (p.s.n && !c->why) {
		size_t taken = take(p.bytes, 1, p.s.n, c);
		ASSERT(taken == p.s.n || c->why);
	}
	free(p.bytes);
}

static void give_field(struct http_call *c, const char *name, struct slice value)
{
	char line[LINE_BYTES_MAX];
	struct writer w = writer_on(line, sizeof(line));
	write_format(&w, "%s: %.*s\r\n", name, SLICE_ARG(value));
	if (value.n && !w.overflow)
		give(http_take_head, c, writer_slice(&w));
}

/* It has `why` where more came than may. */
static struct http_call *hear(struct slice nonce, struct slice location, struct slice retry, struct slice body)
{
	struct http_call *c = calloc(1, sizeof(*c));
	ASSERT(c);
	c->answer_max = ANSWER_MAX;
	give(http_take_head, c, SLICE("HTTP/1.1 100 Continue\r\n"));
	give(http_take_head, c, SLICE("Link: <early>\r\n"));
	give(http_take_head, c, SLICE("HTTP/1.1 200 OK\r\n"));
	give_field(c, "replay-nonce", nonce);
	give_field(c, "LOCATION", location);
	give_field(c, "Retry-After", retry);
	give(http_take_head, c, SLICE("\r\n"));
	give(http_take_body, c, slice_first(body, body.n / 3));
	give(http_take_body, c, slice_from(body, body.n / 3));
	ASSERT(c->head_n <= HTTP_HEAD_MAX && c->body_n <= ANSWER_MAX && (c->why || c->body_n == body.n));
	return c;
}

static enum acme_next exchange(struct acme_order *o, struct slice line)
{
	struct acme_ask ask;
	bool asked = acme_order_ask(o, &ask);
	ASSERT(asked);
	check_url(ask.url);
	ASSERT((ask.method == ACME_POST) == (ask.body != NULL));
	if (ask.body)
		check_signed(o, &ask);
	check_request(&ask);
	free(ask.body);
	uint64_t status;
	if (!slice_u64(slice_cut(&line, ' '), 999, &status))
		status = 0;
	struct part nonce = part_of(slice_cut(&line, ' ')), location = part_of(slice_cut(&line, ' ')),
		    retry = with_spaces(part_of(slice_cut(&line, ' '))), body = part_of(line);
	struct http_call *heard = hear(nonce.s, location.s, retry.s, body.s);
	struct part head = alone(slice_of(heard->head, heard->head_n));
	struct part rest = alone(slice_of(heard->body, heard->body_n));
	const struct http_answer a = {.head = head.s};
	struct part given[] = {alone(http_answer_header(&a, "Replay-Nonce")), alone(http_answer_header(&a, "Location")),
			       alone(http_answer_header(&a, "Retry-After"))};
	enum acme_next next = acme_order_answer(o,
						&(struct acme_answer){.status = heard->why ? 0 : (int)status,
								      .error = heard->why ? heard->why : "no way there",
								      .body = rest.s,
								      .nonce = given[0].s,
								      .location = given[1].s,
								      .retry_after = given[2].s,
								      .wall_us = WALL_US});
	check_next(o, next);
	free(heard->body);
	free(heard);
	free(head.bytes);
	free(rest.bytes);
	for (size_t i = 0; i < ARRAY_LEN(given); i++)
		free(given[i].bytes);
	free(nonce.bytes);
	free(location.bytes);
	free(retry.bytes);
	free(body.bytes);
	return next;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static EVP_PKEY *key; /* making one costs more than all the rest */
	struct acme_server server;
	struct acme_order order;
	struct slice rest = slice_of(data, size);
	key = key ? key : acme_key_make();
	bool made = acme_server_init(&server, "https://ca.example/dir", "admin@example.com", key) &&
		    acme_order_init(&order, &server, "pbx.example.com");
	ASSERT(made);
	for (unsigned i = 0; i < LINES_MAX && !slice_empty(rest); i++) {
		enum acme_next next = exchange(&order, slice_cut(&rest, '\n'));
		if (next != ACME_FAILED && next != ACME_ISSUED)
			continue;
		acme_order_done(&order);
		made = acme_order_init(&order, &server, "pbx.example.com");
		ASSERT(made);
	}
	acme_order_done(&order);
	return 0;
}

const char *const lines_words[] = {
	"200 - - - {\"newNonce\":\"https://ca/n\",\"newAccount\":\"https://ca/a\",\"newOrder\":\"https://ca/o\"}",
	"200 bm9u - -",
	"201 bm9u https://ca/a/7 - {}",
	"201 bm9u https://ca/o/1 - {\"authorizations\":[\"https://ca/z\"],\"finalize\":\"https://ca/f\"}",
	"200 bm9u - - {\"challenges\":[{\"type\":\"http-01\",\"url\":\"https://ca/c\",\"token\":\"dG9rZW4\"}]}",
	"200 bm9u - - {\"status\":\"pending\"}",
	"200 bm9u - - {\"status\":\"valid\"}",
	"200 bm9u - 5 {\"status\":\"processing\"}",
	"200 bm9u - - {\"status\":\"valid\",\"certificate\":\"https://ca/cert\"}",
	"200 bm9u - - -----BEGIN CERTIFICATE-----",
	"400 bm9u - - {\"type\":\"urn:ietf:params:acme:error:badNonce\"}",
	"403 bm9u - - {\"type\":\"urn:ietf:params:acme:error:orderNotReady\"}",
	"429 bm9u - 7200 {\"type\":\"urn:ietf:params:acme:error:rateLimited\",\"detail\":\"too often\"}",
	"400 bm9u - - {\"type\":\"urn:ietf:params:acme:error:accountDoesNotExist\"}",
	"500 bm9u - - {\"type\":\"about:blank\",\"detail\":\"not so\"}",
	"403 bm9u - - {\"type\":\"tls\",\"subproblems\":[{\"type\":\"caa\"}]}",
	"0 - - -",
	NULL,
};
