/*
 * sip/digest.c - see digest.h
 *
 * How a nonce is kept from being used twice is told at the head of nonces.c. Here, the response is computed and
 * compared before anything is said of the nonce: to somebody without the password an old nonce, a foreign one and a
 * fresh one look the same, and so do a user that exists and one that does not. (Over UDP call/authenticate.c has asked
 * before whether the nonce went to the sender's host, which tells nothing of passwords and users.)
 */
#include "sip/digest.h"
#include "sip/nonces.h"
#include "sip/scan.h"

#define HASH_HEX_MAX (2 * CRYPTO_HASH_MAX)

struct slice sip_digest_algorithm_name(enum sip_digest_algorithm a)
{
	return a == SIP_DIGEST_SHA256 ? SLICE("SHA-256") : SLICE("MD5");
}

static enum crypto_hash hash_of(enum sip_digest_algorithm a)
{
	return a == SIP_DIGEST_SHA256 ? CRYPTO_SHA256 : CRYPTO_MD5;
}

/* Eight hexadecimal digits (RFC 7616 §3.4); fewer are taken too, zero is not. */
static bool parse_count(struct slice text, uint32_t *ret)
{
	uint32_t count = 0;
	if (text.n == 0 || text.n > 8)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		int digit = sip_hex_digit(text.p[i]);
		if (digit < 0)
			return false;
		count = count << 4 | (uint32_t)digit;
	}
	*ret = count;
	return count != 0;
}

static void set_algorithm(struct sip_credentials *c, struct slice text)
{
	if (slice_caseeq(text, SLICE("MD5")))
		c->algorithm = SIP_DIGEST_MD5;
	else if (slice_caseeq(text, SLICE("SHA-256")))
		c->algorithm = SIP_DIGEST_SHA256;
	else
		c->algorithm_known = false;
}

/* One `name=value`; *seen has a bit for each name met. False: malformed or told twice. Unknown names are passed over.
 */
static bool set_parameter(struct sip_credentials *c, struct slice name, struct slice value, unsigned *seen)
{
	struct {
		struct slice name;
		struct slice *text;
	} const known[] = {
		{SLICE("username"), &c->username}, {SLICE("realm"), &c->realm},
		{SLICE("nonce"), &c->nonce},       {SLICE("uri"), &c->uri},
		{SLICE("response"), &c->response}, {SLICE("cnonce"), &c->cnonce},
		{SLICE("opaque"), &c->opaque},     {SLICE("qop"), &c->qop},
		{SLICE("algorithm"), NULL},        {SLICE("nc"), NULL},
	};
	for (unsigned i = 0; i < ARRAY_LEN(known); i++) {
		if (!slice_caseeq(name, known[i].name))
			continue;
		if (*seen >> i & 1)
			return false;
		*seen |= 1U << i;
		if (known[i].text)
			*known[i].text = value;
		else if (name.n == 2)
			return parse_count(value, &c->nonce_count);
		else
			set_algorithm(c, value);
		return true;
	}
	return true;
}

enum sip_parse sip_credentials_parse(struct slice value, struct sip_credentials *ret, struct sip_reason *reterr)
{
	static const struct slice scheme = {"Digest", 6};
	if (!slice_casestarts(value, scheme) || value.n == scheme.n || !sip_is_space(value.p[scheme.n]))
		return sip_refuse(reterr, value.p, value.p, "Not Digest Credentials");
	const char *p = value.p + scheme.n, *end = value.p + value.n;
	struct sip_credentials c = {.algorithm_known = true};
	unsigned seen = 0;
	for (;;) {
		const char *name = sip_scan_spaces(p, end);
		const char *name_end = sip_scan_set(name, end, &sip_token_chars);
		const char *equals = sip_scan_spaces(name_end, end);
		if (name_end == name || equals == end || *equals != '=')
			return sip_refuse(reterr, value.p, name, "Bad Credentials");
		const char *text = sip_scan_spaces(equals + 1, end);
		bool quoted = text < end && *text == '"';
		p = quoted ? sip_scan_quoted(text, end) : sip_scan_set(text, end, &sip_value_chars);
		if (!p || p == text)
			return sip_refuse(reterr, value.p, text, "Bad Credentials");
		struct slice inside = quoted ? sip_span(text + 1, p - 1) : sip_span(text, p);
		if (!set_parameter(&c, sip_span(name, name_end), inside, &seen))
			return sip_refuse(reterr, value.p, name, "Bad Credentials");
		p = sip_scan_spaces(p, end);
		if (p == end)
			break;
		if (*p++ != ',')
			return sip_refuse(reterr, value.p, p - 1, "Bad Credentials");
	}
	*ret = c;
	return SIP_OK;
}

void sip_digest_ha1(struct crypto_hasher *h, enum sip_digest_algorithm a, struct slice username, struct slice realm,
		    struct slice password, uint8_t ret[SIP_HA1_BYTES])
{
	const struct slice parts[] = {username, SLICE(":"), realm, SLICE(":"), password};
	uint8_t hash[CRYPTO_HASH_MAX] = {0};
	crypto_hash_parts(h, hash_of(a), parts, ARRAY_LEN(parts), hash);
	memset(ret, 0, SIP_HA1_BYTES);
	memcpy(ret, hash, crypto_hash_length(hash_of(a)));
	crypto_wipe(hash, sizeof(hash));
}

/* The response before it is written down. */
static void response_hash(struct crypto_hasher *h, enum crypto_hash kind, const uint8_t ha1[SIP_HA1_BYTES],
			  struct slice method, struct slice uri, struct slice nonce, struct slice cnonce,
			  uint32_t nonce_count, struct slice qop, uint8_t ret[CRYPTO_HASH_MAX])
{
	const size_t bytes = crypto_hash_length(kind);
	char ha1_hex[HASH_HEX_MAX], ha2_hex[HASH_HEX_MAX], count_hex[8];
	struct writer w1 = writer_on(ha1_hex, sizeof(ha1_hex)), w2 = writer_on(ha2_hex, sizeof(ha2_hex));
	struct writer wc = writer_on(count_hex, sizeof(count_hex));

	const struct slice a2[] = {method, SLICE(":"), uri};
	crypto_hash_parts(h, kind, a2, ARRAY_LEN(a2), ret);
	write_hex(&w2, ret, bytes);
	write_hex(&w1, ha1, bytes);
	write_hex(&wc,
		  (uint8_t[4]){(uint8_t)(nonce_count >> 24), (uint8_t)(nonce_count >> 16), (uint8_t)(nonce_count >> 8),
			       (uint8_t)nonce_count},
		  4);

	const struct slice colon = SLICE(":");
	const struct slice parts[] = {
		writer_slice(&w1), colon, nonce, colon, writer_slice(&wc), colon, cnonce, colon, qop, colon,
		writer_slice(&w2)};
	/* RFC 2069: KD(H(A1), nonce:H(A2)) */
	const struct slice old[] = {writer_slice(&w1), colon, nonce, colon, writer_slice(&w2)};
	if (slice_empty(qop))
		crypto_hash_parts(h, kind, old, ARRAY_LEN(old), ret);
	else
		crypto_hash_parts(h, kind, parts, ARRAY_LEN(parts), ret);
	crypto_wipe(ha1_hex, sizeof(ha1_hex));
}

size_t sip_digest_response(struct crypto_hasher *h, enum sip_digest_algorithm a, const uint8_t ha1[SIP_HA1_BYTES],
			   struct slice method, struct slice uri, struct slice nonce, struct slice cnonce,
			   uint32_t nonce_count, struct slice qop, char ret[64])
{
	uint8_t hash[CRYPTO_HASH_MAX];
	struct writer w = writer_on(ret, HASH_HEX_MAX);
	response_hash(h, hash_of(a), ha1, method, uri, nonce, cnonce, nonce_count, qop, hash);
	write_hex(&w, hash, crypto_hash_length(hash_of(a)));
	return w.n;
}

void sip_write_challenge(struct writer *w, struct sip_nonces *n, struct slice realm, enum sip_digest_algorithm a,
			 bool stale, const struct address *to, int64_t now_us)
{
	write_slice(w, SLICE("Digest realm=\""));
	for (size_t i = 0; i < realm.n; i++) {
		if (realm.p[i] == '"' || realm.p[i] == '\\')
			write_char(w, '\\');
		write_char(w, realm.p[i]);
	}
	write_slice(w, SLICE("\", nonce=\""));
	sip_nonce_write(w, n, to, now_us);
	write_slice(w, SLICE("\", algorithm="));
	write_slice(w, sip_digest_algorithm_name(a));
	write_slice(w, SLICE(", qop=\"auth\""));
	if (stale)
		write_slice(w, SLICE(", stale=true"));
}

static bool unsupported(const struct sip_credentials *c, enum sip_digest_algorithm want)
{
	if (!c->algorithm_known || c->algorithm != want)
		return true;
	if (slice_empty(c->username) || slice_empty(c->realm) || slice_empty(c->nonce) || slice_empty(c->uri) ||
	    slice_empty(c->response))
		return true;
	if (slice_empty(c->qop))
		return false;
	/* auth-int and what may come after it; a count and a cnonce belong to qop (RFC 7616 §3.4). */
	return !slice_caseeq(c->qop, SLICE("auth")) || slice_empty(c->cnonce) || c->nonce_count == 0;
}

/* The realm as it was sent, escapes and all, names ours. */
static bool is_realm(struct slice sent, struct slice realm)
{
	size_t j = 0;
	for (size_t i = 0; i < sent.n; i++, j++) {
		if (sent.p[i] == '\\' && i + 1 < sent.n)
			i++;
		if (j >= realm.n || sent.p[i] != realm.p[j])
			return false;
	}
	return j == realm.n;
}

enum sip_digest_verdict sip_digest_check(struct sip_nonces *n, struct crypto_hasher *h, const struct sip_credentials *c,
					 struct slice method, struct slice realm, enum sip_digest_algorithm want,
					 const uint8_t ha1[SIP_HA1_BYTES], bool known, int64_t now_us)
{
	if (unsupported(c, want))
		return SIP_DIGEST_UNSUPPORTED;

	uint8_t expected[CRYPTO_HASH_MAX], sent[CRYPTO_HASH_MAX] = {0};
	const size_t bytes = crypto_hash_length(hash_of(want));
	response_hash(h, hash_of(want), ha1, method, c->uri, c->nonce, c->cnonce, c->nonce_count, c->qop, expected);
	bool well_formed = slice_unhex(c->response, sent, bytes);

	struct sip_nonce nonce;
	bool fresh = sip_nonce_read(n, c->nonce, now_us, &nonce);
	bool right = crypto_equal(expected, sent, bytes);
	right &= well_formed & is_realm(c->realm, realm) & known;
	if (!right)
		return SIP_DIGEST_WRONG;
	uint32_t count = slice_empty(c->qop) ? 0 : c->nonce_count;
	return fresh && sip_nonce_use(n, &nonce, count, now_us) ? SIP_DIGEST_OK : SIP_DIGEST_STALE;
}
