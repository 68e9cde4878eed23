/*
 * unit/net/dns_zone.h - DNS messages written from a few lines of text, and a server of them on the test's own loop
 *
 *   static const struct zone_record zone[] = {
 *           {"example.com", DNS_SRV, 60, "10 5 5060 sip.example.com"},
 *           {"example.com", DNS_NAPTR, 60, "10 20 s SIP+D2U _sip._udp.example.com"}, ...
 */
#pragma once
#include "unit/net/peer.h"

#include "net/dns_message.h"
#include "net/stream.h"
#include "net/udp.h"

#define ZONE_CNAME ((enum dns_type)5)
#define ZONE_SOA ((enum dns_type)6)

struct zone_record {
	const char *name;
	enum dns_type type;
	uint32_t ttl_s;
	const char *data;
};

static inline void zone_u16(struct writer *w, unsigned value)
{
	write_char(w, (char)(value >> 8));
	write_char(w, (char)value);
}

static inline void zone_u32(struct writer *w, uint32_t value)
{
	zone_u16(w, value >> 16);
	zone_u16(w, value & 0xffff);
}

/* "a.b" in labels; "." is the root alone. */
static inline void zone_name(struct writer *w, const char *name)
{
	struct slice rest = slice_from_string(strcmp(name, ".") == 0 ? "" : name);
	while (rest.n) {
		struct slice label = slice_find(rest, '.') < 0 ? rest : slice_cut(&rest, '.');
		if (label.p + label.n == rest.p + rest.n)
			rest = SLICE_NONE;
		write_char(w, (char)label.n);
		write_slice(w, label);
	}
	write_char(w, 0);
}

static inline void zone_string(struct writer *w, const char *text)
{
	write_char(w, (char)strlen(text));
	write_string(w, text);
}

/* The next word of the text, and the next number. Return what follows. */
static inline const char *zone_word(const char *text, char *ret, size_t cap)
{
	text += strspn(text, " ");
	size_t n = strcspn(text, " ");
	ASSERT(n > 0 && n < cap);
	memcpy(ret, text, n);
	ret[n] = 0;
	return text + n;
}

static inline const char *zone_number(const char *text, unsigned *ret)
{
	char *end;
	*ret = (unsigned)strtoul(text, &end, 10);
	ASSERT(end != text);
	return end;
}

static inline void zone_data(struct writer *w, enum dns_type type, const char *text)
{
	unsigned a, b, c;
	char flags[64], service[64], name[300];
	struct address address;

	if (type == DNS_A || type == DNS_AAAA) {
		ASSERT(address_parse(slice_from_string(text), &address));
		write_slice(w, type == DNS_A ? slice_of(address.ip + 12, 4) : slice_of(address.ip, 16));
	} else if (type == DNS_SRV) {
		text = zone_number(zone_number(zone_number(text, &a), &b), &c);
		(void)zone_word(text, name, sizeof(name));
		zone_u16(w, a);
		zone_u16(w, b);
		zone_u16(w, c);
		zone_name(w, name);
	} else if (type == DNS_NAPTR) {
		text = zone_number(zone_number(text, &a), &b);
		text = zone_word(zone_word(text, flags, sizeof(flags)), service, sizeof(service));
		(void)zone_word(text, name, sizeof(name));
		zone_u16(w, a);
		zone_u16(w, b);
		zone_string(w, flags);
		zone_string(w, service);
		zone_string(w, name[0] == '!' ? name : "");
		zone_name(w, name[0] == '!' ? "." : name);
	} else if (type == ZONE_SOA) { /* data: the minimum */
		zone_name(w, ".");
		zone_name(w, ".");
		for (unsigned i = 0; i < 4; i++)
			zone_u32(w, 0);
		zone_u32(w, (uint32_t)strtoul(text, NULL, 10));
	} else {
		zone_name(w, text);
	}
}

static inline void zone_record_write(struct writer *w, const struct zone_record *r)
{
	char data[600];
	struct writer d = writer_on(data, sizeof(data));

	zone_name(w, r->name);
	zone_u16(w, r->type);
	zone_u16(w, 1);
	zone_u32(w, r->ttl_s);
	zone_data(&d, r->type, r->data);
	ASSERT(!d.overflow);
	zone_u16(w, (unsigned)d.n);
	write_slice(w, writer_slice(&d));
}

static inline void zone_head(struct writer *w, unsigned id, unsigned flags, unsigned answers, unsigned authorities)
{
	zone_u16(w, id);
	zone_u16(w, flags);
	zone_u16(w, 1);
	zone_u16(w, answers);
	zone_u16(w, authorities);
	zone_u16(w, 0);
}

static inline void zone_question(struct writer *w, const char *name, enum dns_type type)
{
	zone_name(w, name);
	zone_u16(w, type);
	zone_u16(w, 1);
}

/* ---- a server ---- */

struct zone_server {
	struct loop *loop;
	struct udp *udp;
	struct stream_listener *listener;
	struct address at;
	const struct zone_record *zone;
	size_t zone_n;
	/* what it does wrong */
	bool silent, garbage, cut, fails;
	bool silent_to_naptr;
	unsigned asked, asked_by_tcp;
	char last[DNS_NAME_CAP];
};

/* All records of a name and type, through its alias if there is one. *ret_known: the name has something. */
static inline unsigned zone_answers(const struct zone_server *s, struct writer *w, const char *name, enum dns_type type,
				    bool *ret_known)
{
	unsigned n = 0;
	for (size_t i = 0; i < s->zone_n; i++) {
		const struct zone_record *r = &s->zone[i];
		if (strcasecmp(r->name, name) != 0)
			continue;
		*ret_known = true;
		if (r->type == type || r->type == ZONE_CNAME) {
			zone_record_write(w, r);
			n++;
		}
		if (r->type == ZONE_CNAME && type != ZONE_CNAME)
			n += zone_answers(s, w, r->data, type, ret_known);
	}
	return n;
}

static inline void zone_question_read(const char *bytes, size_t n, char *name, enum dns_type *ret_type)
{
	size_t at = 12, to = 0;
	ASSERT(n > 16);
	while (bytes[at]) {
		if (to)
			name[to++] = '.';
		memcpy(name + to, bytes + at + 1, (size_t)bytes[at]);
		to += (size_t)bytes[at];
		at += (size_t)bytes[at] + 1;
	}
	name[to] = '\0';
	*ret_type = (enum dns_type)((uint8_t)bytes[at + 1] << 8 | (uint8_t)bytes[at + 2]);
}

/* The answer to a query; 0 bytes: none. */
static inline size_t zone_answer(struct zone_server *s, const char *query, size_t n, bool tcp, char *ret, size_t cap)
{
	static const struct zone_record soa = {".", ZONE_SOA, 900, "60"};
	static char body[60000];
	struct writer b = writer_on(body, sizeof(body)), w = writer_on(ret, cap);
	enum dns_type type;
	bool known = false;

	zone_question_read(query, n, s->last, &type);
	s->asked++;
	s->asked_by_tcp += tcp;
	if (s->silent || (s->silent_to_naptr && type == DNS_NAPTR))
		return 0;
	unsigned id = (unsigned)((uint8_t)query[0] << 8 | (uint8_t)query[1]);
	unsigned answers = zone_answers(s, &b, s->last, type, &known);
	bool cut = s->cut && !tcp;
	zone_head(&w, id, s->fails ? 0x8182 : cut ? 0x8380 : known ? 0x8180 : 0x8183, cut ? 0 : answers, cut ? 0 : 1);
	zone_question(&w, s->last, type);
	if (s->garbage) /* ends in the middle of a record */
		write_slice(&w, slice_first(writer_slice(&b), b.n / 2));
	else if (!cut)
		write_slice(&w, writer_slice(&b));
	if (!cut)
		zone_record_write(&w, &soa);
	ASSERT(!w.overflow);
	return w.n;
}

static inline void zone_datagram(void *arg, const struct address *local, const struct address *remote, char *bytes,
				 size_t n)
{
	static char answer[65000];
	struct zone_server *s = arg;
	size_t answer_n = zone_answer(s, bytes, n, false, answer, sizeof(answer));
	if (answer_n)
		ASSERT(udp_send(s->udp, local, remote, slice_of(answer, answer_n)) == 0);
}

/* One query comes in one piece on loopback. */
static inline void zone_stream(void *arg, struct stream *stream, char *bytes, size_t n)
{
	static char answer[65000];
	struct zone_server *s = arg;
	size_t answer_n = zone_answer(s, bytes + 2, n - 2, true, answer + 2, sizeof(answer) - 2);
	answer[0] = (char)(answer_n >> 8);
	answer[1] = (char)answer_n;
	if (answer_n)
		ASSERT(stream_send(stream, slice_of(answer, answer_n + 2)) == 0);
}

static inline void zone_opened(void *arg, struct stream *s) {}
static inline void zone_closed(void *arg, struct stream *s, enum stream_closed why) {}
static inline void *zone_accept(void *arg, struct stream *s)
{
	return arg;
}

/* UDP and TCP on one port. */
static inline void zone_open(struct zone_server *s, struct loop *loop, const struct zone_record *zone, size_t n)
{
	static const struct stream_events events = {zone_opened, zone_stream, zone_closed};
	struct address any = address_of("127.0.0.1:0");

	*s = (struct zone_server){.loop = loop, .zone = zone, .zone_n = n};
	for (int rc = -EADDRINUSE; rc == -EADDRINUSE;) {
		ASSERT(udp_open(loop, &any, zone_datagram, s, &s->udp) == 0);
		udp_local(s->udp, &s->at);
		rc = stream_listen(loop, &s->at, NULL, zone_accept, &events, s, &s->listener);
		if (rc < 0)
			udp_close(s->udp);
		ASSERT(rc == 0 || rc == -EADDRINUSE);
	}
}

static inline void zone_close(struct zone_server *s)
{
	udp_close(s->udp);
	stream_listener_close(s->listener);
}
