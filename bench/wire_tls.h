/* bench/wire_tls.h - the TLS side of wire.h: one connection, its handshake, and the messages cut out of its stream */
#pragma once
#include "bench/wire.h"

/* fd: connecting, non-blocking, stays the caller's. NULL: no memory. */
MUST_USE struct wire_tls *wire_tls_new(int fd, const struct address *server);
struct wire_tls *wire_tls_free(struct wire_tls *t);
bool wire_tls_is_closed(const struct wire_tls *t);

/* All connections share the place where a message is written: begin, write, end, without another in between. */
struct writer wire_tls_begin(void);
void wire_tls_end(struct wire_tls *t, const struct writer *message);
void wire_tls_flush(struct wire_tls *t);
/* Goes on with the handshake, reads until nothing is left, and sends what waited. */
unsigned wire_tls_receive(struct wire_tls *t, wire_input_fn input, void *arg);
