/* acme/trouble.h - why there is no certificate, in the authority's words, and what to do.   RFC 8555 §6.7 */
#pragma once
#include <jansson.h>

#include "acme/limits.h"
#include "base/warning.h"

/* "urn:ietf:params:acme:error:dns" is named "dns". */
bool acme_problem_is(const json_t *problem, const char *name);
/* What a problem document says (NULL: nothing), with the status of the answer it came in. */
void acme_trouble_of(const json_t *problem, int status, struct warning *ret);
