/* sim/forks.h - phones behind another one's contact, which answer its INVITE with descriptions of their own */
#pragma once
#include "sim/phone.h"

/* Another phone behind the same contact: its own tag, port and keys. The description is in text. */
static inline void fork_describe(struct phone_call *b, uint16_t port, char *text, size_t cap)
{
	struct sip_message invite;
	struct sip_server *server = sip_server_get(b->phone->stack, b->server);
	uint16_t own = b->port;
	assert_non_null(server);
	assert_int_equal(sip_server_request(server, &invite), 0);
	slice_to_string(invite.body, b->remote, sizeof(b->remote));
	b->port = port;
	text[phone_describe(b, invite.body, text, cap - 1)] = 0;
	b->port = own;
}

/* As voice_flows(), for what that fork was told. */
static inline bool fork_heard(struct phone_call *a, struct phone_call *b, const char *text)
{
	char own[sizeof(b->local)];
	memcpy(own, b->local, sizeof(own));
	snprintf(b->local, sizeof(b->local), "%s", text);
	bool heard = voice_flows(a, b);
	memcpy(b->local, own, sizeof(own));
	return heard;
}
