/*
 * sip/flow.h - the way a message came, and so the way its answer goes: a plain value, kept in bindings and dialogs
 *
 * `transport` fills it in and interprets it; everyone between copies it. For UDP it is complete in itself (nothing is
 * allocated for a stranger's datagram); for connections it names one by handle, which is stale once that has closed.
 */
#pragma once
#include "base/address.h"
#include "base/pool.h"

enum sip_transport { SIP_UDP, SIP_TCP, SIP_TLS, SIP_WS, SIP_WSS };

struct sip_flow {
	enum sip_transport transport;
	uint16_t listener;      /* which of our listening sockets, in the order of the configuration */
	pool_handle connection; /* 0 for UDP */
	struct address local;   /* our side, as the peer addressed it (PKTINFO) */
	struct address remote;
};

static inline bool sip_transport_reliable(enum sip_transport t)
{
	return t != SIP_UDP;
}
static inline bool sip_transport_secure(enum sip_transport t)
{
	return t == SIP_TLS || t == SIP_WSS;
}
struct slice sip_transport_name(enum sip_transport t); /* "UDP", "TLS": as in a Via */
bool sip_flow_eq(const struct sip_flow *a, const struct sip_flow *b);
