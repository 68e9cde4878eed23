/*
 * bench/fill.c - fills a database with one large company, by the store's own code
 *
 *     bench_fill DATA USERS REGISTERED LISTENER CONTACT
 *
 * For what is measured against size: USERS users with a device each, which the API would create a request at a time.
 * The accounts are those of servers.py (extensions from 2000 on, one password, digest MD5). The first half
 * may speak plain RTP. The first REGISTERED of them are bound over UDP to the listener, their phones at CONTACT (both
 * "address:port"), with the texts that a desk phone sends and an hour that ends for each at another moment. The server
 * must not run, and DATA hold no company yet.
 */
#include <errno.h>

#include "base/clock.h"
#include "call/switchboard.h"
#include "sip/digest.h"
#include "sip/flow.h"
#include "store/rows.h"

#define FIRST_EXTENSION 2000
#define USERS_MAX 2000000
#define USERS_A_JOB 1000
#define EXPIRES_LEAST_S 1800

struct fill {
	struct store_job job; /* first: jobs come back as this pointer */
	struct random random;
	struct crypto_hasher *hasher;
	int64_t now_us;
	uint64_t users, registered, done; /* done: how many users there are already */
	struct slice listener, contact;
	char tenant[STORE_ID_CAP];
	int result;
};

/* What one user's rows say. */
struct account {
	char user[STORE_ID_CAP], device[STORE_ID_CAP], binding[STORE_ID_CAP];
	char extension[16], name[32], username[32], contact[64], instance[64], call_id[48];
	uint8_t ha1[SIP_HA1_BYTES];
};

static void account_make(struct fill *f, uint64_t number, struct account *ret)
{
	unsigned long extension = FIRST_EXTENSION + (unsigned long)number;
	store_new_id(&f->random, f->now_us, ret->user);
	store_new_id(&f->random, f->now_us, ret->device);
	store_new_id(&f->random, f->now_us, ret->binding);
	snprintf(ret->extension, sizeof(ret->extension), "%lu", extension);
	snprintf(ret->name, sizeof(ret->name), "Bench %lu", extension);
	snprintf(ret->username, sizeof(ret->username), "bench%lu", extension);
	snprintf(ret->contact, sizeof(ret->contact), "sip:%lu@%.*s", extension, SLICE_ARG(f->contact));
	snprintf(ret->instance, sizeof(ret->instance), "<urn:uuid:%s>", ret->device);
	snprintf(ret->call_id, sizeof(ret->call_id), "%016llx%016llx", (unsigned long long)random_u64(&f->random),
		 (unsigned long long)random_u64(&f->random));
	sip_digest_ha1(f->hasher, SIP_DIGEST_MD5, slice_from_string(ret->username), SLICE(SWITCHBOARD_REALM),
		       SLICE("bench-secret"), ret->ha1);
}

static int put_binding(struct db *db, const struct fill *f, uint64_t number, const struct account *a)
{
	struct store_binding b = {.id = slice_from_string(a->binding),
				  .tenant = slice_from_string(f->tenant),
				  .user = slice_from_string(a->user),
				  .device = slice_from_string(a->device),
				  .instance = slice_from_string(a->instance),
				  .contact = slice_from_string(a->contact),
				  .call_id = slice_from_string(a->call_id),
				  .cseq = 1,
				  .transport = SIP_UDP,
				  .listener = f->listener,
				  .local = f->listener,
				  .remote = f->contact,
				  .user_agent = SLICE("Yealink SIP-T46U 108.86.0.20"),
				  .expires_us = f->now_us +
						(EXPIRES_LEAST_S + (int64_t)(number % EXPIRES_LEAST_S)) * SECOND_US,
				  .updated_us = f->now_us};
	return store_binding_put(db, &b);
}

static int put_account(struct db *db, struct fill *f, uint64_t number)
{
	struct account a;
	account_make(f, number, &a);
	struct store_user u = {.id = slice_from_string(a.user),
			       .tenant = slice_from_string(f->tenant),
			       .login = slice_from_string(a.username),
			       .extension = slice_from_string(a.extension),
			       .name = slice_from_string(a.name),
			       .role = SLICE("user"),
			       .created_us = f->now_us};
	struct store_device d = {.id = slice_from_string(a.device),
				 .tenant = u.tenant,
				 .user = u.id,
				 .name = SLICE("phone"),
				 .username = u.login,
				 .digest = SIP_DIGEST_MD5,
				 .ha1 = slice_of((const char *)a.ha1, 16),
				 .srtp = number < f->users / 2 ? STORE_SRTP_OFF : STORE_SRTP_SDES,
				 .created_us = f->now_us};
	int rc = store_user_put(db, &u);
	if (rc == DB_OK)
		rc = store_device_put(db, &d);
	if (rc == DB_OK && number < f->registered)
		rc = put_binding(db, f, number, &a);
	return rc;
}

static int fill_run(struct db *db, struct store_job *job)
{
	struct fill *f = container_of(job, struct fill, job);
	struct store_tenant t = {.id = slice_from_string(f->tenant),
				 .name = SLICE("bench"),
				 .domain = SLICE("bench.invalid"),
				 .created_us = f->now_us};
	int rc = f->done ? DB_OK : store_tenant_put(db, &t);
	uint64_t end = MIN(f->done + USERS_A_JOB, f->users);
	for (uint64_t number = f->done; rc == DB_OK && number < end; number++)
		rc = put_account(db, f, number);
	return rc;
}

static void fill_done(struct store_job *job, int result)
{
	struct fill *f = container_of(job, struct fill, job);
	f->result = result;
	f->done = MIN(f->done + USERS_A_JOB, f->users);
}

static void ignore_wake(void *arg) {}

static void ignore_change(void *owner, const struct store_change *change) {}

static int fill_all(struct fill *f, const char *data)
{
	struct store *store;
	struct store_reason why;
	struct store_config config = {
		.directory = data, .database = "sqlite", .wake = ignore_wake, .on_change = ignore_change};
	if (store_open(&config, &store, &why) < 0) {
		fprintf(stderr, "fill: %s\n", why.text);
		return -1;
	}
	store_new_id(&f->random, f->now_us, f->tenant);
	while (f->done < f->users && f->result == DB_OK) {
		f->job = (struct store_job){.run = fill_run, .done = fill_done, .bytes = sizeof(*f)};
		if (store_post(store, &f->job) < 0)
			break;
		store_wait(store);
	}
	store_close(store);
	if (f->result == DB_OK && f->done == f->users)
		return 0;
	fprintf(stderr, "fill: the database refused (%d): is there a company of that name?\n", f->result);
	return -1;
}

int main(int argc, char **argv)
{
	struct fill f = {.now_us = clock_wall_us()};
	struct address listener, contact;
	if (argc != 6 || !slice_u64(slice_from_string(argv[2]), USERS_MAX, &f.users) ||
	    !slice_u64(slice_from_string(argv[3]), f.users, &f.registered) ||
	    !address_parse_with_port(slice_from_string(argv[4]), &listener) ||
	    !address_parse_with_port(slice_from_string(argv[5]), &contact)) {
		fputs("usage: fill DATA USERS REGISTERED LISTENER CONTACT\n", stderr);
		return 2;
	}
	f.listener = slice_from_string(argv[4]);
	f.contact = slice_from_string(argv[5]);
	random_init(&f.random);
	f.hasher = crypto_hasher_new();
	int rc = f.hasher ? fill_all(&f, argv[1]) : -ENOMEM;
	crypto_hasher_free(f.hasher);
	return rc < 0 ? 1 : 0;
}
