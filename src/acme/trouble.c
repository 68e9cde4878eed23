/* acme/trouble.c - see acme/trouble.h */
#include "acme/trouble.h"

#define ERRORS "urn:ietf:params:acme:error:"

static const struct {
	const char *name;
	enum warning_kind kind;
} known[] = {
	{"dns", WARNING_AUTHORITY_DNS},
	{"connection", WARNING_AUTHORITY_CONNECTION},
	{"unauthorized", WARNING_AUTHORITY_OTHER_SERVER},
	{"incorrectResponse", WARNING_AUTHORITY_OTHER_SERVER},
	{"caa", WARNING_AUTHORITY_CAA},
	{"rejectedIdentifier", WARNING_AUTHORITY_NAME},
	{"unsupportedIdentifier", WARNING_AUTHORITY_NAME},
	{"rateLimited", WARNING_AUTHORITY_RATE},
	{"userActionRequired", WARNING_AUTHORITY_TERMS},
	{"externalAccountRequired", WARNING_AUTHORITY_ACCOUNT},
	{"invalidContact", WARNING_AUTHORITY_CONTACT},
	{"unsupportedContact", WARNING_AUTHORITY_CONTACT},
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

void acme_trouble_of(const json_t *problem, int status, struct warning *ret)
{
	char said[ACME_SAID_CAP];
	const json_t *p = inmost(problem);
	const char *detail = json_string_value(json_object_get(p, "detail"));
	enum warning_kind kind = WARNING_AUTHORITY_REFUSES;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (acme_problem_is(p, known[i].name))
			kind = known[i].kind;
	/* Without a word of its own, the name of what is wrong is what it says. */
	write_sentence(said, sizeof(said), detail && *detail ? detail : name_of(p));
	if (*said)
		warning_set_with(ret, kind, "%s", said);
	else
		warning_set_with(ret, WARNING_AUTHORITY_STATUS, "%d", status);
}
