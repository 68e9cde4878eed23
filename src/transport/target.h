/*
 * transport/target.h - whom we reach by ourselves: a host becomes targets, a target becomes a flow.   RFC 3263, RFC
 * 5922
 *
 * A phone is reached by the flow it registered on. An operator, or a proxy, is reached by its name: NAPTR, SRV and
 * addresses give an ordered list of targets, and target_flow() gives the way to one of them: a UDP listener of ours,
 * or a connection, used again if one to the same target is open, else made. Owner: the switchboard's thread.
 * tests/sim implements this header too.
 */
#pragma once
#include "net/tls.h"
#include "transport/transport.h"

struct dns;
struct random;

#define TARGETS_MAX 16 /* of one host; what DNS says beyond it stands last in order, and is not tried */
#define TARGET_NAME_CAP 256

/* Compared as a whole: no padding that is not zero. */
struct target {
	struct address address;
	enum sip_transport transport; /* SIP_UDP, SIP_TCP or SIP_TLS */
};
/* In the order in which they are to be tried. A plain value. */
struct target_list {
	char name[TARGET_NAME_CAP]; /* the host that was asked for: what a certificate must say, whatever DNS made of it
				       (RFC 5922 §4) */
	int listener;               /* as asked for */
	size_t count;
	struct target of[TARGETS_MAX];
};

struct target_where {
	struct slice host;            /* a name, or an address (IPv6 with or without brackets) */
	uint16_t port;                /* 0: by SRV, or the transport's own (5060, TLS 5061) */
	bool has_transport;           /* transport is given: no other */
	enum sip_transport transport; /* SIP_UDP, SIP_TCP or SIP_TLS */
	bool secure;                  /* a sips: URI: TLS alone */
	int listener; /* number of the listener whose address and port we speak from and are told as; -1: any that fits.
			 A listener is of one transport: has_transport is then implied. */
};

/* What names are looked up with; borrowed. Without it only addresses have targets (-ENOTSUP for names). */
void transport_set_dns(struct transport *t, struct dns *dns, struct random *random);

/*
 * The result of target_find(), once, in a later turn. list is borrowed for the call; at least one target if status is
 * 0, each of a transport and family that we have a listener and a route for.
 * -ENOENT: no such name, or it has no address. -ETIMEDOUT: DNS did not answer. -EIO: its answer cannot be read.
 * -EHOSTUNREACH: there are targets, but none that we have a listener and a route for. -ENOMEM.
 */
typedef void (*target_fn)(void *arg, int status, const struct target_list *list);

struct target_search;
/*
 * Look for the targets of a host. Those that failed in the last TARGET_FAILED_US stand behind the others. 0; -EINVAL:
 * neither name nor address, or no such listener; -EHOSTUNREACH: no listener of that transport; -ENOTSUP; -ENOBUFS:
 * TARGET_SEARCHES_MAX are under way; -ENOMEM. With an error there is no result to come.
 */
MUST_USE int target_find(struct transport *t, const struct target_where *where, target_fn fn, void *arg,
			 struct target_search **ret);
/* No result then. Not after the result has come, which ends it; NULL is fine. */
void target_cancel(struct target_search *s);

/*
 * The flow to target number i of the list. Nothing is sent. For TCP and TLS a connection to the same target and name is
 * used again, or one is begun: what is sent meanwhile waits, bounded (transport/limits.h). If it cannot be made, or the
 * certificate is not the name's, `closed` of transport_events follows. Call it again for each new request: it is cheap,
 * and the connection may have ended.
 * 0; -EHOSTUNREACH: no listener of the transport and family, or no route; -ENOBUFS: too many connections; -errno.
 */
MUST_USE int target_flow(struct transport *t, const struct target_list *list, size_t i, struct sip_flow *ret);

/* It did not answer, or could not be reached: not tried first for a while. */
void target_failed(struct transport *t, const struct target *target);
/* What was wrong with its certificate when a connection to it was last tried: until another failure needs the place. */
enum tls_distrust target_distrust(struct transport *t, const struct target *target);
#define TARGET_FAILED_US (30 * SECOND_US)
