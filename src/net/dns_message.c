/* net/dns_message.c - reading DNS answers: see dns_message.h */
#include "net/dns_message.h"

#define CLASS_IN 1
#define TYPE_CNAME 5
#define TYPE_SOA 6
#define LABEL_MAX 63

/* The whole message, and where in it we read. bad: something would have lain beyond the end; sticky. */
struct reader {
	const uint8_t *p;
	size_t n, at;
	bool bad;
};

/* n bytes from here, NULL: they are not there. */
static const uint8_t *take(struct reader *r, size_t n)
{
	if (r->bad || n > r->n - r->at) {
		r->bad = true;
		return NULL;
	}
	r->at += n;
	return r->p + r->at - n;
}

static uint16_t take_u16(struct reader *r)
{
	const uint8_t *p = take(r, 2);
	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static uint32_t take_u32(struct reader *r)
{
	uint32_t high = take_u16(r);
	return high << 16 | take_u16(r);
}

/* A lower-case letter, digit, '-' or '_'; 0: another byte. */
static char name_char(uint8_t byte)
{
	char c = ascii_lower((char)byte);
	bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
	return fine ? c : 0;
}

bool dns_name_parse(struct slice text, char ret[DNS_NAME_CAP])
{
	size_t label = 0, n = 0;

	if (text.n && text.p[text.n - 1] == '.')
		text.n--;
	if (text.n == 0 || text.n > DNS_NAME_CAP - 3) /* 255 bytes on the wire: with the first length and the root */
		return false;
	for (; n < text.n; n++) {
		bool dot = text.p[n] == '.';
		ret[n] = dot ? '.' : name_char((uint8_t)text.p[n]);
		if (!ret[n] || (dot && label == 0))
			return false;
		label = dot ? 0 : label + 1;
		if (label > LABEL_MAX)
			return false;
	}
	ret[n] = '\0';
	return label > 0;
}

struct name {
	char text[DNS_NAME_CAP];
	size_t n;
	bool odd; /* has bytes that no host name has */
};

/* One label's text behind the others. False: the name grows too long. */
static bool add_label(struct name *ret, const uint8_t *label, size_t n)
{
	if (n + 1 > DNS_NAME_CAP - 2 - ret->n)
		return false;
	if (ret->n)
		ret->text[ret->n++] = '.';
	for (size_t i = 0; i < n; i++) {
		char c = name_char(label[i]);
		ret->odd |= c == 0;
		ret->text[ret->n++] = c;
	}
	return true;
}

/*
 * A name, compressed or not (§4.1.4). A pointer must lead to before the place where the part that it ends began: so
 * there is an end, whatever the pointers say.
 */
static void take_name(struct reader *r, struct name *ret)
{
	struct reader at = *r;
	size_t limit = r->at;
	bool jumped = false;

	*ret = (struct name){0};
	for (;;) {
		const uint8_t *length = take(&at, 1);
		if (!length)
			break;
		if (*length >= 0xc0) {
			const uint8_t *low = take(&at, 1);
			size_t to = low ? (size_t)(*length & 0x3f) << 8 | *low : limit;
			if (!jumped)
				r->at = at.at;
			jumped = true;
			if (to >= limit)
				break;
			at.at = limit = to;
		} else {
			const uint8_t *label = *length <= LABEL_MAX ? take(&at, *length) : NULL;
			if (!label)
				break;
			if (*length == 0) {
				if (!jumped)
					r->at = at.at;
				return;
			}
			if (!add_label(ret, label, *length))
				break;
		}
	}
	r->bad = true;
}

static struct slice name_slice(const struct name *n)
{
	return slice_of(n->text, n->n);
}

/* What stands before every record's own data. */
struct record_head {
	struct name owner;
	uint16_t type, class;
	uint32_t ttl_s;
	size_t data_n;
};

static void take_head(struct reader *r, struct record_head *ret)
{
	take_name(r, &ret->owner);
	ret->type = take_u16(r);
	ret->class = take_u16(r);
	ret->ttl_s = take_u32(r);
	ret->data_n = take_u16(r);
	if (ret->ttl_s > INT32_MAX)
		ret->ttl_s = 0; /* RFC 2181 §8 */
	if (ret->data_n > r->n - r->at)
		r->bad = true;
}

static bool is_of(const struct record_head *h, struct slice name, uint16_t type)
{
	return h->class == CLASS_IN && h->type == type && !h->owner.odd && slice_eq(name_slice(&h->owner), name);
}

/* Text that lives in the answer. False: no room for it. */
static bool keep(struct dns_answer *a, struct slice text, struct slice *ret)
{
	if (text.n > sizeof(a->text) - a->text_n)
		return false;
	if (text.n)
		memcpy(a->text + a->text_n, text.p, text.n);
	*ret = slice_of(a->text + a->text_n, text.n);
	a->text_n += text.n;
	return true;
}

static bool take_address(struct reader *r, size_t n, size_t ip_n, struct dns_record *ret)
{
	struct address a = {0};
	const uint8_t *ip = n == ip_n ? take(r, ip_n) : NULL;
	if (!ip)
		return false;
	if (ip_n == 4)
		a.ip[10] = a.ip[11] = 0xff;
	memcpy(a.ip + 16 - ip_n, ip, ip_n);
	ret->address = a;
	return true;
}

static bool take_srv(struct reader *r, struct dns_answer *a, struct dns_record *ret)
{
	struct name target;
	ret->srv.priority = take_u16(r);
	ret->srv.weight = take_u16(r);
	ret->srv.port = take_u16(r);
	take_name(r, &target);
	return !r->bad && !target.odd && keep(a, name_slice(&target), &ret->srv.target);
}

static struct slice take_string(struct reader *r)
{
	const uint8_t *length = take(r, 1);
	const uint8_t *p = length ? take(r, *length) : NULL;
	return p ? slice_of(p, *length) : SLICE_NONE;
}

static bool take_naptr(struct reader *r, struct dns_answer *a, struct dns_record *ret)
{
	struct name replacement;
	ret->naptr.order = take_u16(r);
	ret->naptr.preference = take_u16(r);
	struct slice flags = take_string(r), service = take_string(r), expression = take_string(r);
	take_name(r, &replacement);
	return !r->bad && slice_empty(expression) && !replacement.odd && keep(a, flags, &ret->naptr.flags) &&
	       keep(a, service, &ret->naptr.service) && keep(a, name_slice(&replacement), &ret->naptr.replacement);
}

/* One record's data, n bytes from here. Names in it may point anywhere before. One that is broken is left out. */
static void take_record(struct reader *r, enum dns_type type, size_t n, uint32_t ttl_s, struct dns_answer *a)
{
	struct reader data = {.p = r->p, .n = r->at + n, .at = r->at};
	size_t text_n = a->text_n;
	bool fine = false;

	if (a->count == DNS_RECORDS_MAX)
		return;
	struct dns_record *record = &a->of[a->count];
	*record = (struct dns_record){0};
	switch (type) {
	case DNS_A:
		fine = take_address(&data, n, 4, record);
		break;
	case DNS_AAAA:
		fine = take_address(&data, n, 16, record);
		break;
	case DNS_SRV:
		fine = take_srv(&data, a, record);
		break;
	case DNS_NAPTR:
		fine = take_naptr(&data, a, record);
		break;
	}
	if (!fine) {
		a->text_n = text_n;
		return;
	}
	a->count++;
	a->ttl_s = MIN(a->ttl_s, ttl_s);
}

/* All records of the answer section that belong to *name; *ret_alias is what it is an alias for, n 0: for nothing. */
static void scan(struct reader *r, size_t count, struct slice name, enum dns_type type, struct dns_answer *ret,
		 struct name *ret_alias)
{
	struct record_head head;
	ret_alias->n = 0;
	for (size_t i = 0; i < count && !r->bad; i++) {
		take_head(r, &head);
		if (r->bad)
			return;
		size_t next = r->at + head.data_n;
		if (is_of(&head, name, (uint16_t)type)) {
			take_record(r, type, head.data_n, head.ttl_s, ret);
		} else if (is_of(&head, name, TYPE_CNAME) && ret_alias->n == 0) {
			struct reader data = {.p = r->p, .n = next, .at = r->at};
			take_name(&data, ret_alias);
			if (data.bad || ret_alias->odd)
				ret_alias->n = 0;
			ret->ttl_s = MIN(ret->ttl_s, head.ttl_s);
		}
		r->at = next;
	}
}

/* RFC 2308 §5: the SOA beside an empty answer says how long it stays empty; 0: there is none. */
static uint32_t negative_ttl(struct reader *r, size_t count)
{
	struct record_head head;
	struct name name;
	for (size_t i = 0; i < count; i++) {
		take_head(r, &head);
		if (r->bad)
			return 0;
		size_t next = r->at + head.data_n;
		if (head.class == CLASS_IN && head.type == TYPE_SOA) {
			struct reader data = {.p = r->p, .n = next, .at = r->at};
			take_name(&data, &name);
			take_name(&data, &name);
			(void)take(&data, 16); /* serial, refresh, retry, expire */
			uint32_t minimum_s = take_u32(&data);
			return data.bad ? 0 : MIN(MIN(head.ttl_s, minimum_s), (uint32_t)DNS_NEGATIVE_MAX_S);
		}
		r->at = next;
	}
	return 0;
}

static enum dns_parse nothing(struct reader *r, size_t answers, size_t authorities, struct dns_answer *ret)
{
	struct record_head head;
	for (size_t i = 0; i < answers && !r->bad; i++) { /* aliases that led nowhere */
		take_head(r, &head);
		if (!r->bad)
			r->at += head.data_n;
	}
	ret->ttl_s = r->bad ? 0 : negative_ttl(r, MIN(authorities, (size_t)DNS_SCANNED_MAX));
	ret->count = 0;
	return DNS_NONE;
}

/* The one question is the one that was asked. */
static bool is_answer_to(struct reader *r, size_t questions, struct slice name, enum dns_type type)
{
	struct name asked;
	if (questions != 1)
		return false;
	take_name(r, &asked);
	uint16_t asked_type = take_u16(r), asked_class = take_u16(r);
	return !r->bad && !asked.odd && slice_eq(name_slice(&asked), name) && asked_type == (uint16_t)type &&
	       asked_class == CLASS_IN;
}

enum dns_parse dns_message_parse(struct slice bytes, struct slice name, enum dns_type type, struct dns_answer *ret)
{
	struct reader r = {.p = (const uint8_t *)bytes.p, .n = bytes.n};
	struct name aliases[2];

	ret->count = ret->text_n = 0;
	ret->ttl_s = DNS_TTL_MAX_S;
	(void)take_u16(&r); /* the id: c-ares has compared it */
	uint16_t flags = take_u16(&r), questions = take_u16(&r);
	size_t answers = take_u16(&r), authorities = take_u16(&r);
	(void)take_u16(&r);
	unsigned code = flags & 0xf;
	if (r.bad || !(flags & 0x8000) || (flags & 0x0200)) /* a question, or cut off */
		return DNS_BAD;
	if (code != 0 && code != 3)
		return DNS_ERROR;
	if (!is_answer_to(&r, questions, name, type))
		return DNS_BAD;

	size_t begin = r.at, scanned = MIN(answers, (size_t)DNS_SCANNED_MAX);
	for (unsigned i = 0; i <= DNS_ALIASES_MAX; i++) {
		struct name *alias = &aliases[i % 2];
		r.at = begin;
		scan(&r, scanned, name, type, ret, alias);
		if (r.bad)
			return DNS_BAD;
		if (ret->count)
			return DNS_OK;
		if (alias->n == 0)
			break;
		name = name_slice(alias);
	}
	r.at = begin;
	return nothing(&r, answers, authorities, ret);
}
