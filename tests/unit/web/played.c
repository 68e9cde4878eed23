/* web/played.c - see played.h; these definitions are taken before those of the library */
#include "unit/web/played.h"

#include "support/test.h"

struct played played;

/* ---- the library ---- */

int lws_http_get_uri_and_method(struct lws *wsi, char **ret, int *ret_n)
{
	*ret = (char *)(uintptr_t)played.path;
	*ret_n = (int)strlen(played.path);
	return LWSHUMETH_GET;
}

static const char *field(const char *name, size_t n)
{
	for (size_t i = 0; i < PLAYED_FIELDS_MAX && played.fields[i].name; i++)
		if (strlen(played.fields[i].name) == n && strncasecmp(played.fields[i].name, name, n) == 0)
			return played.fields[i].value;
	return NULL;
}

static const char *field_of(enum lws_token_indexes token)
{
	const char *name = (const char *)lws_token_to_string(token); /* "cookie:" */
	return name && *name ? field(name, strlen(name) - 1) : NULL;
}

static int copy(char *ret, int cap, const char *text)
{
	return text && snprintf(ret, (size_t)cap, "%s", text) < cap ? (int)strlen(text) : -1;
}

int lws_hdr_total_length(struct lws *wsi, enum lws_token_indexes token)
{
	const char *text = field_of(token);
	return text ? (int)strlen(text) : 0;
}

int lws_hdr_copy(struct lws *wsi, char *ret, int cap, enum lws_token_indexes token)
{
	return copy(ret, cap, field_of(token));
}

int lws_hdr_custom_copy(struct lws *wsi, char *ret, int cap, const char *name, int n)
{
	return copy(ret, cap, field(name, (size_t)n - 1));
}

int lws_hdr_fragment_length(struct lws *wsi, enum lws_token_indexes token, int i)
{
	return i == 0 ? lws_hdr_total_length(wsi, token) : 0;
}

int lws_hdr_copy_fragment(struct lws *wsi, char *ret, int cap, enum lws_token_indexes token, int i)
{
	return lws_hdr_copy(wsi, ret, cap, token);
}

int lws_rx_flow_control(struct lws *wsi, int enable)
{
	return 0;
}

int lws_callback_on_writable(struct lws *wsi)
{
	if (++played.asked > 1000)
		fail_msg("its leave to write is asked for without end");
	return 1;
}

int lws_partial_buffered(struct lws *wsi)
{
	return played.full && played.written;
}

int lws_service_adjust_timeout(struct lws_context *context, int ms, int tsi)
{
	return ms;
}

lws_sockfd_type lws_get_socket_fd(struct lws *wsi)
{
	return played.socket;
}

int lws_add_http_header_status(struct lws *wsi, unsigned code, unsigned char **at, unsigned char *end)
{
	return 0;
}

int lws_add_http_header_by_name(struct lws *wsi, const unsigned char *name, const unsigned char *value, int n,
				unsigned char **at, unsigned char *end)
{
	return 0;
}

int lws_add_http_header_content_length(struct lws *wsi, lws_filepos_t n, unsigned char **at, unsigned char *end)
{
	return 0;
}

int lws_finalize_write_http_header(struct lws *wsi, unsigned char *start, unsigned char **at, unsigned char *end)
{
	played.written++;
	return 0;
}

int lws_write(struct lws *wsi, unsigned char *bytes, size_t n, enum lws_write_protocol protocol)
{
	played.written++;
	return (int)n;
}

int lws_http_transaction_completed(struct lws *wsi)
{
	return 0;
}

/* What is dropped goes at the end of the test. */
void lws_set_timeout(struct lws *wsi, enum pending_timeout reason, int seconds)
{
	const struct web_peer *first[] = {played.web.first_peer, played.web.first_stream, played.web.first_phone};
	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		for (const struct web_peer *p = first[i]; p; p = p->next)
			if (p->wsi == wsi)
				played.dropped = p;
}

/* ---- the server ---- */

static void store_wakes(void *arg)
{
	played.store_wanted = true;
}

static void store_changed(void *owner, const struct store_change *change)
{
	directory_apply(played.node.read_model, change);
	if (played.web.context.access)
		web_access_apply(played.web.context.access, change);
}

static int (*put_more)(struct db *db);

static int put_people(struct db *db, struct store_job *job)
{
	const struct store_tenant tenant = {.id = SLICE(ACME), .name = SLICE("acme"), .domain = SLICE("acme.example")};
	const struct store_user ann = {.id = SLICE(ANN),
				       .tenant = SLICE(ACME),
				       .login = SLICE("ann"),
				       .extension = SLICE("10"),
				       .name = SLICE("Ann"),
				       .role = SLICE("admin")};
	uint8_t hash[STORE_PASS_HASH];
	web_secret_hash(slice_from_string(played.secret), hash);
	const struct store_pass session = {.id = SLICE(SESSION),
					   .tenant = SLICE(ACME),
					   .user = SLICE(ANN),
					   .kind = STORE_SESSION,
					   .hash = slice_of(hash, sizeof(hash)),
					   .role = SLICE("admin"),
					   .created_us = WALL_US,
					   .used_us = WALL_US,
					   .expires_us = WALL_US + WEB_SESSION_US};
	int rc = store_tenant_put(db, &tenant);
	if (rc == DB_OK)
		rc = store_user_put(db, &ann);
	if (rc == DB_OK)
		rc = store_pass_put(db, &session);
	return rc == DB_OK && put_more ? put_more(db) : rc;
}

static void people_there(struct store_job *job, int result)
{
	assert_int_equal(result, DB_OK);
}

void played_settle(void)
{
	while (played.store_wanted) {
		played.store_wanted = false;
		store_collect(played.node.store);
	}
}

void played_start(int (*put)(struct db *db))
{
	static struct store_job job;
	struct node *n = &played.node;
	struct store_config config = {.directory = ":memory:",
				      .database = "sqlite",
				      .wake = store_wakes,
				      .threadless = true,
				      .on_change = store_changed};
	struct store_reason why;
	memset(&played, 0, sizeof(played));
	node_play(n);
	assert_int_equal(loop_new(&n->loop), 0);
	wheel_init(loop_wheel(n->loop), 1000 * SECOND_US, WALL_US);
	random_init_seeded(&n->random, 1);
	config_defaults(&n->config);
	metrics_init(&n->metrics);
	assert_int_equal(directory_new(&n->random, &n->read_model), 0);
	assert_int_equal(store_open(&config, &n->store, &why), 0);
	played.web.context = (struct web_context){.loop = n->loop,
						  .directory = n->read_model,
						  .store = n->store,
						  .random = &n->random,
						  .metrics = &n->metrics,
						  .config = &n->config,
						  .version = "test"};
	assert_int_equal(web_access_new(n->store, &n->random, &played.web.context.access), 0);
	played.web.limits = web_limits_usual;
	played.door.plane = WEB_COMPANY;
	played.web.entering = &played.door;
	assert_true(address_parse(SLICE("192.0.2.1"), &played.web.entering_from));
	web_secret_draw(&n->random, played.secret);
	put_more = put;
	job = (struct store_job){.run = put_people, .done = people_there, .bytes = 1};
	assert_int_equal(store_post(n->store, &job), 0);
	played_settle();
}

void played_stop(void)
{
	assert_true(!played.web.requests && !played.web.first_peer && !played.web.first_stream &&
		    !played.web.first_phone);
	store_close(played.node.store);
	web_access_free(played.web.context.access);
	directory_free(played.node.read_model);
	loop_drain(played.node.loop);
	loop_free(played.node.loop);
}

void played_pass(int64_t us)
{
	struct wheel *w = loop_wheel(played.node.loop);
	wheel_turn(w, w->now_us + us, w->wall_us + us);
}
