/* config/config.c - reads the node's file: a table of keys, each with the function that takes its value */
#include "config/config.h"
#include "config/database.h"
#include <errno.h>
#include <stdarg.h>
#include <unistd.h>
#include <yaml.h>

#define SOCKET_PATH_MAX 107 /* sun_path without its NUL */

struct reader {
	yaml_document_t document;
	const char *path;
	struct config *config;
	struct config_reason *reason;
};

typedef int (*take_fn)(struct reader *r, yaml_node_t *value, const char *key, void *target);
struct key {
	const char *name; /* within its mapping */
	take_fn take;
	size_t offset; /* of the target in struct config or struct config_network */
};

/* "alto.yaml:7: listen.sip_tls: ..." */
static int refuse_at(struct reader *r, const yaml_node_t *node, const char *key, const char *format, ...)
	PRINTF_LIKE(4, 5);
static int refuse_at(struct reader *r, const yaml_node_t *node, const char *key, const char *format, ...)
{
	char why[320];
	va_list args;
	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	snprintf(r->reason->text, sizeof(r->reason->text), "%.120s:%zu: %.40s%s%s", r->path, node->start_mark.line + 1,
		 key, *key ? ": " : "", why);
	return -EINVAL;
}

static struct slice scalar(const yaml_node_t *n)
{
	return slice_of(n->data.scalar.value, n->data.scalar.length);
}

static bool is_null(const yaml_node_t *n)
{
	if (n->type != YAML_SCALAR_NODE || n->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	struct slice s = scalar(n);
	return s.n == 0 || slice_eq(s, SLICE("null")) || slice_eq(s, SLICE("~"));
}

/* ---- values ---- */

static int take_text(struct reader *r, yaml_node_t *value, const char *key, char *target, size_t room)
{
	if (value->type != YAML_SCALAR_NODE)
		return refuse_at(r, value, key, "must be one text");
	struct slice s = is_null(value) ? SLICE_NONE : scalar(value);
	if (s.n >= room)
		return refuse_at(r, value, key, "is longer than %zu characters", room - 1);
	if (slice_find(s, '\0') >= 0)
		return refuse_at(r, value, key, "holds a NUL byte");
	struct writer w = writer_on(target, room - 1);
	write_slice(&w, s);
	target[w.n] = 0;
	return 0;
}

static int take_bool(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct slice s = value->type == YAML_SCALAR_NODE ? scalar(value) : SLICE_NONE;
	if (!slice_eq(s, SLICE("true")) && !slice_eq(s, SLICE("false")))
		return refuse_at(r, value, key, "must be true or false");
	*(bool *)target = slice_eq(s, SLICE("true"));
	return 0;
}

static int take_workers(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	uint64_t n;
	if (value->type != YAML_SCALAR_NODE || !slice_u64(scalar(value), 256, &n))
		return refuse_at(r, value, key, "must be a number from 0 (one for each core) to 256");
	*(unsigned *)target = (unsigned)n;
	return 0;
}

static int take_wait(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	uint64_t n;
	if (value->type != YAML_SCALAR_NODE || !slice_u64(scalar(value), CONFIG_SHUTDOWN_WAIT_MAX_S, &n))
		return refuse_at(r, value, key, "must be a number of seconds from 0 to %d", CONFIG_SHUTDOWN_WAIT_MAX_S);
	*(unsigned *)target = (unsigned)n;
	return 0;
}

static int take_days_to(struct reader *r, yaml_node_t *value, const char *key, int most, unsigned *ret)
{
	uint64_t n = 0;
	if (value->type != YAML_SCALAR_NODE || !slice_u64(scalar(value), (uint64_t)most, &n) || n == 0)
		return refuse_at(r, value, key, "must be a number of days from 1 to %d", most);
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
		return refuse_at(r, value, key,
				 "must be a range of ports such as 16384-32767, from 1024 up, with an even port and "
				 "the odd one above it");
	ports[0] = (uint16_t)low;
	ports[1] = (uint16_t)high;
	return 0;
}

static int take_addresses(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct config_addresses *list = target;
	list->count = 0;
	if (is_null(value))
		return 0;
	if (value->type != YAML_SEQUENCE_NODE)
		return refuse_at(r, value, key, "must be a list such as [\"[::]:5061\"]");
	for (yaml_node_item_t *i = value->data.sequence.items.start; i < value->data.sequence.items.top; i++) {
		yaml_node_t *item = yaml_document_get_node(&r->document, *i);
		if (list->count == CONFIG_LISTEN_MAX)
			return refuse_at(r, item, key, "has more than %d addresses", CONFIG_LISTEN_MAX);
		struct slice s = item->type == YAML_SCALAR_NODE ? scalar(item) : SLICE_NONE;
		if (!address_parse_with_port(s, &list->at[list->count]) || !list->at[list->count].port)
			return refuse_at(r, item, key,
					 "\"%.*s\" is not an address with a port from 1 to 65535, such as "
					 "\"[::]:5061\" or \"192.0.2.1:5061\"",
					 SLICE_ARG(slice_first(s, 60)));
		list->count++;
	}
	return 0;
}

static int take_node(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	if (is_null(value))
		return 0; /* the host's name */
	int rc = take_text(r, value, key, target, sizeof(r->config->node));
	if (rc == 0 && !*r->config->node)
		return refuse_at(r, value, key, "must not be empty; leave it out for the host's name");
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
	return config_database_check(slice_from_string(target), why) ? 0 : refuse_at(r, value, key, "%s", why);
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

static int take_turn_urls(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct config *c = r->config;
	c->turn_count = 0;
	if (is_null(value))
		return 0;
	if (value->type != YAML_SEQUENCE_NODE)
		return refuse_at(r, value, key, "must be a list such as [\"turn:turn.example.com:3478\"]");
	for (yaml_node_item_t *i = value->data.sequence.items.start; i < value->data.sequence.items.top; i++) {
		yaml_node_t *item = yaml_document_get_node(&r->document, *i);
		struct slice s = item->type == YAML_SCALAR_NODE ? scalar(item) : SLICE_NONE;
		if (c->turn_count == CONFIG_TURN_MAX)
			return refuse_at(r, item, key, "has more than %d addresses", CONFIG_TURN_MAX);
		if (!is_turn_url(s))
			return refuse_at(r, item, key,
					 "must hold addresses such as \"turn:turn.example.com:3478?transport=udp\" or "
					 "\"turns:turn.example.com:5349\"");
		slice_to_string(s, c->turn_urls[c->turn_count++], sizeof(c->turn_urls[0]));
	}
	return 0;
}

/* ---- acme ---- */

/* RFC 8555 §6.1: HTTPS alone. */
static int take_directory(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	int rc = take_text(r, value, key, target, sizeof(r->config->acme.directory));
	if (rc == 0 && *(char *)target && !slice_starts(slice_from_string(target), SLICE("https://")))
		return refuse_at(r, value, key, "must be a URL that begins with https://");
	return rc;
}

static int take_contact(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	int rc = take_text(r, value, key, target, sizeof(r->config->acme.contact));
	if (rc == 0 && *(char *)target && slice_find(slice_from_string(target), '@') < 1)
		return refuse_at(r, value, key, "must be a mail address such as admin@example.com");
	return rc;
}

static int take_names(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct config_acme *a = &r->config->acme;
	a->name_count = 0;
	if (is_null(value))
		return 0;
	if (value->type != YAML_SEQUENCE_NODE)
		return refuse_at(r, value, key, "must be a list such as [pbx.example.com]");
	for (yaml_node_item_t *i = value->data.sequence.items.start; i < value->data.sequence.items.top; i++) {
		yaml_node_t *item = yaml_document_get_node(&r->document, *i);
		if (a->name_count == CONFIG_NAMES_MAX)
			return refuse_at(r, item, key, "has more than %d names", CONFIG_NAMES_MAX);
		char *name = a->names[a->name_count];
		int rc = take_text(r, item, key, name, sizeof(a->names[0]));
		if (rc < 0)
			return rc;
		if (slice_find(slice_from_string(name), '.') < 1)
			return refuse_at(r, item, key, "must hold host names such as pbx.example.com");
		a->name_count++;
	}
	return 0;
}

/* ---- networks ---- */

static int take_local(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct config_network *n = target;
	struct slice s = value->type == YAML_SCALAR_NODE ? scalar(value) : SLICE_NONE;
	n->local_auto = slice_eq(s, SLICE("auto"));
	if (!n->local_auto && !address_parse(s, &n->local))
		return refuse_at(r, value, key, "must be auto or an IP address");
	return 0;
}

static int take_public(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct config_network *n = target;
	n->has_public = !is_null(value);
	if (n->has_public && (value->type != YAML_SCALAR_NODE || !address_parse(scalar(value), &n->public_address)))
		return refuse_at(r, value, key, "must be null or an IP address");
	return 0;
}

static int take_blocks(struct reader *r, yaml_node_t *value, const char *key, struct address_block *ret, size_t *count)
{
	*count = 0;
	if (is_null(value))
		return 0;
	if (value->type != YAML_SEQUENCE_NODE)
		return refuse_at(r, value, key, "must be a list such as [10.0.0.0/8]");
	for (yaml_node_item_t *i = value->data.sequence.items.start; i < value->data.sequence.items.top; i++) {
		yaml_node_t *item = yaml_document_get_node(&r->document, *i);
		if (*count == CONFIG_BLOCKS_MAX)
			return refuse_at(r, item, key, "has more than %d blocks", CONFIG_BLOCKS_MAX);
		if (item->type != YAML_SCALAR_NODE || !address_block_parse(scalar(item), &ret[*count]))
			return refuse_at(r, item, key, "must hold blocks such as 10.0.0.0/8 or \"fc00::/7\"");
		++*count;
	}
	return 0;
}

static int take_internal(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct config_network *n = target;
	return take_blocks(r, value, key, n->internal, &n->internal_count);
}

static int take_allow(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	struct config *c = target;
	return take_blocks(r, value, key, c->webhook_allow, &c->webhook_allow_count);
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
		return refuse_at(r, node, prefix, "must hold keys and values");
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
			return refuse_at(r, name, full, "is not a key that Alto knows");
		if (seen & (UINT64_C(1) << i))
			return refuse_at(r, name, full, "is given twice");
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
		return refuse_at(r, value, key, "needs both certificate and key, or neither for a self-signed pair");
	return rc;
}

static int take_turn(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	int rc = take_mapping(r, value, key, turn_keys, ARRAY_LEN(turn_keys), r->config);
	if (rc == 0 && !r->config->turn_count != !*r->config->turn_secret)
		return refuse_at(r, value, key,
				 "needs both urls and secret, the file with the relay's static-auth-secret");
	return rc;
}

static int take_acme(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	const struct config_acme *a = &r->config->acme;
	if (is_null(value))
		return 0;
	int rc = take_mapping(r, value, key, acme_keys, ARRAY_LEN(acme_keys), r->config);
	if (rc == 0 && !*a->directory)
		return refuse_at(r, value, key, "needs directory: the URL of an authority's ACME service");
	if (rc == 0 && !a->terms_agreed)
		return refuse_at(r, value, key, "needs terms_agreed: true; read the authority's terms first");
	return rc;
}

static int take_webhooks(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	return take_mapping(r, value, key, webhook_keys, ARRAY_LEN(webhook_keys), r->config);
}

static int take_networks(struct reader *r, yaml_node_t *value, const char *key, void *target)
{
	if (value->type != YAML_SEQUENCE_NODE)
		return refuse_at(r, value, key, "must be a list of {local, public, internal}");
	r->config->network_count = 0;
	for (yaml_node_item_t *i = value->data.sequence.items.start; i < value->data.sequence.items.top; i++) {
		yaml_node_t *item = yaml_document_get_node(&r->document, *i);
		if (r->config->network_count == CONFIG_NETWORKS_MAX)
			return refuse_at(r, item, key, "has more than %d entries", CONFIG_NETWORKS_MAX);
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

/* ---- the file ---- */

/* Of a byte: the reader below the parser knows only offsets. */
static size_t line_of(struct slice text, size_t offset)
{
	size_t line = 1;
	for (size_t i = 0; i < MIN(offset, text.n); i++)
		line += text.p[i] == '\n';
	return line;
}

static int refuse_yaml(struct reader *r, const yaml_parser_t *parser, struct slice text)
{
	bool reader = parser->error == YAML_READER_ERROR;
	snprintf(r->reason->text, sizeof(r->reason->text), "%.120s:%zu: not YAML: %s", r->path,
		 reader ? line_of(text, parser->problem_offset) : parser->problem_mark.line + 1,
		 parser->problem ? parser->problem : "cannot be read");
	return parser->error == YAML_MEMORY_ERROR ? -ENOMEM : -EINVAL;
}

/* Whoever writes a second document believes that it is read. */
static int refuse_second(struct reader *r, yaml_parser_t *parser, struct slice text)
{
	if (!yaml_parser_load(parser, &r->document))
		return refuse_yaml(r, parser, text);
	const yaml_node_t *root = yaml_document_get_root_node(&r->document);
	int rc = root ? refuse_at(r, root, "", "begins a second document; everything must be in the first") : 0;
	yaml_document_delete(&r->document);
	return rc;
}

static int parse(struct reader *r, struct slice text)
{
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser)) {
		snprintf(r->reason->text, sizeof(r->reason->text), "%.120s: out of memory", r->path);
		return -ENOMEM;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)(text.n ? text.p : ""), text.n);
	int rc = 0;
	if (!yaml_parser_load(&parser, &r->document)) {
		rc = refuse_yaml(r, &parser, text);
	} else {
		yaml_node_t *root = yaml_document_get_root_node(&r->document);
		if (root && !is_null(root))
			rc = take_mapping(r, root, "", top_keys, ARRAY_LEN(top_keys), r->config);
		yaml_document_delete(&r->document);
		if (rc == 0 && root)
			rc = refuse_second(r, &parser, text);
	}
	yaml_parser_delete(&parser);
	return rc;
}

void config_defaults(struct config *ret)
{
	*ret = (struct config){.data = "/var/lib/alto",
			       .database = "sqlite",
			       .network_count = 1,
			       .media_port_low = 16384,
			       .media_port_high = 32767,
			       .shutdown_wait_s = 30,
			       .trace_sip = true,
			       .trace_days = 3,
			       .audit_days = 365};
	if (gethostname(ret->node, sizeof(ret->node) - 1) < 0)
		snprintf(ret->node, sizeof(ret->node), "alto");
	ret->sip_tls.count = ret->https.count = ret->admin.count = 1;
	bool ok = address_parse_with_port(SLICE("[::]:5061"), &ret->sip_tls.at[0]) &&
		  address_parse_with_port(SLICE("[::]:8443"), &ret->https.at[0]) &&
		  address_parse_with_port(SLICE("127.0.0.1:8444"), &ret->admin.at[0]);
	struct config_network *n = &ret->networks[0];
	n->local_auto = true;
	n->internal_count = 4;
	ok = ok && address_block_parse(SLICE("10.0.0.0/8"), &n->internal[0]) &&
	     address_block_parse(SLICE("172.16.0.0/12"), &n->internal[1]) &&
	     address_block_parse(SLICE("192.168.0.0/16"), &n->internal[2]) &&
	     address_block_parse(SLICE("fc00::/7"), &n->internal[3]);
	ASSERT(ok);
}

int config_parse(const char *name, struct slice text, struct config *ret, struct config_reason *reterr)
{
	if (text.n > CONFIG_FILE_MAX) {
		snprintf(reterr->text, sizeof(reterr->text), "%.200s: is larger than %zu bytes: not a configuration",
			 name, CONFIG_FILE_MAX);
		return -EINVAL;
	}
	struct config c;
	config_defaults(&c);
	struct reader r = {.path = name, .config = &c, .reason = reterr};
	int rc = parse(&r, text);
	if (rc == 0)
		*ret = c;
	return rc;
}

int config_load(const char *path, struct config *ret, struct config_reason *reterr)
{
	FILE *file = fopen(path, "re");
	if (!file) {
		int rc = -errno;
		snprintf(reterr->text, sizeof(reterr->text), "%.200s: cannot be opened: %s", path, strerror(-rc));
		return rc;
	}
	int rc = 0;
	size_t n = 0;
	char *text = malloc(CONFIG_FILE_MAX + 1);
	if (text)
		n = fread(text, 1, CONFIG_FILE_MAX + 1, file);
	else
		rc = -ENOMEM;
	if (rc == 0 && ferror(file))
		rc = errno ? -errno : -EIO;
	if (rc < 0)
		snprintf(reterr->text, sizeof(reterr->text), "%.200s: cannot be read: %s", path, strerror(-rc));
	else
		rc = config_parse(path, slice_of(text, n), ret, reterr);
	free(text);
	(void)fclose(file);
	return rc;
}

static int check_acme(const struct config *c, struct config_reason *reterr)
{
	const char *lacks = NULL;
	/* RFC 8555 §8.3: the authority comes to port 80, or to what is forwarded from there. */
	if (!c->http.count)
		lacks = "that the authority can reach at port 80: listen: {http: [\"[::]:80\"]}";
	else if (!c->sip_tls.count && !c->https.count && !c->admin.count)
		lacks = "that shows its certificates: give at least one under https, sip_tls or admin";
	if (!*c->acme.directory || !lacks)
		return 0;
	snprintf(reterr->text, sizeof(reterr->text), "acme: needs a listener %s", lacks);
	return -EINVAL;
}

int config_check(const struct config *c, struct config_reason *reterr)
{
	if (!*c->data) {
		snprintf(reterr->text, sizeof(reterr->text), "data: must name a directory");
		return -EINVAL;
	}
	if (strlen(c->data) + strlen("/alto.sock") > SOCKET_PATH_MAX) {
		snprintf(reterr->text, sizeof(reterr->text),
			 "data: \"%s\" is too long: %s/alto.sock must fit in %d characters; choose a shorter path",
			 c->data, c->data, SOCKET_PATH_MAX);
		return -EINVAL;
	}
	if (!c->sip_udp.count && !c->sip_tcp.count && !c->sip_tls.count) {
		snprintf(reterr->text, sizeof(reterr->text),
			 "listen: names no SIP listener; give at least one under sip_tls");
		return -EINVAL;
	}
	return check_acme(c, reterr);
}
