/*
 * call/overload.c - what is turned away when more comes than can be done, and in which order   RFC 3261 §21.5.4, RFC
 * 7339
 *
 * Judged by how far the loop is behind, since that is what callers notice. Queues of 20 to 60 ms come and go, where the
 * disk has its turn on the same core; one of 100 ms grows, and its messages come again after half a second (record
 * 018). So new calls go first, answered from their message alone before anything is made for them; requests inside a
 * dialog, which end work, never. Nor calls for help, but a number alone is no right: anybody can write 112 into a flood
 * of forged addresses. Whoever is known here is heard; of strangers so many as cost nothing are challenged, and who
 * then brings back his nonce is there and is heard too.
 */
#include "call/overload.h"
#include "call/leg.h"

/*
 * Numbers that call for help somewhere in Europe or beyond. Which of them an operator connects is the dial plan's
 * matter; here one too many costs nothing.
 */
static const char *const emergency_numbers[] = {
	"112", "911", "999", "000", "110", "15",  "17",  "18",  "114", "115",
	"116", "117", "118", "119", "190", "191", "193", "196", "197", "urn:service:sos",
};

static bool is_emergency(const struct sip_message *msg)
{
	struct slice dialled = slice_empty(msg->uri.user) ? msg->uri.text : msg->uri.user;
	for (size_t i = 0; i < ARRAY_LEN(emergency_numbers); i++)
		if (slice_eq(dialled, slice_from_string(emergency_numbers[i])))
			return true;
	return slice_casestarts(dialled, SLICE("urn:service:sos."));
}

/* A tag that is none of ours names no dialog: anybody can write one. */
static bool in_dialog(struct switchboard *sb, const struct sip_message *msg)
{
	return leg_of_tag(sb, sip_address_tag(&msg->to)) != NULL;
}

/* Strangers of this second. */
static bool stranger_may_ask(struct overload *o, int64_t now_us)
{
	if (now_us - o->help_since_us >= SECOND_US) {
		o->help_since_us = now_us;
		o->help_count = 0;
	}
	return o->help_count++ < OVERLOAD_HELP_STRANGERS;
}

static bool is_helped(struct switchboard *sb, const struct sip_message *msg, const struct sip_flow *flow)
{
	return is_emergency(msg) &&
	       (guest_is_known(sb, msg, flow) || stranger_may_ask(&sb->overload, sb->wheel->now_us));
}

static int64_t patience_us(struct switchboard *sb, const struct sip_message *msg, const struct sip_flow *flow)
{
	if (in_dialog(sb, msg))
		return INT64_MAX;
	if (msg->method != SIP_INVITE)
		return OVERLOAD_OTHERS_US;
	return is_helped(sb, msg, flow) ? INT64_MAX : OVERLOAD_CALLS_US;
}

bool overload_admits(struct switchboard *sb, const struct sip_message *msg, const struct sip_flow *flow)
{
	struct overload *o = &sb->overload;
	int64_t behind_us = transport_behind_us(sb->config.transport);

	if (behind_us < OVERLOAD_CALLS_US || behind_us < patience_us(sb, msg, flow))
		return true;
	if (sb->wheel->now_us - o->last_us > OVERLOAD_SHOWN_US || !o->turned_away) {
		o->since_wall_us = sb->wheel->wall_us;
		o->turned_away = 0;
	}
	o->last_us = sb->wheel->now_us;
	o->turned_away++;
	metric_add(&o->total, 1);
	return false;
}

void overload_init(struct overload *o)
{
	o->total = (struct metric){.name = "alto_overload_refused_total",
				   .help = "New requests answered 503 because more came than could be done",
				   .kind = METRIC_COUNTER};
}

bool overload_tell(const struct switchboard *sb, struct warning *ret)
{
	const struct overload *o = &sb->overload;

	if (!o->turned_away || sb->wheel->now_us - o->last_us > OVERLOAD_SHOWN_US)
		return false;
	warning_set_with(ret, WARNING_CALLS_OVERLOAD, "%lld\t%llu", (long long)o->since_wall_us,
			 (unsigned long long)o->turned_away);
	return true;
}
