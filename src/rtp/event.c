/* rtp/event.c - see event.h */
#include "rtp/event.h"
#include "rtp/bytes.h"

#define END 0x80
#define VOLUME 0x3f /* the bit between is reserved: sent as zero, not looked at */

void rtp_event_write(uint8_t *p, const struct rtp_event *e)
{
	p[0] = e->event;
	p[1] = (uint8_t)((e->end ? END : 0) | (e->volume & VOLUME));
	write_be16(p + 2, e->duration);
}

bool rtp_event_parse(const uint8_t *p, size_t n, struct rtp_event *ret)
{
	if (n < RTP_EVENT_BYTES)
		return false;
	*ret = (struct rtp_event){
		.event = p[0],
		.end = p[1] & END,
		.volume = p[1] & VOLUME,
		.duration = read_be16(p + 2),
	};
	return true;
}
