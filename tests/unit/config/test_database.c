/* URLs of databases: what libpq would read is taken, the rest refused with a reason that holds no password */
#include <libpq-fe.h>

#include "config/database.h"
#include "support/guard.h"
#include "support/test.h"

static const char *const right[] = {
	"postgresql://host1,host2/alto?target_session_attrs=read-write",
	"postgres://host1/alto",
	"postgresql:///alto",
	"postgresql:///alto?host=/run/postgresql",
	"postgresql://alto@/alto?host=%2Frun%2Fpostgresql&port=5433&sslmode=verify-full",
	"postgresql://alto:pass%40word?@[2001:db8::1]:5432,[::1],192.0.2.1:65535/alto",
	"postgresql://%2Frun%2Fpostgresql/alto?application_name=paris-1&connect_timeout=2",
	"postgresql://h/alto?target_session_attrs=any&connect_timeout=60&passfile=/etc/alto/pgpass",
	"postgresql://h/alto?target_session_attrs=primary&options=-csearch_path%3Dalto",
};

static void what_libpq_reads_is_taken(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(right); i++) {
		char why[240] = "";
		struct slice url = guard_slice(slice_from_string(right[i]));
		if (!config_database_check(url, why))
			fail_msg("%s: %s", right[i], why);
		guard_free(url.p);
		PQconninfoOption *options = PQconninfoParse(right[i], NULL);
		assert_non_null(options);
		PQconninfoFree(options);
	}
}

static const struct {
	const char *url, *why;
} wrong[] = {
	{"", "must be sqlite"},
	{"Sqlite", "must be sqlite"},
	{"postgresql:/h/alto", "must be sqlite"},
	{"host=h dbname=alto password=Xyzzy", "must be sqlite"},
	{"postgresql://", "names no database"},
	{"postgresql://h", "names no database"},
	{"postgresql://h/", "names no database"},
	{"postgresql://h/?sslmode=require", "names no database"},
	{"postgresql://u:Xyzzy@h1/a b", "%XX"},
	{"postgresql://u:Xyzz\xc3\xa9@h/alto", "%XX"},
	{"postgresql://u:Xyzzy%@h/alto", "two hexadecimal digits"},
	{"postgresql://u:Xyzzy%0@h/alto", "two hexadecimal digits"},
	{"postgresql://u:Xyzzy%00@h/alto", "two hexadecimal digits"},
	{"postgresql://h/alto%4", "two hexadecimal digits"},
	{"postgresql://u:Xy/zzy@h/alto", "port"},
	{"postgresql://u:Xy@zzy@h:x/alto", "port"},
	{"postgresql://h:0/alto", "port"},
	{"postgresql://h:65536/alto", "port"},
	{"postgresql://h:/alto", "port"},
	{"postgresql://h1,h2:5432x/alto", "port"},
	{"postgresql://[::1/alto", "[ADDRESS]"},
	{"postgresql://[::1]5432/alto", "[ADDRESS]"},
	{"postgresql://[::1]:/alto", "port"},
	{"postgresql://h/a/b", "in its database"},
	{"postgresql://h/alto?target_session_attr=any", "\"target_session_attr\", which Alto does not know"},
	{"postgresql://h/alto?Xy:zzy@x=1", "\"?\", which Alto does not know"},
	{"postgresql://h/alto?client_encoding=latin1", "client_encoding"},
	{"postgresql://h/alto?sslmode=require&sslmode=disable", "sslmode twice"},
	{"postgresql://h/alto?sslmode", "no value for the parameter sslmode"},
	{"postgresql://h/alto?sslmode=", "no value for the parameter sslmode"},
	{"postgresql://h/alto?&sslmode=require", "\"?\""},
	{"postgresql://h/alto?target_session_attrs=standby", "any, read-write or primary"},
	{"postgresql://h/alto?connect_timeout=1", "2 to 60"},
	{"postgresql://h/alto?connect_timeout=61", "2 to 60"},
	{"postgresql://h/alto?connect_timeout=soon", "2 to 60"},
};

static void what_is_wrong_is_refused_without_the_password(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		char why[240] = "";
		struct slice url = guard_slice(slice_from_string(wrong[i].url));
		if (config_database_check(url, why))
			fail_msg("\"%s\" is taken", wrong[i].url);
		guard_free(url.p);
		if (!strstr(why, wrong[i].why))
			fail_msg("\"%s\": %s", wrong[i].url, why);
		assert_null(strstr(why, "Xy"));
		assert_null(strstr(why, "zzy"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_libpq_reads_is_taken),
		cmocka_unit_test(what_is_wrong_is_refused_without_the_password),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
