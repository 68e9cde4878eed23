/* sip/limits.h - every bound on what a stranger can make us hold or do, each with its reason */
#pragma once

#define SIP_MESSAGE_MAX                                                                                                \
	65535 /* a UDP datagram's bound; TCP and TLS get the same, so no transport is a way round it (513) */
#define SIP_FIELDS_MAX 128        /* header fields of a message; the largest seen from real operators is about 60 */
#define SIP_VIA_MAX 32            /* hops; beyond it something loops */
#define SIP_ROUTE_MAX 16          /* Route / Record-Route entries kept for a dialog */
#define SIP_URI_PARAMS_MAX 64     /* parameters, or headers, of one URI: comparing two is quadratic in them */
#define SIP_CONTACT_MAX 16        /* contacts read from one REGISTER */
#define SIP_TOKEN_MAX 256         /* a tag, a branch, a Call-ID, a user part that we keep */
#define SIP_DIALOG_BYTES_MAX 4096 /* all that one dialog may keep of its peer's headers */
/*
 * Requests and responses kept for server transactions, on average: transactions_max times this is all they may hold
 * together, so that large messages fill no more memory than ordinary ones in the same number (503).
 */
#define SIP_KEPT_BYTES_AVERAGE 4096
/* ... and never more: 6,000 calls a second keep 70 MB for their 32 s. */
#define SIP_KEPT_BYTES_MAX (256 * 1024 * 1024)
#define SIP_DTMF_BYTES_MAX 256           /* of a body that tells one key; phones need 30 */
#define SIP_DTMF_DURATION_MAX_MS 60000   /* nobody holds a key longer; how long it sounds is the voice's own limit */
#define SIP_DTMF_DURATION_DEFAULT_MS 250 /* as the gateways do that began with it */
#define SIP_STRAYS_MAX 8 /* late 2xx of one INVITE that are acknowledged and hung up: forks, not a flood */
#define SIP_MAX_FORWARDS_DEFAULT 70
