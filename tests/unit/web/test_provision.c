/* test_provision.c - the address of an account is good for five minutes, once, and its file is whole at its longest */
#include "support/test.h"

#include "unit/web/played.h"
#include "web/account.h"
#include "web/route.h"

#define DEVICE "01920000-0000-7000-8000-0000000000d1"
#define BYTES_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONGEST_DOMAIN BYTES_63 "." BYTES_63 "." BYTES_63 "." BYTES_63 "a" /* 253 would do */
#define LONGEST_NAME 128

static char name[LONGEST_NAME];

/* The same tenant and person with the longest names, in characters that take most room in the file. */
static int put(struct db *db)
{
	static const uint8_t ha1[32] = {1};
	memset(name, '&', sizeof(name));
	const struct store_tenant tenant = {
		.id = SLICE(ACME), .name = SLICE("acme"), .domain = slice_first(SLICE(LONGEST_DOMAIN), 253)};
	const struct store_user ann = {.id = SLICE(ANN),
				       .tenant = SLICE(ACME),
				       .login = SLICE("ann"),
				       .extension = SLICE("0123456789"),
				       .name = slice_of(name, sizeof(name)),
				       .role = SLICE("admin")};
	const struct store_device device = {.id = SLICE(DEVICE),
					    .tenant = SLICE(ACME),
					    .user = SLICE(ANN),
					    .name = SLICE("phone"),
					    .username = slice_first(SLICE(BYTES_63 "a"), 64),
					    .digest = SIP_DIGEST_SHA256,
					    .ha1 = slice_of(ha1, sizeof(ha1))};
	int rc = store_tenant_put(db, &tenant);
	if (rc == DB_OK)
		rc = store_user_put(db, &ann);
	return rc == DB_OK ? store_device_put(db, &device) : rc;
}

static int start(void **state)
{
	played_start(put);
	played.web.context.listening[0].plane = WEB_COMPANY;
	played.web.context.listening[0].at.port = 443;
	played.web.context.listening_count = 1;
	return 0;
}

static int stop(void **state)
{
	played_stop();
	return 0;
}

static void answered(struct web_request *r) {}

static struct web_request *request(const char *host)
{
	struct web_request *r = web_request_new(&played.web.context);
	assert_non_null(r);
	r->plane = WEB_COMPANY;
	r->shown.host = slice_from_string(host);
	r->answered = answered;
	return r;
}

/* The id in a new address, which is for this host. */
static void draw(const char *host, char *ret, size_t cap)
{
	struct web_request *r = request(host);
	json_t *made = web_provisioning_json(r, directory_device_by_id(played.node.read_model, SLICE(DEVICE)));
	const char *url = json_string_value(json_object_get(made, "url"));
	assert_non_null(url);
	assert_int_equal(strncmp(url, "https://", 8), 0);
	assert_int_equal(strncmp(url + 8, host, strlen(host)), 0);
	assert_true((size_t)snprintf(ret, cap, "%s", strrchr(url, '/') + 1) < cap);
	json_decref(made);
	web_request_free(r);
}

static void ask_by(bool head, const char *host, const char *id, int status, const char *in_answer)
{
	struct web_request *r = request(host);
	r->id = slice_from_string(id);
	r->head = head;
	web_provisioning_get(r);
	assert_int_equal(r->answer.status, status);
	assert_non_null(memmem(r->answer.bytes, r->answer.n, in_answer, strlen(in_answer)));
	web_request_free(r);
}

static void ask(const char *host, const char *id, int status, const char *in_answer)
{
	ask_by(false, host, id, status, in_answer);
}

static void it_is_good_for_five_minutes(void **state)
{
	char id[WEB_PATH_MAX];
	draw("pbx.example", id, sizeof(id));
	played_pass(WEB_CHALLENGE_US);
	ask("pbx.example", id, 200, "sip:pbx.example:5061;transport=tls");
	draw("pbx.example", id, sizeof(id));
	played_pass(WEB_CHALLENGE_US + 1);
	ask("pbx.example", id, 404, "unknown-device");
}

static void it_is_good_once(void **state)
{
	char id[WEB_PATH_MAX];
	draw("pbx.example", id, sizeof(id));
	ask("pbx.example", id, 200, "</config>");
	ask("pbx.example", id, 404, "unknown-device");
}

static void a_look_uses_nothing_up(void **state)
{
	char id[WEB_PATH_MAX];
	draw("pbx.example", id, sizeof(id));
	ask_by(true, "pbx.example", id, 200, "</config>");
	ask("pbx.example", id, 200, "</config>");
	ask_by(true, "pbx.example", id, 404, "unknown-device");
}

static void sip_goes_where_it_was_asked(void **state)
{
	static const struct {
		const char *host, *proxy;
	} rows[] = {{"pbx.example:8443", "sip:pbx.example:5061;"},
		    {"192.0.2.7", "sip:192.0.2.7:5061;"},
		    {"[2001:db8::7]:8443", "sip:[2001:db8::7]:5061;"}};
	char id[WEB_PATH_MAX];
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		draw(rows[i].host, id, sizeof(id));
		ask(rows[i].host, id, 200, rows[i].proxy);
	}
	/* What is no host goes into no file, and uses nothing up. */
	draw("pbx.example", id, sizeof(id));
	ask("\"><x>", id, 404, "unknown-device");
	ask("pbx.example", id, 200, "</config>");
}

static void the_longest_fits(void **state)
{
	char id[WEB_PATH_MAX], host[254];
	slice_to_string(slice_first(SLICE(LONGEST_DOMAIN), 253), host, sizeof(host));
	draw(host, id, sizeof(id));
	ask(host, id, 200, "</config>\n");
}

/* Used ones are remembered for five minutes; without a place for it an address is refused rather than good twice. */
static void without_a_place_it_waits(void **state)
{
	struct web_challenges *c = &played.web.context.access->challenges;
	char id[WEB_PATH_MAX];
	draw("pbx.example", id, sizeof(id));
	for (size_t i = 0; i < WEB_CHALLENGES_USED; i++)
		c->used[i].until_us = INT64_MAX;
	ask("pbx.example", id, 503, "busy");
	c->used[7].until_us = 0;
	ask("pbx.example", id, 200, "</config>");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_good_for_five_minutes), TEST(it_is_good_once),  TEST(a_look_uses_nothing_up),
		TEST(sip_goes_where_it_was_asked), TEST(the_longest_fits), TEST(without_a_place_it_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
