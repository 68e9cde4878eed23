/* fuzz/edge.c - see edge.h */
#include "fuzz/edge.h"

#include <sanitizer/asan_interface.h>

#include "rtp/srtp.h"

static struct {
	const uint8_t *p;
	size_t n;
} behind; /* what may not be read */

void edge_set(const void *buffer, size_t n, size_t cap)
{
	edge_lift();
	behind.p = (const uint8_t *)buffer + MIN(n, cap);
	behind.n = cap - MIN(n, cap);
	ASAN_POISON_MEMORY_REGION(behind.p, behind.n);
}

void edge_lift(void)
{
	ASAN_UNPOISON_MEMORY_REGION(behind.p, behind.n);
	behind.n = 0;
}

enum srtp_result __real_srtp_protect(struct srtp *s, uint8_t *p, size_t n, size_t cap, size_t *ret_n);
enum srtp_result __real_srtcp_protect(struct srtp *s, uint8_t *p, size_t n, size_t cap, size_t *ret_n);
enum srtp_result __wrap_srtp_protect(struct srtp *s, uint8_t *p, size_t n, size_t cap, size_t *ret_n);
enum srtp_result __wrap_srtcp_protect(struct srtp *s, uint8_t *p, size_t n, size_t cap, size_t *ret_n);

/* What is protected has been read: only writing follows. */
enum srtp_result __wrap_srtp_protect(struct srtp *s, uint8_t *p, size_t n, size_t cap, size_t *ret_n)
{
	edge_lift();
	return __real_srtp_protect(s, p, n, cap, ret_n);
}

enum srtp_result __wrap_srtcp_protect(struct srtp *s, uint8_t *p, size_t n, size_t cap, size_t *ret_n)
{
	edge_lift();
	return __real_srtcp_protect(s, p, n, cap, ret_n);
}
