/*
 * bench/flood.c - a flood from many addresses: INVITE, REGISTER and garbage, as fast as it goes, as one line of JSON
 *
 * Every datagram comes from another socket, each bound to an address of its own in 127.0.0.0/8: to the server they are
 * so many hosts. What comes back is read and thrown away, challenges are never answered. Prints "flooding" when it
 * begins. --rate N: no more than so many a second.
 */
#include "base/clock.h"
#include "base/random.h"
#include "base/writer.h"
#include "bench/load.h"
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 32               /* datagrams that one source sends at a time */
#define SOURCES_MAX 16000      /* descriptors are raised no further */
#define FIRST_HOST 0x7f400001u /* 127.64.0.1: away from the addresses that generators and servers use */
#define MESSAGE_BYTES 1024

struct flood {
	struct address server;
	unsigned sources, rate;
	double seconds;
	int *fds;
	struct random random;
	struct mmsghdr header[BATCH];
	struct iovec part[BATCH];
	char bytes[BATCH][MESSAGE_BYTES];
	uint64_t sent, refused, answers;
};

static bool options(int argc, char **argv, struct flood *f)
{
	static const struct option known[] = {{"server", required_argument, NULL, 's'},
					      {"sources", required_argument, NULL, 'n'},
					      {"rate", required_argument, NULL, 'r'},
					      {"seconds", required_argument, NULL, 't'},
					      {0}};
	uint64_t n;
	int c;
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 's' && address_parse_with_port(slice_from_string(optarg), &f->server))
			continue;
		if (c == '?' || c == 's' || !slice_u64(slice_from_string(optarg), 100000000, &n))
			return false;
		if (c == 'n')
			f->sources = (unsigned)n;
		else if (c == 'r')
			f->rate = (unsigned)n;
		else
			f->seconds = (double)n;
	}
	return optind == argc && f->server.port && f->sources && f->sources <= SOURCES_MAX && f->seconds > 0;
}

static bool open_sources(struct flood *f)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(f->server.port)};
	memcpy(&to.sin_addr, f->server.ip + 12, 4);
	f->fds = calloc(f->sources, sizeof(*f->fds));
	if (!f->fds)
		return false;
	for (unsigned i = 0; i < f->sources; i++) {
		struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(FIRST_HOST + 7 * i)};
		f->fds[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (f->fds[i] < 0 || bind(f->fds[i], (struct sockaddr *)&at, sizeof(at)) < 0 ||
		    connect(f->fds[i], (struct sockaddr *)&to, sizeof(to)) < 0)
			return false;
	}
	return true;
}

static size_t write_request(struct writer *w, const char *method, uint64_t number)
{
	char id[32];
	snprintf(id, sizeof(id), "%016llx", (unsigned long long)number);
	write_string(w, method);
	write_string(w, " sip:102@bench.invalid SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK");
	write_string(w, id);
	write_string(w, ";rport\r\nMax-Forwards: 70\r\nFrom: <sip:101@bench.invalid>;tag=");
	write_string(w, id);
	write_string(w, "\r\nTo: <sip:102@bench.invalid>\r\nCall-ID: ");
	write_string(w, id);
	write_string(w, "\r\nCSeq: 1 ");
	write_string(w, method);
	write_string(w, "\r\nContact: <sip:101@198.51.100.7>\r\nExpires: 300\r\nUser-Agent: phone\r\n"
			"Content-Length: 0\r\n\r\n");
	return w->n;
}

static void fill(struct flood *f, unsigned i)
{
	uint64_t number = random_u64(&f->random);
	struct writer w = writer_on(f->bytes[i], MESSAGE_BYTES);
	if (number % 3 == 2) {
		f->part[i].iov_len = 1 + (number >> 8) % 600;
		random_bytes(&f->random, f->bytes[i], f->part[i].iov_len);
	} else {
		f->part[i].iov_len = write_request(&w, number % 3 ? "REGISTER" : "INVITE", number);
	}
}

static void throw_away(struct flood *f, int fd)
{
	char byte;
	while (recv(fd, &byte, 1, 0) >= 0)
		f->answers++;
}

static void send_batch(struct flood *f, int fd)
{
	for (unsigned i = 0; i < BATCH; i++)
		fill(f, i);
	int n = sendmmsg(fd, f->header, BATCH, 0);
	f->sent += n > 0 ? (uint64_t)n : 0;
	f->refused += n < BATCH;
}

static void run(struct flood *f)
{
	const struct timespec nap = {.tv_nsec = 200000};
	int64_t start = clock_monotonic_us(), now = start, end = start + (int64_t)(f->seconds * 1e6);
	for (uint64_t batch = 0; now < end; batch++, now = clock_monotonic_us()) {
		if (f->rate && f->sent > (double)(now - start) / 1e6 * f->rate) {
			nanosleep(&nap, NULL);
			continue;
		}
		int fd = f->fds[batch % f->sources];
		send_batch(f, fd);
		throw_away(f, fd);
	}
}

int main(int argc, char **argv)
{
	static struct flood f = {.sources = 1000};
	if (!options(argc, argv, &f)) {
		fputs("usage: flood --server A:P --seconds S [--sources N] [--rate N]\n", stderr);
		return 2;
	}
	random_init(&f.random);
	for (unsigned i = 0; i < BATCH; i++) {
		f.part[i].iov_base = f.bytes[i];
		f.header[i].msg_hdr = (struct msghdr){.msg_iov = &f.part[i], .msg_iovlen = 1};
	}
	if (!open_sources(&f)) {
		perror("flood: cannot open its sources");
		return 1;
	}
	puts("flooding");
	fflush(stdout);
	double busy = load_cpu_seconds();
	run(&f);
	printf("{\"sources\": %u, \"seconds\": %.3f, \"sent\": %llu, \"refused\": %llu, \"answers\": %llu, "
	       "\"generator_busy\": %.3f}\n",
	       f.sources, f.seconds, (unsigned long long)f.sent, (unsigned long long)f.refused,
	       (unsigned long long)f.answers, (load_cpu_seconds() - busy) / f.seconds);
	for (unsigned i = 0; i < f.sources; i++)
		close(f.fds[i]);
	free(f.fds);
	return 0;
}
