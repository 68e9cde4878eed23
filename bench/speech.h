/*
 * bench/speech.h - voice as a codec makes it: a sound that begins, lasts and ends, over and over, and its beginnings
 * found again in what another codec has made of it
 */
#pragma once
#include "audio/codec.h"
#include "base/slice.h"

#define SPEECH_PACKETS 40 /* of 20 ms, in a round: half of them are loud, the others quiet */
#define SPEECH_BYTES_MAX 200

struct speech {
	enum codec_kind kind;
	uint8_t payload;
	const char *format; /* "0 PCMU/8000": its number and name in a description */
	uint16_t bytes[SPEECH_PACKETS];
	uint8_t packets[SPEECH_PACKETS][SPEECH_BYTES_MAX];
};
/* codec: "opus", "g722" or "pcmu". False: another one, or out of memory. */
MUST_USE bool speech_make(struct speech *s, struct slice codec);

struct listener {
	struct decoder *decoder;
	bool loud;
};
/* True: with this packet the sound begins. l is zeroed before the first; out of memory nothing ever begins. */
bool listener_hear(struct listener *l, enum codec_kind kind, const uint8_t *payload, size_t n);
void listener_done(struct listener *l);
