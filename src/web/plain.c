/* web/plain.c - see web/plain.h */
#include "web/plain.h"

#include "acme/acme.h"
#include "directory/directory.h"
#include "net/certificates.h"
#include "web/fields.h"
#include "web/write.h"

#define PROOFS "/.well-known/acme-challenge/"
#define HTTPS_PORT 443
/* Of any path with our longest name before it, and as much query again: it stays within an answer's head. */
#define LOCATION_CAP (2 * 3 * WEB_PATH_MAX + 300)

/* False: it is none. */
static bool answer_proof(struct web_request *r)
{
	struct slice prefix = SLICE(PROOFS);
	if (!r->context->acme || !slice_starts(r->path, prefix))
		return false;
	if (r->method != WEB_GET) {
		r->answer.allow = "GET, HEAD";
		web_answer_text(r, 405, NULL, NULL, 0);
		return true;
	}
	const char *proof = acme_proof(r->context->acme, slice_from(r->path, prefix.n));
	char *copy = proof ? slice_dup(slice_from_string(proof)) : NULL;
	if (proof && copy)
		web_answer_text(r, 200, "application/octet-stream", copy, strlen(copy));
	else
		web_problem(r, proof ? WEB_NO_MEMORY : WEB_NOT_FOUND, NULL, "there is nothing at this path");
	return true;
}

/* A name that the operator's own certificate is for, by a wildcard perhaps: in small letters, which our copy is. */
static struct slice certified_host(struct web_request *r, struct slice host)
{
	const struct tls_certificates *c = r->context->certificates;
	char *copy = NULL;
	if (c && web_is_domain(host) && tls_certificates_given(c, host))
		copy = web_alloc(r, host.n);
	for (size_t i = 0; copy && i < host.n; i++)
		copy[i] = ascii_lower(host.p[i]);
	return copy ? slice_of(copy, host.n) : SLICE_NONE;
}

/* A name that is ours, as we write it: what else stands in Host goes into no answer. Empty: none. */
static struct slice own_host(struct web_request *r)
{
	struct slice rest = r->shown.host, host = slice_cut(&rest, ':');
	const struct directory_tenant *t = directory_tenant_by_domain(r->context->directory, host);
	if (t)
		return t->domain;
	const struct config_acme *c = &r->context->config->acme;
	for (size_t i = 0; i < c->name_count; i++)
		if (slice_caseeq(host, slice_from_string(c->names[i])))
			return slice_from_string(c->names[i]);
	return certified_host(r, host);
}

uint16_t web_https_port(const struct web_context *c)
{
	for (size_t i = 0; i < c->listening_count; i++)
		if (c->listening[i].plane == WEB_COMPANY)
			return c->listening[i].at.port;
	return 0;
}

/* What came decoded leaves as RFC 3986 §3.3 and §3.4 have it. */
static void write_query(struct writer *w, const struct web_request *r)
{
	for (size_t i = 0; i < r->argument_count; i++) {
		write_char(w, i ? '&' : '?');
		write_percent(w, r->arguments[i].name, "/");
		write_char(w, '=');
		write_percent(w, r->arguments[i].value, "/");
	}
}

void web_plain_answer(struct web_request *r)
{
	char location[LOCATION_CAP];
	struct writer w = writer_on(location, sizeof(location));
	struct slice host, kept;
	uint16_t port = web_https_port(r->context);
	if (answer_proof(r))
		return;
	host = own_host(r);
	if (slice_empty(host) || !port) {
		web_problem(r, WEB_NOT_FOUND, NULL, "there is nothing here in clear; ask by https, and by a name");
		return;
	}
	write_string(&w, "https://");
	write_slice(&w, host);
	if (port != HTTPS_PORT) {
		write_char(&w, ':');
		write_u64(&w, port);
	}
	write_percent(&w, r->path, "/");
	struct writer before = w;
	write_query(&w, r);
	write_char(&w, 0);
	if (w.overflow) { /* longer than any query of ours */
		w = before;
		write_char(&w, 0);
	}
	if (!web_keep(r, writer_slice(&w), &kept))
		return;
	r->answer.location = kept.p;
	web_answer_text(r, 308, NULL, NULL, 0);
}
