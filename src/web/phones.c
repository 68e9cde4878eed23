/* web/phones.c - the list of browsers that are phones: see phones.h */
#include "web/phones.h"
#include <errno.h>

#include "call/switchboard.h"
#include "net/loop.h"
#include "web/who.h"

struct web_phones {
	const struct web_context *context;
	struct web_phone *first;
	uint32_t count;
};

static struct wheel *wheel_of(const struct web_phones *ps)
{
	return loop_wheel(ps->context->loop);
}

/* The directory may have dropped the device before, with its user. */
static struct directory_device *device_of(const struct web_phone *p)
{
	return directory_device_by_id(p->phones->context->directory, slice_from_string(p->device));
}

static void end(struct web_phone *p)
{
	struct web_phones *ps = p->phones;
	struct directory_device *d = device_of(p);
	if (d)
		directory_browser_remove(ps->context->directory, d);
	timer_stop(wheel_of(ps), &p->timer);
	*p->prev = p->next;
	if (p->next)
		p->next->prev = p->prev;
	ps->count--;
	web_secret_wipe(&p->secret);
	free(p);
}

/* Is this device, which is in a call, a page whose session is over? */
static bool is_over(void *arg, struct slice device)
{
	const struct web_phones *ps = arg;
	const struct directory_device *d = directory_device_by_id(ps->context->directory, device);
	if (d)
		return d->browser && ((const struct web_phone *)d->browser)->over;
	/* It went with its person, and is in the list alone. */
	for (const struct web_phone *p = ps->first; p; p = p->next)
		if (p->over && slice_eq(slice_from_string(p->device), device))
			return true;
	return false;
}

/* A page without a session is silent: the other side would listen to nobody, for as long as it likes. */
static bool find_over(struct web_phone *p)
{
	p->over = !web_who_lasts(p->phones->context, slice_from_string(p->pass));
	return p->over;
}

static void end_calls(struct web_phones *ps)
{
	switchboard_end_devices(ps->context->switchboard, is_over, ps);
}

static void expired(struct timer *t, void *arg)
{
	struct web_phone *p = arg;
	if (find_over(p))
		end_calls(p->phones);
	end(p);
}

/* The session's own time may be over before; nothing else would tell of that. */
static void renew(struct web_phone *p)
{
	struct wheel *w = wheel_of(p->phones);
	int64_t left_us = web_who_left_us(p->phones->context, slice_from_string(p->pass));
	p->expires_us = w->wall_us + WEB_PHONE_US;
	timer_start(w, &p->timer, MIN(left_us, WEB_PHONE_US));
}

struct web_phones *web_phones_new(const struct web_context *context)
{
	struct web_phones *ps = calloc(1, sizeof(*ps));
	if (ps)
		ps->context = context;
	return ps;
}

struct web_phones *web_phones_free(struct web_phones *ps)
{
	for (struct web_phone *p = ps ? ps->first : NULL, *next; p; p = next) {
		next = p->next;
		end(p);
	}
	free(ps);
	return NULL;
}

struct web_phone *web_phones_renew(struct web_phones *ps, struct slice pass, struct slice username)
{
	const struct directory_device *d = directory_device_by_username(ps->context->directory, username);
	struct web_phone *p = d ? d->browser : NULL;
	if (!p || !slice_eq(slice_from_string(p->pass), pass))
		return NULL;
	renew(p);
	return p;
}

/*
 * Of pages that cannot be reached, the one that was renewed longest ago is most likely closed. One that can is
 * somebody's phone: it would ring no more and not know it. False: they all are.
 */
static bool make_room(const struct directory_user *u)
{
	struct web_phone *oldest = NULL;
	unsigned count = 0;
	for (const struct directory_device *d = u->first_device; d; d = d->next_of_user) {
		struct web_phone *p = d->browser;
		if (!p)
			continue;
		count++;
		if (!d->reachable && (!oldest || p->expires_us < oldest->expires_us))
			oldest = p;
	}
	if (count < WEB_PHONES_OF_PERSON)
		return true;
	if (oldest)
		end(oldest);
	return oldest != NULL;
}

static int add_device(struct web_phone *p, const struct directory_user *u, enum sip_digest_algorithm digest)
{
	const struct web_context *c = p->phones->context;
	struct store_device row = {
		.id = slice_from_string(p->device),
		.tenant = u->tenant->id,
		.user = u->id,
		.name = SLICE("browser"),
		.username = slice_from_string(p->secret.username),
		.digest = digest,
		.ha1 = slice_of(p->secret.ha1, digest == SIP_DIGEST_SHA256 ? 32 : 16),
		.srtp = STORE_SRTP_DTLS,
		.created_us = loop_wheel(c->loop)->wall_us,
		.updated_us = loop_wheel(c->loop)->wall_us,
	};
	return directory_browser_add(c->directory, &row, p);
}

int web_phones_add(struct web_phones *ps, const struct directory_user *u, struct slice pass,
		   enum sip_digest_algorithm digest, struct web_phone **ret)
{
	if (!make_room(u))
		return -EBUSY;
	if (ps->count >= WEB_PHONES_MAX)
		return -ENOSPC;
	if (u->tenant->browsers >= WEB_PHONES_OF_TENANT)
		return -EDQUOT;
	struct web_phone *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->phones = ps;
	store_new_id(ps->context->random, wheel_of(ps)->wall_us, p->device);
	store_keep_id(p->user, u->id);
	store_keep_id(p->pass, pass);
	int rc = web_secret_make(ps->context, SLICE_NONE, SLICE_NONE, digest, &p->secret);
	if (rc == 0)
		rc = add_device(p, u, digest);
	if (rc < 0) {
		web_secret_wipe(&p->secret);
		free(p);
		return rc;
	}
	p->next = ps->first;
	p->prev = &ps->first;
	if (p->next)
		p->next->prev = &p->next;
	ps->first = p;
	ps->count++;
	timer_init(&p->timer, expired, p);
	renew(p);
	*ret = p;
	return 0;
}

void web_phones_change(struct web_phones *ps, const struct store_change *change)
{
	if (!web_who_concerns(change))
		return;
	bool any = false;
	for (struct web_phone *p = ps->first; p; p = p->next)
		any |= find_over(p);
	if (!any)
		return;
	end_calls(ps);
	for (struct web_phone *p = ps->first, *next; p; p = next) {
		next = p->next;
		if (p->over)
			end(p);
	}
}
