/* sip/flow.c - see flow.h */
#include "sip/flow.h"

struct slice sip_transport_name(enum sip_transport t)
{
	switch (t) {
	case SIP_UDP:
		return SLICE("UDP");
	case SIP_TCP:
		return SLICE("TCP");
	case SIP_TLS:
		return SLICE("TLS");
	case SIP_WS:
		return SLICE("WS");
	case SIP_WSS:
		return SLICE("WSS");
	}
	return SLICE_NONE;
}

bool sip_flow_eq(const struct sip_flow *a, const struct sip_flow *b)
{
	if (a->transport != b->transport || a->listener != b->listener || a->connection != b->connection)
		return false;
	/* A connection is named by its handle alone; the addresses are then only what it was opened with. */
	if (a->connection)
		return true;
	return address_eq(&a->local, &b->local) && address_eq(&a->remote, &b->remote);
}
