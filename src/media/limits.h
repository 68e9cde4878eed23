/* media/limits.h - the room's bounds and times, each with its reason */
#pragma once
#include "base/common.h"

/* Rings between workers go by the square of this: 16 workers have 240 of 400 KB. */
#define MEDIA_WORKERS_MAX 16
/* Commands waiting for one worker. A call takes about ten; a full ring means a worker that has stood still for long. */
#define MEDIA_COMMANDS_MAX 1024
/* How long streams that open wait for their worker, who has nothing to do for them before they are told more: to wake
 * it takes longer than the work, and within this the next packet or command does. */
#define MEDIA_LATER_US (20 * MS_US)
/* Events waiting for the switchboard from one worker, ends of streams aside (those have their own ring and room). */
#define MEDIA_EVENTS_MAX 1024
/* Packets on their way from one worker to one other: 100 streams send that many in 50 ms, and older voice is useless.
 */
#define MEDIA_CROSSING_MAX 256
/* Descriptors handled in one round: bounds the time until commands and timers are looked at again. */
#define MEDIA_ROUND_MAX 128
/* Local addresses that have pools of ports of their own: a host's interfaces, never a stranger's choice. */
#define MEDIA_LOCALS_MAX 16

/*
 * How long after a description the source of a plain stream may still be learned. Phones send at once; who forges
 * voice must hit these seconds and the port.
 */
#define MEDIA_LEARN_US (5 * SECOND_US)
/* Within the window a source that has been learned gives way to another only after so long a silence: five packets. */
#define MEDIA_LEARN_QUIET_US (100 * MS_US)
/* RFC 3550 §6.2: at least 5 s between our reports, each time varied by half. */
#define MEDIA_REPORT_US (5 * SECOND_US)
#define MEDIA_FIGURES_US (5 * SECOND_US)
/* No RTP and no RTCP for so long: nobody is there. Longer than any silence suppression with its comfort noise. */
#define MEDIA_SILENT_US (60 * SECOND_US)

/* A pair of ports rests so long before another call gets it: what was on its way to the old call arrives and is lost.
 */
#define MEDIA_REST_US (2 * SECOND_US)
/* A pair that carried nothing rests less: a phone may have begun to send just as the call ended. With the long rest for
 * all, short calls would use up the ports: 2 s at 2,500 calls a second are 10,000 pairs. */
#define MEDIA_QUIET_REST_US (200 * MS_US)
/*
 * Datagrams thrown away before a pair is used; if more wait, somebody floods it or still takes part in a call that is
 * over, and it rests again. Voice of 200 ms a packet brings ten in a rest; keeping all ports from being used by strays
 * would take 16,000 packets a second, with every port named.
 */
#define MEDIA_DRAIN_MAX 8
/* Packets in a row from one place, after which a phone gets a socket of its own: a second of them, so that calls nobody
 * answers and phones that are still moving do not pay for it. */
#define MEDIA_DIRECT_AFTER 50
/* Packets that wait on a port while that socket is opened: those of a burst, or of the time in which we were away. */
#define MEDIA_DIRECT_BEFORE 128
/* Pairs opened or put back in one turn of the loop: each costs about 20 µs. */
#define MEDIA_REFILL_MAX 2
/* Ports tried in one search: what others hold in our range is skipped, but not for a whole turn of the loop. */
#define MEDIA_PORT_TRIES_MAX 256

/*
 * Digits of ours that wait on one stream: a card's number, and at 20 ms a packet they are said within five
 * seconds. Who sends faster than they can be said loses the rest.
 */
#define MEDIA_DIGITS_MAX 16
/* How long one sounds. Receivers may pass over less than 40 ms (ITU-T Q.24); the most fits into the duration field at
 * 48 kHz, which holds 1,365 ms, so that no digit needs segments (RFC 4733 §2.5.1.3). */
#define MEDIA_DIGIT_MIN_MS 50
#define MEDIA_DIGIT_MAX_MS 1000
/* Between packets of one digit, as between those of voice (RFC 4733 §2.5.1.2 wants the same). */
#define MEDIA_DIGIT_STEP_MS 20
/* Its last packet is said three times, for it must not be lost (§2.5.1.4). */
#define MEDIA_DIGIT_ENDS 3

/* Send keys remembered of a stream, so that one that comes back gets a new SSRC (no index is sent twice). */
#define MEDIA_KEYS_REMEMBERED 4

/* What makes sound itself does so at this pace: the length of a packet of nearly every phone. */
#define MEDIA_TICK_US (20 * MS_US)
#define MEDIA_TICKS_LATE_MAX 5 /* more is not caught up: who hears it has made something up by then */
#define MEDIA_PACKET_MAX_MS 60 /* the longest packet made; longer ones only cost delay */
/* The rates that voice is made anew in: G.711's, and G.722's, which is as much as a desk phone has. */
#define MEDIA_RATE_MAX 16000
/* Samples of the longest packet that may come, 120 ms; and of those made before they are sent: less than a packet of
 * ours and a tick, and one that came. */
#define MEDIA_SOUND_MAX (MEDIA_RATE_MAX / 1000 * 120)
#define MEDIA_MADE_MAX (MEDIA_RATE_MAX / 1000 * (MEDIA_PACKET_MAX_MS + 20) + MEDIA_SOUND_MAX)
#define MEDIA_QUIET 100              /* samples below this, on average, are a pause: 50 dB below the loudest */
#define MEDIA_SOUNDLESS_MIN 3        /* pieces without a packet, after which it is silence: 60 ms are lost seldom */
#define MEDIA_NOISE_US (500 * MS_US) /* between two packets of comfort noise: a lost one is made good soon */
#define MEDIA_EVENT_US (100 * MS_US) /* an event's packets come 20 to 60 ms apart (RFC 4733 §2.5.1.2): it goes on */

/* Addresses from which a browser's checks were good: each of its interfaces by each of our addresses, and one that its
 * network has just changed to. The one that was silent longest gives way. */
#define MEDIA_PAIRS_MAX 8
/* Datagrams taken from a shared port at one wake-up: bounds the time until others are looked at. */
#define MEDIA_SHARED_BATCH 32
#define MEDIA_SHARED_BUFFER (4 * 1024 * 1024) /* asked of the kernel: 50 ms of a thousand browsers */
/* DTLS datagrams that wait for their turn; one is handled in a round (record 024). Beyond it they are lost, and the
 * peer sends them again: a thousand browsers that come back at once need a second and not the voice of others. */
#define MEDIA_SHAKES_MAX 64
#define MEDIA_EARLY_MAX 3           /* datagrams of a peer whose description is on its way: a ClientHello in pieces */
#define DTLS_RETRY_US (200 * MS_US) /* before a flight is sent again; voice waits for it */
#define DTLS_RETRY_MAX_US (3200 * MS_US)
#define DTLS_CERTIFICATE_MAX 16384 /* of a peer, with its chain: a browser's is 300 bytes and signed by itself */
/* How long an association that is ready is kept, for a peer who asks for our last flight once more. */
#define DTLS_LINGER_US (30 * SECOND_US)
