/*
 * audio/celt.h - packets of Opus by CELT alone, coded at the rate of the sound   RFC 6716 §3.2, §4.3, §5.3
 *
 * libopus codes CELT at 48 kHz whatever the rate of its samples is: of the 960 steps of its spectrum five in six are
 * zero for sound of 8 kHz. OpusCustom, of the same library, has the transform for any rate. Where its blocks last
 * 2.5 ms it has the bands, their bits and the window of Opus, so every decoder of Opus reads what it writes
 * (docs/decisions/039). Its emphasis before coding is that of Opus within 0.3 dB, and a constant 31 us or less.
 *
 * Owner: whoever made it, on one thread at a time.
 */
#pragma once
#include "audio/codec.h"

struct celt;

/* tables: must outlive it; rate: 8000, 16000 or 48000. -ENOMEM. */
MUST_USE int celt_new(const struct opus_tables *tables, uint32_t rate, uint32_t bitrate, struct celt **ret);
struct celt *celt_free(struct celt *c); /* NULL is fine; returns NULL */
/* Its last packet was not heard, or something else was after it. */
void celt_restart(struct celt *c);
/* A packet of n samples: 10, 20, 40 or 60 ms. Returns its bytes; 0: cap is too small. */
size_t celt_encode(struct celt *c, const int16_t *samples, size_t n, uint8_t *ret, size_t cap);
