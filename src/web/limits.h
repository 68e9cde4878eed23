/* web/limits.h - bounds on what a client can make us hold or wait for, each with its reason */
#pragma once
#include "base/common.h"

/* A body is one object of a few fields; the largest later is a flow drawn by an administrator. */
#define WEB_BODY_MAX ((size_t)64 * 1024)
/* Request line and header fields together: a browser with large cookies sends 8 KiB, tokens included. */
#define WEB_HEAD_MAX 8192
/* Cookies of one request: ours has 80 bytes, others of the same host may be there. */
#define WEB_COOKIES_MAX 2048
/* The console: about fifty files and a megabyte, with the packed ones three times as many. */
#define WEB_CONSOLE_FILES 512
#define WEB_CONSOLE_BYTES ((size_t)32 * 1024 * 1024)
/* Path of the longest resource with two ids, percent-decoded. */
#define WEB_PATH_MAX 256
/* The history has eleven parameters; each is as long as a cursor or a name. */
#define WEB_ARGUMENTS_MAX 12
#define WEB_ARGUMENT_BYTES_MAX 256
/* Items of one page: what a screen shows unless told otherwise; about half a megabyte of text at most. */
#define WEB_LIST_DEFAULT 100
#define WEB_LIST_MAX 1000
/* Of each of If-Match and If-None-Match: a dozen tags. */
#define WEB_CONDITION_MAX 512
/* One decision of a call as a sentence: a whole trace (CALL_TRACE_BYTES), if it were one line, and the words around it.
 */
#define WEB_DECISION_CAP 1280
/* A call's story that one actor reads again is told once an hour: an open page reads it at each change. */
#define WEB_READ_TOLD_US (3600 * SECOND_US)
/* Acts looked at for one page of the audit trail: about 50 ms of the reader. */
#define WEB_AUDIT_SCANNED 20000
/*
 * Acts of one person or token: a morning's import of a large company, then one each 10 s. Of a company in all: four of
 * them at once, then one each 4 s. A row of the audit trail has about 1 KiB with its indexes, so a company that never
 * rests leaves 21 MiB a day, which go after a year.
 */
#define WEB_ACTS_OF_ACTOR 5000
#define WEB_ACT_OF_ACTOR_US (10 * SECOND_US)
#define WEB_ACTS_OF_TENANT 20000
#define WEB_ACT_OF_TENANT_US (4 * SECOND_US)
/* Checks of the trail, and reports of days, by one person or token: 120,000 rows at once, then those of a second. */
#define WEB_CHECKS_OF_ACTOR 60
#define WEB_CHECK_OF_ACTOR_US (1 * SECOND_US)
/* Acts held against their hashes at once: about 10 ms of the reader. */
#define WEB_AUDIT_CHECKED 2000
/* Calls looked at for one page that is filtered: about 50 ms of the reader. */
#define WEB_CALLS_SCANNED 20000
/* Days of a report on compliance: a year, and the month that it is written in. Unless told otherwise, a month. */
#define WEB_COMPLIANCE_DAYS 400
#define WEB_COMPLIANCE_DEFAULT 30
/* Devices and trunks that it names; who has more of them in plain knows what to do. */
#define WEB_COMPLIANCE_PEERS 100
/* People whose ways to log in are looked at in one job: about 20 ms of the reader. */
#define WEB_COMPLIANCE_PEOPLE 5000
/* A token that nobody has shown for so long is told of. */
#define WEB_TOKEN_UNUSED_US (90 * INT64_C(86400) * SECOND_US)
/* Words to search for. */
#define WEB_QUERY_MAX 64
/* A cursor is an id or a number. */
#define WEB_CURSOR_MAX 47
/* Items written in one turn of the loop: about 1 ms. */
#define WEB_LIST_TURN 50
/* Memory of one request beside its body and answer: a page of call rows with their texts is the largest. */
#define WEB_REQUEST_BYTES_MAX ((size_t)8 * 1024 * 1024)
/* Text of SIP messages in one page; a message has 64 KiB at most, and one is always given. */
#define WEB_MESSAGES_BYTES ((size_t)1024 * 1024)
/* An answer's text; figures of many rooms and pages of 1000 calls stay below it. */
#define WEB_ANSWER_MAX ((size_t)4 * 1024 * 1024)
/* Bytes given to the socket at once, so that one large answer takes no turn for itself. */
#define WEB_PIECE_BYTES ((size_t)16 * 1024)

/*
 * Connections that ask, or will; each plane has its own room, so that a crowd in the street keeps out neither the
 * operator's own commands nor the provider. Idle ones cost about 20 KiB with TLS. Where it is full somebody makes room
 * (crowd.c), so these need only hold those at work. descriptors.c keeps as many.
 */
#define WEB_PEERS_OF_COMPANIES 256
#define WEB_PEERS_OF_ADMIN 64
#define WEB_PEERS_OF_SOCKET 32
#define WEB_PEERS_OF_PLAIN 32
#define WEB_PEERS_MAX (WEB_PEERS_OF_COMPANIES + WEB_PEERS_OF_ADMIN + WEB_PEERS_OF_SOCKET + WEB_PEERS_OF_PLAIN)
/* An office of some consoles behind one address that are loading; a quarter of all. */
#define WEB_PEERS_OF_ADDRESS_MAX 64
/*
 * For whom all of that is at work waits at the door, unread: thirty pages of an office that load at once open 180. They
 * look again so often, and for so long at most. A quarter is left to others. descriptors.c keeps as many.
 */
#define WEB_DOOR_MAX 256
#define WEB_DOOR_OF_ADDRESS_MAX 192
#define WEB_DOOR_STEP_US (20 * MS_US)
#define WEB_DOOR_US (10 * SECOND_US)
/* Between two requests of a page that is loading: until then its connection is not taken for another's. */
#define WEB_PEER_PAUSE_US (500 * MS_US)
/* A handshake and a head over a slow line: an office whose pages all come back at once does not push out its own. */
#define WEB_PEER_GRACE_US (2 * SECOND_US)

/*
 * Event streams, each of who has logged in: one a page that is open, about 60 KiB with TLS and what waits for it.
 * At least so many, for which descriptors.c always has room; and at most, where there are enough.
 */
#define WEB_STREAMS_LEAST 64u
#define WEB_STREAMS_MAX 4096u
/* Of these for the provider alone. */
#define WEB_STREAMS_KEPT 16u
/* Of one company: two thousand people with a page each; half of all. */
#define WEB_STREAMS_OF_TENANT 2048u
/* Tabs and browsers of one person, or what one token watches with; some of them gone, and not yet missed. */
#define WEB_STREAMS_OF_PERSON 32u
/* So that a crowd at the door holds up nobody inside; a handshake costs about 0.3 ms. */
#define WEB_ACCEPTS_A_TURN 16
#define WEB_HANDSHAKES_A_TURN 8
/*
 * Read at once: more than a TLS record holds (RFC 8446 §5.1). What stayed inside OpenSSL would keep the library (4.1)
 * asking for it without rest while a request is in progress and nothing is read.
 */
#define WEB_READ_BYTES (16384 + 512)
#define WEB_HEAD_US (10 * SECOND_US)
#define WEB_IDLE_US (60 * SECOND_US)
#define WEB_BODY_US (30 * SECOND_US)
#define WEB_ANSWER_US (30 * SECOND_US)
/* For a resource to answer: a store that is stalled for longer has been reported by then. */
#define WEB_HANDLE_US (60 * SECOND_US)
/* Between two looks whether the client of a request in progress has gone, or sent more than it may. */
#define WEB_AHEAD_US (1 * SECOND_US)

/* Wrong passwords in a row from one address (an office behind one may have a bad morning), then one each 6 s. */
#define WEB_TRIES_OF_ADDRESS 30
#define WEB_TRY_OF_ADDRESS_US (6 * SECOND_US)
/* For one name: 10, then one a minute, which is 1,440 guesses a day. */
#define WEB_TRIES_OF_NAME 10
#define WEB_TRY_OF_NAME_US (60 * SECOND_US)
/* Sign-ins at a company's issuer that are begun from one address: a whole office comes in at nine, then one a second.
 */
#define WEB_BEGINS_OF_ADDRESS 120
#define WEB_BEGIN_OF_ADDRESS_US (1 * SECOND_US)
/* Passwords at work or waiting: each holds a thread for 0.1 s, so the last waits for about a second. */
#define WEB_HASHING_MAX 16
/* A session ends after a night without use, and a week after it began. */
#define WEB_SESSION_IDLE_US (12 * 3600 * SECOND_US)
#define WEB_SESSION_US (7 * 86400 * SECOND_US)
/* Its use is written that often, so that reading a page is no write. */
#define WEB_SESSION_USED_US (600 * SECOND_US)
/* Of a token it only tells people which of them nobody uses. */
#define WEB_TOKEN_USED_US (3600 * SECOND_US)
/* Sessions of a person: a browser or two on each device, and what was never logged out of; the oldest ends. */
#define WEB_SESSIONS_OF_PERSON 32
/* Tokens of a company, or of the provider: a program or two for each of its systems. All are held in memory. */
#define WEB_TOKENS_OF_TENANT 200
/* Passkeys of a person: each device, and sticks that are kept in drawers. */
#define WEB_PASSKEYS_OF_PERSON 16
/* To find a stick and touch it, or to type a password somewhere else (WebAuthn level 2 §5.4.3 says 5 minutes). */
#define WEB_CHALLENGE_US (300 * SECOND_US) /* and to scan the code beside a phone's account */
#define WEB_CHALLENGE_S 300
/* Used ones are remembered for as long: each is a login that succeeded, 13 a second. */
#define WEB_CHALLENGES_USED 4096
/* Whose a challenge is: the id of a session, or a secret as hexadecimal digits. */
#define WEB_CHALLENGE_OWNER_MAX 64
/* Who has just logged in need not prove it once more. */
#define WEB_SESSION_FRESH_US (600 * SECOND_US)
/* What a browser sends of an authenticator, before it is coded as text. */
#define WEB_CLIENT_DATA_MAX 2048
#define WEB_ATTESTATION_MAX 2048
/* Days that a token is good for: unless told otherwise, and at most. */
#define WEB_TOKEN_DAYS 90
#define WEB_TOKEN_DAYS_MAX 3650
/* Passwords of people (NIST SP 800-63B §5.1.1.2 asks for 8 at least, and to take 64). */
#define WEB_LOGIN_PASSWORD_MIN 10

/* Of one open page: some hundred events. Who is slower loads anew. */
#define WEB_STREAM_BYTES ((size_t)32 * 1024)
/* One event, and what a page may say at once. */
#define WEB_EVENT_BYTES ((size_t)512)
#define WEB_HEARD_BYTES ((size_t)1024)
/* Below what home routers keep a silent connection for. */
#define WEB_PING_US (30 * SECOND_US)

/* Credentials of a phone in a browser: a page renews them every few minutes; a closed one rings for no longer. */
#define WEB_PHONE_US (600 * SECOND_US)
/* Tabs and browsers of one person. */
#define WEB_PHONES_OF_PERSON 8u
/* Of one company, so that none takes the room of all others: two thousand people with a page each; a quarter of all. */
#define WEB_PHONES_OF_TENANT 2048u
/* In all: each has some 700 bytes here and in the directory, and is looked at when a session ends: 3 ms for so many. */
#define WEB_PHONES_MAX 8192u
/* Credentials for TURN: a relay may ask for them again as long as a call lasts (RFC 8656 §7.2). */
#define WEB_TURN_US (12 * 3600 * SECOND_US)
/* SIP over WebSocket: what the kernel keeps for a client that does not read. */
#define WEB_SIP_SOCKET_BYTES (64 * 1024)
/* For the last answer to leave before the connection is closed. */
#define WEB_SIP_LINGER_US (1 * SECOND_US)

/* Passwords of devices: given ones are for phones that cannot take a long one. */
#define WEB_PASSWORD_MIN 8
#define WEB_PASSWORD_MAX 128
/* Made ones: 24 of 32 characters, 120 bits. */
#define WEB_PASSWORD_MADE 24
/* Characters of a device's own user name when it is made: 50 bits, so that 100,000 devices hardly ever meet twice; a
 * conflict is drawn again. */
#define WEB_USERNAME_MADE 10
/* An account for Linphone: twenty entries, with names as long as they may be, and each character of one escaped. */
#define WEB_PROVISIONING_BYTES ((size_t)6 * 1024)
/* Calls at once that a tenant may be held to. */
#define WEB_LINES_MAX 1000000
/* Sources of a trunk as text: each block has at most 43 characters. */
#define WEB_SOURCES_MAX 800
/* Whoever is in a block calls without a password. No operator's is wider than these; a wider one is a slip. */
#define WEB_SOURCE_BITS_V4 (96 + 16)
#define WEB_SOURCE_BITS_V6 32

/* Issuers of identity: what their console calls a client, and the secret that it makes for it. */
#define WEB_CLIENT_ID_MAX 256
#define WEB_CLIENT_SECRET_MAX 512
#define WEB_CLAIM_MAX 64
/* A document, a set of keys, an answer to a code: those of the large ones have up to 20 KiB. */
#define WEB_ISSUER_ANSWER_MAX ((size_t)64 * 1024)
/* For each of them: a person waits. */
#define WEB_ISSUER_ANSWER_US (10 * SECOND_US)
/* Asked at once: webhooks and ACME find room beside them (HTTP_CALLS_MAX). */
#define WEB_ISSUERS_ASKED 8
/* Of these for one company: whose issuer is slow waits for itself, and holds up nobody of another one. */
#define WEB_ISSUERS_ASKED_OF_TENANT 2
/* People of one company who wait for the same answer, and for their turn to ask: its office at nine. */
#define WEB_ISSUER_WAITING 64
/* Of so many is kept what they said of themselves: 4 MiB of keys at most, about 200 KiB as they are. */
#define WEB_ISSUERS_LEARNED 64
/* For so long; keys that are new until then are asked for when a token is signed with one, once in a minute. */
#define WEB_ISSUER_LEARNED_US (3600 * SECOND_US)
#define WEB_ISSUER_AGAIN_US (60 * SECOND_US)
/* Who could not be reached is not asked again at once, however many people try. */
#define WEB_ISSUER_FAILED_US (3 * SECOND_US)
/* What comes back with a person: the code is the issuer's own, and some put a whole token into it. */
#define WEB_SIGN_IN_CODE_MAX 2048
/* An e-mail address, a login with its domain, or a domain: as much of it as a parameter may have. */
#define WEB_WHO_MAX 250

/* Webhooks: deliveries on their way at once; ACME and sign-in find room beside them (HTTP_CALLS_MAX). */
#define WEB_HOOKS_AT_ONCE 16
/* Of these of one company: whose servers are slow waits for itself. */
#define WEB_HOOKS_OF_TENANT 4
#define WEB_HOOK_URL_MAX 2000
/* For all of a delivery: a receiver takes it, and works on it afterwards. */
#define WEB_HOOK_TIMEOUT_US (10 * SECOND_US)
/* Of an answer that is read, and that is kept for people. */
#define WEB_HOOK_ANSWER_MAX ((size_t)64 * 1024)
#define WEB_HOOK_SAID ((size_t)500)
/* Failing for so long it is switched off: a weekend passes, and Monday. */
#define WEB_HOOK_OFF_US (3 * 86400 * SECOND_US)
