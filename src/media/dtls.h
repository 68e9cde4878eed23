/*
 * media/dtls.h - DTLS of one stream, from its first datagram to the keys of its voice.   RFC 5763, RFC 5764, RFC 6347
 *
 * OpenSSL on memory: datagrams go in, others come out through a function. Nothing of what is sent or received by DTLS
 * itself is used, only the keys. A certificate is believed if it has the fingerprint that the description named; the
 * handshake fails otherwise, so no key is ever made with anybody else. ICE has proven the address before the first
 * datagram comes here, hence no cookies (RFC 6347 §4.2.1), and a ClientHello may come in pieces.
 *
 * A handshake costs about 1 ms of CPU in all, in two steps (docs/decisions/024). One thread at a time; takes memory.
 */
#pragma once
#include "media/media.h"

#define DTLS_MTU 1200 /* bytes of a datagram: passes every path that WebRTC is used on, tunnels included */

struct tls_identity;
struct dtls_context; /* of all associations and threads: certificate, profiles; immutable */
MUST_USE int dtls_context_new(const struct tls_identity *identity, struct dtls_context **ret); /* -ENOMEM */
struct dtls_context *dtls_context_free(struct dtls_context *c);

enum dtls_state {
	DTLS_SHAKING,
	DTLS_READY, /* there are keys */
	DTLS_FAILED /* for good: another certificate, no common profile, too many losses, no memory */
};
struct dtls;
/* What an association is begun with. */
struct dtls_terms {
	bool client;                   /* we say hello, in dtls_start() */
	struct media_fingerprint peer; /* of its certificate */
	int64_t retry_us;              /* before the first flight is sent again; then twice as long each time */
};
typedef void (*dtls_send_fn)(void *arg, const uint8_t *p, size_t n);
MUST_USE struct dtls *dtls_new(const struct dtls_context *c, const struct dtls_terms *terms, dtls_send_fn send,
			       void *arg); /* NULL: out of memory */
struct dtls *dtls_free(struct dtls *d);
enum dtls_state dtls_start(struct dtls *d);
/* One datagram. Also when it is ready: who did not get our last flight asks for it once more (RFC 6347 §4.2.4). */
enum dtls_state dtls_input(struct dtls *d, const uint8_t *p, size_t n);
/* When dtls_timeout() is to be called, in microseconds from now by the system's clock, which OpenSSL goes by; -1: it
 * need not be. It sends again what was lost; called early it does nothing. */
int64_t dtls_wait_us(const struct dtls *d);
enum dtls_state dtls_timeout(struct dtls *d);
/* Of a handshake that is ready. False: out of memory. */
MUST_USE bool dtls_keys(const struct dtls *d, struct srtp_key *ret_send, struct srtp_key *ret_receive);
