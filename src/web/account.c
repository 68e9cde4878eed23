/* web/account.c - makes credentials and shows them once */
#include "web/account.h"
#include <errno.h>

#include "call/switchboard.h"
#include "net/certificates.h"
#include "net/tls.h"

/* 32 characters, 5 bits each, without 0 and o, 1, i and l. */
static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789A";
_Static_assert(sizeof(letters) - 1 == 32, "five bits a character, none more likely than another");

static void make(struct random *random, size_t n, char *ret)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = letters[random_below(random, sizeof(letters) - 1)];
	ret[n] = 0;
}

int web_secret_make(const struct web_context *c, struct slice username, struct slice password,
		    enum sip_digest_algorithm algorithm, struct web_secret *ret)
{
	struct crypto_hasher *h = crypto_hasher_new();
	if (!h)
		return -ENOMEM;
	if (slice_empty(username)) {
		do
			make(c->random, WEB_USERNAME_MADE, ret->username);
		while (directory_device_by_username(c->directory, slice_from_string(ret->username)));
	} else {
		slice_to_string(username, ret->username, sizeof(ret->username));
	}
	if (slice_empty(password))
		make(c->random, WEB_PASSWORD_MADE, ret->password);
	else
		slice_to_string(password, ret->password, sizeof(ret->password));
	sip_digest_ha1(h, algorithm, slice_from_string(ret->username), SLICE(SWITCHBOARD_REALM),
		       slice_from_string(ret->password), ret->ha1);
	crypto_hasher_free(h);
	return 0;
}

void web_secret_wipe(struct web_secret *s)
{
	crypto_wipe(s->password, sizeof(s->password));
	crypto_wipe(s->ha1, sizeof(s->ha1));
}

json_t *web_listeners_json(const struct web_context *c)
{
	json_t *list = json_array();
	size_t count = transport_listener_count(c->transport);
	for (size_t i = 0; list && i < count; i++) {
		struct transport_listen listen;
		transport_listener(c->transport, i, &listen);
		char at[80];
		struct writer w = writer_on(at, sizeof(at));
		write_address_with_port(&w, &listen.at);
		json_t *one = WEB_OBJECT({"transport", web_json_text(sip_transport_name(listen.transport))},
					 {"address", web_json_text(writer_slice(&w))});
		if (json_array_append_new(list, one) == 0)
			continue;
		json_decref(list);
		list = NULL;
	}
	return list;
}

json_t *web_account_json(const struct web_context *c, const struct directory_device *d, const struct web_secret *s)
{
	const struct directory_user *u = d->user;
	char address[320];
	snprintf(address, sizeof(address), "sip:%.*s@%.*s", SLICE_ARG(u->extension), SLICE_ARG(u->tenant->domain));
	char fingerprint[TLS_FINGERPRINT_CAP] = "";
	if (c->certificates)
		tls_identity_fingerprint(tls_certificates_find(c->certificates, u->tenant->domain), fingerprint);
	return WEB_OBJECT({"address", json_string(address)}, {"domain", web_json_text(u->tenant->domain)},
			  {"extension", web_json_text(u->extension)}, {"display_name", web_json_text(u->name)},
			  {"username", json_string(s->username)}, {"password", json_string(s->password)},
			  {"registrars", web_listeners_json(c)},
			  {"plain_rtp", json_boolean(d->srtp == STORE_SRTP_OFF && c->config->plain_rtp)},
			  {"fingerprint", c->certificates ? json_string(fingerprint) : json_null()});
}
