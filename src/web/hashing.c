/* web/hashing.c - to libuv's threads and back */
#include "web/hashing.h"

#include "base/pulse.h"
#include "net/loop.h"
#include "web/access.h"
#include "web/write.h"

static void need_not_wake(void *arg) {}

static void hash(struct web_hashing *h)
{
	if (h->compare && *h->hash)
		h->ok = crypto_password_matches(h->hash, h->password);
	else
		h->ok = crypto_password_hash(h->password, h->hash) == 0 && !h->compare;
}

/* A thread of libuv's rests by itself: it has a pulse while it hashes, and answers by coming to the end of that. */
static void work(uv_work_t *w)
{
	struct web_hashing *h = container_of(w, struct web_hashing, work);
	struct pulse pulse;
	pulse_begin(&pulse, "hashing", need_not_wake, NULL);
	hash(h);
	pulse_end(&pulse);
}

static void after(uv_work_t *w, int status)
{
	struct web_hashing *h = container_of(w, struct web_hashing, work);
	struct web_request *r = h->request;
	r->context->access->hashing--;
	crypto_wipe((void *)(uintptr_t)h->password.p, h->password.n);
	/* Also at the end, when there is no store any more. */
	if (!r->peer || status < 0)
		web_problem(r, WEB_BUSY, NULL, "nobody waits for the answer");
	else
		h->done(h);
}

static void start(struct web_hashing *h, struct web_request *r, struct slice password, bool compare,
		  void (*done)(struct web_hashing *h))
{
	struct web_access *a = r->context->access;
	if (!a || a->hashing == WEB_HASHING_MAX) {
		web_problem(r, WEB_BUSY, NULL, "too many log in at once; try again in a moment");
		return;
	}
	if (!web_keep(r, password, &h->password))
		return;
	h->request = r;
	h->compare = compare;
	h->done = done;
	a->hashing++;
	int rc = uv_queue_work(loop_uv(r->context->loop), &h->work, work, after);
	ASSERT(rc == 0); /* it has no other failure than a NULL work() */
}

void web_hashing_compare(struct web_hashing *h, struct web_request *r, struct slice hash, struct slice password,
			 void (*done)(struct web_hashing *h))
{
	slice_to_string(hash, h->hash, sizeof(h->hash));
	start(h, r, password, true, done);
}

void web_hashing_make(struct web_hashing *h, struct web_request *r, struct slice password,
		      void (*done)(struct web_hashing *h))
{
	start(h, r, password, false, done);
}
