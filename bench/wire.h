/*
 * bench/wire.h - a generator's way to the server: a UDP socket, or a TLS connection
 *
 * IPv4, one thread, one owner. Over UDP messages are written straight into a batch and leave by sendmmsg; what the
 * kernel refuses to send is counted and not sent again: the scenario's own retransmissions repair it and are counted
 * too. Over TLS they wait for the handshake, and nothing is lost unless the connection ends.
 */
#pragma once
#include "base/address.h"
#include "base/clock.h"
#include <netinet/in.h>
#include <sys/socket.h>

#define WIRE_BATCH 32
#define WIRE_BYTES 2048 /* more than any message of the scenarios */

struct wire_batch {
	struct mmsghdr header[WIRE_BATCH];
	struct iovec part[WIRE_BATCH];
	struct sockaddr_in peer[WIRE_BATCH];
	char bytes[WIRE_BATCH][WIRE_BYTES];
};
struct wire_tls; /* wire_tls.c */
struct wire {
	int fd;
	struct address local;
	struct wire_tls *tls; /* NULL: UDP */
	unsigned queued;
	uint64_t refused;            /* the kernel's queue was full, or the peer's port was closed */
	struct wire_batch *out, *in; /* UDP only */
};

/* NULL with errno set. Binds with buffers of buffer_bytes, as far as the system allows. */
MUST_USE struct wire *wire_new(const struct address *local, unsigned buffer_bytes);
/* Begins to connect; local's port may be 0. The server's certificate is not looked at. NULL with errno set. */
MUST_USE struct wire *wire_connect(const struct address *local, const struct address *server);
bool wire_is_closed(const struct wire *w); /* TLS: the connection could not be made, or has ended */
struct wire *wire_free(struct wire *w);

/* Room for one message: write it, then wire_end(). A full batch leaves first. */
struct writer wire_begin(struct wire *w);
void wire_end(struct wire *w, const struct writer *message, const struct address *to);
void wire_send(struct wire *w, struct slice message, const struct address *to); /* begin, write, end */
void wire_flush(struct wire *w);

/* "SIP/2.0/UDP " and our address, for a Via; ";transport=tls" for a Contact, or nothing. */
void wire_write_via(struct writer *w, const struct wire *wire);
void wire_write_contact_transport(struct writer *w, const struct wire *wire);

/* Everything that has arrived, at most `batches` batches; valid for the call. Returns the number of messages. */
typedef void (*wire_input_fn)(void *arg, struct slice message, const struct address *from);
unsigned wire_receive(struct wire *w, unsigned batches, wire_input_fn input, void *arg);
