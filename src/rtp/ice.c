/* rtp/ice.c - answering checks.   RFC 8445 §7.3, RFC 8489 §9.1.3 */
#include "rtp/ice.h"

void ice_credentials_make(const uint8_t random[ICE_RANDOM_BYTES], struct ice_credentials *ret)
{
	/* Its 64 characters are those that ICE allows (RFC 8839 §5.1, ice-char); whole groups of three need no padding.
	 */
	_Static_assert(ICE_UFRAG_CHARS % 4 == 0 && ICE_PWD_CHARS % 4 == 0 &&
			       (ICE_UFRAG_CHARS + ICE_PWD_CHARS) / 4 * 3 == ICE_RANDOM_BYTES,
		       "whole groups");
	size_t half = ICE_UFRAG_CHARS / 4 * 3;
	struct writer ufrag = writer_on(ret->ufrag, sizeof(ret->ufrag));
	struct writer pwd = writer_on(ret->pwd, sizeof(ret->pwd));
	write_base64(&ufrag, random, half);
	write_base64(&pwd, random + half, ICE_RANDOM_BYTES - half);
	ASSERT(!ufrag.overflow && !pwd.overflow);
}

void ice_init(struct ice *ice, const struct ice_credentials *local)
{
	ice->local = *local;
	hmac_sha1_init(&ice->key, (const uint8_t *)local->pwd, sizeof(local->pwd));
}

struct slice ice_addressee(const struct stun_message *check)
{
	struct slice name = check->username;
	return slice_find(name, ':') < 0 ? SLICE_NONE : slice_cut(&name, ':');
}

/* What is wrong with it; 0: nothing. *ret_authentic: its sender knows our password. */
static uint16_t judge(const struct ice *agent, const uint8_t *p, const struct stun_message *check, bool *ret_authentic)
{
	*ret_authentic = false;
	if (!check->integrity_at || slice_empty(check->username))
		return 400;
	if (!agent || !slice_eq(ice_addressee(check), slice_of(agent->local.ufrag, sizeof(agent->local.ufrag))) ||
	    !stun_authentic(p, check, &agent->key))
		return 401;
	*ret_authentic = true;
	if (check->unknown_count)
		return 420;
	/* §7.3.1.1: who answers only is never in control (§6.1.1); the peer takes it over and asks again. */
	return check->role == STUN_CONTROLLED ? 487 : 0;
}

enum ice_result ice_answer(const struct ice *agent, const uint8_t *p, size_t n, const struct stun_message *check,
			   const struct address *from, uint8_t ret[ICE_ANSWER_MAX], size_t *ret_n)
{
	bool authentic;
	*ret_n = 0;
	/* Indications keep a way open, and answers are to questions that we never asked. */
	if (check->class != STUN_REQUEST || check->method != STUN_BINDING)
		return ICE_REFUSED;
	struct stun_message answer = {.class = STUN_SUCCESS, .method = STUN_BINDING, .mapped = *from};
	memcpy(answer.transaction, check->transaction, sizeof(answer.transaction));
	uint16_t error = judge(agent, p, check, &authentic);
	if (error) {
		answer.class = STUN_ERROR;
		answer.error = error;
		answer.mapped.port = 0;
	}
	if (error == 420) {
		answer.unknown_count = check->unknown_count;
		memcpy(answer.unknown, check->unknown, sizeof(answer.unknown));
	}
	size_t length = stun_write(&answer, authentic ? &agent->key : NULL, ret, ICE_ANSWER_MAX);
	ASSERT(length > 0);
	/* Whoever forges a victim's address shall gain nothing by us. */
	if (authentic || length <= n)
		*ret_n = length;
	if (error)
		return ICE_REFUSED;
	return check->use_candidate ? ICE_NOMINATED : ICE_CHECKED;
}
