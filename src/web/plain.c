/* web/plain.c - see web/plain.h */
#include "web/plain.h"

#include "acme/acme.h"
#include "directory/directory.h"
#include "web/write.h"

#define PROOFS "/.well-known/acme-challenge/"
#define HTTPS_PORT 443

/* False: it is none. */
static bool answer_proof(struct web_request *r)
{
	struct slice prefix = SLICE(PROOFS);
	if (!r->context->acme || r->method != WEB_GET || !slice_starts(r->path, prefix))
		return false;
	const char *proof = acme_proof(r->context->acme, slice_from(r->path, prefix.n));
	char *copy = proof ? slice_dup(slice_from_string(proof)) : NULL;
	if (proof && copy)
		web_answer_text(r, 200, "application/octet-stream", copy, strlen(copy));
	else
		web_problem(r, proof ? WEB_NO_MEMORY : WEB_NOT_FOUND, NULL, "there is nothing at this path");
	return true;
}

/* A name that is ours, as we write it: what else stands in Host goes into no answer. Empty: none. */
static struct slice own_host(const struct web_request *r)
{
	struct slice rest = r->shown.host, host = slice_cut(&rest, ':');
	const struct directory_tenant *t = directory_tenant_by_domain(r->context->directory, host);
	if (t)
		return t->domain;
	const struct config_acme *c = &r->context->config->acme;
	for (size_t i = 0; i < c->name_count; i++)
		if (slice_caseeq(host, slice_from_string(c->names[i])))
			return slice_from_string(c->names[i]);
	return SLICE_NONE;
}

/* Where companies are served; 0: nowhere. */
static uint16_t https_port(const struct web_context *c)
{
	for (size_t i = 0; i < c->listening_count; i++)
		if (c->listening[i].plane == WEB_COMPANY)
			return c->listening[i].at.port;
	return 0;
}

/* The path came decoded; it leaves as RFC 3986 §3.3 has it. */
static void write_path(struct writer *w, struct slice path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] && strchr(plain, path.p[i]))
			write_char(w, path.p[i]);
		else
			write_format(w, "%%%02X", (unsigned char)path.p[i]);
	}
}

/* Without the query: nothing of ours is reached by one in clear. */
void web_plain_answer(struct web_request *r)
{
	char location[3 * WEB_PATH_MAX + 300];
	struct writer w = writer_on(location, sizeof(location));
	struct slice host, kept;
	uint16_t port = https_port(r->context);
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
	write_path(&w, r->path);
	write_char(&w, 0);
	if (!web_keep(r, writer_slice(&w), &kept))
		return;
	r->answer.location = kept.p;
	web_answer_text(r, 308, NULL, NULL, 0);
}
