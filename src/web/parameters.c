/* web/parameters.c - the tables of parameters, and the one place that holds requests against them */
#include "web/parameters.h"

#include "web/fields.h"
#include "web/moment.h"
#include "web/session.h"

static bool is_limit(struct slice s)
{
	uint64_t n;
	return slice_u64(s, WEB_LIST_MAX, &n) && n > 0;
}

/* Its form is the listing's own: web_listing_new(). */
static bool is_cursor(struct slice s)
{
	return s.n <= WEB_CURSOR_MAX;
}

static bool is_true(struct slice s)
{
	return slice_eq(s, SLICE("true"));
}

static bool is_boolean(struct slice s)
{
	return is_true(s) || slice_eq(s, SLICE("false"));
}

static bool is_block(struct slice s)
{
	struct address_block block;
	return address_block_parse(s, &block);
}

/* As extensions and numbers stand in the history. */
static bool is_called(struct slice s)
{
	struct slice digits = slice_from(s, slice_starts(s, SLICE("+")));
	uint64_t number;
	return digits.n >= 1 && digits.n <= 15 && slice_u64(digits, UINT64_MAX, &number);
}

static bool is_moment(struct slice s)
{
	int64_t us;
	return web_moment_parse(s, &us);
}

/* "busy", "logged-in" */
static bool is_word(struct slice s)
{
	return s.n <= 32 && web_is_login(s) && slice_find(s, '.') < 0 && slice_find(s, '_') < 0;
}

static bool is_sequence(struct slice s)
{
	uint64_t n;
	return slice_u64(s, INT64_MAX, &n);
}

static bool is_query(struct slice s)
{
	return s.n <= WEB_QUERY_MAX;
}

#define PAGE                                                                                                           \
	{"limit", is_limit, "must be a number from 1 to " TEXT_OF(WEB_LIST_MAX)},                                      \
	{                                                                                                              \
		"cursor", is_cursor, "must be what the page before gave as \"next\""                                   \
	}
#define TENANT                                                                                                         \
	{                                                                                                              \
		"tenant", web_is_reference, "must be the name or id of a tenant"                                       \
	}
#define USER                                                                                                           \
	{                                                                                                              \
		"user", web_is_reference, "must be the login or id of a user of the tenant"                            \
	}
#define NAME                                                                                                           \
	{                                                                                                              \
		"name", web_is_device_name, "must be 1 to 64 of the characters A-Z, a-z, 0-9, dot, _ and -"            \
	}
#define QUERY                                                                                                          \
	{                                                                                                              \
		"q", is_query, "must have " TEXT_OF(WEB_QUERY_MAX) " bytes at most"                                    \
	}
#define MOMENT "must be a moment such as 2026-11-27T08:30:00Z (RFC 3339)"
#define TABLE(list)                                                                                                    \
	{                                                                                                              \
		(list), ARRAY_LEN(list)                                                                                \
	}

static const struct web_parameter page[] = {PAGE};
static const struct web_parameter tenants[] = {QUERY, PAGE};
static const struct web_parameter users[] = {
	TENANT,
	{"login", web_is_login, "must be 1 to 64 of the characters a-z, 0-9, dot, _ and -"},
	{"role", web_is_role, "must be user, admin, supervisor, auditor or provider"},
	QUERY,
	PAGE};
static const struct web_parameter devices[] = {TENANT, USER, NAME, QUERY, PAGE};
static const struct web_parameter trunks[] = {TENANT, NAME, PAGE};
static const struct web_parameter numbers[] = {
	TENANT, USER, {"number", web_is_number, "must be an international number such as +33142685300"}, PAGE};
static const struct web_parameter lift[] = {{"address", is_block, "must be as the listing of bans shows it"},
					    {"all", is_true, "must be true"}};
static const struct web_parameter calls[] = {
	TENANT,
	USER,
	{"live", is_boolean, "must be true or false"},
	{"number", is_called, "must be a number such as +33142685300, or an extension"},
	{"from", is_moment, MOMENT},
	{"to", is_moment, MOMENT},
	{"result", is_word, "must be a cause, such as busy"},
	{"answered", is_boolean, "must be true or false"},
	QUERY,
	PAGE};
static const struct web_parameter peak[] = {TENANT, {"from", is_moment, MOMENT}, {"to", is_moment, MOMENT}};
static const struct web_parameter audit[] = {TENANT,
					     {"user", web_is_reference, "must be the login or id of a person"},
					     {"act", is_word, "must be an act, such as changed"},
					     {"thing", is_word, "must be what it was done to, such as device"},
					     {"from", is_moment, MOMENT},
					     {"to", is_moment, MOMENT},
					     PAGE};
static const struct web_parameter check[] = {TENANT, {"last", is_sequence, "must be the number of a row"}};
static const struct web_parameter compliance[] = {TENANT, {"from", is_moment, MOMENT}, {"to", is_moment, MOMENT}};
static const struct web_parameter clear[] = {TENANT};
static const struct web_parameter certificates[] = {TENANT, PAGE};
static const struct web_parameter tokens[] = {TENANT, PAGE};
static const struct web_parameter code[] = {{"code", web_is_code, "must be six digits"}};
static const struct web_parameter who[] = {
	{"who", web_is_who, "must be a person's login and company, or the company's domain"}};
static const struct web_parameter events[] = {{"after", is_sequence, "must be the newest \"seq\" that was heard"}};

const struct web_parameters web_no_parameters = {NULL, 0};
const struct web_parameters web_page_parameters = TABLE(page);
const struct web_parameters web_tenant_parameters = TABLE(tenants);
const struct web_parameters web_user_parameters = TABLE(users);
const struct web_parameters web_device_parameters = TABLE(devices);
const struct web_parameters web_trunk_parameters = TABLE(trunks);
const struct web_parameters web_number_parameters = TABLE(numbers);
const struct web_parameters web_lift_parameters = TABLE(lift);
const struct web_parameters web_call_parameters = TABLE(calls);
const struct web_parameters web_peak_parameters = TABLE(peak);
const struct web_parameters web_audit_parameters = TABLE(audit);
const struct web_parameters web_check_parameters = TABLE(check);
const struct web_parameters web_compliance_parameters = TABLE(compliance);
const struct web_parameters web_clear_parameters = TABLE(clear);
const struct web_parameters web_certificate_parameters = TABLE(certificates);
const struct web_parameters web_token_parameters = TABLE(tokens);
const struct web_parameters web_code_parameters = TABLE(code);
const struct web_parameters web_event_parameters = TABLE(events);
const struct web_parameters web_who_parameters = TABLE(who);

static const struct web_parameter *find(const struct web_parameters *known, struct slice name)
{
	for (size_t i = 0; i < known->count; i++)
		if (slice_eq(name, slice_from_string(known->list[i].name)))
			return &known->list[i];
	return NULL;
}

static bool check_one(struct web_request *r, const struct web_parameters *known, size_t i)
{
	struct slice name = r->arguments[i].name, value = r->arguments[i].value;
	const struct web_parameter *p = find(known, name);
	if (!p) {
		web_problem(r, WEB_UNKNOWN_PARAMETER, NULL, "\"%.*s\" is not a parameter of this resource",
			    SLICE_ARG(slice_first(name, 40)));
		return false;
	}
	for (size_t j = 0; j < i; j++) {
		if (!slice_eq(name, r->arguments[j].name))
			continue;
		web_problem(r, WEB_INVALID_PARAMETER, p->name, "%s is given twice", p->name);
		return false;
	}
	if (slice_empty(value) || p->valid(value))
		return true;
	web_problem(r, WEB_INVALID_PARAMETER, p->name, "%s %s", p->name, p->must);
	return false;
}

bool web_parameters_check(struct web_request *r, const struct web_parameters *known)
{
	for (size_t i = 0; i < r->argument_count; i++)
		if (!check_one(r, known, i))
			return false;
	return true;
}

int64_t web_moment_argument(const struct web_request *r, const char *name)
{
	int64_t us;
	return web_moment_parse(web_argument(r, name), &us) ? MAX(us, (int64_t)1) : 0;
}
