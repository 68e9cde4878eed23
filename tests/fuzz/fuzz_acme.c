/*
 * fuzz_acme.c - what an authority answers, a line each: STATUS NONCE LOCATION RETRY-AFTER BODY, '-' for what is not
 * there
 *
 * Orders follow one another until the lines end. Whatever is answered: what is asked next is a URL of https, in one
 * line, signed with a nonce that was given and is used once; what stands below /.well-known is a token; what went wrong
 * is a sentence; and who is to wait is told for how long. Keys are drawn by chance: no answer depends on them.
 */
#include <jansson.h>
#include <openssl/evp.h>

#include "acme/order.h"
#include "base/writer.h"

#define LINES_MAX 64
#define WALL_US (INT64_C(1785495600) * SECOND_US)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Alone in its memory, so that a read behind it is seen. */
struct part {
	char *bytes;
	struct slice s;
};

static struct part part_of(struct slice s)
{
	struct part p = {0};
	if (s.n == 0 || slice_eq(s, SLICE("-")))
		return p;
	p.bytes = malloc(s.n);
	ASSERT(p.bytes);
	memcpy(p.bytes, s.p, s.n);
	p.s = slice_of(p.bytes, s.n);
	return p;
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
	ASSERT(strlen(o->trouble) < ACME_TROUBLE_CAP && strlen(o->token) <= ACME_TOKEN_MAX);
	ASSERT(!*o->token || strspn(o->token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
				     strlen(o->token));
	if (next == ACME_WAIT)
		ASSERT(o->wait_us >= ACME_POLL_US && o->wait_us <= ACME_POLL_MAX_US);
	if (next == ACME_FAILED)
		ASSERT(*o->trouble && is_line(o->trouble) && o->wait_us >= 0 && o->wait_us <= 86400 * SECOND_US &&
		       (!o->limited || o->wait_us));
	ASSERT((next == ACME_ISSUED) == (o->pem != NULL));
	if (next == ACME_ISSUED)
		ASSERT(strncmp(o->pem, "-----BEGIN PRIVATE KEY-----", 27) == 0);
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
	free(ask.body);
	uint64_t status;
	if (!slice_u64(slice_cut(&line, ' '), 999, &status))
		status = 0;
	struct part nonce = part_of(slice_cut(&line, ' ')), location = part_of(slice_cut(&line, ' ')),
		    retry = with_spaces(part_of(slice_cut(&line, ' '))), body = part_of(line);
	enum acme_next next = acme_order_answer(o, &(struct acme_answer){.status = (int)status,
									 .error = "no way there",
									 .body = body.s,
									 .nonce = nonce.s,
									 .location = location.s,
									 .retry_after = retry.s,
									 .wall_us = WALL_US});
	check_next(o, next);
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
	"0 - - -",
	NULL,
};
