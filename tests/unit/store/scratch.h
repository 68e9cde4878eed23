/* A directory of its own for a test, and a store that runs in it. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/rows.h"
#include "support/backend.h"
#include "support/postgresql.h"
#include "support/remove.h"

struct scratch {
	char directory[64];
	char path[128];
	const char *database; /* an empty one */
};

static inline void scratch_make(struct scratch *s)
{
	snprintf(s->directory, sizeof(s->directory), "/tmp/alto-store-XXXXXX");
	assert_non_null(mkdtemp(s->directory));
	snprintf(s->path, sizeof(s->path), "%s/alto.db", s->directory);
	s->database = backend_fresh();
}

static inline void scratch_remove(struct scratch *s)
{
	assert_int_equal(remove_all(s->directory), 0);
}

static inline void no_wake(void *arg) {}

static inline struct store_config scratch_config(const struct scratch *s)
{
	return (struct store_config){.directory = s->directory, .database = s->database, .wake = no_wake};
}

/* Without threads; SQLite in memory. */
static inline struct store_config scratch_threadless(const struct scratch *s)
{
	struct store_config config = scratch_config(s);
	config.threadless = true;
	if (!backend_is_postgresql)
		config.directory = ":memory:";
	return config;
}

static inline struct store *scratch_open(const struct store_config *config)
{
	struct store *store = NULL;
	struct store_reason reason = {{0}};
	int rc = store_open(config, &store, &reason);
	if (rc < 0)
		fail_msg("store_open: %d: %s", rc, reason.text);
	return store;
}

/* For initialisers of static objects. */
#define TEXT(literal)                                                                                                  \
	{                                                                                                              \
		(literal), sizeof(literal) - 1                                                                         \
	}

/* One tenant t1 with the user u1 and the device d1. */
static const struct store_tenant tenant_one = {.id = TEXT("t1"), .name = TEXT("Acme"), .domain = TEXT("acme.example")};
static const struct store_user user_one = {.id = TEXT("u1"),
					   .tenant = TEXT("t1"),
					   .login = TEXT("ana"),
					   .extension = TEXT("101"),
					   .name = TEXT("Ana Ruiz"),
					   .role = TEXT("user"),
					   .created_us = 7};
static const struct store_device device_one = {.id = TEXT("d1"),
					       .tenant = TEXT("t1"),
					       .user = TEXT("u1"),
					       .name = TEXT("desk"),
					       .username = TEXT("x7"),
					       .digest = 1,
					       .ha1 = TEXT("0123456789\0abcdefghijklmnopqrstuv"),
					       .created_us = 8};

static inline struct store_call a_call(struct slice id)
{
	return (struct store_call){
		.id = id,
		.tenant = SLICE("t1"),
		.call_id = SLICE("abc@192.0.2.1"),
		.caller = {.user = SLICE("u1"),
			   .device = SLICE("d1"),
			   .uri = SLICE("101"),
			   .transport = SLICE("TLS"),
			   .tls = SLICE("TLSv1.3 TLS_AES_256_GCM_SHA384"),
			   .srtp = SLICE("AEAD_AES_128_GCM"),
			   .codec = SLICE("opus/48000/2"),
			   .packets_in = 1,
			   .packets_out = 2,
			   .lost = 3,
			   .jitter_us = 4,
			   .round_trip_us = 5},
		.callee = {.uri = SLICE("102"),
			   .trunk = SLICE("k1"),
			   .transport = SLICE("UDP"),
			   .keys_in_clear = true,
			   .packets_in = 6},
		.started_us = 1000,
		.trace = SLICE("+0.000 ring device desk\n"),
	};
}
