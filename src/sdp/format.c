/* sdp/format.c - the codecs known by number, and when two formats are one.   RFC 3551 §6, RFC 3264 §6.1 */
#include "sdp/format.h"

/* RFC 3551 table 4. */
static const struct static_type {
	uint8_t payload, channels;
	uint32_t rate;
	const char *name;
} static_types[] = {
	{0, 1, 8000, "PCMU"},  {3, 1, 8000, "GSM"},   {4, 1, 8000, "G723"},   {5, 1, 8000, "DVI4"},
	{6, 1, 16000, "DVI4"}, {7, 1, 8000, "LPC"},   {8, 1, 8000, "PCMA"},   {9, 1, 8000, "G722"},
	{10, 2, 44100, "L16"}, {11, 1, 44100, "L16"}, {12, 1, 8000, "QCELP"}, {13, 1, 8000, "CN"},
	{14, 1, 90000, "MPA"}, {15, 1, 8000, "G728"}, {16, 1, 11025, "DVI4"}, {17, 1, 22050, "DVI4"},
	{18, 1, 8000, "G729"},
};

/*
 * Parameters that change what the packets mean, so that formats which differ in them are not the same. Others only
 * tell the sender what the receiver likes (Opus), or the lesser of both counts (G.729 annexb, RFC 7261; iLBC's mode).
 */
static const struct parameter {
	const char *codec, *name;
	const char *absent; /* what it means to leave it out; NULL: agrees with any value */
} parameters[] = {
	{"AMR", "octet-align", "0"},     {"AMR", "crc", "0"},
	{"AMR", "robust-sorting", "0"},  {"AMR", "interleaving", "0"},
	{"AMR", "mode-set", NULL},       {"AMR-WB", "octet-align", "0"},
	{"AMR-WB", "crc", "0"},          {"AMR-WB", "robust-sorting", "0"},
	{"AMR-WB", "interleaving", "0"}, {"AMR-WB", "mode-set", NULL},
	{"G7221", "bitrate", NULL},
};

static const struct static_type *static_find(uint8_t payload)
{
	for (size_t i = 0; i < ARRAY_LEN(static_types); i++)
		if (static_types[i].payload == payload)
			return &static_types[i];
	return NULL;
}

void sdp_format_static(struct sdp_format *f)
{
	const struct static_type *type = static_find(f->payload);
	if (!type)
		return;
	f->name = slice_from_string(type->name);
	f->rate = type->rate;
	f->channels = type->channels;
}

bool sdp_format_is_event(const struct sdp_format *f)
{
	return slice_caseeq(f->name, SLICE("telephone-event"));
}

bool sdp_format_is_noise(const struct sdp_format *f)
{
	return slice_caseeq(f->name, SLICE("CN"));
}

struct slice sdp_parameter(struct slice fmtp, struct slice name)
{
	while (!slice_empty(fmtp)) {
		struct slice value = slice_trim(slice_cut(&fmtp, ';'));
		struct slice key = slice_trim(slice_cut(&value, '='));
		if (slice_caseeq(key, name))
			return slice_trim(value);
	}
	return SLICE_NONE;
}

static bool parameter_agrees(const struct parameter *parameter, struct slice a, struct slice b)
{
	struct slice name = slice_from_string(parameter->name);
	struct slice absent = slice_from_string(parameter->absent);
	struct slice in_a = sdp_parameter(a, name), in_b = sdp_parameter(b, name);
	if (slice_empty(in_a))
		in_a = absent;
	if (slice_empty(in_b))
		in_b = absent;
	bool either_any = !parameter->absent && (slice_empty(in_a) || slice_empty(in_b));
	return either_any || slice_caseeq(in_a, in_b);
}

bool sdp_format_same(const struct sdp_format *a, const struct sdp_format *b)
{
	if (slice_empty(a->name) || !slice_caseeq(a->name, b->name) || a->rate != b->rate || a->channels != b->channels)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(parameters); i++)
		if (slice_caseeq(a->name, slice_from_string(parameters[i].codec)) &&
		    !parameter_agrees(&parameters[i], a->fmtp, b->fmtp))
			return false;
	return true;
}
