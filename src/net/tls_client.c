/* net/tls_client.c - whom we believe when we connect.   RFC 5922 */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <strings.h>

#include "net/tls_private.h"

/* "sip:example.com", without user, port or parameters (§7.1); the scheme and the host in any case. */
static bool is_sip_uri_of(const ASN1_IA5STRING *uri, const char *host)
{
	struct slice text = slice_of(ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri));
	struct slice scheme = SLICE("sip:");
	return slice_casestarts(text, scheme) && slice_caseeq(slice_from(text, scheme.n), slice_from_string(host));
}

static bool names_sip_domain(X509 *certificate, const char *host)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		found = name->type == GEN_URI && is_sip_uri_of(name->d.uniformResourceIdentifier, host);
	}
	GENERAL_NAMES_free(names);
	return found;
}

/*
 * OpenSSL looks for the host among the DNS names; a certificate may name it as a SIP domain instead.
 * DEVIATION: RFC 5922 §7.2 has no wildcards, and no DNS names beside a sip: URI. Operators' certificates have both, and
 * whoever holds such a certificate has been vouched for as that domain all the same.
 */
static int judge(int fine, X509_STORE_CTX *store)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	const char *host = X509_VERIFY_PARAM_get0_host(X509_STORE_CTX_get0_param(store), 0);

	if (fine || !ssl || !host || X509_STORE_CTX_get_error(store) != X509_V_ERR_HOSTNAME_MISMATCH ||
	    !names_sip_domain(X509_STORE_CTX_get0_cert(store), host))
		return fine;
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

enum tls_distrust tls_distrust(const SSL *ssl)
{
	switch (SSL_get_verify_result(ssl)) {
	case X509_V_OK:
		return TLS_BELIEVED;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return TLS_OTHER_NAME;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return TLS_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return TLS_NOT_YET_VALID;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return TLS_UNKNOWN_AUTHORITY;
	default:
		return TLS_DISTRUSTED;
	}
}

static bool load_authorities(SSL_CTX *c, const char *path, struct tls_reason *reterr)
{
	if (SSL_CTX_load_verify_file(c, path) == 1)
		return true;
	snprintf(reterr->text, sizeof(reterr->text),
		 "%.511s: cannot be read, or has no certificate in PEM form (-----BEGIN CERTIFICATE-----)", path);
	ERR_clear_error();
	return false;
}

SSL_CTX *tls_client_context_new(const char *authorities_path, struct tls_reason *reterr)
{
	SSL_CTX *c = tls_context_new(TLS_client_method());
	if (!c) {
		snprintf(reterr->text, sizeof(reterr->text), "no memory for TLS");
		return NULL;
	}
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER, judge);
	if (SSL_CTX_set_default_verify_paths(c) != 1) {
		snprintf(reterr->text, sizeof(reterr->text), "the system's certificate authorities cannot be used");
	} else if (!authorities_path || load_authorities(c, authorities_path, reterr)) {
		return c;
	}
	SSL_CTX_free(c);
	return NULL;
}
