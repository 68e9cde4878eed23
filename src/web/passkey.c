/* web/passkey.c - host, challenge, and what a browser says with them */
#include "web/passkey.h"

#include "base/address.h"
#include "base/writer.h"
#include "web/access.h"
#include "web/fields.h"

bool web_passkey_host(struct web_request *r, struct slice *ret)
{
	struct slice host = r->shown.host;
	uint16_t port;
	char name[254];
	if (!web_host_port(host, &host, &port) || !web_is_domain(host) || host.n >= sizeof(name) ||
	    address_parse(host, &(struct address){0})) {
		web_problem(r, WEB_NO_HOST_NAME, NULL,
			    "passkeys belong to a host name: open the console by its name, not by an address");
		return false;
	}
	for (size_t i = 0; i < host.n; i++)
		name[i] = ascii_lower(host.p[i]);
	return web_keep(r, slice_of(name, host.n), ret);
}

void web_passkey_offer(struct web_request *r, struct slice owner)
{
	struct slice host;
	uint8_t challenge[WEB_CHALLENGE_BYTES];
	char text[WEB_CHALLENGE_BYTES * 4 / 3 + 4];
	if (!web_passkey_host(r, &host))
		return;
	web_challenge_draw(&r->context->access->challenges, r->context->random, owner, web_now_us(r), challenge);
	struct writer w = writer_on(text, sizeof(text));
	write_base64url(&w, challenge, sizeof(challenge));
	web_answer_json(r, 200,
			WEB_OBJECT({"challenge", web_json_text(writer_slice(&w))}, {"host", web_json_text(host)},
				   {"seconds", json_integer(WEB_CHALLENGE_S)}));
}

void web_passkey_wrong(struct web_request *r)
{
	web_problem(r, WEB_WRONG_PASSKEY, NULL,
		    "this passkey is not known here, or took too long; try again, or log in with the password");
}

bool web_passkey_decode(struct web_request *r, struct slice text, struct slice *ret)
{
	size_t n = 0, room = text.n * 3 / 4 + 1;
	uint8_t *bytes = web_alloc(r, room);
	if (!bytes)
		return false;
	bool good = base64url_decode(text, bytes, room, &n);
	ASSERT(good);
	*ret = slice_of(bytes, n);
	return true;
}

bool web_passkey_said(struct web_request *r, struct slice client_data, const char *type, struct slice owner,
		      struct web_passkey_said *ret)
{
	if (!web_passkey_decode(r, client_data, &ret->client_data))
		return false;
	/* web_who_find() has held Origin against Host; a browser always gives it with POST. */
	if (!slice_empty(r->shown.origin) &&
	    webauthn_client(ret->client_data, type, r->shown.origin, ret->challenge, sizeof(ret->challenge)) &&
	    web_challenge_fits(&r->context->access->challenges, owner, web_now_us(r), ret->challenge))
		return true;
	web_passkey_wrong(r);
	return false;
}

bool web_passkey_is_here(const struct webauthn_data *d, struct slice host)
{
	uint8_t hash[32];
	return d->present && webauthn_rp_hash(host, hash) && memcmp(hash, d->rp_hash, sizeof(hash)) == 0;
}

bool web_is_credential(struct slice s)
{
	uint8_t bytes[WEBAUTHN_CREDENTIAL_MAX];
	size_t n;
	return s.n && base64url_decode(s, bytes, sizeof(bytes), &n);
}

bool web_is_client_data(struct slice s)
{
	uint8_t bytes[WEB_CLIENT_DATA_MAX];
	size_t n;
	return s.n && base64url_decode(s, bytes, sizeof(bytes), &n);
}
