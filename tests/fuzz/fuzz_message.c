/* fuzz_message.c - a message parsed; every slice lies within its bytes; the head of an answer to it reads back the same
 */
#include "sip/cause.h"
#include "sip/multipart.h"
#include "sip/privacy.h"
#include "sip/refer.h"
#include "sip/session.h"
#include "sip/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_within(struct slice all, struct slice s)
{
	ASSERT(s.n == 0 || (s.p >= all.p && s.n <= all.n && (size_t)(s.p - all.p) <= all.n - s.n));
}

static void check_message(const struct sip_message *msg)
{
	assert_within(msg->bytes, msg->method_text);
	assert_within(msg->bytes, msg->request_uri);
	assert_within(msg->bytes, msg->reason);
	assert_within(msg->bytes, msg->body);
	ASSERT(msg->field_count <= SIP_FIELDS_MAX);
	unsigned known = 0;
	for (unsigned i = 0; i < msg->field_count; i++) {
		const struct sip_field *f = &msg->fields[i];
		assert_within(msg->bytes, f->name);
		assert_within(msg->bytes, f->value);
		ASSERT(slice_eq(slice_trim(f->value), f->value));
		ASSERT(f->value.n == 0 ||
		       (!memchr(f->value.p, '\r', f->value.n) && !memchr(f->value.p, '\n', f->value.n)));
		ASSERT(msg->first[f->id] && msg->first[f->id] <= i + 1);
	}
	for (unsigned id = 0; id < SIP_FIELD_COUNT; id++)
		for (const struct sip_field *f = sip_field_first(msg, (enum sip_field_id)id); f;
		     f = sip_field_next(msg, f))
			known++;
	ASSERT(known == msg->field_count);
}

static void read_refer(struct slice value)
{
	struct sip_refer_to to;
	struct sip_replaces replaces;
	struct sip_reason reason;
	bool wanted;
	if (sip_replaces_parse(value, &replaces, &reason) == SIP_OK) {
		ASSERT(replaces.call_id.n && replaces.to_tag.n && replaces.from_tag.n);
		assert_within(value, replaces.call_id);
		assert_within(value, replaces.to_tag);
		assert_within(value, replaces.from_tag);
	} else {
		ASSERT(reason.offset <= value.n);
	}
	if (sip_refer_to_parse(value, &to, &reason) == SIP_OK) {
		char plain[SIP_TOKEN_MAX];
		size_t n;
		assert_within(value, to.replaces);
		if (sip_user_unescape(to.replaces, plain, sizeof(plain), &n) &&
		    sip_replaces_parse(slice_of(plain, n), &replaces, &reason) == SIP_OK)
			assert_within(slice_of(plain, n), replaces.to_tag);
	}
	(void)!sip_refer_sub_parse(value, &wanted);
}

static void read_fields(const struct sip_message *msg)
{
	for (unsigned i = 0; i < msg->field_count; i++) {
		struct slice value = msg->fields[i].value, rest = value, item;
		struct sip_address a;
		struct sip_via via;
		struct sip_reason reason;
		struct sip_rack rack;
		uint32_t number;
		while (!slice_empty(rest) && sip_address_next(&rest, &a, &reason) == SIP_OK) {
			assert_within(value, a.display);
			assert_within(value, a.uri.text);
			assert_within(value, a.params);
			assert_within(value, sip_address_tag(&a));
		}
		if (sip_via_parse(value, &via, &reason) == SIP_OK) {
			assert_within(value, via.host);
			assert_within(value, via.params);
			assert_within(value, via.branch);
		} else {
			ASSERT(reason.offset <= value.n);
		}
		if (sip_rack_parse(value, &rack, &reason) == SIP_OK) {
			ASSERT(rack.rseq > 0 && rack.cseq.number <= INT32_MAX);
			assert_within(value, rack.cseq.method_text);
		}
		rest = value;
		while (sip_list_next(&rest, &item))
			assert_within(value, item);
		read_refer(value);
		if (sip_number_parse(value, 3600, &number))
			ASSERT(number <= 3600);
		struct sip_session_expires expires;
		if (sip_session_expires_parse(value, &expires))
			ASSERT(expires.refresher <= SIP_REFRESHER_UAS);
		struct sip_cause cause;
		rest = value;
		while (sip_cause_next(&rest, &cause)) {
			ASSERT(cause.protocol.n && cause.cause <= 999);
			assert_within(value, cause.protocol);
			assert_within(value, cause.text);
		}
	}
	ASSERT(sip_privacy_of(msg) < 256);
	struct slice boundary, rest = msg->body;
	struct sip_part part;
	bool end;
	if (sip_multipart_boundary(sip_field_value(msg, SIP_CONTENT_TYPE), &boundary))
		while (sip_part_next(&rest, boundary, &part, &end)) {
			assert_within(msg->body, part.body);
			assert_within(msg->body, part.type);
			assert_within(msg->body, part.disposition);
			assert_within(msg->body, rest);
		}
	struct sip_disposition d = sip_disposition_of(msg);
	ASSERT(!slice_empty(d.type));
}

static void check_answer(const struct sip_message *msg)
{
	static char out[SIP_MESSAGE_MAX], again[SIP_MESSAGE_MAX];
	struct sip_flow flow = {.transport = SIP_UDP};
	ASSERT(address_parse_with_port(SLICE("[2001:db8::77]:5070"), &flow.remote));
	struct writer w = writer_on(out, sizeof(out));
	sip_write_response_head(&w, msg, &flow, 404, SLICE_NONE, SLICE("ourtag"));
	sip_write_body(&w, SLICE_NONE, SLICE_NONE);
	if (w.overflow)
		return;
	struct sip_message answer;
	struct sip_reason reason;
	memcpy(again, out, w.n);
	ASSERT(sip_message_parse(again, w.n, &answer, &reason) == SIP_OK);
	ASSERT(sip_message_check(&answer, &reason) == SIP_OK);
	ASSERT(answer.status == 404 && slice_eq(answer.method_text, msg->method_text));
	static const enum sip_field_id same[] = {SIP_FROM, SIP_CALL_ID, SIP_CSEQ};
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		ASSERT(slice_eq(sip_field_value(&answer, same[i]), sip_field_value(msg, same[i])));
	struct sip_address a;
	ASSERT(sip_address_parse(sip_field_value(&answer, SIP_TO), &a, &reason) == SIP_OK);
	ASSERT(!slice_empty(sip_address_tag(&a)));
	/* As many Vias, the top one with the same sent-by and branch and with our word on its source. */
	const struct sip_field *f = sip_field_first(msg, SIP_VIA), *g = sip_field_first(&answer, SIP_VIA);
	struct sip_via asked, told;
	struct slice received;
	ASSERT(sip_via_parse(f->value, &asked, &reason) == SIP_OK && sip_via_parse(g->value, &told, &reason) == SIP_OK);
	ASSERT(slice_eq(asked.host, told.host) && asked.port == told.port && slice_eq(asked.branch, told.branch));
	ASSERT(asked.rport == told.rport);
	if (sip_param_find(told.params, SLICE("received"), &received))
		ASSERT(slice_eq(received, SLICE("2001:db8::77")));
	while (f && g) {
		f = sip_field_next(msg, f);
		g = sip_field_next(&answer, g);
		ASSERT(!f == !g && (!f || slice_eq(f->value, g->value)));
	}
}

/* A refusal of what is malformed is well-formed as far as what it mirrors is, and says who refused. */
static void check_refusal(const struct sip_message *msg, struct slice why)
{
	static char out[SIP_MESSAGE_MAX];
	struct sip_flow flow = {.transport = SIP_TCP};
	struct writer w = writer_on(out, sizeof(out));
	sip_write_response_head(&w, msg, &flow, 400, why, SLICE("ourtag"));
	sip_write_body(&w, SLICE_NONE, SLICE_NONE);
	if (w.overflow)
		return;
	struct sip_message answer;
	struct sip_reason reason;
	struct sip_address a;
	ASSERT(sip_message_parse(out, w.n, &answer, &reason) == SIP_OK && answer.status == 400);
	if (sip_address_parse(sip_field_value(&answer, SIP_TO), &a, &reason) == SIP_OK)
		ASSERT(!slice_empty(sip_address_tag(&a)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sip_message msg;
	struct sip_reason reason = {0};
	char *bytes = malloc(size ? size : 1);
	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	enum sip_parse parse = sip_message_parse(bytes, size, &msg, &reason);
	ASSERT(parse == SIP_OK ? reason.status == 0 : reason.status >= 400 && reason.offset <= size);
	check_message(&msg);
	read_fields(&msg);
	bool good = parse == SIP_OK && sip_message_check(&msg, &reason) == SIP_OK;
	if (good && msg.is_request)
		check_answer(&msg);
	else if (!good && msg.is_request)
		check_refusal(&msg, slice_from_string(reason.text));
	free(bytes);
	return 0;
}
