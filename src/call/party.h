/*
 * call/party.h - who is at one end of a call: a user of ours with a device, or somebody beyond a trunk
 *
 * It points into the directory and into what its maker holds: good for the current callback only.
 */
#pragma once
#include "directory/directory.h"
#include "directory/e164.h"
#include "sip/uri.h"

struct party {
	struct directory_tenant *tenant;       /* whose call it is */
	const struct directory_device *device; /* NULL: beyond a trunk */
	const struct directory_trunk *trunk;   /* NULL: a device of ours */
	struct slice uri;                      /* the extension or number; empty: withheld */
	struct slice name;                     /* to be shown: UTF-8 without control characters; may be empty */
};
struct party party_of_device(const struct directory_device *d);

/* Bytes of a name; a longer one of ours is left out, a stranger's is cut between letters. */
#define PARTY_NAME_MAX 128
/* With escapes, user and domain it fits. */
#define PARTY_TEXT_CAP 1024
/* "Ann" <sip:10@acme.example>, NUL-terminated; no name: <sip:...>. An IPv6 host gets its brackets. */
void party_write(char ret[PARTY_TEXT_CAP], struct slice name, struct slice user, struct slice host);
/* As From of whom it calls. Withheld: as RFC 3323 §4.1.1.3 says it. */
void party_write_from(char ret[PARTY_TEXT_CAP], const struct party *p, struct slice host);

/* The user part of a URI as far as it is a number; tel: too. false: it is none. */
MUST_USE bool party_number(const struct sip_uri *uri, char ret[NUMBER_CAP]);

/* What a stranger calls itself (the inside of a quoted string), fit to be shown: only letters that are UTF-8 and no
 * control characters, cut at PARTY_NAME_MAX. */
struct slice party_name_read(struct slice display, char buf[PARTY_NAME_MAX]);
/* Bytes of the letter that s (not empty) begins with (UTF-8, RFC 3629 §4); 0: it is none, or cannot be shown. */
size_t party_letter(struct slice s);
