/* web/bans.c - /api/v1/bans: addresses and networks that are not listened to, and why */
#include "transport/bans.h"
#include "web/listing.h"
#include "web/note.h"
#include "web/route.h"

static json_t *block_json(const struct address_block *b)
{
	char text[80];
	struct writer w = writer_on(text, sizeof(text));
	bool v4 = address_is_v4(&b->base);
	write_address(&w, &b->base);
	/* All of an IPv4 address is an address; of IPv6 it is a /64 at least. */
	if (b->bits < 128) {
		write_char(&w, '/');
		write_u64(&w, v4 ? b->bits - 96U : b->bits);
	}
	return web_json_text(writer_slice(&w));
}

static json_t *ban_json(const struct ban *b)
{
	return WEB_OBJECT({"address", block_json(&b->block)}, {"since", web_json_time(b->since_us)},
			  {"until", web_json_time(b->until_us)}, {"reason", json_string(ban_reason_word(b->why))},
			  {"why", json_string(ban_reason_text(b->why))}, {"times", json_integer(b->times)},
			  {"dropped", json_integer(b->dropped)});
}

static bool item(struct web_listing *l, json_t **ret)
{
	struct ban b;
	uint32_t here = l->slot;
	if (!bans_next(l->request->context->bans, &l->slot, &b))
		return false;
	if (l->written == l->limit) {
		snprintf(l->next, sizeof(l->next), "%u", here);
		return false;
	}
	*ret = ban_json(&b);
	return true;
}

void web_bans_list(struct web_request *r)
{
	struct web_listing *l = web_listing_of_slots(r);
	if (!l)
		return;
	l->item = item;
	web_listing_write(l);
}

/* The ban of one address or network, as the listing shows it, or with all=true every one. */
void web_bans_lift(struct web_request *r)
{
	struct address_block block;
	struct slice address = web_argument(r, "address");
	bool every = !slice_empty(web_argument(r, "all")), one = address_block_parse(address, &block);
	if (one == every) {
		web_problem(r, WEB_INVALID_PARAMETER, every ? "all" : "address",
			    "say which ban: address=ADDRESS, or all=true");
		return;
	}
	unsigned lifted = bans_lift(r->context->bans, every ? NULL : &block);
	/* An address may be written in a thousand ways: what is told is what was asked for. */
	if (lifted)
		web_note(r, &(struct web_note){.act = "lifted", .name = every ? SLICE_NONE : address});
	if (!lifted && !every)
		web_problem(r, WEB_UNKNOWN_BAN, "address", "there is no ban of \"%.*s\"",
			    SLICE_ARG(slice_first(address, 64)));
	else
		web_answer_json(r, 200, WEB_OBJECT({"lifted", json_integer(lifted)}));
}
