/*
 * web/provision.c - /api/v1/provisioning/{id}: a device's account as Linphone takes it, from the QR code beside it
 *
 * Linphone reads nothing else from a picture than the https address of such a file (lpconfig XML, "remote
 * provisioning"). The id in it is the device's, and a challenge sealed for that device and for its password as it is
 * now: so nothing is held of those that are not asked for, and a new password ends them all. Tries are not counted:
 * nobody comes near what is sealed, and a page that shows pictures from here would use up an office's. There is no
 * password in the answer, but what the store has of it, HA1, which Linphone takes in its place. All that can be wrong
 * with an id is one sentence.
 */
#include "web/account.h"

#include "call/switchboard.h"
#include "crypto/crypto.h"
#include "sip/flow.h"
#include "web/access.h"
#include "web/fields.h"
#include "web/kind.h"
#include "web/plain.h"
#include "web/route.h"

#define PATH "/api/v1/provisioning/"

/* Whose a challenge is: the device's, with this password. */
static void owner_of(const struct web_access *a, const struct directory_device *d, char ret[WEB_CHALLENGE_OWNER_MAX])
{
	uint8_t mac[WEB_CHALLENGE_OWNER_MAX / 2];
	struct writer w = writer_on(ret, WEB_CHALLENGE_OWNER_MAX);
	web_challenge_derive(&a->challenges, "alto provisioning", d->id, slice_of(d->ha1, sizeof(d->ha1)), mac);
	write_hex(&w, mac, sizeof(mac));
}

/* Where a phone registers with TLS. False: nowhere. */
static bool tls_listener(const struct web_context *c, struct address *ret)
{
	size_t count = transport_listener_count(c->transport);
	for (size_t i = 0; i < count; i++) {
		struct transport_listen listen;
		transport_listener(c->transport, i, &listen);
		*ret = listen.at;
		if (listen.transport == SIP_TLS)
			return true;
	}
	return false;
}

/* ---- the address ---- */

/* By the name that the company's page has; what is asked for elsewhere comes of the company's domain. */
static bool write_host(struct writer *w, const struct web_request *r, const struct directory_tenant *t)
{
	struct slice host;
	uint16_t port = web_https_port(r->context);
	if (r->plane == WEB_COMPANY && web_host_port(r->shown.host, &host, &port)) {
		write_slice(w, r->shown.host);
		return true;
	}
	write_slice(w, t->domain);
	write_char(w, ':');
	write_u64(w, port);
	return port != 0;
}

json_t *web_provisioning_json(const struct web_request *r, const struct directory_device *d)
{
	uint8_t challenge[WEB_CHALLENGE_BYTES];
	char owner[WEB_CHALLENGE_OWNER_MAX], url[sizeof("https://" PATH) + WEB_ARGUMENT_BYTES_MAX + WEB_PATH_MAX];
	struct writer w = writer_on(url, sizeof(url));
	struct address tls;
	write_string(&w, "https://");
	if (!tls_listener(r->context, &tls) || !write_host(&w, r, d->user->tenant))
		return json_null();
	owner_of(r->context->access, d, owner);
	web_challenge_draw(&r->context->access->challenges, r->context->random, slice_of(owner, sizeof(owner)),
			   web_now_us(r), challenge);
	write_string(&w, PATH);
	write_slice(&w, d->id);
	write_char(&w, '.');
	write_base64url(&w, challenge, sizeof(challenge));
	ASSERT(!w.overflow);
	return WEB_OBJECT({"url", web_json_text(writer_slice(&w))},
			  {"expires_at", web_json_time(web_challenge_date(challenge) + WEB_CHALLENGE_US)});
}

/* ---- the file ---- */

/* XML 1.0 §2.4 */
static void write_escaped(struct writer *w, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '&')
			write_string(w, "&amp;");
		else if (s.p[i] == '<')
			write_string(w, "&lt;");
		else if (s.p[i] == '>')
			write_string(w, "&gt;");
		else
			write_char(w, s.p[i]);
	}
}

static void write_entry(struct writer *w, const char *name, struct slice value)
{
	/* What the app has under that name from before is no part of this account. */
	write_format(w, "    <entry name=\"%s\" overwrite=\"true\">", name);
	write_escaped(w, value);
	write_string(w, "</entry>\n");
}

/* "Anna \"A.\" Nowak" <sip:101@acme.example>   RFC 3261 §25.1: quoted-string */
static void write_identity(struct writer *w, const struct directory_user *u)
{
	write_char(w, '"');
	for (size_t i = 0; i < u->name.n; i++) {
		if (u->name.p[i] == '"' || u->name.p[i] == '\\')
			write_char(w, '\\');
		write_char(w, u->name.p[i]);
	}
	write_format(w, "\" <sip:%.*s@%.*s>", SLICE_ARG(u->extension), SLICE_ARG(u->tenant->domain));
}

static void write_account(struct writer *w, const struct directory_device *d, struct slice proxy)
{
	char text[2 * (WEB_ARGUMENT_BYTES_MAX + STORE_ID_CAP) + 320];
	struct writer value = writer_on(text, sizeof(text));
	const struct directory_user *u = d->user;
	write_string(w, "  <section name=\"auth_info_0\">\n");
	write_entry(w, "username", u->extension); /* of the identity: by it Linphone finds this section */
	write_entry(w, "userid", d->username);
	write_hex(&value, d->ha1, d->digest == SIP_DIGEST_SHA256 ? 32 : 16);
	write_entry(w, "ha1", writer_slice(&value));
	write_entry(w, "passwd", SLICE_NONE);
	write_entry(w, "algorithm", sip_digest_algorithm_name((enum sip_digest_algorithm)d->digest));
	write_entry(w, "realm", SLICE(SWITCHBOARD_REALM));
	write_entry(w, "domain", u->tenant->domain);
	write_string(w, "  </section>\n  <section name=\"proxy_0\">\n");
	value = writer_on(text, sizeof(text));
	write_identity(&value, u);
	ASSERT(!value.overflow);
	write_entry(w, "reg_identity", writer_slice(&value));
	write_entry(w, "reg_proxy", proxy);
	write_entry(w, "reg_route", proxy);
	write_entry(w, "reg_sendregister", SLICE("1"));
	write_entry(w, "realm", SLICE(SWITCHBOARD_REALM));
	write_string(w, "  </section>\n");
}

static void write_file(struct writer *w, const struct web_request *r, const struct directory_device *d,
		       struct slice proxy)
{
	bool plain = d->srtp == STORE_SRTP_OFF && r->context->config->plain_rtp;
	write_string(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			"<config xmlns=\"http://www.linphone.org/xsds/lpconfig.xsd\">\n"
			"  <section name=\"misc\">\n");
	/* Else it would ask again at each start, and be refused. */
	write_entry(w, "transient_provisioning", SLICE("1"));
	write_string(w, "  </section>\n  <section name=\"sip\">\n");
	write_entry(w, "default_proxy", SLICE("0"));
	write_entry(w, "media_encryption",
		    plain                        ? SLICE("none")
		    : d->srtp == STORE_SRTP_DTLS ? SLICE("dtls")
						 : SLICE("srtp"));
	write_entry(w, "media_encryption_mandatory", plain ? SLICE("0") : SLICE("1"));
	write_string(w, "  </section>\n");
	write_account(w, d, proxy);
	write_string(w, "</config>\n");
}

/* What this was asked by leads here, so SIP goes there too. False: it is none, or nothing listens. */
static bool write_proxy(struct writer *w, const struct web_request *r)
{
	struct address at, literal;
	struct slice host;
	uint16_t port;
	if (!tls_listener(r->context, &at) || !web_host_port(r->shown.host, &host, &port))
		return false;
	write_string(w, "<sip:");
	if (!address_parse(host, &literal))
		write_slice(w, host); /* the certificate is for a name, and an address behind NAT is none for phones */
	else
		write_address_host(w, address_is_any(&at) ? &literal : &at);
	write_format(w, ":%u;transport=tls>", at.port);
	return true;
}

/* The device, and the challenge that was sealed for it. NULL: there is none that fits. */
static const struct directory_device *find(const struct web_request *r, uint8_t challenge[WEB_CHALLENGE_BYTES])
{
	char owner[WEB_CHALLENGE_OWNER_MAX];
	size_t n;
	struct slice sealed = r->id, id = slice_cut(&sealed, '.');
	const struct directory_device *d = directory_device_by_id(r->context->directory, id);
	if (!d || d->browser || !base64url_decode(sealed, challenge, WEB_CHALLENGE_BYTES, &n) ||
	    n != WEB_CHALLENGE_BYTES)
		return NULL;
	owner_of(r->context->access, d, owner);
	bool fits = web_challenge_fits(&r->context->access->challenges, slice_of(owner, sizeof(owner)), web_now_us(r),
				       challenge);
	return fits ? d : NULL;
}

void web_provisioning_get(struct web_request *r)
{
	uint8_t challenge[WEB_CHALLENGE_BYTES];
	char at[WEB_ARGUMENT_BYTES_MAX + 64];
	struct writer proxy = writer_on(at, sizeof(at));
	const struct directory_device *d = find(r, challenge);
	if (!d || !write_proxy(&proxy, r)) {
		web_problem(r, WEB_UNKNOWN_DEVICE, NULL,
			    "this address was used already, or its time is over; a new account has a new one");
		return;
	}
	char *text = malloc(WEB_PROVISIONING_BYTES);
	if (!text) {
		web_problem(r, WEB_NO_MEMORY, NULL, "there is no memory for an account");
		return;
	}
	/* HEAD takes nothing away: who looks at a link before it is followed asks so. */
	struct web_challenges *challenges = &r->context->access->challenges;
	enum web_challenge_use use = r->head ? web_challenge_look(challenges, web_now_us(r), challenge)
					     : web_challenge_use(challenges, web_now_us(r), challenge);
	if (use != WEB_CHALLENGE_FRESH) {
		free(text);
		web_problem(r, use == WEB_CHALLENGE_USED ? WEB_UNKNOWN_DEVICE : WEB_BUSY, NULL,
			    use == WEB_CHALLENGE_USED
				    ? "this address was used already, or its time is over; a new account has a new one"
				    : "too many have come in within the last minutes; try again in some of them");
		return;
	}
	struct writer w = writer_on(text, WEB_PROVISIONING_BYTES);
	write_file(&w, r, d, writer_slice(&proxy));
	ASSERT(!w.overflow);
	web_answer_text(r, 200, "application/xml", text, w.n);
}
