/* acme/issue.c - names in a queue, and the order in progress: asked, waited for, written, put into the set */
#include <errno.h>

#include "acme/private.h"
#include "base/log.h"
#include "net/certificates.h"
#include "net/loop.h"
#include "net/tls.h"

static void next_name(struct acme *a);

static struct wheel *wheel_of(const struct acme *a)
{
	return loop_wheel(a->setup.loop);
}

/* The order is over; current is NULL when its name was dropped. */
static void finish(struct acme *a)
{
	timer_stop(wheel_of(a), &a->timer);
	acme_order_done(&a->order);
	a->current = NULL;
	next_name(a);
}

static void failed(struct acme *a)
{
	struct acme_name *n = a->current;
	const struct acme_order *o = &a->order;
	if (o->limited)
		a->not_before_us = wheel_of(a)->now_us + o->wait_us;
	metric_add(&a->failures_total, 1);
	char why[WARNING_TEXT_CAP];
	n->trouble = o->trouble;
	log_event(LOG_WARN, "acme.failed", LOG_STR("name", n->text), LOG_STR("why", warning_text(&n->trouble, why)));
	acme_failed(n, o->wait_us);
	finish(a);
}

static void fail(struct acme *a, enum warning_kind why)
{
	warning_set(&a->order.trouble, why);
	failed(a);
}

/* ---- issued ---- */

/* Companies read the sentence: where our files are is told to the log alone. */
static void unsaved(struct acme_name *n, int rc)
{
	warning_set_with(&n->trouble, WARNING_CERTIFICATE_NOT_KEPT, "%s", strerror(-rc));
	log_event(LOG_ERROR, "acme.unsaved", LOG_STR("name", n->text), LOG_STR("directory", n->acme->directory),
		  LOG_INT("error", rc));
}

/* Written, or not: it is shown all the same, for the one before may end soon. */
static void saved(struct acme_file *f)
{
	struct acme *a = f->acme;
	struct acme_name *n = acme_name_find(a, slice_from_string(f->name));
	a->saving = NULL;
	if (a->closed) {
		acme_file_free(f);
		return;
	}
	int64_t begins_us = tls_identity_begins_us(f->identity), expires_us = tls_identity_expires_us(f->identity);
	if (!n) {
		acme_file_remove(a, f->name);
	} else if (tls_certificates_put(a->setup.certificates, slice_from_string(n->text), f->identity) == 0) {
		f->identity = NULL;
		n->trouble.kind = WARNING_NONE;
		if (f->rc < 0)
			unsaved(n, f->rc);
		metric_add(&a->issued_total, 1);
		log_event(LOG_INFO, "acme.issued", LOG_STR("name", n->text));
		acme_held(n, begins_us, expires_us);
		acme_summarize(a);
	} else {
		warning_set(&n->trouble, WARNING_NO_MEMORY);
		acme_failed(n, 0);
	}
	acme_file_free(f);
	finish(a);
}

static void issued(struct acme *a)
{
	struct acme_order *o = &a->order;
	struct tls_identity *i = NULL;
	struct tls_reason why;
	if (tls_identity_parse(o->name, slice_from_string(o->pem), &i, &why) < 0) {
		warning_set_with(&o->trouble, WARNING_AUTHORITY_BAD_CERTIFICATE, WARNING_REASON,
				 WARNING_REASON_ARG(&why.warning));
		failed(a);
		return;
	}
	if (!tls_identity_covers(i, slice_from_string(o->name)) || tls_identity_expires_us(i) <= wheel_of(a)->wall_us) {
		tls_identity_free(i);
		fail(a, WARNING_AUTHORITY_OTHER_NAME);
		return;
	}
	a->saving = acme_file_save(a, o->name, o->pem, saved);
	o->pem = NULL;
	if (a->saving) {
		a->saving->identity = i;
		return;
	}
	tls_identity_free(i);
	fail(a, WARNING_NO_MEMORY);
}

/* ---- asked ---- */

static void answered(void *owner, const struct http_answer *answer);

static int send_ask(struct acme *a, const struct acme_ask *ask)
{
	static const enum http_method methods[] = {
		[ACME_GET] = HTTP_GET, [ACME_HEAD] = HTTP_HEAD, [ACME_POST] = HTTP_POST};
	/* RFC 8555 §6.1: both for an authority's statistics of clients. */
	static const char *const headers[] = {"User-Agent: Alto", "Accept-Language: en",
					      "Content-Type: application/jose+json"};
	const struct config_acme *c = a->setup.config;
	struct http_request r = {.method = methods[ask->method],
				 .url = ask->url,
				 .headers = headers,
				 .header_count = ask->method == ACME_POST ? 3 : 2,
				 .body = slice_from_string(ask->body),
				 .answer_max = ACME_ANSWER_MAX,
				 .timeout_us = ACME_REQUEST_US,
				 .ca_file = *c->authorities ? c->authorities : NULL};
	return http_start(a->setup.http, &r, answered, a, &a->call);
}

static void ask(struct acme *a)
{
	struct acme_ask next;
	if (!a->order.key && !acme_order_init(&a->order, &a->server, a->current->text)) {
		fail(a, WARNING_NO_MEMORY);
		return;
	}
	if (wheel_of(a)->now_us > a->deadline_us) {
		fail(a, WARNING_AUTHORITY_SLOW);
		return;
	}
	if (!acme_order_ask(&a->order, &next)) {
		fail(a, WARNING_NO_MEMORY);
		return;
	}
	int rc = send_ask(a, &next);
	free(next.body);
	if (rc < 0)
		fail(a, rc == -EINVAL ? WARNING_AUTHORITY_ODD_URL : WARNING_TOO_MANY_REQUESTS);
}

static void answered(void *owner, const struct http_answer *answer)
{
	struct acme *a = owner;
	a->call = NULL;
	struct acme_answer given = {.status = answer->status,
				    .error = answer->error,
				    .body = answer->body,
				    .nonce = http_answer_header(answer, "Replay-Nonce"),
				    .location = http_answer_header(answer, "Location"),
				    .retry_after = http_answer_header(answer, "Retry-After"),
				    .wall_us = wheel_of(a)->wall_us};
	switch (acme_order_answer(&a->order, &given)) {
	case ACME_ASK:
		ask(a);
		break;
	case ACME_WAIT:
		timer_start(wheel_of(a), &a->timer, a->order.wait_us);
		break;
	case ACME_ISSUED:
		issued(a);
		break;
	case ACME_FAILED:
		failed(a);
		break;
	}
}

/* ---- whose turn it is ---- */

static bool busy(const struct acme *a)
{
	return a->current || a->saving;
}

static void next_name(struct acme *a)
{
	struct acme_name *n = a->first_waiting;
	if (busy(a) || !n || a->closed)
		return;
	if (wheel_of(a)->now_us < a->not_before_us) {
		timer_start(wheel_of(a), &a->timer, a->not_before_us - wheel_of(a)->now_us);
		return;
	}
	a->first_waiting = n->next_waiting;
	if (!a->first_waiting)
		a->last_waiting = &a->first_waiting;
	n->waiting = false;
	a->current = n;
	a->deadline_us = wheel_of(a)->now_us + ACME_ORDER_US;
	/* In a turn of its own: one failure after the other must not be one call in another. */
	timer_start(wheel_of(a), &a->timer, 0);
}

void acme_turn(struct timer *t, void *arg)
{
	struct acme *a = arg;
	if (a->current)
		ask(a);
	else
		next_name(a);
}

void acme_issue(struct acme_name *n)
{
	struct acme *a = n->acme;
	if (n->waiting || a->current == n)
		return;
	n->waiting = true;
	n->next_waiting = NULL;
	*a->last_waiting = n;
	a->last_waiting = &n->next_waiting;
	next_name(a);
}

static void leave_queue(struct acme_name *n)
{
	struct acme *a = n->acme;
	struct acme_name **at = &a->first_waiting;
	while (*at != n)
		at = &(*at)->next_waiting;
	*at = n->next_waiting;
	if (!*at)
		a->last_waiting = at;
	n->waiting = false;
}

void acme_forget(struct acme_name *n)
{
	struct acme *a = n->acme;
	if (n->waiting)
		leave_queue(n);
	if (a->current != n)
		return;
	http_cancel(a->call);
	a->call = NULL;
	if (a->saving) /* saved() finds that nobody wants it */
		a->current = NULL;
	else
		finish(a);
}
