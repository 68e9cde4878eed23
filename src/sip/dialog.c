/* sip/dialog.c - what a dialog learns of its peer, and how it keeps it.   RFC 3261 §12 */
#include <errno.h>

#include "sip/dialog.h"

/* ---- the text: one block for all slices ---- */

/* The slices of a dialog, to be walked as one list. routes: its own. */
#define SLICES_MAX (6 + SIP_ROUTE_MAX)
static size_t slices_of(struct sip_dialog *d, struct slice *routes, struct slice *ret[SLICES_MAX])
{
	size_t n = 0;

	ret[n++] = &d->call_id;
	ret[n++] = &d->local_uri;
	ret[n++] = &d->remote_uri;
	ret[n++] = &d->local_tag;
	ret[n++] = &d->remote_tag;
	ret[n++] = &d->remote_target;
	for (size_t i = 0; i < d->route_count; i++)
		ret[n++] = &routes[i];
	return n;
}

/* No byte that is kept can end a line of a message. */
static void copy_line(char *to, struct slice from)
{
	for (size_t i = 0; i < from.n; i++) {
		char c = from.p[i];
		to[i] = c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
	}
}

int sip_dialog_init_copy(struct sip_dialog *d, const struct sip_dialog *plain)
{
	struct slice routes[SIP_ROUTE_MAX], *slices[SLICES_MAX];
	struct sip_dialog made = *plain;
	size_t total = 0, route_bytes = plain->route_count * sizeof(routes[0]);

	ASSERT(plain->route_count <= SIP_ROUTE_MAX);
	for (size_t i = 0; i < plain->route_count; i++)
		routes[i] = plain->routes[i];
	size_t count = slices_of(&made, routes, slices);
	for (size_t i = 0; i < count; i++) {
		if (slices[i]->n > SIP_DIALOG_BYTES_MAX - total)
			return -E2BIG;
		total += slices[i]->n;
	}

	arena_init(&made.text, route_bytes + total, sizeof(routes) + SIP_DIALOG_BYTES_MAX);
	struct slice *kept = arena_alloc(&made.text, route_bytes + total);
	if (!kept)
		return -ENOMEM;
	char *at = (char *)(kept + plain->route_count);
	for (size_t i = 0; i < count; i++) {
		copy_line(at, *slices[i]);
		*slices[i] = slice_of(at, slices[i]->n);
		at += slices[i]->n;
	}
	for (size_t i = 0; i < plain->route_count; i++)
		kept[i] = routes[i];
	made.routes = kept;
	*d = made;
	return 0;
}

/* Make `next`, whose slices may point into d, into messages or anywhere, the dialog's state. */
static int dialog_become(struct sip_dialog *d, const struct sip_dialog *next)
{
	struct sip_dialog made;

	int rc = sip_dialog_init_copy(&made, next);
	if (rc < 0)
		return rc;
	arena_done(&d->text);
	*d = made;
	return 0;
}

void sip_dialog_done(struct sip_dialog *d)
{
	arena_done(&d->text);
	*d = (struct sip_dialog){0};
}

/* ---- reading the peer's headers ---- */

static int refuse(struct sip_reason *reterr, const char *text)
{
	*reterr = (struct sip_reason){.status = 400, .text = text};
	return -EPROTO;
}

/*
 * From or To: *ret_tag, and in *ret_uri the address without the tag as the peer wrote it, display name included. An
 * address without angle brackets gets them, written into w: its URI would take our tag for a parameter of its own.
 */
static bool read_party(struct slice value, struct writer *w, struct slice *ret_uri, struct slice *ret_tag)
{
	struct sip_address a;
	struct sip_reason reason;

	if (sip_address_parse(value, &a, &reason) != SIP_OK)
		return false;
	*ret_tag = sip_address_tag(&a);

	size_t end = (size_t)(a.uri.text.p + a.uri.text.n - value.p);
	if (end < value.n && value.p[end] == '>') {
		*ret_uri = slice_first(value, end + 1);
		return true;
	}
	size_t start = w->n;
	write_char(w, '<');
	write_slice(w, a.uri.text);
	write_char(w, '>');
	*ret_uri = slice_from(writer_slice(w), start);
	return !w->overflow;
}

/* The first Contact's URI; *ret untouched where there is none. */
static int read_target(const struct sip_message *msg, struct slice *ret, struct sip_reason *reterr)
{
	struct slice rest = sip_field_value(msg, SIP_CONTACT);
	struct sip_address a;

	if (slice_empty(rest))
		return 0;
	if (sip_address_next(&rest, &a, reterr) != SIP_OK || a.star || slice_empty(a.uri.text))
		return refuse(reterr, "Bad Contact");
	*ret = a.uri.text;
	return 0;
}

/* Record-Route as "<uri>" entries: header parameters beside the URI are not part of a route set (§12.1). */
static int read_routes(const struct sip_message *msg, struct writer *w, struct slice ret[SIP_ROUTE_MAX],
		       struct sip_dialog *d, struct sip_reason *reterr)
{
	d->routes = ret;
	d->route_count = 0;
	for (const struct sip_field *f = sip_field_first(msg, SIP_RECORD_ROUTE); f; f = sip_field_next(msg, f)) {
		struct slice rest = f->value;
		while (!slice_empty(rest)) {
			struct sip_address a;
			if (sip_address_next(&rest, &a, reterr) != SIP_OK || a.star)
				return refuse(reterr, "Bad Record-Route");
			if (d->route_count == SIP_ROUTE_MAX)
				return -E2BIG;
			size_t start = w->n;
			write_char(w, '<');
			write_slice(w, a.uri.text);
			write_char(w, '>');
			ret[d->route_count++] = slice_from(writer_slice(w), start);
		}
	}
	return w->overflow ? -E2BIG : 0;
}

static void reverse(struct slice *routes, size_t count)
{
	for (size_t i = 0, j = count; i + 1 < j; i++) {
		struct slice first = routes[i];
		routes[i] = routes[--j];
		routes[j] = first;
	}
}

/* ---- beginnings ---- */

int sip_dialog_init_uas(struct sip_dialog *d, const struct sip_message *invite, struct slice local_tag,
			struct sip_reason *reterr)
{
	struct sip_dialog next = {.call_id = sip_field_value(invite, SIP_CALL_ID), .local_tag = local_tag};
	char text[SIP_DIALOG_BYTES_MAX + 1]; /* what does not fit here is too much for the dialog as well */
	struct writer w = writer_on(text, sizeof(text));
	struct slice routes[SIP_ROUTE_MAX], unused_tag;

	if (!read_party(sip_field_value(invite, SIP_FROM), &w, &next.remote_uri, &next.remote_tag))
		return w.overflow ? -E2BIG : refuse(reterr, "Bad From");
	if (!read_party(sip_field_value(invite, SIP_TO), &w, &next.local_uri, &unused_tag))
		return w.overflow ? -E2BIG : refuse(reterr, "Bad To");
	if (slice_empty(invite->cseq.method_text))
		return refuse(reterr, "Bad CSeq");
	next.remote_cseq = invite->cseq.number;
	next.remote_cseq_known = true;

	int rc = read_target(invite, &next.remote_target, reterr);
	if (rc == 0 && slice_empty(next.remote_target))
		rc = refuse(reterr, "Missing Contact");
	if (rc == 0)
		rc = read_routes(invite, &w, routes, &next, reterr);
	return rc < 0 ? rc : sip_dialog_init_copy(d, &next);
}

int sip_dialog_init_uac(struct sip_dialog *d, struct slice call_id, struct slice local_uri, struct slice local_tag,
			struct slice remote_uri, struct slice target)
{
	const struct sip_dialog next = {.call_id = call_id,
					.local_uri = local_uri,
					.local_tag = local_tag,
					.remote_uri = remote_uri,
					.remote_target = target};
	return sip_dialog_init_copy(d, &next);
}

int sip_dialog_set_routes(struct sip_dialog *d, const struct slice *routes, size_t count)
{
	struct sip_dialog next = *d;

	if (count > SIP_ROUTE_MAX)
		return -E2BIG;
	next.routes = routes;
	next.route_count = (uint8_t)count;
	return dialog_become(d, &next);
}

int sip_dialog_fork(struct sip_dialog *d, const struct sip_dialog *first)
{
	struct sip_dialog next = *first;

	next.remote_tag = SLICE_NONE;
	next.route_count = 0;
	next.remote_cseq = 0;
	next.remote_cseq_known = false;
	next.confirmed = false;
	return sip_dialog_init_copy(d, &next);
}

/* ---- what responses and target refreshes bring ---- */

int sip_dialog_learn(struct sip_dialog *d, const struct sip_message *response, struct sip_reason *reterr)
{
	struct sip_dialog next = *d;
	char text[SIP_DIALOG_BYTES_MAX + 1];
	struct writer w = writer_on(text, sizeof(text));
	struct slice routes[SIP_ROUTE_MAX];
	bool success = response->status >= 200 && response->status < 300;

	if (response->status <= 100 || response->status >= 300)
		return 0;
	if (slice_empty(response->to.uri.text))
		return refuse(reterr, "Bad To");
	struct slice tag = sip_address_tag(&response->to);
	if (slice_empty(tag) && !success)
		return 0;
	if (!slice_empty(d->remote_tag) && !slice_eq(tag, d->remote_tag))
		return refuse(reterr, "Tag of another dialog");

	bool first = slice_empty(d->remote_tag) && !d->confirmed;
	next.remote_tag = tag;
	int rc = read_target(response, &next.remote_target, reterr);
	if (rc == 0 && (first || (success && !d->confirmed))) {
		rc = read_routes(response, &w, routes, &next, reterr);
		reverse(routes, next.route_count);
	}
	next.confirmed |= success;
	if (rc < 0 || (d->confirmed && slice_eq(next.remote_target, d->remote_target)))
		return rc;
	return dialog_become(d, &next);
}

int sip_dialog_refresh_target(struct sip_dialog *d, const struct sip_message *msg, struct sip_reason *reterr)
{
	struct sip_dialog next = *d;

	int rc = read_target(msg, &next.remote_target, reterr);
	if (rc < 0 || slice_eq(next.remote_target, d->remote_target))
		return rc;
	return dialog_become(d, &next);
}
