/* audio/resample.c - samples of one rate as samples of another, by speexdsp */
#include "audio/resample.h"

#include <errno.h>
#include <speex/speex_resampler.h>

struct resampler {
	SpeexResamplerState *speex;
};

int resampler_new(uint32_t from, uint32_t to, struct resampler **ret)
{
	int failed;
	struct resampler *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->speex = speex_resampler_init(1, from, to, SPEEX_RESAMPLER_QUALITY_VOIP, &failed);
	if (!r->speex) {
		free(r);
		return -ENOMEM;
	}
	*ret = r;
	return 0;
}

struct resampler *resampler_free(struct resampler *r)
{
	if (!r)
		return NULL;
	speex_resampler_destroy(r->speex);
	free(r);
	return NULL;
}

size_t resampler_run(struct resampler *r, const int16_t *samples, size_t n, int16_t *ret, size_t cap)
{
	spx_uint32_t taken = (spx_uint32_t)n, made = (spx_uint32_t)cap;
	int failed = speex_resampler_process_int(r->speex, 0, samples, &taken, ret, &made);
	return failed ? 0 : made;
}
