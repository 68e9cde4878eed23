/* web/hashing.h - passwords are hashed on a helper thread, so many at once and no more */
#pragma once
#include <uv.h>

#include "crypto/login.h"
#include "web/request.h"

/* In the request's arena, inside the resource's own struct. */
struct web_hashing {
	uv_work_t work;
	struct web_request *request;
	struct slice password; /* in the request's arena too; wiped when it is done */
	char hash[CRYPTO_PASSWORD_CAP];
	bool compare, ok;
	void (*done)(struct web_hashing *h);
};
/*
 * Is this the password of that hash? An empty hash costs as much time and is never the right one, so that names that do
 * not exist cannot be told from others. done() hears it in h->ok, on the switchboard. 503 is answered when too many
 * wait. What done() finds may be told to nobody: if the client has gone, it is not called and the request ends.
 */
void web_hashing_compare(struct web_hashing *h, struct web_request *r, struct slice hash, struct slice password,
			 void (*done)(struct web_hashing *h));
/* Make the hash of a new one: in h->hash, if h->ok. */
void web_hashing_make(struct web_hashing *h, struct web_request *r, struct slice password,
		      void (*done)(struct web_hashing *h));
