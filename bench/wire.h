/*
 * bench/wire.h - a UDP socket of a generator: messages are written straight into a batch and leave by sendmmsg
 *
 * IPv4, one thread, one owner. What the kernel refuses to send is counted and not sent again: the scenario's own
 * retransmissions repair it and are counted too.
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
struct wire {
	int fd;
	struct address local;
	unsigned queued;
	uint64_t refused; /* the kernel's queue was full, or the peer's port was closed */
	struct wire_batch out, in;
};

/* NULL with errno set. Binds with buffers of buffer_bytes, as far as the system allows. */
MUST_USE struct wire *wire_new(const struct address *local, unsigned buffer_bytes);
struct wire *wire_free(struct wire *w);

/* Room for one message: write it, then wire_end(). A full batch leaves first. */
struct writer wire_begin(struct wire *w);
void wire_end(struct wire *w, const struct writer *message, const struct address *to);
void wire_send(struct wire *w, struct slice message, const struct address *to); /* begin, write, end */
void wire_flush(struct wire *w);

/* Everything that has arrived, at most `batches` batches; valid for the call. Returns the number of messages. */
typedef void (*wire_input_fn)(void *arg, struct slice message, const struct address *from);
unsigned wire_receive(struct wire *w, unsigned batches, wire_input_fn input, void *arg);
