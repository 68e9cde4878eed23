/*
 * bench/answerer.c - the least a server could possibly do, to show what the generator itself can carry
 *
 * Answers each INVITE with 100 and passes every datagram on unread: from the caller's address to the callee's and back.
 * Both sides of the generator therefore do all the work of a call with a real server, and this one nearly none.
 *
 *   answerer LISTEN CALLER CALLEE      each as ADDRESS:PORT
 */
#include "bench/glance.h"
#include "bench/wire.h"
#include <poll.h>

struct answerer {
	struct wire *wire;
	struct address caller, callee;
};

static void send_trying(struct answerer *a, struct slice invite)
{
	struct glance g;
	if (!glance_at(invite, &g))
		return;
	struct writer w = wire_begin(a->wire);
	write_slice(&w, SLICE("SIP/2.0 100 Trying\r\n"));
	for (unsigned i = 0; i < g.via_count; i++) {
		write_slice(&w, g.vias[i]);
		write_slice(&w, SLICE("\r\n"));
	}
	write_slice(&w, SLICE("From: "));
	write_slice(&w, g.from);
	write_slice(&w, SLICE("\r\nTo: "));
	write_slice(&w, g.to);
	write_slice(&w, SLICE("\r\nCall-ID: "));
	write_slice(&w, g.call_id);
	write_slice(&w, SLICE("\r\nCSeq: "));
	write_slice(&w, g.cseq_value);
	write_slice(&w, SLICE("\r\nContent-Length: 0\r\n\r\n"));
	wire_end(a->wire, &w, &a->caller);
}

static void on_input(void *arg, struct slice message, const struct address *from)
{
	struct answerer *a = arg;
	bool outward = address_eq(from, &a->caller);
	if (outward && slice_starts(message, SLICE("INVITE ")))
		send_trying(a, message);
	wire_send(a->wire, message, outward ? &a->callee : &a->caller);
}

int main(int argc, char **argv)
{
	struct answerer a = {0};
	struct address at;
	if (argc != 4 || !address_parse_with_port(slice_from_string(argv[1]), &at) ||
	    !address_parse_with_port(slice_from_string(argv[2]), &a.caller) ||
	    !address_parse_with_port(slice_from_string(argv[3]), &a.callee)) {
		fputs("usage: answerer LISTEN CALLER CALLEE\n", stderr);
		return 2;
	}
	a.wire = wire_new(&at, 4U << 20);
	if (!a.wire) {
		perror("answerer: cannot open its socket");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct pollfd fd = {.fd = a.wire->fd, .events = POLLIN};
		(void)poll(&fd, 1, -1);
		wire_receive(a.wire, 4, on_input, &a);
		wire_flush(a.wire);
	}
}
