/* fuzz_dns.c - whatever a name server sends: what is read of it lies within bounds, and no name is odd */
#include "net/dns_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const struct dns_answer *a, struct slice s)
{
	ASSERT(s.n <= sizeof(a->text) && (s.n == 0 || (s.p >= a->text && s.p + s.n <= a->text + a->text_n)));
}

static void check_name(const struct dns_answer *a, struct slice name)
{
	char text[DNS_NAME_CAP];
	check_text(a, name);
	ASSERT(name.n < DNS_NAME_CAP);
	/* Of names longer than DNS allows as text one more byte may come: two on the wire that text has not. */
	if (name.n && name.n <= 253)
		ASSERT(dns_name_parse(name, text) && slice_eq(slice_from_string(text), name));
}

static void check_record(const struct dns_answer *a, const struct dns_record *r, enum dns_type type)
{
	if (type == DNS_SRV)
		check_name(a, r->srv.target);
	if (type == DNS_NAPTR) {
		check_text(a, r->naptr.flags);
		check_text(a, r->naptr.service);
		check_name(a, r->naptr.replacement);
	}
	if (type == DNS_A)
		ASSERT(address_is_v4(&r->address) && r->address.port == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = {DNS_A, DNS_AAAA, DNS_SRV, DNS_NAPTR};
	static struct dns_answer answer; /* large; written whole by each call as far as it is looked at */

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		enum dns_parse rc = dns_message_parse(slice_of(data, size), SLICE("x.example"), types[i], &answer);
		ASSERT(answer.count <= DNS_RECORDS_MAX && answer.text_n <= DNS_TEXT_MAX);
		ASSERT(rc != DNS_OK || (answer.count > 0 && answer.ttl_s <= DNS_TTL_MAX_S));
		ASSERT(rc != DNS_NONE || (answer.count == 0 && answer.ttl_s <= DNS_NEGATIVE_MAX_S));
		for (size_t j = 0; rc == DNS_OK && j < answer.count; j++)
			check_record(&answer, &answer.of[j], types[i]);
	}
	return 0;
}
