/*
 * media/transcode.h - voice made anew: what one stream receives in a codec that the other one's far end does not know
 *
 *   relay.c ─► transcoder_take ─► jitter buffer ─┐ every 20 ms: decode or conceal, resample, encode ─► relay_send_own
 *
 * A transcoder belongs to the stream that sends what it makes, and to that stream's worker: packets of a source on
 * another worker have crossed before. It is made by the switchboard and handed over with the join; nothing here takes
 * memory after that but for its end. Its tick is its own, so that those of many calls do not fall together.
 */
#pragma once
#include "media/stream.h"

struct transcoder;

/* Switchboard. tables: must outlive it. -ENOMEM. */
MUST_USE int transcoder_new(const struct media_plan *plan, const struct opus_tables *tables, struct transcoder **ret);
/* Whoever owns it; not while a packet is handled. NULL is fine; returns NULL. */
struct transcoder *transcoder_free(struct transcoder *t);

/* ---- the worker's thread ---- */
/*
 * The stream has been joined: what it sends is made by `t` from now on; NULL: by nobody. One with the same plan and
 * source stays, so that joining anew is not heard; `t` is then freed.
 */
void transcoder_install(struct media_stream *s, struct transcoder *t);
/* A packet from the stream that `to` is joined to: true, it will be heard in another form. false: it is to be relayed.
 */
MUST_USE bool transcoder_take(struct transcoder *t, const struct relay_packet *packet);
/* The far end says that this part of 256 of our packets did not arrive. */
void transcoder_hear_loss(struct transcoder *t, uint8_t fraction);
