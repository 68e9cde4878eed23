/*
 * sim/phone.h - a scripted phone: registers, calls, answers, misbehaves, and counts what reached it
 *
 * It stands on the room sip for transactions and dialogs, and writes its own descriptions. What it does with an INVITE
 * is said beforehand in its fields.
 */
#pragma once
#include "sim/sim.h"

struct phone_call {
	struct sim_phone *phone;
	bool used, outgoing;
	bool up;    /* answered and acknowledged */
	bool ended; /* BYE came or went, refused or cancelled */
	struct sip_dialog dialog;
	struct sip_client *client;
	pool_handle server;
	unsigned status;                     /* of our INVITE; its final answer */
	unsigned rang;                       /* 180 and 183 that came */
	unsigned acks, byes, cancels;        /* requests that came */
	unsigned oks;                        /* 2xx that came, copies too */
	unsigned reinvites, reinvite_status; /* that came; the answer to the last one of ours */
	unsigned updates;                    /* that came */
	bool authorized, reauthorized;
	bool asking;                        /* a re-INVITE or UPDATE with offer of ours is open */
	char local[2048], remote[4096];     /* descriptions in force */
	uint32_t ack_cseq, answered_in_ack; /* the ACK of this number has our answer; 0: none */
	char reason[128];                   /* Reason of the last BYE or CANCEL */
	uint16_t port;
	char ok[6000]; /* our 2xx, repeated until its ACK */
	size_t ok_n;
	int64_t repeat_us, repeat_until_us;
	struct timer repeat, ring, answer;

	/* reliable 1xx (RFC 3262) */
	uint32_t rseq;         /* of the last one, sent or acknowledged */
	unsigned pracks;       /* that came for the last one of ours */
	unsigned stray_pracks; /* that came with another tag, number or in vain */
	unsigned prack_status; /* the answer to ours */
	bool prack_awaited, answer_waits;
	unsigned progress_status;
	char progress[6000]; /* our reliable 1xx, repeated until its PRACK */
	size_t progress_n;
	int64_t progress_us, progress_until_us;
	struct timer prack;
};

struct sim_phone {
	struct sim *sim;
	struct sim_phone *next;
	char username[64], extension[32], password[64];
	enum sip_transport transport;
	const char *person;   /* the id of the user whose page it is; NULL: it is no page */
	bool second_listener; /* UDP: it sends to port 5070 */
	struct address address;
	struct address outside; /* behind NAT: where the network sees it */
	int64_t outside_until_us;
	pool_handle connection;
	struct sip_stack *stack;
	struct random random;
	struct crypto_hasher *hasher;

	/* what it does */
	bool nat;                 /* on UDP it is seen by `outside`, as long as its router remembers it */
	bool nat_strict;          /* ... which only what the phone sends makes it do */
	bool near;                /* what it sends comes from this host: by a proxy here, for people who are anywhere */
	bool sends_garbage;       /* answers may mirror it */
	bool dead;                /* nothing reaches it */
	int ring_ms;              /* 180 after this; -1: never. 100 comes from its stack */
	bool early;               /* 183 with the answer instead of the 180 */
	int answer_ms;            /* final answer after this; -1: never */
	unsigned status;          /* which */
	bool reliable;            /* Supported: 100rel; as callee its 1xx are reliable where the INVITE allows it */
	bool no_prack;            /* never acknowledges a reliable 1xx */
	bool prack_offers;        /* its PRACK has a new offer, as its fields say then */
	bool answers_nothing;     /* its ACK or PRACK lacks the answer that it owes */
	bool forgets_password;    /* does not answer the challenge of a re-INVITE */
	bool no_ack;              /* never acknowledges a 2xx */
	bool answer_no_sdp;       /* 200 without a description */
	unsigned reinvite_status; /* its answer to a re-INVITE; 0: it lets it wait */
	unsigned update_status;   /* its answer to an UPDATE; 0: none */
	unsigned glares;          /* so many re-INVITEs and UPDATEs to come get 491 */
	char says[256];    /* fields of its INVITEs, UPDATEs and their 2xx: "Allow: INVITE, ACK, BYE, UPDATE\r\n" */
	char says_ok[256]; /* ... of its 2xx alone */
	char says_refused[512]; /* ... of its refusals alone, "Contact: <sip:30@acme.example>\r\n" */
	char says_bye[256];     /* ... of its BYE */
	char says_cancel[128];  /* the value of its CANCEL\'s Reason */

	/* its instant messages */
	unsigned message_status; /* its answer to one; 0: none */
	size_t message_n;        /* bytes of the body of the last that came */
	unsigned writings;       /* that it has begun */
	unsigned written;        /* final answer to its last one; 0: none yet */
	bool write_authorized;
	char write_to[128], write_type[256], write_body[20000];
	size_t write_n;
	size_t write_padding;   /* in a field of its requests; 0: no such field */
	size_t write_request_n; /* bytes of the last request */

	/* its voice */
	const char *codecs;       /* payload types: "8 0 101"; 96 is opus, 97 iLBC, 98 PCMA, 99 red, 100 has no name,
				     101 telephone-event, 102 the same at 48 kHz */
	const char *suites;       /* offered, in this order: "gcm aes"; NULL: plain RTP */
	const char *answer_suite; /* instead of the offered line's; NULL: that one */
	unsigned answer_tag;      /* crypto line of an offer that it takes */
	bool broken_key;          /* ... and spoils */
	const char *attributes;   /* "a=sendonly\r\n" */
	const char *ufrag;        /* it is a browser, and this its name in ICE; NULL: it is none */
	const char *setup;        /* a browser's role in DTLS; NULL: actpass in offers, active in answers */
	char fingerprint;         /* a browser's certificate: a byte, 32 times */
	const char *omits;        /* a browser's attribute that it leaves out: "a=ice-pwd" */
	const char *host;         /* in c=; NULL: its own */

	/* what came */
	unsigned pings; /* empty lines that keep a way open */
	unsigned got[SIP_METHOD_COUNT];
	unsigned statuses[700];
	char fragments[128];    /* statuses that its NOTIFYs told, " 100 180" */
	unsigned notify_status; /* its answer to them; 0: 200 */
	char keys[65];          /* that INFO told it, "5#" */
	unsigned info_status;   /* its answer to them; 0: none */
	char ladder[1024];      /* all that went ("INVITE") and came ("<180"), in order, each with a space before it */
	char last_request[6000], last_invite[6000], last_response[6000], last_to_cancel[6000];
	struct phone_call calls[4];

	/* registration */
	unsigned register_status; /* final answer of the last REGISTER; 0: none yet */
	unsigned register_tries;
	uint32_t register_cseq;
	char register_call_id[48], register_extra[256], contact[128];
	struct sip_dialog register_dialog;
	int register_expires;
	bool replay;             /* sends its last Authorization again, as it was */
	char authorization[512]; /* the last one */
	const char *qop;         /* it answers with; "": none */
	const char *algorithm;   /* said in its credentials; NULL: the challenge's */
	const char *digest_uri;  /* in its credentials; NULL: the request's */
	char fixed_nonce[128];   /* used instead of the challenge's */
	char realm_nonce[128];   /* of the last challenge */
	const char *target;      /* Request-URI of the next INVITE; NULL: the extension's */
	const char *to;          /* URI in To of the next INVITE; NULL: the Request-URI */
	const char *from;        /* From of the next INVITE; NULL: its extension at acme.example */
	char extra[256];         /* fields for the next INVITE: "Require: foo\r\n" */
	unsigned max_forwards;
	bool no_body;
	const char *content_type; /* of the body of its INVITE and PRACK */
};

/* A phone with the device's account, on UDP or TLS (connected). */
struct sim_phone *phone_new(struct sim *s, const char *username, const char *password, enum sip_transport transport);
void phones_free(struct sim *s);
void phone_input(struct sim_phone *p, char *bytes, size_t n);
void phone_send_raw(struct sim_phone *p, struct slice bytes);

void phone_register(struct sim_phone *p, int expires); /* -1: without Contact, a question; -2: Contact: *, 0 */
/* Registers and waits for the 200. */
void phone_registered(struct sim_phone *p);

/* Without one it is busy, and may not dial. */
bool phone_has_line(const struct sim_phone *p);
struct phone_call *phone_dial(struct sim_phone *p, const char *extension);
void phone_cancel(struct phone_call *c);
void phone_hang_up(struct phone_call *c);
void phone_ack(struct phone_call *c, uint32_t cseq); /* once more, or of an INVITE long past */
/* Its own change of the session, as its fields say now. without: an INVITE without offer. */
void phone_reinvite(struct phone_call *c, bool without);
/* The same by UPDATE, in any dialog. without: no offer, a refresh. extra: more fields. */
void phone_update(struct phone_call *c, bool without, const char *extra);
void phone_send_in_dialog(struct phone_call *c, enum sip_method method, const char *extra);
/* Any request with any body; fields: its Content-Type and others. An INVITE's 2xx would not be acknowledged. */
void phone_send_body(struct phone_call *c, enum sip_method method, const char *fields, struct slice body);
/* An instant message to an extension at acme.example, or a URI; with p->from, p->extra and p->max_forwards. */
void phone_write(struct sim_phone *p, const char *to, const char *type, struct slice body);
/* The same in plain text; its final answer. */
unsigned phone_wrote(struct sim_phone *p, const char *to, const char *text);
/* The call this phone is in, or was last. */
struct phone_call *phone_last(struct sim_phone *p);
/* Answers by hand: past the transaction, with any tag. */
void phone_respond_raw(struct phone_call *c, unsigned status, const char *tag, const char *sdp);
void phone_answer(struct phone_call *c, unsigned status);
/* A reliable 1xx by hand, from a fork with another tag; PRACK are counted in stray_pracks. */
void phone_progress_raw(struct phone_call *c, unsigned status, const char *tag, const char *sdp, uint32_t rseq);
/* Its own 1xx, now. */
void phone_progress(struct phone_call *c, unsigned status, bool described);
/* PRACK for a number of its own choice; its answer in prack_status. */
void phone_prack(struct phone_call *c, const char *rack, const char *sdp);
/* Description of this phone as offer, or as answer to one. */
size_t phone_describe(struct phone_call *c, struct slice offer, char *buf, size_t cap);

/* Alto has both streams set as these two phones agreed with it, and joined. */
bool voice_flows(struct phone_call *a, struct phone_call *b);
