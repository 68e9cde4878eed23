/* call/callee.h - who is meant by what one of our users dials, or gives to those he transfers */
#pragma once
#include "call/outside.h"

struct callee {
	struct slice to;                      /* as it was dialled, or the number that this means */
	const struct directory_user *user;    /* who is rung; NULL: nobody of ours */
	struct directory_tenant *tenant;      /* whose number it is, or the user's own: a company like any outside */
	uint64_t instance;                    /* the one phone that is meant, as gruu_instance() says; 0: all */
	bool outside;                         /* `to` is called over a trunk */
	char dialled[64], number[NUMBER_CAP]; /* what `to` may point into: not to be copied */
};
/*
 * A phone of the user's company (a GRUU), an extension, else a number: of ours, which needs no operator, or of the
 * outside. Of the URI's host nothing is looked at. 0, also where it means nobody; 404: there is no user part, or one
 * that cannot be read.
 */
unsigned callee_find(struct switchboard *sb, const struct directory_user *by, const struct sip_uri *uri,
		     struct callee *ret);
/*
 * Ring whom it means. The caller is shown as `from`; to another company, and to the outside, by the number of the
 * call's identity; where that hides, to nobody. diverted: as ring_user().
 */
void callee_ring(struct call *c, const struct callee *callee, const struct party *from, const char *diverted);
