/* acme/acme.c - the names: what each has, and when the next is had */
#include "acme/acme.h"
#include <errno.h>

#include "acme/private.h"
#include "net/certificates.h"
#include "net/loop.h"
#include "net/tls.h"

static struct wheel *wheel_of(const struct acme *a)
{
	return loop_wheel(a->setup.loop);
}

/* ---- by name ---- */

static bool is_named(const struct map_node *node, const void *key)
{
	const struct acme_name *n = container_of(node, const struct acme_name, node);
	return slice_caseeq(slice_from_string(n->text), *(const struct slice *)key);
}

/* In lower case. False: an authority gives no certificate for such a name: no dot, an address, a character of no host.
 */
static bool host_name(struct slice name, char ret[ACME_NAME_MAX + 1])
{
	struct address ip;
	if (!name.n || name.n > ACME_NAME_MAX || address_parse(name, &ip) || slice_find(name, '.') < 1 ||
	    name.p[name.n - 1] == '.')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		ret[i] = ascii_lower(c);
		if (!((ret[i] >= 'a' && ret[i] <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'))
			return false;
	}
	ret[name.n] = 0;
	return true;
}

struct acme_name *acme_name_find(const struct acme *a, struct slice name)
{
	char text[ACME_NAME_MAX + 1];
	if (!host_name(name, text))
		return NULL;
	name = slice_from_string(text);
	struct map_node *node = map_find(&a->by_name, map_hash(&a->by_name, name), is_named, &name);
	return node ? container_of(node, struct acme_name, node) : NULL;
}

/* ---- when ---- */

/* Looked at once a while, since the wall clock may be set, and the operator's own certificate read anew. */
static void look_at(struct acme_name *n, int64_t wall_us)
{
	const struct wheel *w = wheel_of(n->acme);
	n->next_us = wall_us;
	timer_start(wheel_of(n->acme), &n->timer, MIN(MAX(wall_us - w->wall_us, 0), ACME_LOOK_US));
}

/* The operator has a certificate for it, whatever was wrong with having one. */
static void rest(struct acme_name *n)
{
	n->failures = 0;
	n->trouble.kind = WARNING_NONE;
	acme_summarize(n->acme);
	timer_start(wheel_of(n->acme), &n->timer, ACME_LOOK_US);
}

static void look(struct acme_name *n)
{
	struct acme *a = n->acme;
	n->given = tls_certificates_given(a->setup.certificates, slice_from_string(n->text));
	if (n->given)
		rest(n);
	else if (wheel_of(a)->wall_us >= n->next_us)
		acme_issue(n);
	else
		look_at(n, n->next_us);
}

static void timer_fired(struct timer *t, void *arg)
{
	look(arg);
}

/* From two thirds of its life, a little before, so that names which came together part. */
void acme_held(struct acme_name *n, int64_t begins_us, int64_t expires_us)
{
	int64_t life_us = MAX(expires_us - begins_us, 0);
	int64_t early_us = life_us / 24 / 1000 * random_below(n->acme->setup.random, 1000);
	n->held = true;
	n->failures = 0;
	look_at(n, begins_us + life_us / 3 * 2 - early_us);
}

void acme_failed(struct acme_name *n, int64_t wait_us)
{
	struct acme *a = n->acme;
	int64_t pause_us = MIN(ACME_RETRY_US << MIN(n->failures, 16u), ACME_RETRY_MAX_US);
	pause_us += pause_us / 8 / 1000 * random_below(a->setup.random, 1000);
	n->failures++;
	look_at(n, wheel_of(a)->wall_us + MAX(pause_us, wait_us));
	acme_summarize(a);
}

/* ---- what goes wrong ---- */

void acme_summarize(struct acme *a)
{
	const struct acme_name *first = NULL;
	size_t more = 0;
	for (size_t i = 0; i < a->count; i++) {
		if (!a->names[i].name->trouble.kind)
			continue;
		more += first != NULL;
		first = first ? first : a->names[i].name;
	}
	a->trouble.kind = WARNING_NONE;
	if (first && more)
		warning_set_with(&a->trouble, WARNING_CERTIFICATES_FAILED, "%s\t%zu\t" WARNING_REASON, first->text,
				 more, WARNING_REASON_ARG(&first->trouble));
	else if (first)
		warning_set_with(&a->trouble, WARNING_CERTIFICATE_FAILED, "%s\t" WARNING_REASON, first->text,
				 WARNING_REASON_ARG(&first->trouble));
}

const struct warning *acme_trouble(const struct acme *a)
{
	return &a->trouble;
}

bool acme_state_of(const struct acme *a, struct slice name, struct acme_state *ret)
{
	const struct acme_name *n = acme_name_find(a, name);
	if (!n)
		return false;
	enum acme_condition condition = n->given                        ? ACME_GIVEN
					: n->waiting || a->current == n ? ACME_ORDERING
					: n->failures                   ? ACME_FAILING
					: n->held                       ? ACME_HELD
									: ACME_WAITING;
	*ret = (struct acme_state){.name = slice_from_string(n->text),
				   .own = n->own,
				   .condition = condition,
				   .held = n->held,
				   .next_us = condition == ACME_ORDERING || n->given ? 0 : n->next_us,
				   .failures = n->failures,
				   .trouble = &n->trouble};
	return true;
}

bool acme_state(const struct acme *a, size_t i, struct acme_state *ret)
{
	return i < a->count && acme_state_of(a, slice_from_string(a->names[i].name->text), ret);
}

const char *acme_proof(const struct acme *a, struct slice token)
{
	return a->current && *a->order.token && slice_eq(token, slice_from_string(a->order.token)) ? a->order.proof
												   : NULL;
}

/* ---- which ---- */

static int grow(struct acme *a)
{
	size_t cap = a->cap ? a->cap * 2 : 16;
	if (a->count < a->cap)
		return 0;
	if (a->count == ACME_NAMES_MAX)
		return -ENOSPC;
	struct acme_slot *names = reallocarray(a->names, cap, sizeof(*names));
	if (!names)
		return -ENOMEM;
	a->names = names;
	a->cap = cap;
	return 0;
}

static int add(struct acme *a, const char *text, bool own)
{
	int rc = grow(a);
	struct acme_name *n = rc == 0 ? calloc(1, sizeof(*n)) : NULL;
	if (rc == 0 && !n)
		rc = -ENOMEM;
	if (rc == 0)
		rc = map_insert(&a->by_name, &n->node, map_hash(&a->by_name, slice_from_string(text)));
	if (rc < 0) {
		free(n);
		return rc;
	}
	n->acme = a;
	n->own = own;
	n->at = a->count;
	snprintf(n->text, sizeof(n->text), "%s", text);
	timer_init(&n->timer, timer_fired, n);
	a->names[a->count++].name = n;
	if (a->started)
		look_at(n, 0);
	return 0;
}

int acme_want(struct acme *a, struct slice name, bool own)
{
	char text[ACME_NAME_MAX + 1];
	struct acme_name *n = acme_name_find(a, name);
	if (n)
		n->own = n->own || own;
	return n || !host_name(name, text) ? 0 : add(a, text, own);
}

static void name_free(struct acme_name *n)
{
	struct acme *a = n->acme;
	timer_stop(wheel_of(a), &n->timer);
	map_remove(&a->by_name, &n->node);
	a->names[n->at] = a->names[--a->count];
	a->names[n->at].name->at = n->at;
	free(n);
}

void acme_drop(struct acme *a, struct slice name)
{
	struct acme_name *n = acme_name_find(a, name);
	if (!n || n->own)
		return;
	acme_forget(n);
	tls_certificates_remove(a->setup.certificates, slice_from_string(n->text));
	acme_file_remove(a, n->text);
	name_free(n);
	acme_summarize(a);
}

int acme_renew(struct acme *a, struct slice name)
{
	struct acme_name *n = acme_name_find(a, name);
	if (!n)
		return -ENOENT;
	look_at(n, 0);
	return 0;
}

/* ---- made and taken down ---- */

int acme_new(const struct acme_setup *setup, struct acme **ret, struct acme_reason *reterr)
{
	uint8_t key[16];
	struct acme *a = calloc(1, sizeof(*a));
	if (!a) {
		snprintf(reterr->text, sizeof(reterr->text), "no memory for certificates");
		return -ENOMEM;
	}
	a->setup = *setup;
	a->last_waiting = &a->first_waiting;
	a->issued_total = (struct metric){.name = "alto_acme_issued_total",
					  .help = "Certificates that an authority issued"};
	a->failures_total = (struct metric){.name = "alto_acme_failures_total",
					    .help = "Tries for a certificate that failed"};
	random_bytes(setup->random, key, sizeof(key));
	map_init(&a->by_name, key);
	timer_init(&a->timer, acme_turn, a);
	int rc = acme_files_open(a, reterr);
	if (rc < 0) {
		acme_free(a);
		return rc;
	}
	*ret = a;
	return 0;
}

void acme_start(struct acme *a)
{
	a->started = true;
	for (size_t i = 0; i < a->count; i++) {
		struct acme_name *n = a->names[i].name;
		struct tls_identity *identity = acme_file_load(a, n->text);
		int64_t begins_us = identity ? tls_identity_begins_us(identity) : 0;
		int64_t expires_us = identity ? tls_identity_expires_us(identity) : 0;
		if (identity &&
		    tls_certificates_put(a->setup.certificates, slice_from_string(n->text), identity) == 0) {
			acme_held(n, begins_us, expires_us);
		} else {
			tls_identity_free(identity);
			look_at(n, 0);
		}
	}
	/* Whoever asks for no name sees the node's first, once there is one. */
	if (a->setup.config->name_count)
		tls_certificates_prefer(a->setup.certificates, slice_from_string(a->setup.config->names[0]));
}

void acme_close(struct acme *a)
{
	if (!a || a->closed)
		return;
	a->closed = true;
	http_cancel(a->call);
	a->call = NULL;
	timer_stop(wheel_of(a), &a->timer);
	for (size_t i = 0; i < a->count; i++)
		timer_stop(wheel_of(a), &a->names[i].name->timer);
}

struct acme *acme_free(struct acme *a)
{
	if (!a)
		return NULL;
	acme_close(a);
	ASSERT(!a->saving);
	for (size_t i = 0; i < a->count; i++)
		free(a->names[i].name);
	map_done(&a->by_name);
	free(a->names);
	acme_order_done(&a->order);
	EVP_PKEY_free(a->server.key);
	free(a);
	return NULL;
}

void acme_metrics(struct acme *a, struct metrics *m)
{
	metrics_add(m, &a->issued_total);
	metrics_add(m, &a->failures_total);
}
