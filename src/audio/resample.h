/*
 * audio/resample.h - samples of one rate as samples of another
 *
 * All memory is taken when it is made. Owner: whoever made it, on one thread at a time.
 */
#pragma once
#include "base/common.h"

struct resampler;
MUST_USE int resampler_new(uint32_t from, uint32_t to, struct resampler **ret); /* -ENOMEM */
struct resampler *resampler_free(struct resampler *r);                          /* NULL is fine; returns NULL */
/* All n samples; what does not fit into cap is lost. Returns how many were made: n * to / from, give or take one. */
size_t resampler_run(struct resampler *r, const int16_t *samples, size_t n, int16_t *ret, size_t cap);
