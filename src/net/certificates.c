/* net/certificates.c - see net/certificates.h */
#include "net/certificates.h"
#include <errno.h>
#include <openssl/rand.h>

#include "base/map.h"
#include "net/tls_private.h"

struct entry {
	struct map_node node;
	struct tls_identity *identity;
	struct slice name;
	char text[];
};

struct tls_certificates {
	struct tls_identity *own;
	struct map by_name;
	struct slice preferred;
	SSL_CTX *context;
};

/* ---- by name ---- */

static bool is_named(const struct map_node *node, const void *key)
{
	return slice_eq(container_of(node, const struct entry, node)->name, *(const struct slice *)key);
}

static struct slice lower_case(struct slice s, char ret[TLS_NAME_MAX])
{
	for (size_t i = 0; i < s.n; i++)
		ret[i] = ascii_lower(s.p[i]);
	return slice_of(ret, s.n);
}

static struct entry *entry_find(const struct tls_certificates *c, struct slice name)
{
	char text[TLS_NAME_MAX];
	if (!name.n || name.n > sizeof(text))
		return NULL;
	name = lower_case(name, text);
	struct map_node *node = map_find(&c->by_name, map_hash(&c->by_name, name), is_named, &name);
	return node ? container_of(node, struct entry, node) : NULL;
}

int tls_certificates_put(struct tls_certificates *c, struct slice name, struct tls_identity *identity)
{
	struct entry *e = entry_find(c, name);
	ASSERT(name.n && name.n <= TLS_NAME_MAX);
	if (e) {
		tls_identity_free(e->identity);
		e->identity = identity;
		return 0;
	}
	e = calloc(1, sizeof(*e) + TLS_NAME_MAX);
	if (!e)
		return -ENOMEM;
	e->name = lower_case(name, e->text);
	int rc = map_insert(&c->by_name, &e->node, map_hash(&c->by_name, e->name));
	if (rc < 0) {
		free(e);
		return rc;
	}
	e->identity = identity;
	return 0;
}

static bool entry_free(struct map_node *node, void *arg)
{
	struct tls_certificates *c = arg;
	struct entry *e = container_of(node, struct entry, node);
	map_remove(&c->by_name, node);
	tls_identity_free(e->identity);
	free(e);
	return true;
}

void tls_certificates_remove(struct tls_certificates *c, struct slice name)
{
	struct entry *e = entry_find(c, name);
	if (e)
		entry_free(&e->node, c);
}

bool tls_certificates_given(const struct tls_certificates *c, struct slice name)
{
	return !tls_identity_is_self_signed(c->own) && tls_identity_covers(c->own, name);
}

const struct tls_identity *tls_certificates_find(const struct tls_certificates *c, struct slice name)
{
	const struct entry *e = tls_certificates_given(c, name) ? NULL : entry_find(c, name);
	if (!e && tls_identity_is_self_signed(c->own))
		e = entry_find(c, c->preferred);
	return e ? e->identity : c->own;
}

/* ---- in a handshake ---- */

static int give_certificate(SSL *ssl, void *arg)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	return tls_identity_show(tls_certificates_find(arg, slice_from_string(name)), ssl);
}

int tls_certificates_serve(struct tls_certificates *c, void *context)
{
	SSL_CTX *made = context;
	if (!tls_context_set_up(made))
		return -ENOMEM;
	/* One ticket a connection; the default of two doubles what every handshake sends. */
	SSL_CTX_set_num_tickets(made, 1);
	SSL_CTX_set_cert_cb(made, give_certificate, c);
	return 0;
}

SSL_CTX *tls_certificates_context(const struct tls_certificates *c)
{
	return c->context;
}

/* ---- made and taken down ---- */

int tls_certificates_new(struct tls_identity *own, struct tls_certificates **ret)
{
	uint8_t key[16];
	struct tls_certificates *c = calloc(1, sizeof(*c));
	if (!c || RAND_bytes(key, sizeof(key)) != 1 || !(c->context = SSL_CTX_new(TLS_server_method())) ||
	    tls_certificates_serve(c, c->context) < 0) {
		if (c)
			SSL_CTX_free(c->context);
		free(c);
		return -ENOMEM;
	}
	map_init(&c->by_name, key);
	c->own = own;
	*ret = c;
	return 0;
}

struct tls_certificates *tls_certificates_free(struct tls_certificates *c)
{
	if (!c)
		return NULL;
	map_each(&c->by_name, entry_free, c);
	map_done(&c->by_name);
	tls_identity_free(c->own);
	SSL_CTX_free(c->context);
	free(c);
	return NULL;
}

void tls_certificates_set_own(struct tls_certificates *c, struct tls_identity *own)
{
	tls_identity_free(c->own);
	c->own = own;
}

void tls_certificates_prefer(struct tls_certificates *c, struct slice name)
{
	c->preferred = name;
}
