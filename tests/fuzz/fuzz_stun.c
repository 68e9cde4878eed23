/* fuzz_stun.c - a STUN message: what was read, written and read again is the same, and a check gets one sound answer */
#include "rtp/bytes.h"
#include "rtp/ice.h"
#include "rtp/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct stun_message *m, const struct hmac_sha1 *key)
{
	uint8_t p[STUN_BYTES_MAX + 64];
	struct stun_message again;
	size_t n = stun_write(m, key, p, sizeof(p));
	if (n > STUN_BYTES_MAX)
		return;
	ASSERT(n > 0 && stun_parse(p, n, &again) && stun_authentic(p, &again, key));
	ASSERT(again.class == m->class && again.method == m->method);
	ASSERT(memcmp(again.transaction, m->transaction, sizeof(m->transaction)) == 0);
	ASSERT(slice_eq(again.username, m->username) && address_eq(&again.mapped, &m->mapped));
	ASSERT(again.has_priority == m->has_priority && again.priority == m->priority);
	ASSERT(again.use_candidate == m->use_candidate && again.error == m->error);
	ASSERT(again.role == m->role && again.tie_breaker == m->tie_breaker);
}

/* The seeds that are authentic were made with these. */
static void check_answer(const uint8_t *data, size_t size, const struct stun_message *m)
{
	struct ice_credentials local;
	struct ice agent;
	uint8_t answer[ICE_ANSWER_MAX];
	struct stun_message read;
	struct address from = {.port = 49152, .ip = {0x20, 0x01, 0x0d, 0xb8}};
	size_t n;
	memcpy(local.ufrag, "AAECAwQF", sizeof(local.ufrag));
	memcpy(local.pwd, "VOkJxbRl1RmTxUk/WvJxBtAA", sizeof(local.pwd));
	ice_init(&agent, &local);
	enum ice_result result = ice_answer(&agent, data, size, m, &from, answer, &n);
	ASSERT(result == ICE_REFUSED || (n > 0 && stun_authentic(data, m, &agent.key)));
	if (n == 0)
		return;
	ASSERT(m->class == STUN_REQUEST && stun_parse(answer, n, &read));
	ASSERT((read.class == STUN_SUCCESS) == (result != ICE_REFUSED));
	ASSERT(n <= size || stun_authentic(data, m, &agent.key));
	check_again(m, &agent.key);
}

static void check(const uint8_t *data, size_t size)
{
	struct stun_message m = {.method = 77};
	if (!stun_parse(data, size, &m)) {
		ASSERT(m.method == 77);
		return;
	}
	ASSERT(size % 4 == 0 && size <= STUN_BYTES_MAX && m.unknown_count <= STUN_UNKNOWN_MAX);
	ASSERT(m.integrity_at == 0 || m.integrity_at + 24U <= size);
	if (m.username.n > 0)
		ASSERT(m.username.p > (const char *)data && m.username.p + m.username.n <= (const char *)data + size);
	check_answer(data, size, &m);
}

/* Once more with the length that its head should say, or what is too short or too long would end there. */
static void check_mended(const uint8_t *data, size_t size)
{
	size_t n = MIN(size, (size_t)STUN_BYTES_MAX) & ~(size_t)3;
	if (n < STUN_HEADER_BYTES)
		return;
	uint8_t *copy = malloc(n);
	ASSERT(copy);
	memcpy(copy, data, n);
	write_be16(copy + 2, (uint16_t)(n - STUN_HEADER_BYTES));
	check(copy, n);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(data, size);
	check_mended(data, size);
	return 0;
}
