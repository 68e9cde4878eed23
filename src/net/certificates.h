/*
 * net/certificates.h - which certificate a client is shown: by the server name that it asks for.   RFC 6066 §3
 *
 * One set for SIP over TLS, HTTPS and WebSocket alike. Every handshake looks here anew: what is put in or taken out is
 * seen by the next one, and touches no connection. Owner: the thread of the loop whose listeners use it; it outlives
 * them.
 */
#pragma once
#include "base/slice.h"

struct tls_certificates;
struct tls_identity;

/* With the node's own, which is for whoever asks for no name, or for one that is not known. Takes it. -ENOMEM. */
MUST_USE int tls_certificates_new(struct tls_identity *own, struct tls_certificates **ret);
struct tls_certificates *tls_certificates_free(struct tls_certificates *c); /* and every identity in it */
void tls_certificates_set_own(struct tls_certificates *c,
			      struct tls_identity *own); /* takes it; frees the one before */
/* For this host name, in any case, in place of the one before. Takes identity; on -ENOMEM it stays the caller's. */
MUST_USE int tls_certificates_put(struct tls_certificates *c, struct slice name, struct tls_identity *identity);
void tls_certificates_remove(struct tls_certificates *c, struct slice name); /* a name that is not there is fine */
/*
 * While the node's own is self-signed, this name's is shown in its place as soon as there is one. name: borrowed, for
 * as long as c.
 */
void tls_certificates_prefer(struct tls_certificates *c, struct slice name);

/* Has the operator chosen a certificate for this name: the node's own, if it covers it and is not self-signed? */
bool tls_certificates_given(const struct tls_certificates *c, struct slice name);
/*
 * What a client that asks for this name is shown; name empty: no name. The node's own where the operator has chosen it
 * for this name; then what was put for it; else the node's own. Never NULL.
 */
const struct tls_identity *tls_certificates_find(const struct tls_certificates *c, struct slice name);
/*
 * For a library that makes its OpenSSL context itself: context, an SSL_CTX for servers, gets our versions and ciphers,
 * and each handshake its certificate from c. -ENOMEM.
 */
MUST_USE int tls_certificates_serve(struct tls_certificates *c, void *context);
