/* demo.c - the demo company of `make run`: see demo.h */
#include "demo.h"

#include "base/clock.h"
#include "call/switchboard.h"
#include "crypto/login.h"
#include "net/tls.h"
#include "sip/digest.h"
#include "transport/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEMO_TENANT SLICE("demo")
#define DEMO_DOMAIN SLICE("demo.alto.example")

/* One of each role; the first have phones. */
static const struct {
	const char *login, *extension, *name, *role;
} people[] = {
	{"anna", "101", "Anna Nowak", "admin"},          {"bruno", "102", "Bruno Lefèvre", "supervisor"},
	{"carla", "103", "Carla Jansen", "user"},        {"david", "104", "David Okafor", "auditor"},
	{"petra", "105", "Petra Lindqvist", "provider"},
};
#define WITH_PHONES 3
#define LINES 4 /* so that pages show how many of them are in use; three people can hardly need more */
static const char *const devices[] = {"desk", "mobile"};

#define ACCOUNTS (WITH_PHONES * ARRAY_LEN(devices))
struct account {
	char id[STORE_ID_CAP], username[32], password[32];
	uint8_t ha1[SIP_HA1_BYTES];
};
struct login {
	char password[24], hash[CRYPTO_PASSWORD_CAP];
};
struct company_job {
	struct store_job job;
	int result;
	char tenant[STORE_ID_CAP], users[ARRAY_LEN(people)][STORE_ID_CAP];
	struct account accounts[ACCOUNTS];
	struct login logins[ARRAY_LEN(people)];
	int64_t now_us;
};

void demo_config(struct config *c)
{
	snprintf(c->node, sizeof(c->node), "demo");
	snprintf(c->data, sizeof(c->data), "build/demo");
}

/* ---- made once ---- */

static int company_run(struct db *db, struct store_job *job)
{
	struct company_job *cj = container_of(job, struct company_job, job);
	struct slice tenant = slice_from_string(cj->tenant);
	struct store_tenant t = {.id = tenant,
				 .name = DEMO_TENANT,
				 .domain = DEMO_DOMAIN,
				 .lines = LINES,
				 .lines_bought = LINES,
				 .created_us = cj->now_us,
				 .updated_us = cj->now_us};
	int rc = store_tenant_put(db, &t);
	for (size_t i = 0; rc == DB_OK && i < ARRAY_LEN(people); i++) {
		struct store_user u = {.id = slice_from_string(cj->users[i]),
				       .tenant = tenant,
				       .login = slice_from_string(people[i].login),
				       .extension = slice_from_string(people[i].extension),
				       .name = slice_from_string(people[i].name),
				       .role = slice_from_string(people[i].role),
				       .created_us = cj->now_us,
				       .updated_us = cj->now_us};
		rc = store_user_put(db, &u);
		if (rc == DB_OK)
			rc = store_password_set(db, tenant, u.id, slice_from_string(cj->logins[i].hash));
		for (size_t j = 0; rc == DB_OK && i < WITH_PHONES && j < ARRAY_LEN(devices); j++) {
			const struct account *a = &cj->accounts[i * ARRAY_LEN(devices) + j];
			struct store_device d = {.id = slice_from_string(a->id),
						 .tenant = tenant,
						 .user = u.id,
						 .name = slice_from_string(devices[j]),
						 .username = slice_from_string(a->username),
						 .digest = SIP_DIGEST_MD5,
						 .ha1 = slice_of(a->ha1, 16),
						 .srtp = STORE_SRTP_SDES,
						 .created_us = cj->now_us,
						 .updated_us = cj->now_us};
			rc = store_device_put(db, &d);
		}
	}
	return rc;
}

static void company_done(struct store_job *job, int result)
{
	container_of(job, struct company_job, job)->result = result;
}

static void random_text(struct random *random, char *ret, size_t n)
{
	static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789"; /* none that is mistaken for another */
	for (size_t i = 0; i < n; i++)
		ret[i] = letters[random_below(random, sizeof(letters) - 1)];
	ret[n] = 0;
}

static int accounts_make(struct company_job *cj, struct random *random)
{
	struct crypto_hasher *hasher = crypto_hasher_new();
	if (!hasher)
		return -ENOMEM;
	for (size_t i = 0; i < ACCOUNTS; i++) {
		struct account *a = &cj->accounts[i];
		char tail[8];
		random_text(random, tail, 6);
		snprintf(a->username, sizeof(a->username), "%s-%s-%s", people[i / ARRAY_LEN(devices)].login,
			 devices[i % ARRAY_LEN(devices)], tail);
		random_text(random, a->password, 20);
		store_new_id(random, cj->now_us, a->id);
		sip_digest_ha1(hasher, SIP_DIGEST_MD5, slice_from_string(a->username), SLICE(SWITCHBOARD_REALM),
			       slice_from_string(a->password), a->ha1);
	}
	crypto_hasher_free(hasher);
	return 0;
}

static int logins_make(struct company_job *cj, struct random *random)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(people); i++) {
		random_text(random, cj->logins[i].password, 14);
		rc = crypto_password_hash(slice_from_string(cj->logins[i].password), cj->logins[i].hash);
	}
	return rc;
}

/* Columns count letters, printf counts bytes. */
static int padded(const char *name)
{
	int pad = 15;
	for (const char *p = name; *p; p++)
		pad += (*p & 0xc0) == 0x80;
	return pad;
}

static void accounts_path(const struct config *c, char *ret, size_t cap)
{
	snprintf(ret, cap, "%s/accounts.txt", c->data);
}

static int accounts_write(const struct company_job *cj, const struct config *c)
{
	char path[sizeof(c->data) + 16];
	accounts_path(c, path, sizeof(path));
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	bool ok = dprintf(fd, "  %-15s %-4s %-7s %-22s %s\n", "person", "ext.", "device", "user name", "password") > 0;
	for (size_t i = 0; ok && i < ACCOUNTS; i++) {
		const char *name = people[i / ARRAY_LEN(devices)].name;
		ok = dprintf(fd, "  %-*s %-4s %-7s %-22s %s\n", padded(name), name,
			     people[i / ARRAY_LEN(devices)].extension, devices[i % ARRAY_LEN(devices)],
			     cj->accounts[i].username, cj->accounts[i].password) > 0;
	}
	ok = ok && dprintf(fd, "\n  %-15s %-12s %-26s %s\n", "person", "role", "login", "password") > 0;
	for (size_t i = 0; ok && i < ARRAY_LEN(people); i++)
		ok = dprintf(fd, "  %-*s %-12s %s@%-20.*s %s\n", padded(people[i].name), people[i].name, people[i].role,
			     people[i].login, SLICE_ARG(DEMO_DOMAIN), cj->logins[i].password) > 0;
	int rc = !ok || fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

int demo_company(struct store *store, struct directory *directory, struct random *random, const struct config *c)
{
	if (directory_tenant_by_name(directory, DEMO_TENANT))
		return 0;
	struct company_job cj = {.job = {.run = company_run, .done = company_done, .bytes = sizeof(cj)},
				 .now_us = clock_wall_us()};
	store_new_id(random, cj.now_us, cj.tenant);
	for (size_t i = 0; i < ARRAY_LEN(people); i++)
		store_new_id(random, cj.now_us, cj.users[i]);
	int rc = accounts_make(&cj, random);
	if (rc == 0)
		rc = logins_make(&cj, random);
	/* The file first: a company whose passwords nobody knows would be of no use. */
	if (rc == 0)
		rc = accounts_write(&cj, c);
	if (rc == 0)
		rc = store_post(store, &cj.job);
	if (rc == 0) {
		store_wait(store);
		rc = cj.result == DB_OK ? 0 : -EIO;
	}
	crypto_wipe(&cj.accounts, sizeof(cj.accounts));
	crypto_wipe(&cj.logins, sizeof(cj.logins));
	if (rc < 0)
		fprintf(stderr, "alto: the demo company cannot be written to %s: %s\n", c->data, strerror(-rc));
	return rc;
}

/* ---- shown ---- */

/* A line for each of this machine's, with what comes before and behind it. */
static void print_addresses(uint16_t port, const char *before, const char *behind, const char *behind_own)
{
	struct ifaddrs *all;
	char text[64];
	if (getifaddrs(&all) < 0)
		return;
	for (struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct address a;
		if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) || !address_from_sockaddr(i->ifa_addr, &a) || a.scope)
			continue;
		a.port = port;
		struct writer w = writer_on(text, sizeof(text));
		write_address_with_port(&w, &a);
		bool own = i->ifa_flags & IFF_LOOPBACK;
		if (!own || behind_own)
			printf("%s%.*s%s\n", before, SLICE_ARG(writer_slice(&w)), own ? behind_own : behind);
	}
	freeifaddrs(all);
}

/* Where one browses to: on this machine, and from others. */
static void print_console(const char *before, const struct address *at, const char *whose)
{
	printf("%shttps://localhost:%u/   (%s)\n", before, at->port, whose);
	if (address_is_any(at))
		print_addresses(at->port, "                https://", "/   (the same, from other machines)", NULL);
}

void demo_print(const struct config *c, const struct transport *transport, const struct tls_identity *identity)
{
	struct transport_listen l;
	char fingerprint[TLS_FINGERPRINT_CAP], path[sizeof(c->data) + 16], line[256];
	printf("\nAlto is running: encrypted signalling (TLS) and encrypted voice (SRTP) only.\n\nAddress\n");
	if (transport_listener_count(transport)) {
		transport_listener(transport, 0, &l);
		print_addresses(l.at.port, "  TLS server    ", "", "   (this machine)");
	}
	printf("  domain        %.*s   (any name or address of this machine works too)\n", SLICE_ARG(DEMO_DOMAIN));
	if (identity) {
		tls_identity_fingerprint(identity, fingerprint);
		printf("  certificate   %s, SHA-256\n                %s\n",
		       tls_identity_is_self_signed(identity) ? "self-signed" : "yours", fingerprint);
	}
	if (c->https.count)
		print_console("  console       ", &c->https.at[0], "the company");
	if (c->admin.count)
		print_console("                ", &c->admin.at[0], "the provider");
	printf("\nAccounts\n");
	accounts_path(c, path, sizeof(path));
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		fputs(line, stdout);
	if (f)
		fclose(f);
	else
		printf("  %s is gone, and passwords are not stored anywhere else: delete %s to start anew\n", path,
		       c->data);
	printf("\nWhat to do next\n"
	       "  1. In two browser windows, one of them private (or in two browsers), open the company's console "
	       "above.\n"
	       "     The browser warns: Alto has made its certificate itself. Press Advanced, then Proceed (in "
	       "Firefox: Accept\n"
	       "     the Risk and Continue; in Safari: Show Details, visit this website). Its fingerprint is the one "
	       "above.\n"
	       "     Log in as Anna in one and as Bruno in the other.\n"
	       "  2. As Anna: Phone, then the button beside Bruno. As Bruno: Answer. The browser asks for the "
	       "microphone.\n"
	       "  3. Desk phones and apps: an account of those above, transport TLS, SRTP (SDES) on, the server and "
	       "domain\n"
	       "     above. They ring together with the browser of the same person.\n"
	       "  4. See the calls, from a second terminal in this directory:\n"
	       "       %s --data %s calls\n"
	       "       %s --data %s status\n"
	       "  Ctrl-C stops Alto; the company stays in %s.\n\n",
	       program_invocation_name, c->data, program_invocation_name, c->data, c->data);
	fflush(stdout);
}
