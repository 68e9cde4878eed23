/* web/audit_upkeep.h - rows of the audit trail that are older than the configuration keeps them are dropped, hourly */
#pragma once
#include "web/server.h"

struct web_audit_upkeep;

MUST_USE struct web_audit_upkeep *web_audit_upkeep_new(const struct web_context *context); /* NULL: out of memory */
void web_audit_upkeep_start(struct web_audit_upkeep *u);
void web_audit_upkeep_close(struct web_audit_upkeep *u);                    /* NULL is fine */
struct web_audit_upkeep *web_audit_upkeep_free(struct web_audit_upkeep *u); /* once the store owes it nothing */
