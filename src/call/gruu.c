/* call/gruu.c - see gruu.h */
#include "call/gruu.h"
#include "crypto/crypto.h"
#include "sip/message.h"

#define TEMPORARY SLICE("tgruu.") /* no extension begins so */

/*
 * Encrypted and then authenticated with one key of this process: after a restart the old ones are void, and phones get
 * new ones with their next REGISTER. The MAC covers instance and Call-ID, which the token need not carry: the device's
 * few bindings are tried.
 */
struct token {
	uint8_t salt[8];
	uint8_t device[STORE_ID_CAP]; /* its id, padded with NUL */
	uint8_t mac[8];
};

static struct slice without_angles(struct slice s)
{
	return s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>' ? slice_of(s.p + 1, s.n - 2) : s;
}

/* Fit for a URI parameter as it is: URNs of UUIDs, IMEIs and the like are (RFC 5626 §4.1). */
static bool is_plain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], letter = (char)(c | 0x20);
		if (!(c >= '0' && c <= ':') && !(letter >= 'a' && letter <= 'z') && c != '-' && c != '.' && c != '_')
			return false;
	}
	return s.n > 0;
}

uint64_t gruu_instance(const struct switchboard *sb, struct slice instance)
{
	char lower[SIP_TOKEN_MAX];
	struct slice s = slice_first(without_angles(instance), sizeof(lower));
	for (size_t i = 0; i < s.n; i++)
		lower[i] = ascii_lower(s.p[i]);
	return map_hash(&sb->rung_by_user, slice_of(lower, s.n)) | 1;
}

/* ---- the token ---- */

static void hmac_of(const struct switchboard *sb, const char *purpose, const struct token *t, struct slice text,
		    uint8_t ret[32])
{
	char buf[2 * SIP_TOKEN_MAX + sizeof(*t) + 16];
	struct writer w = writer_on(buf, sizeof(buf));
	write_string(&w, purpose);
	write_slice(&w, slice_of(t->salt, sizeof(t->salt)));
	write_slice(&w, text);
	crypto_hmac_sha256(slice_of(sb->gruu_key, sizeof(sb->gruu_key)), writer_slice(&w), ret);
}

/* Both ways. */
static void crypt(const struct switchboard *sb, struct token *t)
{
	uint8_t pad[64];
	_Static_assert(sizeof(t->device) <= sizeof(pad), "two blocks are enough");
	hmac_of(sb, "1", t, SLICE_NONE, pad);
	hmac_of(sb, "2", t, SLICE_NONE, pad + 32);
	for (size_t i = 0; i < sizeof(t->device); i++)
		t->device[i] ^= pad[i];
	crypto_wipe(pad, sizeof(pad));
}

static void mac_of(const struct switchboard *sb, const struct token *t, const struct directory_binding *b,
		   uint8_t ret[32])
{
	char buf[2 * SIP_TOKEN_MAX + sizeof(t->device) + 1];
	struct writer w = writer_on(buf, sizeof(buf));
	write_slice(&w, slice_of(t->device, sizeof(t->device)));
	write_slice(&w, directory_binding_text(b, BINDING_CALL_ID));
	write_char(&w, 0);
	write_slice(&w, directory_binding_text(b, BINDING_INSTANCE));
	hmac_of(sb, "m", t, writer_slice(&w), ret);
}

static void write_token(struct switchboard *sb, struct writer *w, const struct directory_binding *b)
{
	uint8_t mac[32];
	struct token t = {0};
	random_bytes(sb->random, t.salt, sizeof(t.salt));
	memcpy(t.device, b->device->id.p, MIN(b->device->id.n, sizeof(t.device) - 1));
	crypt(sb, &t);
	mac_of(sb, &t, b, mac);
	memcpy(t.mac, mac, sizeof(t.mac));
	write_hex(w, (const uint8_t *)&t, sizeof(t));
}

/* The binding that it was made for, or one of another flow of the same registration. */
static const struct directory_binding *binding_of(struct switchboard *sb, struct slice text)
{
	struct token t, plain;
	uint8_t mac[32];
	if (!slice_unhex(text, (uint8_t *)&t, sizeof(t)))
		return NULL;
	plain = t;
	crypt(sb, &plain);
	plain.device[sizeof(plain.device) - 1] = 0;
	const struct directory_device *d = directory_device_by_id(sb->config.directory,
								  slice_from_string((const char *)plain.device));
	for (const struct directory_binding *b = d ? d->first_binding : NULL; b; b = b->next_of_device) {
		mac_of(sb, &t, b, mac);
		if (crypto_equal(mac, t.mac, sizeof(t.mac)))
			return b;
	}
	return NULL;
}

/* ---- written and read ---- */

void gruu_write(struct switchboard *sb, struct writer *w, const struct directory_binding *b)
{
	const struct directory_user *u = b->device->user;
	struct slice instance = without_angles(directory_binding_text(b, BINDING_INSTANCE));
	if (!is_plain(instance))
		return;
	write_string(w, ";pub-gruu=\"sip:");
	sip_write_user_escaped(w, u->extension);
	write_format(w, "@%.*s;gr=%.*s\";temp-gruu=\"sip:%.*s", SLICE_ARG(u->tenant->domain), SLICE_ARG(instance),
		     SLICE_ARG(TEMPORARY));
	write_token(sb, w, b);
	write_format(w, "@%.*s;gr\"", SLICE_ARG(u->tenant->domain));
}

enum gruu gruu_read(struct switchboard *sb, const struct sip_uri *uri, uint64_t *ret_instance,
		    const struct directory_device **ret_device)
{
	char plain[SIP_TOKEN_MAX];
	struct slice gr;
	size_t n;
	if (!sip_param_find(uri->params, SLICE("gr"), &gr))
		return GRUU_NONE;
	if (!slice_empty(gr)) {
		if (!sip_user_unescape(gr, plain, sizeof(plain), &n))
			return GRUU_OVER;
		*ret_instance = gruu_instance(sb, slice_of(plain, n));
		return GRUU_PUBLIC;
	}
	const struct directory_binding *b = NULL;
	if (slice_starts(uri->user, TEMPORARY))
		b = binding_of(sb, slice_from(uri->user, TEMPORARY.n));
	if (!b)
		return GRUU_OVER;
	*ret_instance = gruu_instance(sb, directory_binding_text(b, BINDING_INSTANCE));
	*ret_device = b->device;
	return GRUU_TEMPORARY;
}
