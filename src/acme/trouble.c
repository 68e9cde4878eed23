/* acme/trouble.c - see acme/trouble.h */
#include "acme/trouble.h"

#define ERRORS "urn:ietf:params:acme:error:"

static const struct {
	const char *name, *advice;
} advices[] = {
	{"dns", "let the name's A or AAAA record point to this server"},
	{"connection", "the authority must reach this server at port 80 of the name: look at DNS, the firewall and "
		       "listen.http"},
	{"unauthorized", "another server seems to answer at port 80 of the name: let its DNS point here"},
	{"incorrectResponse", "another server seems to answer at port 80 of the name: let its DNS point here"},
	{"caa", "the name's CAA record must allow this authority"},
	{"rejectedIdentifier", "this authority gives no certificate for such a name"},
	{"unsupportedIdentifier", "this authority gives no certificate for such a name"},
	{"rateLimited", "it is asked again when it allows it"},
	{"userActionRequired", "its terms have changed: read them"},
	{"externalAccountRequired", "it wants an account that is bound to one of its own, which Alto has not; choose "
				    "another in acme.directory"},
	{"invalidContact", "look at acme.contact"},
	{"unsupportedContact", "look at acme.contact"},
};

static const char *name_of(const json_t *problem)
{
	const char *type = json_string_value(json_object_get(problem, "type"));
	return type && strncmp(type, ERRORS, strlen(ERRORS)) == 0 ? type + strlen(ERRORS) : "";
}

bool acme_problem_is(const json_t *problem, const char *name)
{
	return strcmp(name_of(problem), name) == 0;
}

/* Where there are several, as for a name that is refused, the first of them says more (§6.7.1). */
static const json_t *inmost(const json_t *problem)
{
	const json_t *first = json_array_get(json_object_get(problem, "subproblems"), 0);
	return first ? first : problem;
}

/* As much as fits, in whole characters; what would break a line becomes a space. */
static void write_sentence(char *ret, size_t cap, const char *text)
{
	struct slice s = slice_from_string(text);
	size_t n = 0;
	while (s.n) {
		size_t one = MAX(slice_character(s), (size_t)1);
		if (one >= cap - n)
			break;
		memcpy(ret + n, s.p, one);
		if ((unsigned char)ret[n] < ' ')
			ret[n] = ' ';
		n += one;
		s = slice_from(s, one);
	}
	ret[n] = 0;
}

void acme_trouble_of(const json_t *problem, int status, char ret[ACME_TROUBLE_CAP])
{
	char detail[ACME_TROUBLE_CAP - 160];
	const json_t *p = inmost(problem);
	const char *said = json_string_value(json_object_get(p, "detail")), *advice = "";
	write_sentence(detail, sizeof(detail), said ? said : "");
	for (size_t i = 0; i < ARRAY_LEN(advices); i++)
		if (acme_problem_is(p, advices[i].name))
			advice = advices[i].advice;
	if (*detail)
		snprintf(ret, ACME_TROUBLE_CAP, "the authority says: %s%s%s", detail, *advice ? " - " : "", advice);
	else if (*advice)
		snprintf(ret, ACME_TROUBLE_CAP, "the authority refuses (%.40s): %s", name_of(p), advice);
	else
		snprintf(ret, ACME_TROUBLE_CAP, "the authority answered with status %d and no reason", status);
}
