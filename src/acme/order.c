/* acme/order.c - see acme/order.h: a table of steps, each with what it sends and how its answer is read */
#include "acme/order.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <time.h>

#include "acme/trouble.h"
#include "base/writer.h"

static enum acme_next fail(struct acme_order *o, enum warning_kind why)
{
	warning_set(&o->trouble, why);
	return ACME_FAILED;
}

static enum acme_next odd(struct acme_order *o, const char *what)
{
	warning_set_with(&o->trouble, WARNING_AUTHORITY_ODD, "%s", what);
	return ACME_FAILED;
}

static enum acme_next go(struct acme_order *o, enum acme_step step)
{
	o->step = step;
	o->polls = o->nonces_refused = 0;
	return ACME_ASK;
}

/* The server is busy with it: the same again, later each time, and not before it says. */
static enum acme_next poll_again(struct acme_order *o, const struct acme_answer *a)
{
	int64_t said_us = acme_retry_after_us(a->retry_after, a->wall_us);
	o->wait_us = MIN(MAX(ACME_POLL_US << MIN(o->polls, 6u), said_us), ACME_POLL_MAX_US);
	o->polls++;
	o->nonces_refused = 0;
	return ACME_WAIT;
}

/* ---- values ---- */

/* RFC 8555 §6.1: HTTPS alone. Printable ASCII, so that it is one line of a request. */
static bool take_url(struct slice s, char ret[ACME_URL_MAX + 1])
{
	if (s.n > ACME_URL_MAX || !slice_starts(s, SLICE("https://")))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	slice_to_string(s, ret, ACME_URL_MAX + 1);
	return true;
}

static bool is_base64url(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
		      c == '_'))
			return false;
	}
	return s.n > 0;
}

static struct slice text_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	return json_is_string(value) ? slice_of(json_string_value(value), json_string_length(value)) : SLICE_NONE;
}

static bool url_of(const json_t *object, const char *name, char ret[ACME_URL_MAX + 1])
{
	return take_url(text_of(object, name), ret);
}

static bool has_status(const json_t *object, const char *status)
{
	return slice_eq(text_of(object, "status"), slice_from_string(status));
}

int64_t acme_retry_after_us(struct slice text, int64_t wall_us)
{
	uint64_t seconds;
	char date[40];
	struct tm tm = {0};
	if (slice_u64(text, 86400, &seconds))
		return (int64_t)seconds * SECOND_US;
	slice_to_string(text, date, sizeof(date));
	const char *end = strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	if (!text.n || !end || *end)
		return 0;
	return MIN(MAX((int64_t)timegm(&tm) * SECOND_US - wall_us, 0), INT64_C(86400) * SECOND_US);
}

/* ---- what is sent ---- */

static json_t *account_payload(const struct acme_order *o)
{
	const char *contact = o->server->contact;
	json_t *payload = json_pack("{s:b}", "termsOfServiceAgreed", 1);
	if (payload && *contact &&
	    json_object_set_new(payload, "contact", json_pack("[s++]", "mailto:", contact, "")) < 0) {
		json_decref(payload);
		return NULL;
	}
	return payload;
}

static json_t *order_payload(const struct acme_order *o)
{
	return json_pack("{s:[{s:s, s:s}]}", "identifiers", "type", "dns", "value", o->name);
}

/* §7.5.1: an empty object says that we are ready. */
static json_t *challenge_payload(const struct acme_order *o)
{
	return json_object();
}

static json_t *finalize_payload(const struct acme_order *o)
{
	char *csr = acme_csr_write(o->key, o->name);
	json_t *payload = csr ? json_pack("{s:s}", "csr", csr) : NULL;
	free(csr);
	return payload;
}

/* ---- what came: called for a status of success, with the body as JSON or NULL ---- */

/* §7.1.1 */
static enum acme_next read_directory(struct acme_order *o, const struct acme_answer *a, const json_t *body)
{
	struct acme_server *s = o->server;
	if (!url_of(body, "newNonce", s->new_nonce) || !url_of(body, "newAccount", s->new_account) ||
	    !url_of(body, "newOrder", s->new_order))
		return odd(o, "directory");
	return go(o, *s->account ? ACME_STEP_ORDER : ACME_STEP_ACCOUNT);
}

/* §7.3: made, or found by its key (§7.3.1). */
static enum acme_next read_account(struct acme_order *o, const struct acme_answer *a, const json_t *body)
{
	if (!take_url(a->location, o->server->account))
		return odd(o, "account");
	return go(o, ACME_STEP_ORDER);
}

/* §7.4: one name is one authorization. */
static enum acme_next read_order(struct acme_order *o, const struct acme_answer *a, const json_t *body)
{
	const json_t *authorization = json_array_get(json_object_get(body, "authorizations"), 0);
	struct slice url = slice_from_string(json_string_value(authorization));
	if (!take_url(a->location, o->url) || !url_of(body, "finalize", o->finalize) ||
	    !take_url(url, o->authorization))
		return odd(o, "order");
	return go(o, ACME_STEP_AUTHORIZATION);
}

static const json_t *http_challenge(const json_t *authorization)
{
	const json_t *list = json_object_get(authorization, "challenges");
	for (size_t i = 0; i < json_array_size(list); i++)
		if (slice_eq(text_of(json_array_get(list, i), "type"), SLICE("http-01")))
			return json_array_get(list, i);
	return NULL;
}

/* §7.5. An authorization may be good still from an order before. */
static enum acme_next read_authorization(struct acme_order *o, const struct acme_answer *a, const json_t *body)
{
	if (has_status(body, "valid"))
		return go(o, ACME_STEP_FINALIZE);
	const json_t *challenge = http_challenge(body);
	if (!challenge)
		return fail(o, WARNING_AUTHORITY_NO_HTTP);
	struct slice token = text_of(challenge, "token");
	if (token.n > ACME_TOKEN_MAX || !is_base64url(token) || !url_of(challenge, "url", o->challenge))
		return odd(o, "challenge");
	slice_to_string(token, o->token, sizeof(o->token));
	snprintf(o->proof, sizeof(o->proof), "%s.%s", o->token, o->server->thumbprint);
	return go(o, ACME_STEP_CHALLENGE);
}

static enum acme_next read_challenge(struct acme_order *o, const struct acme_answer *a, const json_t *body)
{
	return go(o, ACME_STEP_VALIDATION);
}

static enum acme_next read_validation(struct acme_order *o, const struct acme_answer *a, const json_t *body)
{
	if (has_status(body, "valid"))
		return go(o, ACME_STEP_FINALIZE);
	if (has_status(body, "pending"))
		return poll_again(o, a);
	acme_trouble_of(json_object_get(http_challenge(body), "error"), a->status, &o->trouble);
	return ACME_FAILED;
}

static enum acme_next read_issue(struct acme_order *o, const struct acme_answer *a, const json_t *body)
{
	if (has_status(body, "valid"))
		return url_of(body, "certificate", o->certificate) ? go(o, ACME_STEP_DOWNLOAD) : odd(o, "certificate");
	if (has_status(body, "processing") || has_status(body, "ready"))
		return poll_again(o, a);
	acme_trouble_of(json_object_get(body, "error"), a->status, &o->trouble);
	return ACME_FAILED;
}

static enum acme_next read_finalize(struct acme_order *o, const struct acme_answer *a, const json_t *body)
{
	o->step = ACME_STEP_ISSUE;
	return read_issue(o, a, body);
}

/* §7.4.2: the key before the chain, as one file. */
static enum acme_next read_download(struct acme_order *o, const struct acme_answer *a, const json_t *body)
{
	char *key = acme_key_pem(o->key);
	size_t n = key ? strlen(key) : 0;
	if (key && (o->pem = malloc(n + a->body.n + 1)) != NULL) {
		memcpy(o->pem, key, n);
		if (a->body.n)
			memcpy(o->pem + n, a->body.p, a->body.n);
		o->pem[n + a->body.n] = 0;
	}
	acme_key_pem_free(key);
	return o->pem ? ACME_ISSUED : fail(o, WARNING_NO_MEMORY);
}

static const struct {
	json_t *(*payload)(const struct acme_order *o); /* NULL: POST-as-GET */
	enum acme_next (*read)(struct acme_order *o, const struct acme_answer *a, const json_t *body);
} steps[ACME_STEPS] = {
	[ACME_STEP_DIRECTORY] = {NULL, read_directory},
	[ACME_STEP_ACCOUNT] = {account_payload, read_account},
	[ACME_STEP_ORDER] = {order_payload, read_order},
	[ACME_STEP_AUTHORIZATION] = {NULL, read_authorization},
	[ACME_STEP_CHALLENGE] = {challenge_payload, read_challenge},
	[ACME_STEP_VALIDATION] = {NULL, read_validation},
	[ACME_STEP_FINALIZE] = {finalize_payload, read_finalize},
	[ACME_STEP_ISSUE] = {NULL, read_issue},
	[ACME_STEP_DOWNLOAD] = {NULL, read_download},
};

static const char *url_of_step(const struct acme_order *o)
{
	const struct acme_server *s = o->server;
	const char *const urls[ACME_STEPS] = {
		[ACME_STEP_DIRECTORY] = s->directory,  [ACME_STEP_ACCOUNT] = s->new_account,
		[ACME_STEP_ORDER] = s->new_order,      [ACME_STEP_AUTHORIZATION] = o->authorization,
		[ACME_STEP_CHALLENGE] = o->challenge,  [ACME_STEP_VALIDATION] = o->authorization,
		[ACME_STEP_FINALIZE] = o->finalize,    [ACME_STEP_ISSUE] = o->url,
		[ACME_STEP_DOWNLOAD] = o->certificate,
	};
	return urls[o->step];
}

/* ---- asked and answered ---- */

static bool sign_request(struct acme_order *o, struct acme_ask *ask)
{
	struct acme_server *s = o->server;
	struct acme_signed what = {
		.url = ask->url, .nonce = s->nonce, .kid = o->step == ACME_STEP_ACCOUNT ? "" : s->account};
	char *text = NULL;
	if (steps[o->step].payload) {
		json_t *payload = steps[o->step].payload(o);
		text = payload ? json_dumps(payload, JSON_COMPACT) : NULL;
		json_decref(payload);
		if (!text)
			return false;
		what.payload = slice_from_string(text);
	}
	ask->body = acme_jws_write(s->key, &what);
	free(text);
	*s->nonce = 0; /* §6.5: it has been used */
	return ask->body != NULL;
}

bool acme_order_ask(struct acme_order *o, struct acme_ask *ret)
{
	*ret = (struct acme_ask){.method = ACME_GET, .url = url_of_step(o)};
	if (o->step == ACME_STEP_DIRECTORY)
		return true;
	o->fetching_nonce = !*o->server->nonce;
	if (o->fetching_nonce) {
		ret->method = ACME_HEAD;
		ret->url = o->server->new_nonce;
		return true;
	}
	ret->method = ACME_POST;
	return sign_request(o, ret);
}

/* §6.5, §6.7: a document of its own, or an answer of whatever stands in between. */
static enum acme_next refused(struct acme_order *o, const struct acme_answer *a, const json_t *problem)
{
	if (acme_problem_is(problem, "badNonce") && o->nonces_refused++ < ACME_NONCE_TRIES)
		return ACME_ASK;
	if (o->step == ACME_STEP_FINALIZE && acme_problem_is(problem, "orderNotReady"))
		return poll_again(o, a);
	/* The authority has forgotten us, as one for tests does; the next try makes the account anew. */
	if (acme_problem_is(problem, "accountDoesNotExist"))
		*o->server->account = 0;
	o->limited = a->status == 429 || acme_problem_is(problem, "rateLimited");
	o->wait_us = acme_retry_after_us(a->retry_after, a->wall_us);
	if (o->limited && !o->wait_us)
		o->wait_us = ACME_RATE_US;
	acme_trouble_of(problem, a->status, &o->trouble);
	return ACME_FAILED;
}

static void keep_nonce(struct acme_server *s, struct slice nonce)
{
	if (nonce.n <= ACME_NONCE_MAX && is_base64url(nonce))
		slice_to_string(nonce, s->nonce, sizeof(s->nonce));
}

enum acme_next acme_order_answer(struct acme_order *o, const struct acme_answer *a)
{
	o->wait_us = 0;
	if (!a->status) {
		warning_set_with(&o->trouble, WARNING_AUTHORITY_UNREACHABLE, "%.400s", a->error);
		return ACME_FAILED;
	}
	keep_nonce(o->server, a->nonce);
	bool fine = a->status >= 200 && a->status < 300;
	if (o->fetching_nonce && fine) {
		o->fetching_nonce = false;
		return *o->server->nonce ? ACME_ASK : odd(o, "nonce");
	}
	/* A chain of certificates is no JSON, and none is read there. */
	json_t *body = fine && o->step == ACME_STEP_DOWNLOAD ? NULL : json_loadb(a->body.p, a->body.n, 0, NULL);
	enum acme_next next = fine ? steps[o->step].read(o, a, body) : refused(o, a, body);
	json_decref(body);
	return next;
}

/* ---- made and taken down ---- */

bool acme_server_init(struct acme_server *s, const char *directory, const char *contact, EVP_PKEY *key)
{
	*s = (struct acme_server){.directory = directory, .contact = contact, .key = key};
	return acme_key_thumbprint(key, s->thumbprint);
}

bool acme_order_init(struct acme_order *o, struct acme_server *server, const char *name)
{
	*o = (struct acme_order){.server = server, .name = name, .key = acme_key_make()};
	return o->key != NULL;
}

void acme_order_done(struct acme_order *o)
{
	EVP_PKEY_free(o->key);
	acme_key_pem_free(o->pem);
	*o = (struct acme_order){0};
}
