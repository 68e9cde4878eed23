/* sim/phone_private.h - what phone.c and phone_call.c share */
#pragma once
#include "sim/phone.h"

#include "sip/transaction.h"

struct sip_flow phone_flow(const struct sim_phone *p);
void phone_write_contact(struct sim_phone *p, struct writer *w);
void phone_write_authorization(struct sim_phone *p, struct writer *w, enum sip_method method, struct slice uri,
			       const struct sip_message *challenge);
void phone_on_request(void *owner, struct sip_server *server, const struct sip_message *req,
		      const struct sip_flow *flow);
void phone_on_cancel(void *owner, struct sip_server *server, const struct sip_message *cancel);
void phone_on_stray_2xx(void *owner, const struct sip_message *msg, const struct sip_flow *flow);
void phone_call_done(struct phone_call *c);

/* phone_call.c, for phone_reliable.c */
struct writer phone_request_begin(struct phone_call *c, enum sip_method method, uint32_t cseq, struct slice branch,
				  char *buf, size_t cap);
struct writer phone_respond_begin(struct phone_call *c, const struct sip_message *req, unsigned status,
				  struct slice tag, char *buf, size_t cap);
struct sip_server *phone_invite_of(struct phone_call *c, struct sip_message *ret);
void phone_keep_remote(struct phone_call *c, const struct sip_message *msg);
void phone_describe_answer(struct phone_call *c, const struct sip_message *req);

/* phone_message.c */
void phone_message_came(struct sim_phone *p, struct sip_server *server, const struct sip_message *req);

/* phone_reliable.c */
/* A reliable 1xx of Alto's: acknowledged. false: a copy. */
bool phone_progress_came(struct phone_call *c, const struct sip_message *msg);
void phone_prack_came(struct phone_call *c, struct sip_server *server, const struct sip_message *prack);
void phone_prack_due(struct timer *t, void *arg);
