/* sip/server_match.c - which server transaction a request belongs to.   RFC 3261 §17.2.3 */
#include "sip/transaction_private.h"

/* The parts of a key, one after the other, each with its length, so that no two lists of parts look the same. */
struct key_text {
	const struct sip_stack *stack;
	size_t n;
	uint8_t bytes[256];
};

static void key_add(struct key_text *k, struct slice part)
{
	uint32_t length = (uint32_t)part.n;

	if (part.n > sizeof(k->bytes) - sizeof(length) - k->n) {
		/* Longer than any honest one: what is there and the part are replaced by their hashes. */
		uint64_t folded[] = {map_hash(&k->stack->servers, slice_of(k->bytes, k->n)),
				     map_hash(&k->stack->servers, part)};
		memcpy(k->bytes, folded, sizeof(folded));
		k->n = sizeof(folded);
		return;
	}
	memcpy(k->bytes + k->n, &length, sizeof(length));
	k->n += sizeof(length);
	if (part.n)
		memcpy(k->bytes + k->n, part.p, part.n);
	k->n += part.n;
}

static void key_add_number(struct key_text *k, uint32_t number)
{
	key_add(k, slice_of(&number, sizeof(number)));
}

/*
 * A top Via without the cookie (RFC 2543): the transaction is known by the Request-URI, From tag, Call-ID, CSeq and
 * the Via itself.
 * DEVIATION: the To tag is left out, since the ACK's is not the INVITE's and one hash has to find both. A request that
 * agrees in all the rest, its CSeq number included, is a copy.
 */
static void key_add_2543(struct key_text *k, const struct sip_message *msg)
{
	key_add(k, msg->request_uri);
	key_add(k, sip_field_value(msg, SIP_CALL_ID));
	key_add(k, sip_address_tag(&msg->from));
	key_add_number(k, msg->cseq.number);
	key_add(k, msg->via.params);
}

/* ACK and CANCEL get the key of their INVITE. Sent-by and branch are compared as written: a copy is the same text. */
void server_key_make(const struct sip_stack *s, const struct sip_message *msg, struct server_key *ret)
{
	const struct sip_via *via = &msg->via;
	struct key_text k;
	bool of_invite = msg->method == SIP_ACK || msg->method == SIP_CANCEL;

	k.stack = s;
	k.n = 0;
	key_add(&k, via->branch);
	key_add(&k, via->host);
	key_add_number(&k, via->port);
	key_add(&k, of_invite ? SLICE("INVITE") : msg->method_text);
	/* The cookie with nothing behind it tells no two requests apart (RFC 4475 §3.2.1). */
	if (!slice_starts(via->branch, BRANCH_COOKIE) || via->branch.n == BRANCH_COOKIE.n)
		key_add_2543(&k, msg);

	ret->hash = map_hash(&s->servers, slice_of(k.bytes, k.n));
	ret->check = siphash24(s->check_key, k.bytes, k.n);
}

static bool match_check(const struct map_node *node, const void *key)
{
	const struct sip_server *t = container_of(node, struct sip_server, node);
	const struct server_key *want = key;
	return t->check == want->check;
}

struct sip_server *server_find(const struct sip_stack *s, const struct server_key *key)
{
	struct map_node *node = map_find(&s->servers, key->hash, match_check, key);
	return node ? container_of(node, struct sip_server, node) : NULL;
}
