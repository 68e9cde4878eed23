/* test_config.c - good files, and for every bad one the file, the line, the key and what is right */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "support/failing.h"
#include "support/guard.h"
#include "support/test.h"

static int parse(const char *text, struct config *ret, struct config_reason *reterr)
{
	struct slice copy = guard_slice(slice_from_string(text));
	int rc = config_parse("alto.yaml", copy, ret, reterr);
	guard_free(copy.p);
	return rc;
}

/* TLS alone, and nothing in clear. */
static void an_empty_file_gives_the_defaults(void **state)
{
	static const char *const empties[] = {"", "\n", "# nothing\n", "---\n", "~\n", "null", "{}\n"};
	for (size_t i = 0; i < ARRAY_LEN(empties); i++) {
		struct config c = {.network_count = 77};
		struct config_reason reason = {""};
		assert_int_equal(parse(empties[i], &c, &reason), 0);
		assert_string_equal(c.data, "/var/lib/alto");
		assert_string_equal(c.database, "sqlite");
		assert_string_equal(c.user, "");
		assert_int_not_equal(c.node[0], 0);
		assert_int_equal(c.sip_udp.count + c.sip_tcp.count, 0);
		assert_int_equal(c.sip_tls.count, 1);
		assert_int_equal(c.sip_tls.at[0].port, 5061);
		assert_int_equal(c.https.count, 1);
		assert_int_equal(c.https.at[0].port, 8443);
		assert_true(address_is_any(&c.https.at[0]));
		assert_int_equal(c.admin.count, 1);
		assert_int_equal(c.admin.at[0].port, 8444);
		assert_false(address_is_any(&c.admin.at[0]));
		assert_true(address_is_any(&c.sip_tls.at[0]));
		assert_int_equal(c.media_port_low, 16384);
		assert_int_equal(c.media_port_high, 32767);
		assert_false(c.plain_rtp);
		assert_int_equal(c.shutdown_wait_s, 30);
		assert_true(c.trace_sip);
		assert_int_equal(c.trace_days, 3);
		assert_int_equal(c.audit_days, 365);
		assert_int_equal(c.network_count, 1);
		assert_true(c.networks[0].local_auto);
		assert_int_equal(c.networks[0].internal_count, 4);
		assert_int_equal(config_check(&c, &reason), 0);
	}
}

static void every_key_is_taken(void **state)
{
	static const char text[] = "node: paris-1\n"
				   "data: /srv/alto\n"
				   "database: sqlite\n"
				   "listen:\n"
				   "  sip_udp: [\"192.0.2.1:5060\", \"[2001:db8::1]:5060\"]\n"
				   "  sip_tcp: null\n"
				   "  sip_tls: []\n"
				   "  https: []\n"
				   "  admin: [\"127.0.0.1:8444\"]\n"
				   "  http: [\"[::]:80\"]\n"
				   "networks:\n"
				   "  - {local: auto, public: 198.51.100.7, internal: [10.0.0.0/8, \"fc00::/7\"]}\n"
				   "  - {local: 192.0.2.1, public: null, internal: null}\n"
				   "media:\n"
				   "  ports: 20000-20100\n"
				   "  workers: 3\n"
				   "  plain_rtp: true\n"
				   "user: alto\n"
				   "shutdown: {wait: 3600}\n"
				   "trace: {sip: false, days: 30}\n"
				   "audit: {days: 3650}\n"
				   "acme:\n"
				   "  directory: https://ca.example/directory\n"
				   "  contact: admin@example.com\n"
				   "  terms_agreed: true\n"
				   "  ca: /etc/acme.pem\n"
				   "  names: [pbx.example.com, sip.example.com]\n"
				   "tls: {certificate: /etc/c.pem, key: /etc/k.pem, ca: /etc/ca.pem}\n"
				   "turn: {urls: [\"turn:a:3478?transport=udp\", turns:b], secret: /etc/turn}\n"
				   "webhooks: {allow: [127.0.0.1, 10.1.0.0/16]}\n";
	struct config c;
	struct config_reason reason;
	assert_int_equal(parse(text, &c, &reason), 0);
	assert_string_equal(c.node, "paris-1");
	assert_string_equal(c.data, "/srv/alto");
	assert_int_equal(c.sip_udp.count, 2);
	assert_true(address_is_v4(&c.sip_udp.at[0]));
	assert_false(address_is_v4(&c.sip_udp.at[1]));
	assert_int_equal(c.sip_tcp.count, 0);
	assert_int_equal(c.sip_tls.count, 0);
	assert_int_equal(c.network_count, 2);
	assert_true(c.networks[0].local_auto && c.networks[0].has_public);
	assert_int_equal(c.networks[0].internal_count, 2);
	assert_false(c.networks[1].local_auto || c.networks[1].has_public);
	assert_int_equal(c.networks[1].internal_count, 0);
	assert_int_equal(c.media_port_low, 20000);
	assert_int_equal(c.media_port_high, 20100);
	assert_int_equal(c.media_workers, 3);
	assert_true(c.plain_rtp);
	assert_int_equal(c.shutdown_wait_s, 3600);
	assert_string_equal(c.user, "alto");
	assert_false(c.trace_sip);
	assert_int_equal(c.trace_days, 30);
	assert_int_equal(c.audit_days, 3650);
	assert_string_equal(c.certificate, "/etc/c.pem");
	assert_string_equal(c.key, "/etc/k.pem");
	assert_string_equal(c.authorities, "/etc/ca.pem");
	assert_int_equal(c.turn_count, 2);
	assert_string_equal(c.turn_urls[0], "turn:a:3478?transport=udp");
	assert_string_equal(c.turn_urls[1], "turns:b");
	assert_string_equal(c.turn_secret, "/etc/turn");
	assert_int_equal(c.http.count, 1);
	assert_string_equal(c.acme.directory, "https://ca.example/directory");
	assert_string_equal(c.acme.contact, "admin@example.com");
	assert_string_equal(c.acme.authorities, "/etc/acme.pem");
	assert_true(c.acme.terms_agreed);
	assert_int_equal(c.acme.name_count, 2);
	assert_string_equal(c.acme.names[1], "sip.example.com");
	assert_int_equal(c.webhook_allow_count, 2);
	assert_int_equal(c.webhook_allow[1].bits, 96 + 16);
	assert_int_equal(config_check(&c, &reason), 0);
}

struct refusal {
	const char *text;
	const char *where; /* how the reason begins: file, line, key */
	const char *right; /* what it says of what is right */
};

static const struct refusal refusals[] = {
	/* unknown and repeated keys, at each level */
	{"nodes: x\n", "alto.yaml:1: nodes: ", "not a key"},
	{"node: x\nlisten:\n  sip_sctp: []\n", "alto.yaml:3: listen.sip_sctp: ", "not a key"},
	{"media:\n  port: 1\n", "alto.yaml:2: media.port: ", "not a key"},
	{"tls: {cert: x}\n", "alto.yaml:1: tls.cert: ", "not a key"},
	{"networks:\n- local: auto\n  publik: null\n", "alto.yaml:3: networks.publik: ", "not a key"},
	{"? [a]\n: b\n", "alto.yaml:1: ", "not a key"},
	{"node: a\nnode: b\n", "alto.yaml:2: node: ", "twice"},
	{"listen:\n  https: []\n  https: []\n", "alto.yaml:3: listen.https: ", "twice"},
	{"networks:\n- {local: auto, local: auto}\n", "alto.yaml:2: networks.local: ", "twice"},
	/* shapes */
	{"- a\n", "alto.yaml:1: ", "keys and values"},
	{"text\n", "alto.yaml:1: ", "keys and values"},
	{"listen: 5060\n", "alto.yaml:1: listen: ", "keys and values"},
	{"media: []\n", "alto.yaml:1: media: ", "keys and values"},
	{"networks: {}\n", "alto.yaml:1: networks: ", "list of"},
	{"networks: [auto]\n", "alto.yaml:1: networks: ", "keys and values"},
	{"node: [a]\n", "alto.yaml:1: node: ", "one text"},
	{"node: ''\n", "alto.yaml:1: node: ", "not be empty"},
	{"node: \"a\\0b\"\n", "alto.yaml:1: node: ", "NUL"},
	/* values */
	{"database: null\n", "alto.yaml:1: database: ", "must be sqlite, or a URL"},
	{"node: a\ndatabase: mysql://h/alto\n", "alto.yaml:2: database: ", "must be sqlite, or a URL"},
	{"database: \"postgresql://a:pw@h/al to\"\n", "alto.yaml:1: database: ", "%XX"},
	{"listen: {sip_tls: \"[::]:5061\"}\n", "alto.yaml:1: listen.sip_tls: ", "must be a list"},
	{"listen:\n  sip_tls:\n  - \"[::]:99999\"\n", "alto.yaml:3: listen.sip_tls: \"[::]:99999\"", "1 to 65535"},
	{"listen: {sip_tls: [\"[::]:0\"]}\n", "alto.yaml:1: listen.sip_tls: ", "1 to 65535"},
	{"listen: {sip_tls: [\"localhost:5061\"]}\n", "alto.yaml:1: listen.sip_tls: ", "not an address"},
	{"listen: {sip_tls: [192.0.2.1]}\n", "alto.yaml:1: listen.sip_tls: ", "with a port"},
	{"listen: {sip_tls: [[]]}\n", "alto.yaml:1: listen.sip_tls: ", "not an address"},
	{"listen: {https: [\"[::]:0\"]}\n", "alto.yaml:1: listen.https: ", "port from 1 to 65535"},
	{"listen: {admin: localhost}\n", "alto.yaml:1: listen.admin: ", "must be a list"},
	{"acme: {directory: \"http://ca.example\"}\n", "alto.yaml:1: acme.directory: ", "https://"},
	{"acme: {contact: admin}\n", "alto.yaml:1: acme.contact: ", "mail address"},
	{"acme: {names: pbx.example.com}\n", "alto.yaml:1: acme.names: ", "must be a list"},
	{"acme: {names: [pbx]}\n", "alto.yaml:1: acme.names: ", "host names"},
	{"acme: {terms_agreed: true}\n", "alto.yaml:1: acme: ", "needs directory"},
	{"acme: {directory: \"https://ca.example\"}\n", "alto.yaml:1: acme: ", "terms_agreed: true"},
	{"media: {ports: 16384}\n", "alto.yaml:1: media.ports: ", "range of ports"},
	{"media: {ports: 32767-16384}\n", "alto.yaml:1: media.ports: ", "range of ports"},
	{"media: {ports: 2000-2000}\n", "alto.yaml:1: media.ports: ", "range of ports"},
	{"media: {ports: 2001-2002}\n", "alto.yaml:1: media.ports: ", "an even port and"},
	{"media: {ports: 1023-2000}\n", "alto.yaml:1: media.ports: ", "from 1024 up"},
	{"media: {ports: 2000-65536}\n", "alto.yaml:1: media.ports: ", "range of ports"},
	{"media: {workers: 257}\n", "alto.yaml:1: media.workers: ", "to 256"},
	{"media: {workers: -1}\n", "alto.yaml:1: media.workers: ", "to 256"},
	{"media: {plain_rtp: maybe}\n", "alto.yaml:1: media.plain_rtp: ", "true or false"},
	{"user: 123456789012345678901234567890123\n", "alto.yaml:1: user: ", "longer than 32"},
	{"shutdown: {wait: 3601}\n", "alto.yaml:1: shutdown.wait: ", "from 0 to 3600"},
	{"shutdown: {wait: soon}\n", "alto.yaml:1: shutdown.wait: ", "from 0 to 3600"},
	{"trace: {sip: 1}\n", "alto.yaml:1: trace.sip: ", "true or false"},
	{"trace:\n  days: 0\n", "alto.yaml:2: trace.days: ", "from 1 to 30"},
	{"trace:\n  days: 31\n", "alto.yaml:2: trace.days: ", "from 1 to 30"},
	{"audit: {days: 0}\n", "alto.yaml:1: audit.days: ", "from 1 to 3650"},
	{"audit: {days: 3651}\n", "alto.yaml:1: audit.days: ", "from 1 to 3650"},
	{"trace: true\n", "alto.yaml:1: trace: ", "keys and values"},
	{"trace: {media: true}\n", "alto.yaml:1: trace.media: ", "not a key"},
	{"media: {plain_rtp: yes}\n", "alto.yaml:1: media.plain_rtp: ", "true or false"},
	{"networks: [{local: here}]\n", "alto.yaml:1: networks.local: ", "auto or an IP address"},
	{"networks: [{public: here}]\n", "alto.yaml:1: networks.public: ", "null or an IP address"},
	{"networks: [{internal: 10.0.0.0/8}]\n", "alto.yaml:1: networks.internal: ", "must be a list"},
	{"networks: [{internal: [10.0.0.1/8]}]\n", "alto.yaml:1: networks.internal: ", "blocks such as"},
	{"webhooks: {allow: true}\n", "alto.yaml:1: webhooks.allow: ", "must be a list"},
	{"webhooks: {allow: [here]}\n", "alto.yaml:1: webhooks.allow: ", "blocks such as"},
	{"webhooks: {deny: []}\n", "alto.yaml:1: webhooks.deny: ", "not a key"},
	{"tls: {certificate: /a}\n", "alto.yaml:1: tls: ", "both certificate and key"},
	{"turn: {urls: [\"turn:a\"]}\n", "alto.yaml:1: turn: ", "both urls and secret"},
	{"turn: {secret: /a}\n", "alto.yaml:1: turn: ", "both urls and secret"},
	{"turn: {secret: /a, urls: turn:a}\n", "alto.yaml:1: turn.urls: ", "must be a list"},
	{"turn: {secret: /a, urls: [\"stun:a\"]}\n", "alto.yaml:1: turn.urls: ", "must hold addresses"},
	{"turn: {secret: /a, urls: [\"turn:\"]}\n", "alto.yaml:1: turn.urls: ", "must hold addresses"},
	{"turn: {secret: /a, urls: [turn:a, turn:b, turn:c, turn:d, turn:e]}\n",
	 "alto.yaml:1: turn.urls: ", "more than 4"},
	{"tls: {key: /a}\n", "alto.yaml:1: tls: ", "both certificate and key"},
	/* not YAML, and more than one */
	{"node: [a\n", "alto.yaml:", "not YAML"},
	{"node: a\n  b: c\n", "alto.yaml:2: ", "not YAML"},
	{"node: a\nmedia: \xff\n", "alto.yaml:2: ", "not YAML"},
	{"node: *nobody\n", "alto.yaml:1: ", "not YAML"},
	{"node: a\n---\nnode: b\n", "alto.yaml:3: ", "second document"},
};

static void what_is_wrong_is_refused_by_line_key_and_reason(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		const struct refusal *r = &refusals[i];
		struct config c = {.network_count = 77};
		struct config_reason reason = {""};
		int rc = parse(r->text, &c, &reason);
		bool begins = slice_starts(slice_from_string(reason.text), slice_from_string(r->where));
		if (rc != -EINVAL || !begins || !strstr(reason.text, r->right))
			fail_msg("%s gives %d: %s", r->text, rc, reason.text);
		/* Nothing of it was taken. */
		assert_int_equal(c.network_count, 77);
	}
}

/* ---- limits: at them and one past ---- */

/* "PREFIX" and n times "item", with commas, and "SUFFIX". */
static const char *many(const char *prefix, const char *item, size_t n, const char *suffix)
{
	static char text[4096];
	struct writer w = writer_on(text, sizeof(text) - 1);
	write_string(&w, prefix);
	for (size_t i = 0; i < n; i++) {
		write_string(&w, i ? ", " : "");
		write_string(&w, item);
	}
	write_string(&w, suffix);
	assert_false(w.overflow);
	text[w.n] = 0;
	return text;
}

static void check_limit(const char *prefix, const char *item, size_t most, const char *suffix, const char *says)
{
	struct config c;
	struct config_reason reason = {""};
	assert_int_equal(parse(many(prefix, item, most, suffix), &c, &reason), 0);
	assert_int_equal(parse(many(prefix, item, most + 1, suffix), &c, &reason), -EINVAL);
	if (!strstr(reason.text, says))
		fail_msg("%s: %s", prefix, reason.text);
}

static void lists_have_limits(void **state)
{
	check_limit("listen: {sip_udp: [", "\"127.0.0.1:5060\"", CONFIG_LISTEN_MAX, "]}\n", "more than 16 addresses");
	check_limit("acme: {directory: \"https://a\", terms_agreed: true, names: [", "a.example", CONFIG_NAMES_MAX,
		    "]}\n", "more than 8 names");
	check_limit("networks: [", "{local: auto}", CONFIG_NETWORKS_MAX, "]\n", "more than 8 entries");
	check_limit("networks: [{internal: [", "10.0.0.0/8", CONFIG_BLOCKS_MAX, "]}]\n", "more than 16 blocks");
}

static void texts_have_limits(void **state)
{
	static const struct {
		const char *prefix, *suffix;
		size_t most;
	} texts[] = {{"node: ", "\n", 63},
		     {"data: ", "\n", 95},
		     {"acme: {directory: \"https://a\", terms_agreed: true, ca: ", "}\n", 511},
		     {"acme: {directory: \"https://a\", terms_agreed: true, contact: a@", "}\n", 125},
		     {"acme: {terms_agreed: true, directory: https://", "}\n", 247},
		     {"tls: {key: a, certificate: ", "}\n", 511},
		     {"tls: {certificate: a, key: ", "}\n", 511}};
	static char text[1024];
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		for (size_t past = 0; past <= 1; past++) {
			struct config c;
			struct config_reason reason;
			struct writer w = writer_on(text, sizeof(text) - 1);
			write_string(&w, texts[i].prefix);
			for (size_t n = 0; n < texts[i].most + past; n++)
				write_char(&w, 'x');
			write_string(&w, texts[i].suffix);
			text[w.n] = 0;
			assert_int_equal(parse(text, &c, &reason), past ? -EINVAL : 0);
			if (past)
				assert_non_null(strstr(reason.text, "is longer than"));
		}
}

static void ports_and_workers_at_their_limits(void **state)
{
	struct config c;
	struct config_reason reason;
	assert_int_equal(parse("media: {ports: 1024-65535, workers: 256}\n", &c, &reason), 0);
	assert_int_equal(c.media_port_low, 1024);
	assert_int_equal(c.media_port_high, 65535);
	assert_int_equal(c.media_workers, 256);
	assert_int_equal(parse("media: {ports: 2000-2001}\n", &c, &reason), 0);
	assert_int_equal(parse("media: {ports: 2001-2003}\n", &c, &reason), 0);
}

static void a_large_file_is_refused(void **state)
{
	char *text = malloc(CONFIG_FILE_MAX + 1);
	assert_non_null(text);
	memset(text, ' ', CONFIG_FILE_MAX + 1);
	text[0] = '#';
	struct config c;
	struct config_reason reason;
	assert_int_equal(config_parse("alto.yaml", slice_of(text, CONFIG_FILE_MAX), &c, &reason), 0);
	assert_int_equal(config_parse("alto.yaml", slice_of(text, CONFIG_FILE_MAX + 1), &c, &reason), -EINVAL);
	assert_non_null(strstr(reason.text, "alto.yaml: is larger than 16384 bytes"));
	free(text);
}

/* References to references: few bytes that would be billions if they were followed. */
static void bombs_do_not_go_off(void **state)
{
	static const char bomb[] = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
				   "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
				   "node: *d\n";
	static const char itself[] = "networks: &n [*n, *n]\n";
	struct config c;
	struct config_reason reason;
	assert_int_equal(parse(bomb, &c, &reason), -EINVAL);
	assert_int_equal(parse(itself, &c, &reason), -EINVAL);

	char *deep = malloc(CONFIG_FILE_MAX);
	assert_non_null(deep);
	memset(deep, '[', CONFIG_FILE_MAX);
	assert_int_equal(config_parse("alto.yaml", slice_of(deep, CONFIG_FILE_MAX), &c, &reason), -EINVAL);
	assert_non_null(strstr(reason.text, "not YAML"));
	memset(deep, '{', CONFIG_FILE_MAX);
	assert_int_equal(config_parse("alto.yaml", slice_of(deep, CONFIG_FILE_MAX), &c, &reason), -EINVAL);
	free(deep);
}

/* ---- checks between values ---- */

static void the_socket_must_have_a_name(void **state)
{
	struct config c;
	struct config_reason reason;
	config_defaults(&c);
	/* 107 bytes are what a socket address holds; every path that fits in `data` leaves room for the name. */
	memset(c.data, 'd', sizeof(c.data) - 1);
	c.data[sizeof(c.data) - 1] = 0;
	assert_int_equal(config_check(&c, &reason), 0);
	c.data[0] = 0;
	assert_int_equal(config_check(&c, &reason), -EINVAL);
	assert_non_null(strstr(reason.text, "data: must name a directory"));
}

static void a_server_must_listen(void **state)
{
	struct config c;
	struct config_reason reason;
	assert_int_equal(parse("listen: {sip_tls: []}\n", &c, &reason), 0);
	assert_int_equal(config_check(&c, &reason), -EINVAL);
	assert_non_null(strstr(reason.text, "no SIP listener"));
	assert_int_equal(parse("acme: {directory: \"https://a\", terms_agreed: true}\n", &c, &reason), 0);
	assert_int_equal(config_check(&c, &reason), -EINVAL);
	assert_non_null(strstr(reason.text, "port 80"));
	assert_int_equal(
		parse("acme: {directory: \"https://a\", terms_agreed: true}\n"
		      "listen: {http: [\"[::]:80\"], sip_tls: [], https: [], admin: [], sip_udp: [\"[::]:5060\"]}\n",
		      &c, &reason),
		0);
	assert_int_equal(config_check(&c, &reason), -EINVAL);
	assert_non_null(strstr(reason.text, "shows its certificates"));
	assert_int_equal(parse("acme: {directory: \"https://a\", terms_agreed: true}\n"
			       "listen: {http: [\"[::]:80\"], sip_tls: [\"[::]:5061\"], https: [], admin: []}\n",
			       &c, &reason),
			 0);
	assert_int_equal(config_check(&c, &reason), 0);
	assert_int_equal(parse("listen: {sip_tls: [], sip_tcp: [\"127.0.0.1:5060\"]}\n", &c, &reason), 0);
	assert_int_equal(config_check(&c, &reason), 0);
}

/* ---- files ---- */

static void files_are_read(void **state)
{
	char directory[] = "/tmp/alto-config-XXXXXX", path[64];
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/alto.yaml", directory);
	struct config c;
	struct config_reason reason;
	assert_int_equal(config_load(path, &c, &reason), -ENOENT);
	assert_non_null(strstr(reason.text, path));
	assert_int_equal(config_load(directory, &c, &reason), -EISDIR);
	assert_non_null(strstr(reason.text, "cannot be read"));

	FILE *f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs("node: one\nnode: two\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(config_load(path, &c, &reason), -EINVAL);
	char begin[80];
	snprintf(begin, sizeof(begin), "%s:2: node: ", path);
	assert_true(slice_starts(slice_from_string(reason.text), slice_from_string(begin)));

	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs("node: one\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(config_load(path, &c, &reason), 0);
	assert_string_equal(c.node, "one");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0);
}

static int load_good(void *arg)
{
	struct config c = {.network_count = 77};
	struct config_reason reason = {""};
	int rc = config_load(arg, &c, &reason);
	assert_true(rc == 0 ? c.network_count == 1 : c.network_count == 77 && *reason.text);
	return rc;
}

static void without_memory_it_is_refused(void **state)
{
	char path[] = "/tmp/alto-config-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "node: one\n", 10), 10);
	close(fd);
	failing_each(load_good, path);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_gives_the_defaults),
		cmocka_unit_test(every_key_is_taken),
		cmocka_unit_test(what_is_wrong_is_refused_by_line_key_and_reason),
		cmocka_unit_test(lists_have_limits),
		cmocka_unit_test(texts_have_limits),
		cmocka_unit_test(ports_and_workers_at_their_limits),
		cmocka_unit_test(a_large_file_is_refused),
		cmocka_unit_test(bombs_do_not_go_off),
		cmocka_unit_test(the_socket_must_have_a_name),
		cmocka_unit_test(a_server_must_listen),
		cmocka_unit_test(files_are_read),
		cmocka_unit_test(without_memory_it_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
