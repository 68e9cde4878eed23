/* test_api.c - the resources, asked over the unix socket of a running node */
#include <errno.h>
#include <jansson.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sip/digest.h"
#include "store/messages.h"
#include "store/rows.h"
#include "support/test.h"
#include "unit/web/node.h"

#define TEXT_CAP ((size_t)512 * 1024)
static char text[TEXT_CAP];

static int start(void **state)
{
	struct node *n = malloc(sizeof(*n));
	if (!n)
		return -1;
	node_init(n);
	node_start(n);
	*state = n;
	return n->failed;
}

static int start_plain(void **state)
{
	struct node *n = malloc(sizeof(*n));
	if (!n)
		return -1;
	node_init(n);
	n->plain_listener = true;
	node_start(n);
	*state = n;
	return n->failed;
}

static int stop(void **state)
{
	node_stop(*state);
	free(*state);
	return 0;
}

/* The answer as JSON; fails unless the status is the expected one. */
static json_t *ask(const struct node *n, const char *method, const char *path, const char *body, int expected)
{
	int status = node_ask(n, method, path, body, text, sizeof(text));
	if (status != expected)
		fail_msg("%s %s: %d instead of %d: %s", method, path, status, expected, text);
	return *text ? json_loads(text, 0, NULL) : NULL;
}

static void expect(const struct node *n, const char *method, const char *path, const char *body, int status,
		   const char *code, const char *field)
{
	json_t *o = ask(n, method, path, body, status);
	assert_int_equal(json_integer_value(json_object_get(o, "status")), status);
	assert_string_equal(json_string_value(json_object_get(o, "code")), code);
	assert_string_equal(json_string_value(json_object_get(o, "type")), "about:blank");
	assert_non_null(json_string_value(json_object_get(o, "title")));
	assert_non_null(json_string_value(json_object_get(o, "detail")));
	const char *given = json_string_value(json_object_get(o, "field"));
	assert_string_equal(given ? given : "", field);
	json_decref(o);
}

static const char *member(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));
	return s ? s : "";
}

static void make_company(const struct node *n)
{
	json_decref(
		ask(n, "POST", "/api/v1/tenants", "{\"name\":\"acme\",\"domain\":\"Acme.Example\",\"lines\":5}", 201));
	json_decref(ask(n, "POST", "/api/v1/users",
			"{\"tenant\":\"acme\",\"login\":\"alice\",\"extension\":\"200\",\"name\":\"Alice\"}", 201));
}

static void the_socket_is_for_its_owner_alone(void **state)
{
	const struct node *n = *state;
	struct stat st;
	assert_int_equal(stat(n->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void settle(struct node *n)
{
	store_wait(n->store);
}

/* How often the audit trail tells this. What is noted may be written after its answer. */
static void expect_told(struct node *n, const char *act, const char *thing, size_t count)
{
	char path[96];
	node_do(n, settle);
	snprintf(path, sizeof(path), "/api/v1/audit?act=%s&thing=%s", act, thing);
	json_t *page = ask(n, "GET", path, NULL, 200);
	assert_int_equal(json_array_size(json_object_get(page, "items")), count);
	json_decref(page);
}

static void expect_lines(const struct node *n, const char *path, const char *body, int lines, int bought)
{
	json_t *t = ask(n, "PATCH", path, body, 200);
	assert_int_equal(json_integer_value(json_object_get(t, "lines")), lines);
	assert_int_equal(json_integer_value(json_object_get(t, "lines_bought")), bought);
	json_decref(t);
}

/* What is in force is never more than what is bought, whichever of the two is given. */
static void lines_are_used_as_far_as_they_are_bought(void **state)
{
	const struct node *n = *state;
	static const char path[] = "/api/v1/tenants/acme";
	make_company(n); /* one of the two says both */
	expect_lines(n, path, "{}", 5, 5);
	expect_lines(n, path, "{\"lines\":1}", 1, 5);
	expect(n, "PATCH", path, "{\"lines\":0}", 400, "invalid-field", "lines");
	assert_non_null(strstr(text, "lines must be from 1 to 5: so many are bought"));
	expect(n, "PATCH", path, "{\"lines\":6}", 400, "invalid-field", "lines");
	expect(n, "PATCH", path, "{\"lines\":5,\"lines_bought\":4}", 400, "invalid-field", "lines");
	expect(n, "PATCH", path, "{\"lines_bought\":1000001}", 400, "invalid-field", "lines_bought");
	/* Who has limited themselves stay so; who have all that they bought have all that they buy. */
	expect_lines(n, path, "{\"lines_bought\":8}", 1, 8);
	expect_lines(n, path, "{\"lines\":8}", 8, 8);
	expect_lines(n, path, "{\"lines_bought\":9}", 9, 9);
	expect_lines(n, path, "{\"lines\":7}", 7, 9);
	expect_lines(n, path, "{\"lines_bought\":2}", 2, 2);
	expect_lines(n, path, "{\"lines_bought\":0}", 0, 0);
	expect_lines(n, path, "{\"lines\":1000000}", 1000000, 0);
	expect_lines(n, path, "{\"lines_bought\":3}", 3, 3);
	expect_lines(n, path, "{\"lines_bought\":6,\"lines\":4}", 4, 6);
	json_decref(ask(n, "POST", "/api/v1/tenants",
			"{\"name\":\"beta\",\"domain\":\"beta.example\",\"lines_bought\":7}", 201));
	expect_lines(n, "/api/v1/tenants/beta", "{}", 7, 7);
	json_decref(ask(n, "PUT", path, "{\"name\":\"acme\",\"domain\":\"acme.example\"}", 200));
	expect_lines(n, path, "{}", 0, 0);
}

static void tenants_come_change_and_go(void **state)
{
	const struct node *n = *state;
	make_company(n);
	json_t *t = ask(n, "GET", "/api/v1/tenants/acme", NULL, 200);
	assert_string_equal(member(t, "domain"), "acme.example"); /* kept in lower case */
	assert_int_equal(json_integer_value(json_object_get(t, "lines")), 5);
	assert_int_equal(strlen(member(t, "created")), 27);
	char path[80];
	snprintf(path, sizeof(path), "/api/v1/tenants/%s", member(t, "id"));
	json_decref(t);

	expect_lines(n, path, "{\"lines\":3}", 3, 5);
	expect(n, "PATCH", path, "{\"lines\":-1}", 400, "invalid-field", "lines");
	expect(n, "PATCH", "/api/v1/tenants/nobody", "{\"lines\":1}", 404, "unknown-tenant", "");
	/* What was asked for is quoted; it need not be text. */
	expect(n, "GET", "/api/v1/tenants/%ff%fe", NULL, 404, "unknown-tenant", "");
	assert_non_null(strstr(text, "??"));
	expect(n, "GET", "/api/v1/tenants/%ed%a0%80", NULL, 404, "unknown-tenant", "");
	expect(n, "GET", "/api/v1/tenants/%c3%a9%e2%82%ac%f0%9f%98%80%c3", NULL, 404, "unknown-tenant", "");
	assert_non_null(strstr(text, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80?"));

	assert_null(ask(n, "DELETE", path, NULL, 204));
	expect(n, "GET", path, NULL, 404, "unknown-tenant", "");
	expect(n, "DELETE", path, NULL, 404, "unknown-tenant", "");
	/* Its people went with it. */
	t = ask(n, "GET", "/api/v1/users", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(t, "items")), 0);
	json_decref(t);
}

static void what_exists_is_refused_by_field(void **state)
{
	const struct node *n = *state;
	make_company(n);
	expect(n, "POST", "/api/v1/tenants", "{\"name\":\"acme\",\"domain\":\"b.example\"}", 409, "name-taken", "name");
	expect(n, "POST", "/api/v1/tenants", "{\"name\":\"b\",\"domain\":\"ACME.example\"}", 409, "domain-taken",
	       "domain");
	expect(n, "POST", "/api/v1/users",
	       "{\"tenant\":\"acme\",\"login\":\"alice\",\"extension\":\"201\",\"name\":\"A\"}", 409, "login-taken",
	       "login");
	expect(n, "POST", "/api/v1/users",
	       "{\"tenant\":\"acme\",\"login\":\"bob\",\"extension\":\"200\",\"name\":\"B\"}", 409, "extension-taken",
	       "extension");
	expect(n, "POST", "/api/v1/users",
	       "{\"tenant\":\"nobody\",\"login\":\"bob\",\"extension\":\"200\",\"name\":\"B\"}", 404, "unknown-tenant",
	       "tenant");
	expect(n, "POST", "/api/v1/devices", "{\"tenant\":\"acme\",\"user\":\"bob\",\"name\":\"d\"}", 404,
	       "unknown-user", "user");
	json_decref(ask(n, "POST", "/api/v1/devices",
			"{\"tenant\":\"acme\",\"user\":\"alice\",\"name\":\"d\",\"username\":\"u-1\"}", 201));
	expect(n, "POST", "/api/v1/devices", "{\"tenant\":\"acme\",\"user\":\"alice\",\"name\":\"d\"}", 409,
	       "name-taken", "name");
	expect(n, "POST", "/api/v1/devices",
	       "{\"tenant\":\"acme\",\"user\":\"alice\",\"name\":\"e\",\"username\":\"u-1\"}", 409, "username-taken",
	       "username");
}

/* Two at once for the same name: both pass the look-up, the database refuses one, and the answer still names it. */
static void a_race_is_lost_with_the_right_words(void **state)
{
	struct node *n = *state;
	static const char body[] = "{\"name\":\"race\",\"domain\":\"race.example\"}";
	char request[256], answers[2][1024];
	int length = (int)strlen(body), fds[2];
	snprintf(request, sizeof(request),
		 "POST /api/v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
		 "Content-Length: %d\r\n\r\n%s",
		 length, body);
	n->stalled = true;
	for (size_t i = 0; i < 2; i++) {
		fds[i] = node_connect(n);
		node_send(fds[i], request);
	}
	/* A third connection is served after the two: by its answer both have been read. */
	json_decref(ask(n, "GET", "/api/v1/tenants/nobody", NULL, 404));
	node_unstall(n);
	int created = 0, refused = 0;
	for (size_t i = 0; i < 2; i++) {
		node_receive(fds[i], answers[i], sizeof(answers[i]));
		created += strstr(answers[i], "HTTP/1.1 201") != NULL;
		refused += strstr(answers[i], "HTTP/1.1 409") && strstr(answers[i], "\"code\":\"name-taken\"");
		close(fds[i]);
	}
	assert_int_equal(created, 1);
	assert_int_equal(refused, 1);
}

static void a_device_gives_its_account_once(void **state)
{
	struct node *n = *state;
	make_company(n);
	json_t *d = ask(n, "POST", "/api/v1/devices",
			"{\"tenant\":\"acme\",\"user\":\"alice\",\"name\":\"desk\",\"digest\":\"sha-256\"}", 201);
	const json_t *account = json_object_get(d, "account");
	const char *password = member(account, "password");
	assert_int_equal(strlen(password), 24);
	assert_string_equal(member(account, "address"), "sip:200@acme.example");
	assert_string_equal(member(account, "username"), member(d, "username"));
	assert_int_equal(strlen(member(account, "fingerprint")), 95);
	const json_t *first = json_array_get(json_object_get(account, "registrars"), 0);
	assert_string_equal(member(first, "transport"), "TLS");
	assert_string_equal(member(first, "address"), "[::]:5061");

	char path[80], known[80];
	snprintf(path, sizeof(path), "/api/v1/devices/%s", member(d, "id"));
	snprintf(known, sizeof(known), "%s", password);
	json_decref(ask(n, "GET", path, NULL, 200));
	assert_null(strstr(text, known));
	assert_null(strstr(text, "account"));
	json_decref(d);
	d = ask(n, "GET", "/api/v1/devices?tenant=acme&user=alice&name=desk", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(d, "items")), 1);
	assert_null(strstr(text, known));
	json_decref(d);
	assert_null(ask(n, "DELETE", path, NULL, 204));
	expect(n, "GET", path, NULL, 404, "unknown-device", "");
}

static void check_device(struct node *n)
{
	uint8_t ha1[SIP_HA1_BYTES];
	struct crypto_hasher *h = crypto_hasher_new();
	assert_non_null(h);
	sip_digest_ha1(h, SIP_DIGEST_MD5, SLICE("alice-desk"), SLICE("alto"), SLICE("correct-horse"), ha1);
	crypto_hasher_free(h);
	const struct directory_device *d = directory_device_by_username(n->read_model, SLICE("alice-desk"));
	assert_non_null(d);
	assert_memory_equal(d->ha1, ha1, 16);
	assert_int_equal(d->srtp, STORE_SRTP_OFF);
	assert_int_equal(d->keepalive, STORE_KEEPALIVE_OPTIONS);
}

#define PAGE "01920000-0000-7000-8000-0000000000f1"

/* As web/phones.c does it. */
static void open_page(struct node *n)
{
	const struct directory_tenant *t = directory_tenant_by_name(n->read_model, SLICE("acme"));
	const struct directory_user *u = directory_user_by_login(n->read_model, t, SLICE("alice"));
	const struct store_device row = {.id = SLICE(PAGE),
					 .tenant = t->id,
					 .user = u->id,
					 .name = SLICE("browser"),
					 .username = SLICE("page-1"),
					 .srtp = STORE_SRTP_DTLS};
	ASSERT(directory_browser_add(n->read_model, &row, n) == 0);
}

static void page_is_as_it_was(struct node *n)
{
	struct directory_device *d = directory_device_by_id(n->read_model, SLICE(PAGE));
	ASSERT(d && d->browser == n && slice_eq(d->username, SLICE("page-1")) && d->srtp == STORE_SRTP_DTLS);
	directory_browser_remove(n->read_model, d);
}

static void a_pages_phone_is_nobodys_to_change(void **state)
{
	struct node *n = *state;
	make_company(n);
	node_do(n, open_page);
	expect(n, "GET", "/api/v1/devices/" PAGE, NULL, 404, "unknown-device", "");
	expect(n, "PATCH", "/api/v1/devices/" PAGE, "{\"keepalive\":\"off\"}", 404, "unknown-device", "");
	expect(n, "DELETE", "/api/v1/devices/" PAGE, NULL, 404, "unknown-device", "");
	expect(n, "PUT", "/api/v1/devices/" PAGE,
	       "{\"tenant\":\"acme\",\"user\":\"alice\",\"name\":\"desk\",\"username\":\"mine\"}", 409, "id-taken", "");
	json_t *list = ask(n, "GET", "/api/v1/devices?tenant=acme", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(list, "items")), 0);
	json_decref(list);
	node_do(n, page_is_as_it_was);
}

static void only_the_hash_of_a_password_is_kept(void **state)
{
	struct node *n = *state;
	make_company(n);
	json_decref(ask(n, "POST", "/api/v1/devices",
			"{\"tenant\":\"acme\",\"user\":\"alice\",\"name\":\"desk\",\"username\":\"alice-desk\","
			"\"password\":\"correct-horse\",\"srtp\":\"off\",\"keepalive\":\"options\"}",
			201));
	node_do(n, check_device);
}

/* ---- trunks and numbers ---- */

static json_t *only_item(const struct node *n, const char *path)
{
	json_t *page = ask(n, "GET", path, NULL, 200);
	const json_t *items = json_object_get(page, "items");
	json_t *one = json_array_size(items) == 1 ? json_incref(json_array_get(items, 0)) : NULL;
	json_decref(page);
	return one;
}

static void trunks_come_and_go(void **state)
{
	const struct node *n = *state;
	make_company(n);
	json_t *t = ask(
		n, "POST", "/api/v1/trunks",
		"{\"name\":\"op\",\"host\":\"op.example:5070\",\"from\":\"192.0.2.0/24\",\"listener\":\"[::]:5061\"}",
		201);
	assert_true(json_is_null(json_object_get(t, "tenant")));
	assert_string_equal(member(t, "host"), "op.example");
	assert_int_equal(json_integer_value(json_object_get(t, "port")), 5070);
	assert_string_equal(member(t, "from"), "192.0.2.0/24");
	assert_string_equal(member(t, "listener"), "[::]:5061");
	assert_string_equal(member(t, "transport"), "tls");
	assert_string_equal(member(t, "srtp"), "sdes");
	json_decref(t);
	/* An address speaks for itself. */
	t = ask(n, "POST", "/api/v1/trunks", "{\"tenant\":\"acme\",\"name\":\"op\",\"host\":\"[2001:db8::1]:5061\"}",
		201);
	assert_string_equal(member(t, "from"), "2001:db8::1");
	assert_true(json_is_null(json_object_get(t, "listener")));
	json_decref(t);
	expect(n, "POST", "/api/v1/trunks", "{\"name\":\"op\",\"host\":\"a.b\"}", 409, "name-taken", "name");
	expect(n, "POST", "/api/v1/trunks", "{\"tenant\":\"x\",\"name\":\"op\",\"host\":\"a.b\"}", 404,
	       "unknown-tenant", "tenant");
	expect(n, "POST", "/api/v1/trunks", "{\"name\":\"p\",\"host\":\"a.b\",\"listener\":\"[::]:5062\"}", 400,
	       "invalid-field", "listener");
	expect(n, "POST", "/api/v1/trunks", "{\"name\":\"p\",\"host\":\"a.b\",\"transport\":\"udp\",\"srtp\":\"off\"}",
	       400, "invalid-field", "transport");
	assert_non_null(strstr(text, "does not listen for UDP"));

	t = only_item(n, "/api/v1/trunks?tenant=acme");
	assert_string_equal(member(t, "tenant"), "acme");
	json_decref(t);
	t = only_item(n, "/api/v1/trunks?name=op");
	assert_string_equal(member(t, "host"), "op.example");
	char path[80];
	snprintf(path, sizeof(path), "/api/v1/trunks/%s", member(t, "id"));
	json_decref(t);
	json_decref(ask(n, "GET", path, NULL, 200));
	assert_null(ask(n, "DELETE", path, NULL, 204));
	expect(n, "GET", path, NULL, 404, "unknown-trunk", "");
	/* With its tenant. */
	assert_null(ask(n, "DELETE", "/api/v1/tenants/acme", NULL, 204));
	assert_null(only_item(n, "/api/v1/trunks"));
}

static void keys_of_a_trunk_do_not_go_in_clear(void **state)
{
	const struct node *n = *state;
	expect(n, "POST", "/api/v1/trunks", "{\"name\":\"p\",\"host\":\"a.b\",\"transport\":\"udp\"}", 400,
	       "invalid-field", "srtp");
	json_decref(ask(n, "POST", "/api/v1/trunks",
			"{\"name\":\"p\",\"host\":\"a.b\",\"transport\":\"udp\",\"srtp\":\"off\"}", 201));
}

static void numbers_ring_somebody(void **state)
{
	const struct node *n = *state;
	make_company(n);
	json_decref(ask(n, "POST", "/api/v1/users",
			"{\"tenant\":\"acme\",\"login\":\"bob\",\"extension\":\"201\",\"name\":\"Bob\"}", 201));
	json_t *o = ask(n, "POST", "/api/v1/numbers",
			"{\"tenant\":\"acme\",\"number\":\"0033 1 42 68 53 00\",\"user\":\"alice\"}", 201);
	assert_string_equal(member(o, "number"), "+33142685300");
	assert_string_equal(member(o, "user"), "alice");
	char path[80];
	snprintf(path, sizeof(path), "/api/v1/numbers/%s", member(o, "id"));
	json_decref(o);
	expect(n, "POST", "/api/v1/numbers", "{\"tenant\":\"acme\",\"number\":\"+33142685300\",\"user\":\"bob\"}", 409,
	       "number-taken", "number");
	expect(n, "POST", "/api/v1/numbers", "{\"tenant\":\"acme\",\"number\":\"+33142685301\",\"user\":\"eve\"}", 404,
	       "unknown-user", "user");
	expect(n, "POST", "/api/v1/numbers", "{\"tenant\":\"x\",\"number\":\"+33142685301\",\"user\":\"bob\"}", 404,
	       "unknown-tenant", "tenant");
	o = ask(n, "PATCH", path, "{\"user\":\"bob\"}", 200);
	assert_string_equal(member(o, "user"), "bob");
	json_decref(o);
	expect(n, "PATCH", path, "{\"user\":\"eve\"}", 404, "unknown-user", "user");
	o = only_item(n, "/api/v1/numbers?tenant=acme&user=bob");
	assert_string_equal(member(o, "number"), "+33142685300");
	json_decref(o);
	assert_null(only_item(n, "/api/v1/numbers?tenant=acme&user=alice"));
	o = only_item(n, "/api/v1/numbers?number=%2B33142685300");
	assert_string_equal(member(o, "user"), "bob");
	json_decref(o);
	expect(n, "GET", "/api/v1/numbers?number=0142", NULL, 400, "invalid-parameter", "number");
	assert_null(ask(n, "DELETE", path, NULL, 204));
	expect(n, "GET", path, NULL, 404, "unknown-number", "");
	expect(n, "PATCH", path, "{\"user\":\"bob\"}", 404, "unknown-number", "");
}

static void a_devices_keepalive_is_changed_alone(void **state)
{
	struct node *n = *state;
	make_company(n);
	json_t *d = ask(n, "POST", "/api/v1/devices",
			"{\"tenant\":\"acme\",\"user\":\"alice\",\"name\":\"desk\",\"username\":\"alice-desk\","
			"\"password\":\"correct-horse\",\"srtp\":\"off\"}",
			201);
	assert_string_equal(member(d, "keepalive"), "crlf");
	char path[80];
	snprintf(path, sizeof(path), "/api/v1/devices/%s", member(d, "id"));
	json_decref(d);
	expect(n, "PATCH", path, "{\"keepalive\":\"often\"}", 400, "invalid-field", "keepalive");
	expect(n, "PATCH", path, "{\"user\":\"bob\"}", 400, "unknown-field", "user"); /* it stays with its user */
	d = ask(n, "PATCH", path, "{\"keepalive\":\"options\"}", 200);
	assert_string_equal(member(d, "keepalive"), "options");
	json_decref(d);
	node_do(n, check_device); /* and the rest is as it was */
}

static void listings_come_in_pages(void **state)
{
	const struct node *n = *state;
	make_company(n);
	for (int i = 0; i < 120; i++) {
		char body[160];
		snprintf(body, sizeof(body),
			 "{\"tenant\":\"acme\",\"login\":\"u%d\",\"extension\":\"%d\",\"name\":\"U\"}", i, 1000 + i);
		json_decref(ask(n, "POST", "/api/v1/users", body, 201));
	}
	size_t seen = 0, pages = 0;
	char path[160] = "/api/v1/users?tenant=acme&limit=40";
	for (bool more = true; more; pages++) {
		json_t *page = ask(n, "GET", path, NULL, 200);
		seen += json_array_size(json_object_get(page, "items"));
		const char *next = json_string_value(json_object_get(page, "next"));
		more = next != NULL;
		if (more)
			snprintf(path, sizeof(path), "/api/v1/users?tenant=acme&limit=40&cursor=%s", next);
		json_decref(page);
	}
	assert_int_equal(seen, 121);
	assert_int_equal(pages, 4);
	json_t *page = ask(n, "GET", "/api/v1/users", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(page, "items")), 100);
	json_decref(page);
	page = ask(n, "GET", "/api/v1/users?limit=1000", NULL, 200); /* more than one turn of the loop */
	assert_int_equal(json_array_size(json_object_get(page, "items")), 121);
	assert_true(json_is_null(json_object_get(page, "next")));
	json_decref(page);
	page = ask(n, "GET", "/api/v1/users?tenant=acme&login=u7", NULL, 200);
	assert_string_equal(member(json_array_get(json_object_get(page, "items"), 0), "extension"), "1007");
	json_decref(page);
}

static void parameters_are_checked(void **state)
{
	struct node *n = *state;
	expect(n, "GET", "/api/v1/users?limit=0", NULL, 400, "invalid-parameter", "limit");
	expect(n, "GET", "/api/v1/users?limit=1001", NULL, 400, "invalid-parameter", "limit");
	expect(n, "GET", "/api/v1/users?cursor=%27", NULL, 400, "invalid-parameter", "cursor");
	expect(n, "GET", "/api/v1/users?order=name", NULL, 400, "unknown-parameter", "");
	expect(n, "GET", "/api/v1/users?limit=1&limit=2", NULL, 400, "invalid-parameter", "limit");
	expect(n, "GET", "/api/v1/users?tenant=nobody", NULL, 404, "unknown-tenant", "tenant");
	expect(n, "GET", "/api/v1/users?login=a", NULL, 400, "invalid-parameter", "login");
	expect(n, "GET", "/api/v1/devices?user=a", NULL, 400, "invalid-parameter", "user");
	expect(n, "GET", "/api/v1/calls?live=perhaps", NULL, 400, "invalid-parameter", "live");
	expect(n, "GET", "/api/v1/calls?live=true&cursor=x", NULL, 400, "invalid-parameter", "cursor");
}

/* ---- calls ---- */

struct call_job {
	struct store_job job;
	struct store_call call;
};

static int put_call(struct db *db, struct store_job *job)
{
	return store_call_put(db, &container_of(job, struct call_job, job)->call);
}

static void call_written(struct store_job *job, int result) {}

static const char *const call_ids[] = {"0192f5a0-0001-7abc-8def-0123456789ab", "0192f5a0-0002-7abc-8def-0123456789ab",
				       "0192f5a0-0003-7abc-8def-0123456789ab"};

static void post_calls(struct node *n)
{
	static struct call_job jobs[ARRAY_LEN(call_ids)];
	const struct directory_tenant *t = directory_tenant_by_name(n->read_model, SLICE("acme"));
	assert_non_null(t);
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
		jobs[i] = (struct call_job){.job = {.run = put_call, .done = call_written, .bytes = 1024},
					    .call = {.id = slice_from_string(call_ids[i]),
						     .tenant = t->id,
						     .call_id = SLICE("c"),
						     .caller = {.uri = SLICE("200"),
								.transport = SLICE("TLS"),
								.srtp = SLICE("AEAD_AES_128_GCM")},
						     .callee = {.uri = SLICE("201"), .lost = 7},
						     .started_us = 1000000,
						     .answered_us = 3000000,
						     .ended_us = 5500000,
						     .status = 200,
						     .cause = SLICE("answered"),
						     .ended_by = SLICE("caller"),
						     .trace = SLICE("+0.000 ring\n+2.000 answer\n")}};
		assert_int_equal(store_post(n->store, &jobs[i].job), 0);
	}
}

static void the_history_is_newest_first(void **state)
{
	struct node *n = *state;
	make_company(n);
	node_do(n, post_calls);
	/* The rows are written by another thread than the one that reads: by the answer to a write both are done. */
	json_decref(ask(n, "PATCH", "/api/v1/tenants/acme", "{\"lines\":1}", 200));
	json_t *page = ask(n, "GET", "/api/v1/calls?tenant=acme&limit=2", NULL, 200);
	const json_t *items = json_object_get(page, "items");
	assert_int_equal(json_array_size(items), 2);
	const json_t *c = json_array_get(items, 0);
	assert_string_equal(member(c, "id"), call_ids[2]);
	assert_string_equal(member(c, "tenant"), "acme");
	assert_string_equal(member(c, "from"), "200");
	assert_string_equal(member(c, "cause"), "answered");
	assert_string_equal(member(c, "started"), "1970-01-01T00:00:01.000000Z");
	assert_int_equal(json_integer_value(json_object_get(c, "duration_ms")), 2500);
	assert_string_equal(member(json_object_get(c, "caller"), "srtp"), "AEAD_AES_128_GCM");
	assert_true(json_is_null(json_object_get(json_object_get(c, "callee"), "srtp")));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(c, "callee"), "lost")), 7);
	assert_int_equal(json_array_size(json_object_get(c, "trace")), 2);
	char path[120];
	snprintf(path, sizeof(path), "/api/v1/calls?limit=2&cursor=%s", member(page, "next"));
	json_decref(page);
	page = ask(n, "GET", path, NULL, 200);
	assert_int_equal(json_array_size(json_object_get(page, "items")), 1);
	assert_string_equal(member(json_array_get(json_object_get(page, "items"), 0), "id"), call_ids[0]);
	json_decref(page);
}

/* A call whose row is gone before its messages. */
#define NO_ROW "0192f5a0-0009-7abc-8def-0123456789ab"

static int put_messages(struct db *db, struct store_job *job)
{
	static char big[700 * 1024];
	memset(big, 'x', sizeof(big));
	const struct slice texts[] = {SLICE("one"), slice_of(big, sizeof(big)), slice_of(big, sizeof(big)),
				      SLICE("four")};
	static char frames[3 * sizeof(big)];
	struct store_message m = {.at_us = 1000000, .transport = SLICE("TLS"), .remote = SLICE("192.0.2.1:5061")};
	struct writer w = writer_on(frames, sizeof(frames));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		m.sent = i == 3;
		m.callee = i == 3;
		m.text = texts[i];
		store_frame_write(&w, &m);
		if (i % 2 == 0) /* two in a row */
			continue;
		assert_int_equal(
			store_messages_put(db, (int64_t)i, slice_from_string(call_ids[0]), 1000000, writer_slice(&w)),
			DB_OK);
		w.n = 0;
	}
	m.text = SLICE("five");
	store_frame_write(&w, &m);
	return store_messages_put(db, (int64_t)ARRAY_LEN(texts), SLICE(NO_ROW), 1000000, writer_slice(&w));
}

static void post_messages(struct node *n)
{
	static struct store_job job = {.run = put_messages, .done = call_written, .bytes = 1024};
	post_calls(n);
	n->unwritten = &job;
}

static json_t *messages(const struct node *n, const char *query, size_t count)
{
	static char whole[4 * 1024 * 1024];
	char path[160];
	snprintf(path, sizeof(path), "/api/v1/calls/%s/messages%s", call_ids[0], query);
	assert_int_equal(node_ask(n, "GET", path, NULL, whole, sizeof(whole)), 200);
	json_t *page = json_loads(whole, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(page, "items")), count);
	return page;
}

static void a_call_tells_its_story(void **state)
{
	struct node *n = *state;
	make_company(n);
	node_do(n, post_messages);
	json_decref(ask(n, "PATCH", "/api/v1/tenants/acme", "{\"lines\":1}", 200)); /* all is written by then */
	json_t *call = ask(n, "GET", "/api/v1/calls/0192f5a0-0001-7abc-8def-0123456789ab", NULL, 200);
	assert_string_equal(member(call, "state"), "over");
	assert_string_equal(member(call, "sip_call_id"), "c");
	assert_string_equal(member(call, "cause"), "answered");
	json_decref(call);
	expect(n, "GET", "/api/v1/calls/none", NULL, 404, "unknown-call", "");
	char path[120];

	/* A page ends by its bytes too. */
	json_t *page = messages(n, "", 2);
	const json_t *first = json_array_get(json_object_get(page, "items"), 0);
	assert_string_equal(member(first, "text"), "one");
	assert_string_equal(member(first, "direction"), "received");
	assert_string_equal(member(first, "side"), "caller");
	assert_string_equal(member(first, "remote"), "192.0.2.1:5061");
	assert_string_equal(member(page, "next"), "10001");
	json_decref(page);
	page = messages(n, "?cursor=10001", 2);
	assert_true(json_is_null(json_object_get(page, "next")));
	assert_string_equal(member(json_array_get(json_object_get(page, "items"), 1), "side"), "callee");
	json_decref(page);
	page = messages(n, "?limit=1&cursor=30000", 1);
	assert_true(json_is_null(json_object_get(page, "next")));
	json_decref(page);
	snprintf(path, sizeof(path), "/api/v1/calls/%s/messages", call_ids[1]);
	page = ask(n, "GET", path, NULL, 200);
	assert_int_equal(json_array_size(json_object_get(page, "items")), 0);
	json_decref(page);
	page = ask(n, "GET", "/api/v1/calls/" NO_ROW "/messages", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(page, "items")), 1);
	json_decref(page);
	json_decref(ask(n, "GET", "/api/v1/calls/" NO_ROW "/messages?cursor=50000", NULL, 200));
	expect(n, "GET", "/api/v1/calls/" NO_ROW, NULL, 404, "unknown-call", "");
	expect(n, "GET", "/api/v1/calls/none/messages", NULL, 404, "unknown-call", "");
	expect(n, "GET", "/api/v1/calls/x/messages?cursor=y", NULL, 400, "invalid-parameter", "cursor");
	expect(n, "GET", "/api/v1/calls/x/messages?tenant=acme", NULL, 400, "unknown-parameter", "");

	expect(n, "DELETE", "/api/v1/calls", NULL, 400, "invalid-parameter", "tenant");
	expect(n, "DELETE", "/api/v1/calls?tenant=none", NULL, 404, "unknown-tenant", "tenant");
	json_t *ended = ask(n, "DELETE", "/api/v1/calls?tenant=acme", NULL, 202);
	assert_int_equal(json_integer_value(json_object_get(ended, "ended")), 0);
	json_decref(ended);
	expect_told(n, "ended", "call", 1);
}

static int start_with_calls(void **state)
{
	struct node *n = malloc(sizeof(*n));
	if (!n)
		return -1;
	node_init(n);
	static const char *const ids[] = {"one", "two", "three"};
	for (size_t i = 0; i < 3; i++)
		n->calls[i] = (struct call_view){.id = slice_from_string(ids[i]),
						 .from = SLICE("200"),
						 .to = SLICE("201"),
						 .state = i == 2 ? "ending" : "ringing",
						 .started_us = 1000000};
	n->call_count = 3;
	node_start(n);
	*state = n;
	return n->failed;
}

static void calls_in_progress_are_shown_and_ended(void **state)
{
	struct node *n = *state;
	json_t *page = ask(n, "GET", "/api/v1/calls?live=true&limit=2", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(page, "items")), 2);
	assert_string_equal(member(json_array_get(json_object_get(page, "items"), 0), "state"), "ringing");
	char path[120];
	snprintf(path, sizeof(path), "/api/v1/calls?live=true&limit=2&cursor=%s", member(page, "next"));
	json_decref(page);
	page = ask(n, "GET", path, NULL, 200);
	assert_string_equal(member(json_array_get(json_object_get(page, "items"), 0), "id"), "three");
	assert_true(json_is_null(json_object_get(page, "next")));
	json_decref(page);
	json_decref(ask(n, "POST", "/api/v1/calls/two/hangup", "{}", 202));
	expect_told(n, "ended", "call", 1);
	json_decref(ask(n, "DELETE", "/api/v1/calls/two", NULL, 202));
	/* Ending already, by another's hand: what was asked for comes to be all the same. */
	page = ask(n, "DELETE", "/api/v1/calls/three", NULL, 202);
	assert_string_equal(member(page, "id"), "three");
	assert_string_equal(member(page, "state"), "ending");
	json_decref(page);
	expect(n, "DELETE", "/api/v1/calls/four", NULL, 404, "unknown-call", "");
	expect_told(n, "ended", "call", 3);
}

/* ---- health and status ---- */

static void a_healthy_node_says_so(void **state)
{
	const struct node *n = *state;
	int fd = node_connect(n); /* one for both: the server may not have seen the end of an earlier one yet */
	node_send(fd, "GET /healthz HTTP/1.1\r\nHost: alto\r\n\r\n");
	node_receive(fd, text, sizeof(text));
	assert_non_null(strstr(text, " 200 "));
	assert_non_null(strstr(text, "\r\n\r\nok\n"));
	node_send(fd, "GET /metrics HTTP/1.1\r\nHost: alto\r\n\r\n");
	node_receive(fd, text, sizeof(text));
	close(fd);
	assert_non_null(strstr(text, "# TYPE alto_web_requests_total counter\nalto_web_requests_total 1\n"));
	assert_non_null(strstr(text, "\nalto_web_connections 1\n"));
}

static int start_in_trouble(void **state)
{
	struct node *n = malloc(sizeof(*n));
	if (!n)
		return -1;
	node_init(n);
	n->plain_listener = true;
	n->config.plain_rtp = true;
	warning_set_with(&n->trouble, WARNING_CALLS_OVERLOAD, "%lld\t%d", (long long)(1800000000 * SECOND_US), 7);
	node_start(n);
	*state = n;
	return n->failed;
}

static void trouble_is_named(void **state)
{
	const struct node *n = *state;
	assert_int_equal(node_ask(n, "GET", "/healthz", NULL, text, sizeof(text)), 503);
	assert_non_null(strstr(text, "turned away since 2027-01-15T08:00:00Z: 7;"));
	json_t *s = ask(n, "GET", "/api/v1/status", NULL, 200);
	assert_string_equal(member(s, "node"), "node-1");
	assert_string_equal(member(s, "version"), "test");
	assert_int_equal(json_array_size(json_object_get(s, "listeners")), 3); /* the third is HTTPS */
	assert_true(json_is_true(json_object_get(json_object_get(s, "tls"), "self_signed")));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(s, "media"), "workers")), 2);
	const json_t *warnings = json_object_get(s, "warnings");
	assert_int_equal(json_array_size(warnings), 4);
	assert_non_null(strstr(text, "UDP 0.0.0.0:5060"));
	assert_non_null(strstr(text, "self-signed"));
	assert_non_null(strstr(text, "Unencrypted voice is allowed"));
	assert_non_null(strstr(text, "turned away since 2027-01-15T08:00:00Z: 7;"));
	const json_t *told = json_object_get(s, "warned_of");
	assert_int_equal(json_array_size(told), 4);
	const json_t *clear = json_array_get(told, 0), *overload = json_array_get(told, 3);
	assert_string_equal(member(clear, "kind"), "in-clear");
	assert_string_equal(member(json_object_get(clear, "values"), "address"), "0.0.0.0:5060");
	assert_string_equal(member(json_array_get(told, 1), "kind"), "self-signed");
	assert_string_equal(member(overload, "kind"), "calls-overload");
	overload = json_object_get(overload, "values");
	assert_string_equal(member(overload, "since"), "2027-01-15T08:00:00.000000Z");
	assert_int_equal(json_integer_value(json_object_get(overload, "requests")), 7);
	json_decref(s);
}

/* How many of the warnings begin so; `ret` is the last of them. */
static unsigned warnings(const struct node *n, const char *words, char *ret, size_t cap)
{
	json_t *s = ask(n, "GET", "/api/v1/status", NULL, 200);
	const json_t *all = json_object_get(s, "warnings");
	unsigned count = 0;
	for (size_t i = 0; i < json_array_size(all); i++) {
		const char *said = json_string_value(json_array_get(all, i));
		if (!strstr(said, words))
			continue;
		count++;
		snprintf(ret, cap, "%s", said);
	}
	json_decref(s);
	return count;
}

static void few_are_slow(struct node *n)
{
	n->unfinished = n->silent = 29;
}

static void many_are_slow(struct node *n)
{
	n->unfinished = 30;
	n->silent = 31;
}

static void slow_peers_are_named(void **state)
{
	struct node *n = *state;
	char said[400];
	node_do(n, few_are_slow);
	assert_int_equal(warnings(n, " connections were closed in a minute ", said, sizeof(said)), 0);
	node_do(n, many_are_slow);
	assert_int_equal(warnings(n, "30 connections were closed in a minute because their TLS ", said, sizeof(said)),
			 1);
	assert_int_equal(warnings(n, "31 connections were closed in a minute because nobody ", said, sizeof(said)), 1);
}

/* 90 s forwards, half a minute ago. */
static void set_clock(struct node *n)
{
	struct wheel *w = loop_wheel(n->loop);
	w->jump_us = 90 * SECOND_US + 700 * MS_US;
	w->jumped_at_us = w->now_us - 30 * SECOND_US;
}

static void set_clock_back(struct node *n)
{
	set_clock(n);
	loop_wheel(n->loop)->jump_us = -3600 * SECOND_US;
}

static void set_clock_long_ago(struct node *n)
{
	set_clock(n);
	loop_wheel(n->loop)->jumped_at_us -= 86400 * SECOND_US;
}

static void a_clock_that_was_set_is_named(void **state)
{
	struct node *n = *state;
	char said[400];
	assert_int_equal(warnings(n, "The clock was set", said, sizeof(said)), 0);
	node_do(n, set_clock);
	assert_int_equal(warnings(n, "The clock was set", said, sizeof(said)), 1);
	assert_non_null(strstr(said, "The clock was set forwards by 90 s, to 20"));
	node_do(n, set_clock_back);
	assert_int_equal(warnings(n, "The clock was set", said, sizeof(said)), 1);
	assert_non_null(strstr(said, "The clock was set back by 3600 s, to 20"));
	node_do(n, set_clock_long_ago);
	assert_int_equal(warnings(n, "The clock was set", said, sizeof(said)), 0);
}

/* ---- starting ---- */

static void a_socket_left_behind_is_replaced_and_a_file_is_not(void **state)
{
	struct node n;
	node_init(&n);
	FILE *f = fopen(n.path, "we");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	node_start(&n);
	assert_int_equal(n.failed, -EADDRINUSE);
	assert_non_null(strstr(n.reason.text, "is no socket"));
	node_stop(&n);

	node_init(&n);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", n.path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	node_start(&n);
	assert_int_equal(n.failed, 0);
	assert_int_equal(node_ask(&n, "GET", "/healthz", NULL, text, sizeof(text)), 200);
	node_stop(&n);
}

static void ban(struct node *n)
{
	for (unsigned i = 0; i < 3; i++) {
		struct address at;
		assert_true(address_parse(i == 0   ? SLICE("192.0.2.1")
					  : i == 1 ? SLICE("2001:db8::1")
						   : SLICE("192.0.2.9"),
					  &at));
		(void)bans_deed(n->bans, &(struct guest){.from = &at, .proven = true}, GUEST_SCANNER);
	}
}

static void bans_are_listed_and_lifted(void **state)
{
	struct node *n = *state;
	char seen[256] = "";
	const char *path = "/api/v1/bans?limit=2", *next = "";
	char following[96];
	node_do(n, ban);
	for (unsigned page = 0; page < 2; page++) {
		json_t *o = ask(n, "GET", path, NULL, 200), *items = json_object_get(o, "items");
		assert_int_equal(json_array_size(items), page == 0 ? 2 : 1);
		for (size_t i = 0; i < json_array_size(items); i++) {
			const json_t *b = json_array_get(items, i);
			strncat(strncat(seen, member(b, "address"), 60), " ", 2);
			assert_string_equal(member(b, "why"), "It says itself that it is a scanner.");
			assert_true(strcmp(member(b, "since"), member(b, "until")) < 0);
		}
		next = member(o, "next");
		assert_int_equal(*next != 0, page == 0);
		snprintf(following, sizeof(following), "/api/v1/bans?limit=2&cursor=%s", next);
		path = following;
		json_decref(o);
	}
	assert_non_null(strstr(seen, "192.0.2.1 "));
	assert_non_null(strstr(seen, "2001:db8::/64 "));
	expect(n, "DELETE", "/api/v1/bans", NULL, 400, "invalid-parameter", "address");
	expect(n, "DELETE", "/api/v1/bans?address=192.0.2.1&all=true", NULL, 400, "invalid-parameter", "all");
	expect(n, "DELETE", "/api/v1/bans?address=elsewhere", NULL, 400, "invalid-parameter", "address");
	expect(n, "DELETE", "/api/v1/bans?address=192.0.2.2", NULL, 404, "unknown-ban", "address");
	expect_told(n, "lifted", "ban", 0);
	json_decref(ask(n, "DELETE", "/api/v1/bans?address=2001:db8::%2F64", NULL, 200));
	expect_told(n, "lifted", "ban", 1);
	expect(n, "DELETE", "/api/v1/bans?address=2001:db8::%2F64", NULL, 404, "unknown-ban", "address");
	json_t *o = ask(n, "DELETE", "/api/v1/bans?all=true", NULL, 200);
	assert_int_equal(json_integer_value(json_object_get(o, "lifted")), 2);
	json_decref(o);
	expect_told(n, "lifted", "ban", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_socket_is_for_its_owner_alone, start, stop),
		cmocka_unit_test_setup_teardown(lines_are_used_as_far_as_they_are_bought, start, stop),
		cmocka_unit_test_setup_teardown(tenants_come_change_and_go, start, stop),
		cmocka_unit_test_setup_teardown(what_exists_is_refused_by_field, start, stop),
		cmocka_unit_test_setup_teardown(a_race_is_lost_with_the_right_words, start, stop),
		cmocka_unit_test_setup_teardown(a_device_gives_its_account_once, start, stop),
		cmocka_unit_test_setup_teardown(a_pages_phone_is_nobodys_to_change, start, stop),
		cmocka_unit_test_setup_teardown(only_the_hash_of_a_password_is_kept, start, stop),
		cmocka_unit_test_setup_teardown(trunks_come_and_go, start, stop),
		cmocka_unit_test_setup_teardown(keys_of_a_trunk_do_not_go_in_clear, start_plain, stop),
		cmocka_unit_test_setup_teardown(numbers_ring_somebody, start, stop),
		cmocka_unit_test_setup_teardown(a_devices_keepalive_is_changed_alone, start, stop),
		cmocka_unit_test_setup_teardown(listings_come_in_pages, start, stop),
		cmocka_unit_test_setup_teardown(parameters_are_checked, start, stop),
		cmocka_unit_test_setup_teardown(the_history_is_newest_first, start, stop),
		cmocka_unit_test_setup_teardown(a_call_tells_its_story, start, stop),
		cmocka_unit_test_setup_teardown(calls_in_progress_are_shown_and_ended, start_with_calls, stop),
		cmocka_unit_test_setup_teardown(bans_are_listed_and_lifted, start, stop),
		cmocka_unit_test_setup_teardown(a_healthy_node_says_so, start, stop),
		cmocka_unit_test_setup_teardown(trouble_is_named, start_in_trouble, stop),
		cmocka_unit_test_setup_teardown(slow_peers_are_named, start, stop),
		cmocka_unit_test_setup_teardown(a_clock_that_was_set_is_named, start, stop),
		cmocka_unit_test(a_socket_left_behind_is_replaced_and_a_file_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
