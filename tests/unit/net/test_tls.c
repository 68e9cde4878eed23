/* Tests of net/tls.c and net/self_signed.c: the pair that is made once, and what is said of a pair that will not do. */
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "unit/net/peer_tls.h"

#include "support/failing.h"

static struct test_identity own;

static int set_up(void **state)
{
	identity_make(&own);
	return 0;
}

static int tear_down(void **state)
{
	identity_remove(&own);
	return 0;
}

static mode_t mode_of(const char *path)
{
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void load_again(char ret_fingerprint[TLS_FINGERPRINT_CAP])
{
	struct tls_identity *i;
	struct tls_reason reason;

	assert_int_equal(tls_identity_self_signed(own.directory, "self-signed", clock_wall_us(), &i, &reason), 0);
	tls_identity_fingerprint(i, ret_fingerprint);
	tls_identity_free(i);
}

static void test_made_once_and_kept(void **state)
{
	char first[TLS_FINGERPRINT_CAP], second[TLS_FINGERPRINT_CAP];

	tls_identity_fingerprint(own.identity, first);
	assert_int_equal(strlen(first), 32 * 3 - 1);
	load_again(second);
	assert_string_equal(first, second);
}

static void test_only_the_owner_may_read(void **state)
{
	char inner[128];
	struct tls_identity *i;
	struct tls_reason reason;

	assert_int_equal(mode_of(own.key), 0600);
	assert_int_equal(mode_of(own.certificate), 0600);
	snprintf(inner, sizeof(inner), "%s/tls", own.directory);
	mode_t old = umask(0);
	assert_int_equal(tls_identity_self_signed(inner, "self-signed", clock_wall_us(), &i, &reason), 0);
	umask(old);
	tls_identity_free(i);
	assert_int_equal(mode_of(inner), 0700);
	snprintf(inner, sizeof(inner), "%s/tls/self-signed.key", own.directory);
	assert_int_equal(mode_of(inner), 0600);
	unlink(inner);
	snprintf(inner, sizeof(inner), "%s/tls/self-signed.crt", own.directory);
	unlink(inner);
	snprintf(inner, sizeof(inner), "%s/tls", own.directory);
	assert_int_equal(rmdir(inner), 0); /* nothing temporary is left either */
}

static void test_half_a_pair_is_made_anew(void **state)
{
	char first[TLS_FINGERPRINT_CAP], second[TLS_FINGERPRINT_CAP], temporary[128];

	tls_identity_fingerprint(own.identity, first);
	unlink(own.certificate);
	/* What a crash in the middle of writing leaves. */
	snprintf(temporary, sizeof(temporary), "%s.new", own.certificate);
	write_file(temporary, "-----BEGIN CERTI");
	load_again(second);
	assert_string_not_equal(first, second);
	assert_int_equal(access(temporary, F_OK), -1);
}

static void test_what_it_says_of_itself(void **state)
{
	int64_t now_us = clock_wall_us();

	assert_true(tls_identity_is_self_signed(own.identity));
	int64_t left_us = tls_identity_expires_us(own.identity) - now_us;
	assert_true(left_us > 3640 * 86400 * SECOND_US && left_us < 3651 * 86400 * SECOND_US);

	FILE *f = fopen(own.certificate, "r");
	X509 *x = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	assert_non_null(x);
	assert_int_equal(X509_check_host(x, "localhost", 0, 0, NULL), 1);
	assert_int_equal(X509_check_ip_asc(x, "127.0.0.1", 0), 1);
	assert_int_equal(X509_check_ip_asc(x, "::1", 0), 1);
	assert_int_equal(EVP_PKEY_get_base_id(X509_get0_pubkey(x)), EVP_PKEY_EC);
	assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(x)), 256);
	X509_free(x);
}

static void check_refused(const char *certificate, const char *key, int rc, const char *says)
{
	struct tls_identity *i = NULL;
	struct tls_reason reason = {""};

	assert_int_equal(tls_identity_load(certificate, key, &i, &reason), rc);
	assert_null(i);
	if (!strstr(reason.text, says))
		fail_msg("\"%s\" does not say \"%s\"", reason.text, says);
}

static void test_reasons(void **state)
{
	struct test_identity other;
	char path[128];

	identity_make(&other);
	snprintf(path, sizeof(path), "%s/none", own.directory);
	check_refused(path, own.key, -ENOENT, "/none: No such file");
	check_refused(own.certificate, path, -ENOENT, "/none: No such file");
	check_refused(own.directory, own.key, -EINVAL, "no certificate in PEM form");
	check_refused(own.certificate, other.key, -EINVAL, "does not belong to the certificate in");
	check_refused(own.certificate, own.certificate, -EINVAL, "no private key in PEM form");
	check_refused(own.key, own.key, -EINVAL, "no certificate in PEM form");
	identity_remove(&other);
}

static void test_certificate_whose_key_is_gone(void **state)
{
	struct tls_identity *i;
	struct tls_reason reason;

	unlink(own.key);
	assert_int_equal(tls_identity_self_signed(own.directory, "self-signed", clock_wall_us(), &i, &reason), -ENOENT);
	assert_non_null(strstr(reason.text, own.key));
}

static void test_damaged_chain(void **state)
{
	char path[128], text[8192];

	FILE *f = fopen(own.certificate, "r");
	size_t n = fread(text, 1, sizeof(text) / 2 - 1, f);
	fclose(f);
	text[n] = '\0';
	snprintf(text + n, sizeof(text) - n, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	snprintf(path, sizeof(path), "%s/chain.crt", own.directory);
	write_file(path, text);
	check_refused(path, own.key, -EINVAL, "chain is damaged");
	unlink(path);
}

static void test_weak_key(void **state)
{
	char path[128];
	EVP_PKEY *key = EVP_RSA_gen(1024);
	X509 *x = X509_new();

	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 1000);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	snprintf(path, sizeof(path), "%s/weak.crt", own.directory);
	FILE *f = fopen(path, "w");
	PEM_write_X509(f, x);
	fclose(f);
	check_refused(path, own.key, -EINVAL, "too weak");
	unlink(path);
	X509_free(x);
	EVP_PKEY_free(key);
}

static void test_no_room_and_no_right(void **state)
{
	struct tls_identity *i;
	struct tls_reason reason;
	char path[700];

	assert_int_equal(tls_identity_self_signed("/proc/none", "self-signed", clock_wall_us(), &i, &reason), -ENOENT);
	assert_int_equal(tls_identity_self_signed("/proc/self/task", "self-signed", clock_wall_us(), &i, &reason),
			 -ENOENT);
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(tls_identity_self_signed(path, "self-signed", clock_wall_us(), &i, &reason), -ENAMETOOLONG);
}

static int load_one(void *arg)
{
	struct tls_identity *i;
	struct tls_reason reason;

	int rc = tls_identity_load(own.certificate, own.key, &i, &reason);
	if (rc == 0)
		tls_identity_free(i);
	return rc;
}

static void test_out_of_memory(void **state)
{
	failing_each(load_one, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_made_once_and_kept),
		TEST(test_only_the_owner_may_read),
		TEST(test_half_a_pair_is_made_anew),
		TEST(test_what_it_says_of_itself),
		TEST(test_reasons),
		TEST(test_certificate_whose_key_is_gone),
		TEST(test_damaged_chain),
		TEST(test_weak_key),
		TEST(test_no_room_and_no_right),
		TEST(test_out_of_memory),
	};
	alarm(TEST_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
