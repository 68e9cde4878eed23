/* call/binding.h - one way to a device: read from a REGISTER, compared, kept, and turned back into a flow.   RFC 3261
 * §10, RFC 5626 */
#pragma once
#include "base/arena.h"
#include "call/private.h"
#include "sip/dialog.h"
#include "sip/message.h"

/* What one Contact of a REGISTER asks for; slices point into the request, or into this. Not to be copied. */
struct binding_request {
	struct slice contact; /* URI */
	struct slice contact_user;
	struct slice instance; /* +sip.instance without quotes, or empty */
	uint32_t reg_id;       /* 0: none */
	struct slice path;     /* all Path values, comma separated, in path_text; or empty */
	char path_text[SIP_DIALOG_BYTES_MAX / 4];
	struct slice call_id, user_agent;
	uint32_t cseq;
	uint32_t expires_s; /* 0: remove; else within our bounds */
};
/* 0, or the status to refuse with: 400, 403, 423, 439. */
unsigned binding_request_read(const struct sip_message *req, const struct sip_address *contact,
			      const struct sip_flow *flow, struct binding_request *ret);

/* Is this request about the binding with these: by instance and reg-id, else by Contact user? */
bool binding_is_meant(const struct binding_request *want, struct slice instance, uint32_t reg_id, struct slice contact);
/* The device's binding that it is about. NULL: none yet. */
struct directory_binding *binding_match(const struct directory_device *device, const struct binding_request *want);
/*
 * Only the time moves on (and, on a connection, the connection: it does not survive a restart, so it need not be
 * durable at once).
 */
bool binding_is_refresh(const struct directory_binding *b, const struct binding_request *want,
			const struct sip_flow *flow);
struct binding_refresh {
	struct directory_binding *binding;
	struct slice call_id; /* another one after the phone restarted */
	uint32_t cseq, expires_s;
};
void binding_refresh(struct directory *d, const struct binding_refresh *r, int64_t wall_us);

/* The row of a new binding, or of `old` with another contact or address; text copied into the arena. 0, -ENOMEM. */
MUST_USE int binding_new_row(struct switchboard *sb, struct arena *text, const struct directory_device *device,
			     const struct directory_binding *old, const struct binding_request *want,
			     const struct sip_flow *flow, struct store_binding *ret);
/* The row of a binding as memory has it. false: out of memory. */
MUST_USE bool binding_row(struct switchboard *sb, struct arena *text, const struct directory_binding *b,
			  struct store_binding *ret);

/* Its Contact as a Request-URI, and in To: without headers, which are kept but have no place there (§19.1.1). */
struct slice binding_target(const struct directory_binding *b);
void binding_flow(const struct directory_binding *b, struct sip_flow *ret);
/* Which of today's listeners the stored name means: the same one, else the first of its transport. */
void binding_find_listener(struct switchboard *sb, struct directory_binding *b, struct slice name);
/* The proxies that a Path names, as the first routes of a dialog (RFC 3327 §5.3). 0, -ENOMEM, -E2BIG. */
MUST_USE int binding_set_routes(struct sip_dialog *d, struct slice path);
/* The value of its Contact, "<...>;expires=N". */
void binding_write_contact(struct writer *w, const struct directory_binding *b, int64_t wall_us);
