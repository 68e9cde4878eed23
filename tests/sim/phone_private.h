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
