/*
 * rtp/jitter.h - a jitter buffer: packets that come as the network lets them, taken as they are to be heard
 *
 * How long it holds them follows what it measures: as short as can be while no more than JITTER_LATE of them come too
 * late. It changes by making sound a little longer (JITTER_LONGER), or leaving a packet out (JITTER_SHORTER), which it
 * does while it is quiet if it can wait. It asks and is asked in the order of the sound:
 *
 *   packets arrive ─► jitter_put()          jitter_get() ─► decode, conceal ─► as much sound as each answer says
 *
 * Fixed memory, no allocation; time is handed in. Owner: whoever holds the struct, one thread.
 */
#pragma once
#include "rtp/limits.h"

struct jitter_packet {
	uint16_t sequence;
	uint32_t timestamp;
	uint32_t duration; /* of its sound, in units of its timestamp; above 0 */
	uint16_t bytes;
	uint8_t payload_type;
	const uint8_t *p; /* of jitter_get(): good until the next jitter_put() */
};

enum jitter_next {
	JITTER_NOTHING, /* nobody speaks: nothing has come yet, or for JITTER_PAUSE_US */
	JITTER_PACKET,  /* is heard next */
	JITTER_LOST,    /* sound of this duration is lost. p: the packet that follows at once; NULL: it is not here */
	JITTER_EMPTY,   /* sound of this duration is not here: late, lost, or never sent */
	JITTER_LONGER,  /* as much is to be made up, and nothing is lost: the delay grows */
	JITTER_SHORTER  /* this packet is not heard but for passing over into the next: the delay shrinks */
};

struct jitter_figures {
	uint32_t played, lost, late, duplicates, overflows; /* packets */
	uint32_t empty, longer, shorter;                    /* answers of that kind */
	uint32_t restarts;
};

struct jitter_slot {
	int64_t sequence, timestamp; /* extended */
	uint32_t duration, at;       /* at: first byte, by bytes written before it */
	uint16_t bytes;
	uint8_t payload_type;
	bool used;
};

struct jitter {
	struct jitter_figures figures;
	uint32_t rate_khz; /* clock of the timestamps */
	bool started;      /* a packet has come since jitter_restart() */
	bool playing;
	int64_t sequence, timestamp; /* extended, of the newest packet */
	int64_t next, play;          /* sequence number and timestamp of what is heard next */
	int64_t empty_us;            /* so long nothing was there */
	unsigned steady;             /* answers since the delay was last changed */
	/* what is measured */
	int64_t least_us[2], least_since_us; /* fastest way here: in the present span of time, and in the one before */
	float share[JITTER_BINS];            /* how many of the packets took so much longer than the fastest */
	unsigned bins;                       /* those from here on are empty */
	unsigned measured;
	int64_t target_us;

	struct jitter_slot slots[JITTER_PACKETS_MAX]; /* by sequence number */
	uint32_t written;                             /* bytes so far; their places repeat */
	uint32_t oldest;                              /* no byte of a slot in use was written before this one */
	uint8_t bytes[JITTER_BYTES];
};

void jitter_init(struct jitter *j);
/* What waits belongs to a source that is over (another SSRC, another clock): it goes, what was measured stays. */
void jitter_restart(struct jitter *j, uint32_t rate_khz);
/* A packet came; p->p is copied. */
void jitter_put(struct jitter *j, const struct jitter_packet *p, int64_t now_us);
/* quiet: what was heard last, so that something may be left out. *ret is written but for JITTER_NOTHING. */
enum jitter_next jitter_get(struct jitter *j, int64_t now_us, bool quiet, struct jitter_packet *ret);
/* By how much what is heard next is held back against the fastest way here; 0: nothing is. */
int64_t jitter_delay_us(const struct jitter *j, int64_t now_us);
