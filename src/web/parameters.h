/*
 * web/parameters.h - what may stand behind the `?` of a resource
 *
 * A route names its table; web_handle() holds a request against it before the resource runs, so that a resource finds
 * only parameters that it knows, each once and in a form that it can have. An empty value is as one not given.
 */
#pragma once
#include "web/request.h"

struct web_parameter {
	const char *name;
	bool (*valid)(struct slice);
	const char *must; /* "must be true or false": the end of the sentence that refuses it */
};
struct web_parameters {
	const struct web_parameter *list;
	size_t count;
};
extern const struct web_parameters web_no_parameters, web_page_parameters, web_tenant_parameters, web_user_parameters,
	web_device_parameters, web_trunk_parameters, web_number_parameters, web_lift_parameters, web_call_parameters,
	web_clear_parameters, web_token_parameters, web_certificate_parameters, web_code_parameters,
	web_event_parameters, web_audit_parameters, web_peak_parameters, web_who_parameters, web_check_parameters,
	web_compliance_parameters;

/* A moment that was given, in microseconds; 0: none was. */
int64_t web_moment_argument(const struct web_request *r, const char *name);
/* False: answered with a problem. */
MUST_USE bool web_parameters_check(struct web_request *r, const struct web_parameters *known);
