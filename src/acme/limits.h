/* acme/limits.h - bounds on what an authority can make us hold or wait for, each with its reason */
#pragma once
#include "base/common.h"

/* Known authorities stay below 120 characters. */
#define ACME_URL_MAX 511
/* RFC 8555 §6.5 wants base64url and names no length; known ones have 32 to 64 characters. */
#define ACME_NONCE_MAX 255
/* RFC 8555 §8.3: 128 bits at least; known ones have 43 characters. */
#define ACME_TOKEN_MAX 127
/* A directory, an order, a chain of certificates: a few KiB; a chain of RSA certificates with all their extensions
 * about 8. */
#define ACME_ANSWER_MAX ((size_t)64 * 1024)
/* Of one request; an authority far away and under load needs some seconds. */
#define ACME_REQUEST_US (30 * SECOND_US)
/* Of all of an order: an authority looks several times from several places, and none needs minutes. */
#define ACME_ORDER_US (300 * SECOND_US)
/* How often it is looked again whether there is something to do: what the operator gave may have been read anew. */
#define ACME_LOOK_US (3600 * SECOND_US)
/* A nonce that is refused is no fault of ours, but an authority that refuses each has one (RFC 8555 §6.5). */
#define ACME_NONCE_TRIES 20
/* Between two looks whether the authority is done: from the first, doubled; what it says in Retry-After up to the last.
 */
#define ACME_POLL_US (250 * MS_US)
#define ACME_POLL_MAX_US (30 * SECOND_US)
/* After a failure, doubled each time. The usual limit is five failures an hour and name: these are four. */
#define ACME_RETRY_US (300 * SECOND_US)
#define ACME_RETRY_MAX_US (INT64_C(86400) * SECOND_US)
/* Where the authority says that we ask too often, and not until when. */
#define ACME_RATE_US (INT64_C(3600) * SECOND_US)
/* The authority's sentence of what went wrong; it leaves room for ours (WARNING_VALUES_CAP). */
#define ACME_SAID_CAP 320
/* With ".pem.new" behind it, it is the name of a file. */
#define ACME_NAME_MAX 240
/* Names that certificates are had for; each takes about 4 KiB with its certificate. */
#define ACME_NAMES_MAX 20000
