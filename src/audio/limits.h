/* audio/limits.h - the room's bounds, each with its reason */
#pragma once

#define AUDIO_RATE_MAX 48000
/* RFC 6716 §3.2.5: an Opus packet holds at most 120 ms; one of G.711 that holds more is nobody's voice. */
#define AUDIO_PACKET_MAX_MS 120
#define AUDIO_SAMPLES_MAX (AUDIO_RATE_MAX / 1000 * AUDIO_PACKET_MAX_MS)
/* What is made up is remembered for voices from 66 Hz on: 15 ms; with the 20 ms that are compared and the cut. */
#define AUDIO_CONCEAL_RATE_MAX 16000
#define AUDIO_PERIOD_MAX (AUDIO_CONCEAL_RATE_MAX / 66)
#define AUDIO_HISTORY_MAX (AUDIO_CONCEAL_RATE_MAX / 50 + AUDIO_PERIOD_MAX + AUDIO_PERIOD_MAX / 4)
/* RFC 6716 §3.4: no Opus frame is longer, and 120 ms of G.711 are 960 bytes. */
#define AUDIO_PAYLOAD_MAX 1275

/*
 * How hard Opus tries, 0 to 10. At 5 it takes twice the time of 1 for 0.3 dB; 8 kb/s more give 0.8 dB for nothing
 * (docs/decisions/026): so bits are spent, not time. Where no sound sets in CELT makes do with 0 (036).
 */
#define AUDIO_OPUS_COMPLEXITY 1
/* What is this quiet is no burst: power of a sample, by 64; 60 dB below the loudest. */
#define AUDIO_OPUS_BURST_MIN 16
/* Bits a second, by the rate of its samples; RFC 7587 §3.1.1 recommends 8 to 20 thousand for speech at the least. */
#define AUDIO_OPUS_NARROW_BITRATE 24000
#define AUDIO_OPUS_WIDE_BITRATE 40000
/* With less than this, which a receiver may ask for, CELT leaves holes in the spectrum where SILK has a voice. */
#define AUDIO_OPUS_CELT_BITRATE_MIN 16000
/* Percent of its packets lost, from which on Opus repeats itself (FEC): below it that costs more than it mends. */
#define AUDIO_OPUS_LOSS_MIN 2
