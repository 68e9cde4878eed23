/* web/openid.c - documents read, requests written */
#include "web/openid.h"

#include "crypto/crypto.h"
#include "web/fields.h"
#include "web/jwt.h"
#include "web/limits.h"

/* ---- discovery ---- */

/* A list of texts that is not there says nothing against it. */
static bool may_be(const json_t *document, const char *list, const char *value)
{
	const json_t *values = json_object_get(document, list);
	for (size_t i = 0; i < json_array_size(values); i++)
		if (slice_eq(slice_from_string(json_string_value(json_array_get(values, i))), slice_from_string(value)))
			return true;
	return !values;
}

/* In ASCII without spaces, so that a browser and libcurl read the same in it. */
static bool is_endpoint(struct slice url)
{
	for (size_t i = 0; i < url.n; i++)
		if (url.p[i] <= ' ' || url.p[i] > '~')
			return false;
	return url.n && web_is_hook_url(url) && slice_find(url, '#') < 0;
}

bool openid_metadata_read(const json_t *document, struct slice issuer, struct openid_metadata *ret,
			  const char **ret_why)
{
	struct openid_metadata m = {.authorization = jwt_text(document, "authorization_endpoint"),
				    .token = jwt_text(document, "token_endpoint"),
				    .keys = jwt_text(document, "jwks_uri")};
	static const char methods[] = "token_endpoint_auth_methods_supported";
	m.secret_in_form = !may_be(document, methods, "client_secret_basic");
	m.says_issuer = json_is_true(json_object_get(document, "authorization_response_iss_parameter_supported"));
	const char *why = NULL;
	/* Discovery §4.3: to the byte. Another would be another's people. */
	if (!slice_eq(jwt_text(document, "issuer"), issuer))
		why = "Its document names another issuer: the address here must be the one that it calls itself, to "
		      "the letter.";
	else if (!is_endpoint(m.authorization) || !is_endpoint(m.token) || !is_endpoint(m.keys))
		why = "Its document lacks an https: address for signing in, for tokens or for its keys.";
	else if (!may_be(document, "response_types_supported", "code"))
		why = "It does not know the code flow.";
	else if (!may_be(document, "response_modes_supported", "fragment"))
		why = "It cannot answer in a fragment (response_mode).";
	else if (!may_be(document, "code_challenge_methods_supported", "S256"))
		why = "It does not know PKCE with S256.";
	else if (m.secret_in_form && !may_be(document, methods, "client_secret_post"))
		why = "It takes a client secret neither by client_secret_basic nor by client_secret_post.";
	*ret_why = why;
	if (why)
		return false;
	*ret = m;
	return true;
}

void openid_discovery_url(struct slice issuer, struct writer *ret)
{
	if (issuer.n && issuer.p[issuer.n - 1] == '/')
		issuer.n--;
	write_slice(ret, issuer);
	write_string(ret, "/.well-known/openid-configuration");
}

/* ---- requests ---- */

/* application/x-www-form-urlencoded, RFC 6749 appendix B. */
static void write_parameter(struct writer *w, const char *name, struct slice value)
{
	write_string(w, name);
	write_char(w, '=');
	write_percent(w, value, "");
}

/* RFC 7636 §4.2. */
static bool write_challenge(struct writer *w, struct slice verifier)
{
	uint8_t hash[CRYPTO_HASH_MAX];
	struct crypto_hasher *h = crypto_hasher_new();
	if (!h)
		return false;
	crypto_hash_parts(h, CRYPTO_SHA256, &verifier, 1, hash);
	crypto_hasher_free(h);
	write_base64url(w, hash, 32);
	return true;
}

/* A fragment comes back to the page alone: the code is in no request line, no log and no Referer. */
bool openid_authorization_url(struct slice endpoint, const struct openid_attempt *a, struct writer *ret)
{
	write_slice(ret, endpoint);
	write_char(ret, slice_find(endpoint, '?') < 0 ? '?' : '&');
	write_string(ret, "response_type=code&response_mode=fragment&scope=openid%20email%20profile");
	write_parameter(ret, "&client_id", a->client_id);
	write_parameter(ret, "&redirect_uri", a->redirect);
	write_parameter(ret, "&state", a->state);
	write_parameter(ret, "&nonce", a->nonce);
	write_string(ret, "&code_challenge_method=S256&code_challenge=");
	return write_challenge(ret, a->verifier);
}

void openid_token_form(const struct openid_attempt *a, struct slice code, struct slice secret, struct writer *ret)
{
	write_string(ret, "grant_type=authorization_code");
	write_parameter(ret, "&code", code);
	write_parameter(ret, "&redirect_uri", a->redirect);
	write_parameter(ret, "&code_verifier", a->verifier);
	if (slice_empty(secret))
		return;
	write_parameter(ret, "&client_id", a->client_id);
	write_parameter(ret, "&client_secret", secret);
}

void openid_basic(struct slice client_id, struct slice secret, struct writer *ret)
{
	char pair[3 * (WEB_CLIENT_ID_MAX + WEB_CLIENT_SECRET_MAX) + 1];
	struct writer w = writer_on(pair, sizeof(pair));
	write_percent(&w, client_id, "");
	write_char(&w, ':');
	write_percent(&w, secret, "");
	ASSERT(!w.overflow);
	write_string(ret, "Authorization: Basic ");
	write_base64(ret, pair, w.n);
	crypto_wipe(pair, sizeof(pair));
}

struct slice openid_error(const json_t *answer)
{
	struct slice error = jwt_text(answer, "error");
	for (size_t i = 0; i < error.n; i++)
		if (error.p[i] != '_' && (error.p[i] < 'a' || error.p[i] > 'z'))
			return SLICE_NONE;
	return error.n <= 40 ? error : SLICE_NONE;
}

/* ---- whom it is about ---- */

bool openid_name_read(const json_t *claims, struct slice claim, struct slice mail_domain, struct openid_name *ret,
		      const char **ret_why)
{
	char name[OPENID_NAME_MAX + 1];
	slice_to_string(claim, name, sizeof(name));
	struct slice value = jwt_text(claims, name);
	size_t at = value.n;
	while (at > 0 && value.p[at - 1] != '@')
		at--;
	struct slice local = at ? slice_first(value, at - 1) : value;
	bool email = slice_eq(claim, SLICE("email"));
	*ret_why = NULL;
	if (slice_empty(value))
		*ret_why = "The claim that says who it is about is missing from its ID token, or is no text.";
	else if (email && !json_is_true(json_object_get(claims, "email_verified")))
		*ret_why = "Its ID token does not say that the e-mail address is verified.";
	else if (at ? !slice_caseeq(slice_from(value, at), mail_domain) : email)
		*ret_why = "The address in its ID token is not of the company's mail domain.";
	else if (local.n < 1 || local.n > sizeof(ret->text))
		*ret_why = "The claim that says who it is about is no login.";
	if (*ret_why)
		return false;
	for (size_t i = 0; i < local.n; i++)
		ret->text[i] = ascii_lower(local.p[i]);
	ret->n = local.n;
	return true;
}
