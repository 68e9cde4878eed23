/* fuzz_config.c - the node's file: what is accepted is within its bounds, what is refused says why and changes nothing
 */
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_addresses(const struct config_addresses *list)
{
	ASSERT(list->count <= CONFIG_LISTEN_MAX);
	for (size_t i = 0; i < list->count; i++) {
		char text[80];
		struct address again;
		struct writer w = writer_on(text, sizeof(text));
		ASSERT(list->at[i].port != 0);
		write_address_with_port(&w, &list->at[i]);
		ASSERT(!w.overflow && address_parse_with_port(writer_slice(&w), &again));
		ASSERT(address_eq(&again, &list->at[i]));
	}
}

static void check(const struct config *c)
{
	check_addresses(&c->sip_udp);
	check_addresses(&c->sip_tcp);
	check_addresses(&c->sip_tls);
	ASSERT(c->network_count <= CONFIG_NETWORKS_MAX);
	for (size_t i = 0; i < c->network_count; i++)
		ASSERT(c->networks[i].internal_count <= CONFIG_BLOCKS_MAX);
	ASSERT(c->media_port_low >= 1024 && c->media_port_low < c->media_port_high);
	ASSERT(c->media_workers <= 256);
	ASSERT(*c->node && (slice_eq(slice_from_string(c->database), SLICE("sqlite")) ||
			    slice_starts(slice_from_string(c->database), SLICE("postgres"))));
	ASSERT(!*c->certificate == !*c->key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice name = SLICE("alto.yaml:");
	struct config c;
	struct config_reason reason = {""};
	memset(&c, 0x55, sizeof(c));
	if (config_parse("alto.yaml", slice_of(data, size), &c, &reason) == 0) {
		check(&c);
		if (config_check(&c, &reason) < 0)
			ASSERT(*reason.text);
		return 0;
	}
	ASSERT(slice_starts(slice_from_string(reason.text), name));
	const char *bytes = (const char *)&c;
	for (size_t i = 0; i < sizeof(c); i++)
		ASSERT(bytes[i] == 0x55);
	return 0;
}
