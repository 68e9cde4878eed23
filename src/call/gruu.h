/*
 * call/gruu.h - URIs that reach one phone of a user, and no other   RFC 5627
 *
 * A phone that registers with an instance and says that it knows them is told two. The public one is its user's address
 * with the instance in `gr`. The temporary one tells neither the user nor the phone: a sealed token, another one with
 * each REGISTER, and good as long as that registration lasts (same Call-ID, §5.4). Nothing is kept for them.
 */
#pragma once
#include "call/private.h"
#include "sip/uri.h"

/* ";pub-gruu=...;temp-gruu=..." behind the Contact of a binding, if it may have them. */
void gruu_write(struct switchboard *sb, struct writer *w, const struct directory_binding *b);

enum gruu {
	GRUU_NONE,      /* an ordinary URI */
	GRUU_PUBLIC,    /* of the user that it names; *ret_instance */
	GRUU_TEMPORARY, /* *ret_device is set too */
	GRUU_OVER       /* a temporary one of a registration that has ended, or none of ours */
};
/* ret_instance: as gruu_instance() says. */
enum gruu gruu_read(struct switchboard *sb, const struct sip_uri *uri, uint64_t *ret_instance,
		    const struct directory_device **ret_device);
/* A keyed hash by which an instance is known, never 0. With angle brackets or without, in any case. */
uint64_t gruu_instance(const struct switchboard *sb, struct slice instance);
