/* config/keys.c - what may stand in the node's file: a table of keys, each with the function that takes its value */
#include "config/database.h"
#include "config/private.h"

typedef int (*take_fn)(struct reader *r, yaml_node_t *value, const char *key, void *target);
struct key {
	const char *name; /* within its mapping */
	take_fn take;
	size_t offset; /* of the target in struct config or struct config_network */
};

static struct slice scalar(const yaml_node_t *n)
{
	return slice_of(n->data.scalar.value, n->data.scalar.length);
}

/* ---- values ---- */

static int take_text(struct reader *r, yaml_node_t *value, const char *key, char *target, size_t room)
{
	if (value->type != YAML_SCALAR_NODE)
		return config_refuse(r, value, key, "must be one text");
	struct slice s = config_is_null(value) ? SLICE_NONE : scalar(value);
	if (s.n >= room)
		return config_refuse(r, value, key, "is longer than %zu characters", room - 1);
	if (slice_find(s, '\0') >= 0)
		return config_refuse(r, value, key, "holds a NUL byte");
	slice_to_string(s, target, room);
	return 0;
}

static int take_bool(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct slice s = value->type == YAML_SCALAR_NODE ? scalar(value) : SLICE_NONE;
	if (!slice_eq(s, SLICE("true")) && !slice_eq(s, SLICE("false")))
		return config_refuse(r, value, key, "must be true or false");
	*(bool *)target = slice_eq(s, SLICE("true"));
	return 0;
}

static int take_workers(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	uint64_t n;
	if (value->type != YAML_SCALAR_NODE || !slice_u64(scalar(value), 256, &n))
		return config_refuse(r, value, key, "must be a number from 0 (one for each core) to 256");
	*(unsigned *)target = (unsigned)n;
	return 0;
}

static int take_wait(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	uint64_t n;
	if (value->type != YAML_SCALAR_NODE || !slice_u64(scalar(value), CONFIG_SHUTDOWN_WAIT_MAX_S, &n))
		return config_refuse(r, value, key, "must be a number of seconds from 0 to %d",
				     CONFIG_SHUTDOWN_WAIT_MAX_S);
	*(unsigned *)target = (unsigned)n;
	return 0;
}

static int take_days_to(struct reader *r, yaml_node_t *value, const char *key, int most, unsigned *ret)
{
	uint64_t n = 0;
	if (value->type != YAML_SCALAR_NODE || !slice_u64(scalar(value), (uint64_t)most, &n) || n == 0)
		return config_refuse(r, value, key, "must be a number of days from 1 to %d", most);
	*ret = (unsigned)n;
	return 0;
}

static int take_trace_days(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	return take_days_to(r, value, key, CONFIG_TRACE_DAYS_MAX, target);
}

static int take_audit_days(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	return take_days_to(r, value, key, CONFIG_AUDIT_DAYS_MAX, target);
}

static int take_ports(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	uint16_t *ports = target; /* low, then high */
	uint64_t low = 0, high = 0;
	struct slice rest = value->type == YAML_SCALAR_NODE ? scalar(value) : SLICE_NONE;
	struct slice first = slice_cut(&rest, '-');
	/* From an odd port on the first pair begins one higher. */
	if (!slice_u64(slice_trim(first), 65535, &low) || !slice_u64(slice_trim(rest), 65535, &high) || low < 1024 ||
	    high < low + (low & 1) + 1)
		return config_refuse(
			r, value, key,
			"must be a range of ports such as 16384-32767, from 1024 up, with an even port and "
			"the odd one above it");
	ports[0] = (uint16_t)low;
	ports[1] = (uint16_t)high;
	return 0;
}

/* What a list may hold. */
struct list {
	const char *example;
	const char *things;
	size_t most, bytes; /* items, and of each */
	take_fn take;
};

static int take_list(struct reader *r, yaml_node_t *value, const char *key, const struct list *l, void *target,
		     size_t *ret_count)
{
	*ret_count = 0;
	if (config_is_null(value))
		return 0;
	if (value->type != YAML_SEQUENCE_NODE)
		return config_refuse(r, value, key, "must be a list such as %s", l->example);
	for (yaml_node_item_t *i = value->data.sequence.items.start; i < value->data.sequence.items.top; i++) {
		yaml_node_t *item = yaml_document_get_node(&r->document, *i);
		if (*ret_count == l->most)
			return config_refuse(r, item, key, "has more than %zu %s", l->most, l->things);
		int rc = l->take(r, item, key, (char *)target + *ret_count * l->bytes);
		if (rc < 0)
			return rc;
		++*ret_count;
	}
	return 0;
}

static int take_address(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct address *at = target;
	struct slice s = value->type == YAML_SCALAR_NODE ? scalar(value) : SLICE_NONE;
	if (!address_parse_with_port(s, at) || !at->port)
		return config_refuse(r, value, key,
				     "\"%.*s\" is not an address with a port from 1 to 65535, such as "
				     "\"[::]:5061\" or \"192.0.2.1:5061\"",
				     SLICE_ARG(slice_first(s, 60)));
	return 0;
}

static int take_addresses(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct config_addresses *a = target;
	static const struct list list = {"[\"[::]:5061\"]", "addresses", CONFIG_LISTEN_MAX, sizeof(a->at[0]),
					 take_address};
	return take_list(r, value, key, &list, a->at, &a->count);
}

static int take_node(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	if (config_is_null(value))
		return 0; /* the host's name */
	int rc = take_text(r, value, key, target, sizeof(r->config->node));
	if (rc == 0 && !*r->config->node)
		return config_refuse(r, value, key, "must not be empty; leave it out for the host's name");
	return rc;
}

static int take_user(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	return take_text(r, value, key, target, sizeof(r->config->user));
}

static int take_data(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	return take_text(r, value, key, target, sizeof(r->config->data));
}

static int take_database(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	int rc = take_text(r, value, key, target, sizeof(r->config->database));
	char why[240];
	if (rc < 0 || slice_eq(slice_from_string(target), SLICE("sqlite")))
		return rc;
	return config_database_check(slice_from_string(target), why) ? 0 : config_refuse(r, value, key, "%s", why);
}

static int take_path(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	return take_text(r, value, key, target, sizeof(r->config->certificate));
}

/* RFC 7065 §3.1: the scheme, and something behind it. */
static bool is_turn_url(struct slice s)
{
	return s.n < sizeof(((struct config *)NULL)->turn_urls[0]) &&
	       ((slice_starts(s, SLICE("turn:")) && s.n > 5) || (slice_starts(s, SLICE("turns:")) && s.n > 6)) &&
	       slice_find(s, '\0') < 0;
}

static int take_turn_url(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct slice s = value->type == YAML_SCALAR_NODE ? scalar(value) : SLICE_NONE;
	if (!is_turn_url(s))
		return config_refuse(r, value, key,
				     "must hold addresses such as \"turn:turn.example.com:3478?transport=udp\" or "
				     "\"turns:turn.example.com:5349\"");
	slice_to_string(s, target, sizeof(r->config->turn_urls[0]));
	return 0;
}

static int take_turn_urls(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct config *c = r->config;
	static const struct list list = {"[\"turn:turn.example.com:3478\"]", "addresses", CONFIG_TURN_MAX,
					 sizeof(c->turn_urls[0]), take_turn_url};
	return take_list(r, value, key, &list, c->turn_urls, &c->turn_count);
}

/* ---- acme ---- */

/* RFC 8555 §6.1: HTTPS alone. */
static int take_directory(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	int rc = take_text(r, value, key, target, sizeof(r->config->acme.directory));
	if (rc == 0 && *(char *)target && !slice_starts(slice_from_string(target), SLICE("https://")))
		return config_refuse(r, value, key, "must be a URL that begins with https://");
	return rc;
}

static int take_contact(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	int rc = take_text(r, value, key, target, sizeof(r->config->acme.contact));
	if (rc == 0 && *(char *)target && slice_find(slice_from_string(target), '@') < 1)
		return config_refuse(r, value, key, "must be a mail address such as admin@example.com");
	return rc;
}

static int take_name(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	int rc = take_text(r, value, key, target, sizeof(r->config->acme.names[0]));
	if (rc == 0 && slice_find(slice_from_string(target), '.') < 1)
		return config_refuse(r, value, key, "must hold host names such as pbx.example.com");
	return rc;
}

static int take_names(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct config_acme *a = &r->config->acme;
	static const struct list list = {"[pbx.example.com]", "names", CONFIG_NAMES_MAX, sizeof(a->names[0]),
					 take_name};
	return take_list(r, value, key, &list, a->names, &a->name_count);
}

/* ---- networks ---- */

static int take_local(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct config_network *n = target;
	struct slice s = value->type == YAML_SCALAR_NODE ? scalar(value) : SLICE_NONE;
	n->local_auto = slice_eq(s, SLICE("auto"));
	if (!n->local_auto && !address_parse(s, &n->local))
		return config_refuse(r, value, key, "must be auto or an IP address");
	return 0;
}

static int take_public(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct config_network *n = target;
	n->has_public = !config_is_null(value);
	if (n->has_public && (value->type != YAML_SCALAR_NODE || !address_parse(scalar(value), &n->public_address)))
		return config_refuse(r, value, key, "must be null or an IP address");
	return 0;
}

static int take_block(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	if (value->type != YAML_SCALAR_NODE || !address_block_parse(scalar(value), target))
		return config_refuse(r, value, key, "must hold blocks such as 10.0.0.0/8 or \"fc00::/7\"");
	return 0;
}

static const struct list blocks = {"[10.0.0.0/8]", "blocks", CONFIG_BLOCKS_MAX, sizeof(struct address_block),
				   take_block};

static int take_internal(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct config_network *n = target;
	return take_list(r, value, key, &blocks, n->internal, &n->internal_count);
}

static int take_allow(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct config *c = target;
	return take_list(r, value, key, &blocks, c->webhook_allow, &c->webhook_allow_count);
}

/* ---- mappings ---- */

#define AT(member) offsetof(struct config, member)
static const struct key network_keys[] = {
	{"local", take_local, 0},
	{"public", take_public, 0},
	{"internal", take_internal, 0},
};
static const struct key listen_keys[] = {
	{"sip_udp", take_addresses, AT(sip_udp)}, {"sip_tcp", take_addresses, AT(sip_tcp)},
	{"sip_tls", take_addresses, AT(sip_tls)}, {"https", take_addresses, AT(https)},
	{"admin", take_addresses, AT(admin)},     {"http", take_addresses, AT(http)},
};
static const struct key media_keys[] = {
	{"ports", take_ports, AT(media_port_low)},
	{"workers", take_workers, AT(media_workers)},
	{"plain_rtp", take_bool, AT(plain_rtp)},
};
static const struct key shutdown_keys[] = {
	{"wait", take_wait, AT(shutdown_wait_s)},
};
static const struct key trace_keys[] = {
	{"sip", take_bool, AT(trace_sip)},
	{"days", take_trace_days, AT(trace_days)},
};
static const struct key audit_keys[] = {
	{"days", take_audit_days, AT(audit_days)},
};
static const struct key acme_keys[] = {
	{"directory", take_directory, AT(acme.directory)},
	{"contact", take_contact, AT(acme.contact)},
	{"terms_agreed", take_bool, AT(acme.terms_agreed)},
	{"ca", take_path, AT(acme.authorities)},
	{"names", take_names, AT(acme.names)},
};
static const struct key tls_keys[] = {
	{"certificate", take_path, AT(certificate)},
	{"key", take_path, AT(key)},
	{"ca", take_path, AT(authorities)},
};
static const struct key webhook_keys[] = {
	{"allow", take_allow, 0},
};

static const struct key turn_keys[] = {
	{"urls", take_turn_urls, 0},
	{"secret", take_path, AT(turn_secret)},
};

static int take_mapping(struct reader *r, yaml_node_t *node, const char *prefix, const struct key *keys, size_t count,
			void *base)
{
	if (node->type != YAML_MAPPING_NODE)
		return config_refuse(r, node, prefix, "must hold keys and values");
	uint64_t seen = 0;
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
		yaml_node_t *name = yaml_document_get_node(&r->document, p->key);
		yaml_node_t *value = yaml_document_get_node(&r->document, p->value);
		struct slice text = name->type == YAML_SCALAR_NODE ? scalar(name) : SLICE_NONE;
		char full[40];
		snprintf(full, sizeof(full), "%s%s%.*s", prefix, *prefix ? "." : "", SLICE_ARG(slice_first(text, 24)));
		size_t i = 0;
		while (i < count && !slice_eq(text, slice_from_string(keys[i].name)))
			i++;
		if (i == count)
			return config_refuse(r, name, full, "is not a key that Alto knows");
		if (seen & (UINT64_C(1) << i))
			return config_refuse(r, name, full, "is given twice");
		seen |= UINT64_C(1) << i;
		int rc = keys[i].take(r, value, full, (char *)base + keys[i].offset);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int take_listen(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	return take_mapping(r, value, key, listen_keys, ARRAY_LEN(listen_keys), r->config);
}

static int take_media(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	return take_mapping(r, value, key, media_keys, ARRAY_LEN(media_keys), r->config);
}

static int take_shutdown(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	return take_mapping(r, value, key, shutdown_keys, ARRAY_LEN(shutdown_keys), r->config);
}

static int take_trace(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	return take_mapping(r, value, key, trace_keys, ARRAY_LEN(trace_keys), r->config);
}

static int take_audit(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	return take_mapping(r, value, key, audit_keys, ARRAY_LEN(audit_keys), r->config);
}

static int take_tls(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	int rc = take_mapping(r, value, key, tls_keys, ARRAY_LEN(tls_keys), r->config);
	if (rc == 0 && !*r->config->certificate != !*r->config->key)
		return config_refuse(r, value, key,
				     "needs both certificate and key, or neither for a self-signed pair");
	return rc;
}

static int take_turn(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	int rc = take_mapping(r, value, key, turn_keys, ARRAY_LEN(turn_keys), r->config);
	if (rc == 0 && !r->config->turn_count != !*r->config->turn_secret)
		return config_refuse(r, value, key,
				     "needs both urls and secret, the file with the relay's static-auth-secret");
	return rc;
}

static int take_acme(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	const struct config_acme *a = &r->config->acme;
	if (config_is_null(value))
		return 0;
	int rc = take_mapping(r, value, key, acme_keys, ARRAY_LEN(acme_keys), r->config);
	if (rc == 0 && !*a->directory)
		return config_refuse(r, value, key, "needs directory: the URL of an authority's ACME service");
	if (rc == 0 && !a->terms_agreed)
		return config_refuse(r, value, key, "needs terms_agreed: true; read the authority's terms first");
	return rc;
}

static int take_webhooks(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	return take_mapping(r, value, key, webhook_keys, ARRAY_LEN(webhook_keys), r->config);
}

static int take_networks(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	if (value->type != YAML_SEQUENCE_NODE)
		return config_refuse(r, value, key, "must be a list of {local, public, internal}");
	r->config->network_count = 0;
	for (yaml_node_item_t *i = value->data.sequence.items.start; i < value->data.sequence.items.top; i++) {
		yaml_node_t *item = yaml_document_get_node(&r->document, *i);
		if (r->config->network_count == CONFIG_NETWORKS_MAX)
			return config_refuse(r, item, key, "has more than %d entries", CONFIG_NETWORKS_MAX);
		struct config_network *n = &r->config->networks[r->config->network_count++];
		*n = (struct config_network){.local_auto = true};
		int rc = take_mapping(r, item, key, network_keys, ARRAY_LEN(network_keys), n);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static const struct key top_keys[] = {
	{"node", take_node, AT(node)},  {"user", take_user, AT(user)},
	{"data", take_data, AT(data)},  {"database", take_database, AT(database)},
	{"listen", take_listen, 0},     {"networks", take_networks, 0},
	{"media", take_media, 0},       {"shutdown", take_shutdown, 0},
	{"trace", take_trace, 0},       {"tls", take_tls, 0},
	{"turn", take_turn, 0},         {"acme", take_acme, 0},
	{"webhooks", take_webhooks, 0}, {"audit", take_audit, 0},
};

int config_take_all(struct reader *r, yaml_node_t *root)
{
	return take_mapping(r, root, "", top_keys, ARRAY_LEN(top_keys), r->config);
}
