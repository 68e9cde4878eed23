/* web/certificates.c - /api/v1/certificates: what is shown for which domain, until when, and what went wrong */
#include "net/certificates.h"
#include "acme/acme.h"
#include "directory/directory.h"
#include "net/tls.h"
#include "web/find.h"
#include "web/listing.h"
#include "web/note.h"
#include "web/policy.h"
#include "web/route.h"
#include "web/warning.h"

static const char *const conditions[] = {[ACME_WAITING] = "waiting",
					 [ACME_ORDERING] = "ordering",
					 [ACME_HELD] = "held",
					 [ACME_FAILING] = "failing",
					 [ACME_GIVEN] = "given"};

/* state NULL: it is not had from an authority. */
static json_t *certificate_json(const struct web_request *r, struct slice domain, const struct acme_state *state)
{
	const struct tls_identity *i = tls_certificates_find(r->context->certificates, domain);
	const struct directory_tenant *t = directory_tenant_by_domain(r->context->directory, domain);
	char fingerprint[TLS_FINGERPRINT_CAP], issuer[TLS_ISSUER_CAP];
	static const struct warning none = {.kind = WARNING_NONE};
	const struct warning *trouble = state ? state->trouble : &none;
	tls_identity_fingerprint(i, fingerprint);
	tls_identity_issuer(i, issuer);
	return WEB_OBJECT({"domain", domain.n ? web_json_text(domain) : json_null()},
			  {"tenant", t ? web_json_text(t->name) : json_null()},
			  {"fits", json_boolean(!domain.n || tls_identity_covers(i, domain))},
			  {"self_signed", json_boolean(tls_identity_is_self_signed(i))},
			  {"issuer", web_json_text(slice_from_string(issuer))},
			  {"fingerprint", json_string(fingerprint)},
			  {"begins", web_json_time(tls_identity_begins_us(i))},
			  {"expires", web_json_time(tls_identity_expires_us(i))},
			  {"state", json_string(state ? conditions[state->condition] : "given")},
			  {"next", web_json_time(state ? state->next_us : 0)},
			  {"failures", json_integer(state ? (json_int_t)state->failures : 0)},
			  {"trouble", web_warning_english_json(trouble)}, {"reason", web_warning_json(trouble)});
}

static json_t *certificate_of(const struct web_request *r, struct slice domain)
{
	struct acme_state state;
	bool had = r->context->acme && acme_state_of(r->context->acme, domain, &state);
	return certificate_json(r, domain, had ? &state : NULL);
}

/* First the one for whoever asks for no name, then by the slot of each name. */
static bool item(struct web_listing *l, json_t **ret)
{
	const struct web_request *r = l->request;
	struct acme_state state;
	bool more = r->context->certificates &&
		    (!l->slot || (r->context->acme && acme_state(r->context->acme, l->slot - 1, &state)));
	if (!more)
		return false;
	if (l->written == l->limit) {
		snprintf(l->next, sizeof(l->next), "%u", l->slot);
		return false;
	}
	*ret = l->slot ? certificate_json(r, state.name, &state) : certificate_json(r, SLICE_NONE, NULL);
	l->slot++;
	return true;
}

/* A company sees what its own domain has. */
static bool item_of_company(struct web_listing *l, json_t **ret)
{
	const struct web_request *r = l->request;
	const struct directory_tenant *t = directory_tenant_by_id(r->context->directory, l->tenant);
	if (l->slot++ || !t || !r->context->certificates)
		return false;
	*ret = certificate_of(r, t->domain);
	return true;
}

void web_certificates_list(struct web_request *r)
{
	struct directory_tenant *t;
	if (!web_tenant_argument(r, &t))
		return;
	struct web_listing *l = web_listing_of_slots(r);
	if (!l)
		return;
	l->tenant = t ? t->id : SLICE_NONE;
	l->item = t ? item_of_company : item;
	web_listing_write(l);
}

static void renewed(struct web_request *r)
{
	const struct directory_tenant *t = directory_tenant_by_domain(r->context->directory, r->id);
	web_note(r, &(struct web_note){.act = "renewed", .tenant = t ? t->id : SLICE_NONE, .name = r->id});
	web_answer_empty(r);
}

void web_certificates_renew(struct web_request *r)
{
	if (!r->context->acme || acme_renew(r->context->acme, r->id) < 0)
		web_problem(r, WEB_UNKNOWN_CERTIFICATE, NULL, "no certificate is had from an authority for \"%.*s\"",
			    SLICE_ARG(slice_first(r->id, 64)));
	else
		renewed(r);
}
