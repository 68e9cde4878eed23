/* rtp/jitter.c - a jitter buffer: see jitter.h */
#include "rtp/jitter.h"

void jitter_init(struct jitter *j)
{
	*j = (struct jitter){0};
	j->least_us[0] = j->least_us[1] = INT64_MAX;
	j->target_us = JITTER_FIRST_MS * MS_US;
}

void jitter_restart(struct jitter *j, uint32_t rate_khz)
{
	if (j->started)
		j->figures.restarts++;
	j->rate_khz = rate_khz;
	j->started = j->playing = false;
	j->least_us[0] = j->least_us[1] = INT64_MAX;
	for (size_t i = 0; i < JITTER_PACKETS_MAX; i++)
		j->slots[i].used = false;
}

static int64_t us_of(const struct jitter *j, int64_t units)
{
	return units * 1000 / j->rate_khz;
}

static int64_t least_us(const struct jitter *j)
{
	return MIN(j->least_us[0], j->least_us[1]);
}

/* ---- what comes ---- */

static void target_find(struct jitter *j)
{
	float late = 0;
	unsigned bin = j->bins;
	while (bin > 0 && late <= JITTER_LATE)
		late += j->share[--bin];
	/* One bin more: the packet is to be there before it is asked for. */
	j->target_us = (bin + 2) * JITTER_BIN_US;
	if (j->measured < JITTER_FIRST_PACKETS)
		j->target_us = MAX(j->target_us, JITTER_FIRST_MS * MS_US);
}

/* way_us: from the sender's clock to here, by which only differences mean something. */
static void measure(struct jitter *j, int64_t way_us, int64_t now_us)
{
	if (j->least_us[0] == INT64_MAX || now_us - j->least_since_us > JITTER_SPAN_US) {
		j->least_us[1] = j->least_us[0];
		j->least_us[0] = way_us;
		j->least_since_us = now_us;
	}
	j->least_us[0] = MIN(j->least_us[0], way_us);
	unsigned bin = (unsigned)MIN((way_us - least_us(j)) / JITTER_BIN_US, JITTER_BINS - 1);
	j->measured += j->measured < JITTER_MEMORY;
	float weight = 1.0F / (float)j->measured;
	for (size_t i = 0; i < j->bins; i++)
		j->share[i] -= j->share[i] * weight;
	j->share[bin] += weight;
	j->bins = MAX(j->bins, bin + 1);
	/* Few packets take long: what is nearly forgotten costs no time, nor does it become ever smaller. */
	while (j->share[j->bins - 1] < JITTER_SHARE_MIN)
		j->share[--j->bins] = 0;
	target_find(j);
}

static void begin(struct jitter *j, const struct jitter_packet *p)
{
	jitter_restart(j, j->rate_khz);
	j->started = true;
	/* Far from 0, so that what is a little older has a number too. */
	j->sequence = 0x10000 + p->sequence;
	j->timestamp = INT64_C(0x100000000) + p->timestamp;
	j->next = j->sequence;
}

static void drop_until(struct jitter *j, int64_t sequence)
{
	for (; j->next < sequence; j->next++) {
		struct jitter_slot *s = &j->slots[j->next % JITTER_PACKETS_MAX];
		j->figures.overflows += s->used;
		s->used = false;
	}
}

static struct jitter_slot *slot_of(struct jitter *j, int64_t sequence)
{
	struct jitter_slot *s = &j->slots[sequence % JITTER_PACKETS_MAX];
	return s->used && s->sequence == sequence ? s : NULL;
}

/* Those whose places the packet that begins at `at` takes. */
static void drop_overwritten(struct jitter *j, uint32_t at)
{
	uint32_t longest = j->written - at;
	for (size_t i = 0; i < JITTER_PACKETS_MAX; i++) {
		struct jitter_slot *s = &j->slots[i];
		uint32_t since = j->written - s->at;
		if (!s->used)
			continue;
		s->used = since <= JITTER_BYTES;
		j->figures.overflows += !s->used;
		longest = s->used ? MAX(longest, since) : longest;
	}
	j->oldest = j->written - longest;
}

/* Nothing lies across the end: what would begins at the start. */
static void store(struct jitter *j, int64_t sequence, int64_t timestamp, const struct jitter_packet *p)
{
	uint32_t at = j->written;
	if (JITTER_BYTES - at % JITTER_BYTES < p->bytes)
		at += JITTER_BYTES - at % JITTER_BYTES;
	j->written = at + p->bytes;
	if (j->written - j->oldest > JITTER_BYTES)
		drop_overwritten(j, at);
	memcpy(j->bytes + at % JITTER_BYTES, p->p, p->bytes);
	j->slots[sequence % JITTER_PACKETS_MAX] = (struct jitter_slot){.sequence = sequence,
								       .timestamp = timestamp,
								       .duration = p->duration,
								       .at = at,
								       .bytes = p->bytes,
								       .payload_type = p->payload_type,
								       .used = true};
}

void jitter_put(struct jitter *j, const struct jitter_packet *p, int64_t now_us)
{
	ASSERT(p->duration > 0 && p->bytes < JITTER_BYTES / 4);
	if (!j->started)
		begin(j, p);
	int64_t timestamp = j->timestamp + (int32_t)(p->timestamp - (uint32_t)j->timestamp);
	int64_t way_us = now_us - us_of(j, timestamp);
	bool known = least_us(j) != INT64_MAX;
	if (known && (way_us > least_us(j) + JITTER_JUMP_US || way_us < least_us(j) - JITTER_JUMP_US)) {
		begin(j, p);
		timestamp = j->timestamp;
		way_us = now_us - us_of(j, timestamp);
	}
	int64_t sequence = j->sequence + (int16_t)(p->sequence - (uint16_t)j->sequence);
	if (sequence > j->sequence) {
		j->sequence = sequence;
		j->timestamp = timestamp;
	}
	measure(j, way_us, now_us);
	if (slot_of(j, sequence)) {
		j->figures.duplicates++;
	} else if (j->playing && (sequence < j->next || timestamp + p->duration <= j->play)) {
		j->figures.late++;
	} else {
		j->next = MIN(j->next, sequence); /* nothing is heard yet */
		drop_until(j, sequence - JITTER_PACKETS_MAX + 1);
		store(j, sequence, timestamp, p);
	}
}

/* ---- what is heard ---- */

/* The first packet whose time is not over; NULL: none is here. */
static struct jitter_slot *first(struct jitter *j)
{
	for (int64_t sequence = j->next; sequence <= j->sequence; sequence++) {
		struct jitter_slot *s = slot_of(j, sequence);
		if (s && j->playing && s->timestamp + s->duration <= j->play) {
			/* Its time went by while an older one was missing. */
			s->used = false;
			j->figures.late++;
			s = NULL;
		}
		if (s)
			return s;
	}
	return NULL;
}

static enum jitter_next piece(struct jitter *j, enum jitter_next what, int64_t units, struct jitter_packet *ret)
{
	*ret = (struct jitter_packet){.duration = (uint32_t)units};
	if (what != JITTER_LONGER)
		j->play += units;
	j->steady = what == JITTER_LONGER ? 0 : j->steady + 1;
	return what;
}

static void describe(const struct jitter *j, const struct jitter_slot *s, struct jitter_packet *ret)
{
	ret->sequence = (uint16_t)s->sequence;
	ret->timestamp = (uint32_t)s->timestamp;
	ret->bytes = s->bytes;
	ret->payload_type = s->payload_type;
	ret->p = j->bytes + s->at % JITTER_BYTES;
}

static enum jitter_next take(struct jitter *j, enum jitter_next what, struct jitter_slot *s, struct jitter_packet *ret)
{
	*ret = (struct jitter_packet){.duration = s->duration};
	describe(j, s, ret);
	s->used = false;
	j->next = s->sequence + 1;
	j->play = s->timestamp + s->duration;
	j->empty_us = 0;
	j->figures.played += what == JITTER_PACKET;
	j->figures.shorter += what == JITTER_SHORTER;
	j->steady = what == JITTER_SHORTER ? 0 : j->steady + 1;
	return what;
}

/* Something is missing before `s`. */
static enum jitter_next gap(struct jitter *j, const struct jitter_slot *s, struct jitter_packet *ret)
{
	int64_t units = s->timestamp - j->play, most = JITTER_PIECE_US / MS_US * j->rate_khz;
	if (s->sequence == j->next) {
		/* No number is missing: its sender was silent in between. */
		j->figures.empty++;
		return piece(j, JITTER_EMPTY, MIN(units, most), ret);
	}
	bool last = units <= s->duration;
	units = last ? units : MIN(units - s->duration, most);
	(void)piece(j, JITTER_LOST, units, ret);
	if (last) {
		j->figures.lost += (uint32_t)(s->sequence - j->next);
		j->next = s->sequence;
		describe(j, s, ret);
	}
	return JITTER_LOST;
}

static enum jitter_next nothing_here(struct jitter *j, struct jitter_packet *ret)
{
	j->figures.empty++;
	j->empty_us += JITTER_PIECE_US;
	if (j->empty_us > JITTER_PAUSE_US) {
		j->playing = false;
		return JITTER_NOTHING;
	}
	return piece(j, JITTER_EMPTY, JITTER_PIECE_US / MS_US * j->rate_khz, ret);
}

static bool begins_to_play(struct jitter *j, const struct jitter_slot *s, int64_t now_us)
{
	if (!s || now_us - us_of(j, s->timestamp) < least_us(j) + j->target_us)
		return false;
	j->playing = true;
	j->play = s->timestamp;
	j->next = s->sequence;
	j->empty_us = 0;
	j->steady = 0;
	return true;
}

enum jitter_next jitter_get(struct jitter *j, int64_t now_us, bool quiet, struct jitter_packet *ret)
{
	struct jitter_slot *s = j->started ? first(j) : NULL;
	if (!j->playing && !begins_to_play(j, s, now_us))
		return JITTER_NOTHING;
	int64_t surplus_us = jitter_delay_us(j, now_us) - j->target_us;
	if (surplus_us < -JITTER_SLACK_US && j->empty_us == 0 && (!s || j->steady >= JITTER_STEADY_MIN)) {
		j->figures.longer++;
		return piece(j, JITTER_LONGER, JITTER_PIECE_US / MS_US * j->rate_khz, ret);
	}
	if (!s)
		return nothing_here(j, ret);
	if (s->timestamp > j->play)
		return gap(j, s, ret);
	bool may = quiet || surplus_us > JITTER_SURPLUS_US || j->steady > JITTER_STEADY_MAX;
	bool shorter = may && j->steady >= JITTER_STEADY_MIN && surplus_us > us_of(j, s->duration) + JITTER_SLACK_US;
	return take(j, shorter ? JITTER_SHORTER : JITTER_PACKET, s, ret);
}

int64_t jitter_delay_us(const struct jitter *j, int64_t now_us)
{
	return j->playing ? now_us - us_of(j, j->play) - least_us(j) : 0;
}
