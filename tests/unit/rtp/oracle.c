/* oracle.c - packaged libsrtp2, opened at run time */
#include <dlfcn.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

static struct {
	__typeof__(&srtp_init) init;
	__typeof__(&srtp_create) create;
	__typeof__(&srtp_dealloc) dealloc;
	__typeof__(&srtp_protect) protect;
	__typeof__(&srtp_unprotect) unprotect;
	__typeof__(&srtp_protect_rtcp) protect_rtcp;
	__typeof__(&srtp_unprotect_rtcp) unprotect_rtcp;
	__typeof__(&srtp_crypto_policy_set_rtp_default) policies[4];
} lib;

struct oracle {
	srtp_t session;
	uint8_t key[46];
};

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "libsrtp2: %s\n", what);
	abort();
}

static void load(void *so, const char *name, void *ret_function)
{
	void *function = dlsym(so, name);
	check(function, name);
	memcpy(ret_function, &function, sizeof(function));
}

static void open_once(void)
{
	if (lib.init)
		return;
	void *so = dlopen("libsrtp2.so.1", RTLD_NOW | RTLD_LOCAL);
	check(so, "cannot be opened (package libsrtp2-1)");
	load(so, "srtp_init", &lib.init);
	load(so, "srtp_create", &lib.create);
	load(so, "srtp_dealloc", &lib.dealloc);
	load(so, "srtp_protect", &lib.protect);
	load(so, "srtp_unprotect", &lib.unprotect);
	load(so, "srtp_protect_rtcp", &lib.protect_rtcp);
	load(so, "srtp_unprotect_rtcp", &lib.unprotect_rtcp);
	load(so, "srtp_crypto_policy_set_rtp_default", &lib.policies[ORACLE_CM_80]);
	load(so, "srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32", &lib.policies[ORACLE_CM_32]);
	load(so, "srtp_crypto_policy_set_aes_gcm_128_16_auth", &lib.policies[ORACLE_GCM_128]);
	load(so, "srtp_crypto_policy_set_aes_gcm_256_16_auth", &lib.policies[ORACLE_GCM_256]);
	check(lib.init() == srtp_err_status_ok, "srtp_init");
}

struct oracle *oracle_new(enum oracle_suite suite, const uint8_t *key, bool sender)
{
	open_once();
	struct oracle *o = calloc(1, sizeof(*o));
	check(o, "no memory");
	memcpy(o->key, key, sizeof(o->key));
	srtp_policy_t policy;
	memset(&policy, 0, sizeof(policy));
	lib.policies[suite](&policy.rtp);
	/* SRTCP of _32 keeps the long tag. */
	lib.policies[suite == ORACLE_CM_32 ? ORACLE_CM_80 : suite](&policy.rtcp);
	policy.ssrc.type = sender ? ssrc_any_outbound : ssrc_any_inbound;
	policy.key = o->key;
	policy.window_size = 128;
	check(lib.create(&o->session, &policy) == srtp_err_status_ok, "srtp_create");
	return o;
}

void oracle_free(struct oracle *o)
{
	check(lib.dealloc(o->session) == srtp_err_status_ok, "srtp_dealloc");
	free(o);
}

bool oracle_protect(struct oracle *o, uint8_t *p, int *n)
{
	return lib.protect(o->session, p, n) == srtp_err_status_ok;
}

bool oracle_unprotect(struct oracle *o, uint8_t *p, int *n)
{
	return lib.unprotect(o->session, p, n) == srtp_err_status_ok;
}

bool oracle_protect_rtcp(struct oracle *o, uint8_t *p, int *n)
{
	return lib.protect_rtcp(o->session, p, n) == srtp_err_status_ok;
}

bool oracle_unprotect_rtcp(struct oracle *o, uint8_t *p, int *n)
{
	return lib.unprotect_rtcp(o->session, p, n) == srtp_err_status_ok;
}
