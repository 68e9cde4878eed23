/* test_openid.c - documents of issuers, what is asked of them, and whom their claims are about */
#include "support/guard.h"
#include "support/test.h"
#include "web/openid.h"

#define DOCUMENT(more)                                                                                                 \
	"{\"issuer\":\"https://login.example\",\"authorization_endpoint\":\"https://login.example/in\","               \
	"\"token_endpoint\":\"https://login.example/token\",\"jwks_uri\":\"https://keys.example/\"" more "}"

static json_t *json_of(const char *text)
{
	json_t *o = json_loads(text, 0, NULL);
	if (!o)
		fail_msg("%s", text);
	return o;
}

static void documents_are_read_or_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{DOCUMENT(""), NULL},
		{DOCUMENT(",\"response_types_supported\":[\"id_token\",\"code\"],\"response_modes_supported\":["
			  "\"query\","
			  "\"fragment\"],\"code_challenge_methods_supported\":[7,\"S256\"]"),
		 NULL},
		{DOCUMENT(",\"response_types_supported\":[\"id_token\"]"), "code flow"},
		{DOCUMENT(",\"response_modes_supported\":[\"query\"]"), "fragment"},
		{DOCUMENT(",\"code_challenge_methods_supported\":[]"), "PKCE"},
		{DOCUMENT(",\"token_endpoint_auth_methods_supported\":[\"none\"]"), "client secret"},
		{"{}", "another issuer"},
		{"{\"issuer\":\"https://login.example/\"}", "another issuer"},
		{"{\"issuer\":[\"https://login.example\"]}", "another issuer"},
		{"{\"issuer\":\"https://login.example\"}", "https:"},
		{"{\"issuer\":\"https://login.example\",\"authorization_endpoint\":\"javascript:alert(1)\","
		 "\"token_endpoint\":\"https://login.example/token\",\"jwks_uri\":\"https://keys.example/\"}",
		 "https:"},
		{"{\"issuer\":\"https://login.example\",\"authorization_endpoint\":\"https://login.example/in\","
		 "\"token_endpoint\":\"http://login.example/token\",\"jwks_uri\":\"https://keys.example/\"}",
		 "https:"},
		{"{\"issuer\":\"https://login.example\",\"authorization_endpoint\":\"https://login.example/i n\","
		 "\"token_endpoint\":\"https://login.example/token\",\"jwks_uri\":\"https://keys.example:25/\"}",
		 "https:"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *o = json_of(cases[i].text);
		struct openid_metadata m = {.token = SLICE("untouched")};
		const char *why;
		bool good = openid_metadata_read(o, SLICE("https://login.example"), &m, &why);
		if (good != !cases[i].why || (!good && !strstr(why, cases[i].why)))
			fail_msg("%s: %s", cases[i].text, why ? why : "taken");
		assert_true(slice_eq(m.token, good ? SLICE("https://login.example/token") : SLICE("untouched")));
		json_decref(o);
	}
	assert_false(openid_metadata_read(NULL, SLICE("https://login.example"),
					  &(struct openid_metadata){.token = SLICE_NONE}, &(const char *){NULL}));
}

static void how_the_secret_goes(void **state)
{
	static const char *const lists[] = {"[\"client_secret_basic\",\"client_secret_post\"]",
					    "[\"client_secret_post\"]"};
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		char text[400];
		const char *why;
		struct openid_metadata m;
		snprintf(text, sizeof(text),
			 DOCUMENT(",\"token_endpoint_auth_methods_supported\":%s,"
				  "\"authorization_response_iss_parameter_supported\":%s"),
			 lists[i], i ? "true" : "false");
		json_t *o = json_of(text);
		assert_true(openid_metadata_read(o, SLICE("https://login.example"), &m, &why));
		assert_int_equal(m.secret_in_form, i == 1);
		assert_int_equal(m.says_issuer, i == 1);
		json_decref(o);
	}
}

/* The verifier and challenge of RFC 7636 appendix B. */
static const struct openid_attempt attempt = {.client_id = {"a lto", 5},
					      .redirect = {"https://alto.example:8443/sign-in/t", 35},
					      .state = {"s_-", 3},
					      .nonce = {"n", 1},
					      .verifier = {"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", 43}};

static void requests_are_written(void **state)
{
	char text[1024];
	struct writer w = writer_on(text, sizeof(text));
	assert_true(openid_authorization_url(SLICE("https://login.example/in?a=b"), &attempt, &w));
	assert_slice(
		writer_slice(&w),
		"https://login.example/in?a=b&response_type=code&response_mode=fragment&scope=openid%20email%20profile"
		"&client_id=a%20lto&redirect_uri=https%3A%2F%2Falto.example%3A8443%2Fsign-in%2Ft&state=s_-&nonce=n"
		"&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
	w = writer_on(text, sizeof(text));
	openid_token_form(&attempt, SLICE("c&d"), SLICE_NONE, &w);
	assert_slice(
		writer_slice(&w),
		"grant_type=authorization_code&code=c%26d&redirect_uri=https%3A%2F%2Falto.example%3A8443%2Fsign-in%2Ft"
		"&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
	w = writer_on(text, sizeof(text));
	openid_token_form(&attempt, SLICE("c"), SLICE("s:t"), &w);
	struct slice end = SLICE("&client_id=a%20lto&client_secret=s%3At");
	assert_true(slice_eq(slice_from(writer_slice(&w), w.n - end.n), end));
	w = writer_on(text, sizeof(text));
	openid_basic(SLICE("a:b"), SLICE("c~%"), &w);
	assert_slice(writer_slice(&w), "Authorization: Basic YSUzQWI6Y34lMjU="); /* a%3Ab:c~%25 */
	w = writer_on(text, sizeof(text));
	openid_discovery_url(SLICE("https://login.example/application/o/alto/"), &w);
	assert_slice(writer_slice(&w), "https://login.example/application/o/alto/.well-known/openid-configuration");
	w = writer_on(text, sizeof(text));
	openid_discovery_url(SLICE("https://login.example"), &w);
	assert_slice(writer_slice(&w), "https://login.example/.well-known/openid-configuration");
}

static void errors_are_words(void **state)
{
	static const char *const texts[][2] = {{"{\"error\":\"invalid_grant\"}", "invalid_grant"},
					       {"{\"error\":\"<b>\"}", ""},
					       {"{\"error\":7}", ""},
					       {"{}", ""},
					       {"{\"error\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", ""}};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		json_t *o = json_of(texts[i][0]);
		assert_true(slice_eq(openid_error(o), slice_from_string(texts[i][1])));
		json_decref(o);
	}
}

static void people_are_named(void **state)
{
	static const struct {
		const char *claims, *claim, *name;
	} cases[] = {
		{"{\"email\":\"Anna@Acme.EXAMPLE\",\"email_verified\":true}", "email", "anna"},
		{"{\"email\":\"anna@acme.example\",\"email_verified\":\"true\"}", "email", NULL},
		{"{\"email\":\"anna@acme.example\",\"email_verified\":false}", "email", NULL},
		{"{\"email\":\"anna@acme.example\"}", "email", NULL},
		{"{\"email\":\"anna\",\"email_verified\":true}", "email", NULL},
		{"{\"email\":\"anna@acme.example@evil.example\",\"email_verified\":true}", "email", NULL},
		{"{\"email\":\"@acme.example\",\"email_verified\":true}", "email", NULL},
		{"{\"email\":[\"anna@acme.example\"],\"email_verified\":true}", "email", NULL},
		{"{\"preferred_username\":\"ANNA\"}", "preferred_username", "anna"},
		{"{\"preferred_username\":\"anna@acme.example\"}", "preferred_username", "anna"},
		{"{\"preferred_username\":\"anna@evil.example\"}", "preferred_username", NULL},
		{"{\"phone\":\"101\"}", "phone", "101"},
		{"{\"phone\":101}", "phone", NULL},
		{"{\"phone\":\"\"}", "phone", NULL},
		{"{\"n\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", "n", NULL},
		{"{}", "email", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *o = json_of(cases[i].claims);
		struct openid_name name = {.n = 0};
		const char *why;
		bool good = openid_name_read(o, slice_from_string(cases[i].claim), SLICE("acme.example"), &name, &why);
		if (good != (cases[i].name != NULL) || good != !why)
			fail_msg("%s: %s", cases[i].claims, why ? why : "taken");
		if (good && !slice_eq(slice_of(name.text, name.n), slice_from_string(cases[i].name)))
			fail_msg("%s: %.*s", cases[i].claims, (int)name.n, name.text);
		json_decref(o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_are_read_or_refused),
		cmocka_unit_test(how_the_secret_goes),
		cmocka_unit_test(requests_are_written),
		cmocka_unit_test(errors_are_words),
		cmocka_unit_test(people_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
