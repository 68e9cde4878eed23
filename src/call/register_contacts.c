/* call/register_contacts.c - what the Contacts of a REGISTER ask for, settled before anything is changed
 * RFC 3261 §10.3 steps 6 and 7 */
#include "call/register_job.h"
#include <errno.h>

static bool job_puts(const struct register_job *rj, const struct directory_binding *b)
{
	for (size_t i = 0; i < rj->put_count; i++)
		if (slice_eq(rj->put[i].id, directory_binding_text(b, BINDING_ID)))
			return true;
	return false;
}

static bool job_removes(const struct register_job *rj, const struct directory_binding *b)
{
	for (size_t i = 0; i < rj->remove_count; i++)
		if (slice_eq(rj->remove[i], directory_binding_text(b, BINDING_ID)))
			return true;
	return false;
}

static bool job_refreshes(const struct register_job *rj, const struct directory_binding *b)
{
	for (size_t i = 0; i < rj->refresh_count; i++)
		if (rj->refresh[i].binding == b)
			return true;
	return false;
}

static int job_remove(struct register_job *rj, const struct directory_binding *b)
{
	if (!arena_dup(&rj->text, directory_binding_text(b, BINDING_ID), &rj->remove[rj->remove_count]))
		return -ENOMEM;
	rj->remove_count++;
	return 0;
}

/* What this request puts for it so far, b or (NULL) a new one. NULL: nothing. */
static struct store_binding *row_put(struct register_job *rj, const struct directory_binding *b,
				     const struct binding_request *want)
{
	for (size_t i = 0; i < rj->put_count; i++) {
		struct store_binding *row = &rj->put[i];
		if (b ? slice_eq(row->id, directory_binding_text(b, BINDING_ID))
		      : binding_is_meant(want, row->instance, (uint32_t)row->reg_id, row->contact))
			return row;
	}
	return NULL;
}

/* Named twice, the last one counts: what an earlier Contact of this request asked for the same binding is forgotten. */
static void forget(struct register_job *rj, const struct directory_binding *b, const struct binding_request *want)
{
	struct store_binding *row = row_put(rj, b, want);
	if (row) {
		rj->new_count -= !b;
		*row = rj->put[--rj->put_count];
	}
	for (size_t i = 0; b && i < rj->refresh_count; i++)
		if (rj->refresh[i].binding == b)
			rj->refresh[i--] = rj->refresh[--rj->refresh_count];
	for (size_t i = 0; b && i < rj->remove_count; i++)
		if (slice_eq(rj->remove[i], directory_binding_text(b, BINDING_ID)))
			rj->remove[i--] = rj->remove[--rj->remove_count];
}

/*
 * Is the URI that it takes back none of its binding's any more? A phone that has learnt its address behind a NAT
 * brings the new Contact and takes the old one back behind it (PJSIP does); of one instance, or one user, both are the
 * one binding, which has moved.
 */
static bool has_moved(struct register_job *rj, const struct directory_binding *b, const struct binding_request *want)
{
	const struct store_binding *row = row_put(rj, b, want);
	if (row)
		return !slice_eq(row->contact, want->contact);
	return b && job_refreshes(rj, b) && !slice_eq(directory_binding_text(b, BINDING_CONTACT), want->contact);
}

/* The binding that this is about, as it is or as an earlier Contact of this request leaves it. NULL: none yet. */
static struct directory_binding *binding_of(struct register_job *rj, const struct directory_device *device,
					    const struct binding_request *want)
{
	struct directory_binding *b = binding_match(device, want);
	const struct store_binding *row = b ? NULL : row_put(rj, NULL, want);
	return row ? directory_binding_by_id(rj->sb->config.directory, row->id) : b;
}

/* On the same Call-ID and not newer than what made the binding. */
static bool is_older(const struct directory_binding *b, struct slice call_id, uint32_t cseq)
{
	return slice_eq(directory_binding_text(b, BINDING_CALL_ID), call_id) && cseq <= b->cseq;
}

static unsigned take_contact(struct register_job *rj, const struct directory_device *device,
			     const struct binding_request *want)
{
	struct directory_binding *b = binding_of(rj, device, want);
	if (b && is_older(b, want->call_id, want->cseq))
		return 500; /* step 7 */
	if (want->expires_s == 0 && has_moved(rj, b, want))
		return 0;
	forget(rj, b, want);
	if (want->expires_s == 0)
		return !b || job_remove(rj, b) == 0 ? 0 : 503;
	if (b && binding_is_refresh(b, want, &rj->flow)) {
		if (rj->refresh_count == ARRAY_LEN(rj->refresh))
			return 403;
		rj->refresh[rj->refresh_count++] = (struct binding_refresh){
			.binding = b, .call_id = want->call_id, .cseq = want->cseq, .expires_s = want->expires_s};
		return 0;
	}
	if (rj->put_count == ARRAY_LEN(rj->put))
		return 403;
	rj->new_count += !b;
	return binding_new_row(rj->sb, &rj->text, device, b, want, &rj->flow, &rj->put[rj->put_count++]) < 0 ? 503 : 0;
}

/*
 * The device's oldest bindings, of those that this request does not name, yield to what would be too many. 403: the
 * request alone asks for more.
 */
static unsigned make_room(struct register_job *rj, const struct directory_device *device)
{
	size_t count = rj->new_count;
	for (const struct directory_binding *b = device->first_binding; b; b = b->next_of_device)
		count += !job_removes(rj, b);
	for (; rj->new_count && count > REGISTER_BINDINGS_MAX; count--) {
		const struct directory_binding *oldest = NULL;
		for (const struct directory_binding *b = device->first_binding; b; b = b->next_of_device)
			if (!job_removes(rj, b) && !job_refreshes(rj, b) && !job_puts(rj, b) &&
			    (!oldest || b->updated_us < oldest->updated_us))
				oldest = b;
		if (!oldest)
			return 403;
		if (job_remove(rj, oldest) < 0)
			return 503;
	}
	return 0;
}

/* Step 6: "Contact: *" stands alone, with Expires: 0, and removes everything, unless one binding is newer. */
static unsigned take_star(struct register_job *rj, const struct directory_device *device, const struct sip_message *req)
{
	uint32_t expires;
	if (sip_field_next(req, sip_field_first(req, SIP_CONTACT)) ||
	    !sip_number_parse(sip_field_value(req, SIP_EXPIRES), UINT32_MAX, &expires) || expires != 0)
		return 400;
	for (const struct directory_binding *b = device->first_binding; b; b = b->next_of_device) {
		if (is_older(b, sip_field_value(req, SIP_CALL_ID), req->cseq.number))
			return 500;
		if (job_remove(rj, b) < 0)
			return 503;
	}
	rj->gives_up = rj->remove_count && !device->browser;
	return 0;
}

unsigned register_read(struct register_job *rj, const struct directory_device *device, const struct sip_message *req)
{
	const struct sip_field *f = sip_field_first(req, SIP_CONTACT);
	if (f && slice_eq(f->value, SLICE("*")))
		return take_star(rj, device, req);
	for (; f; f = sip_field_next(req, f)) {
		struct slice rest = f->value;
		while (!slice_empty(rest)) {
			struct sip_address contact;
			struct sip_reason err;
			struct binding_request want;
			if (sip_address_next(&rest, &contact, &err) != SIP_OK || contact.star)
				return 400;
			unsigned status = binding_request_read(req, &contact, &rj->flow, &want);
			if (!status)
				status = take_contact(rj, device, &want);
			if (status)
				return status;
		}
	}
	rj->gives_up = rj->remove_count && !device->browser; /* a page's are in memory alone */
	return make_room(rj, device);
}
