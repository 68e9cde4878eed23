/* config/config.c - the node's file: read, over the defaults, and what must hold between its values */
#include "config/private.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#define SOCKET_PATH_MAX 107 /* sun_path without its NUL */

int config_refuse(struct reader *r, const yaml_node_t *node, const char *key, const char *format, ...)
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

bool config_is_null(const yaml_node_t *n)
{
	if (n->type != YAML_SCALAR_NODE || n->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	struct slice s = slice_of(n->data.scalar.value, n->data.scalar.length);
	return s.n == 0 || slice_eq(s, SLICE("null")) || slice_eq(s, SLICE("~"));
}

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
	int rc = root ? config_refuse(r, root, "", "begins a second document; everything must be in the first") : 0;
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
		if (root && !config_is_null(root))
			rc = config_take_all(r, root);
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
