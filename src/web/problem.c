/* web/problem.c - the table of codes and their statuses */
#include "web/problem.h"
#include <stdarg.h>

static const struct {
	int status;
	const char *name;
} problems[WEB_PROBLEM_COUNT] = {
	[WEB_BAD_REQUEST] = {400, "bad-request"},
	[WEB_BAD_JSON] = {400, "bad-json"},
	[WEB_MISSING_FIELD] = {400, "missing-field"},
	[WEB_UNKNOWN_FIELD] = {400, "unknown-field"},
	[WEB_INVALID_FIELD] = {400, "invalid-field"},
	[WEB_UNKNOWN_PARAMETER] = {400, "unknown-parameter"},
	[WEB_INVALID_PARAMETER] = {400, "invalid-parameter"},
	[WEB_NO_LOGIN] = {401, "no-login"},
	[WEB_WRONG_LOGIN] = {401, "wrong-login"},
	[WEB_CODE_NEEDED] = {401, "code-needed"},
	[WEB_WRONG_CODE] = {401, "wrong-code"},
	[WEB_PASSWORD_NEEDED] = {401, "password-needed"},
	[WEB_WRONG_PASSKEY] = {401, "wrong-passkey"},
	[WEB_WRONG_SIGN_IN] = {401, "wrong-sign-in"},
	[WEB_FOREIGN] = {403, "foreign"},
	[WEB_WRONG_PLANE] = {403, "wrong-address"},
	[WEB_NO_ACCOUNT] = {403, "no-account"},
	[WEB_SIGN_IN_ELSEWHERE] = {403, "sign-in-elsewhere"},
	[WEB_FORBIDDEN] = {403, "forbidden"},
	[WEB_NOT_FOUND] = {404, "not-found"},
	[WEB_UNKNOWN_TENANT] = {404, "unknown-tenant"},
	[WEB_UNKNOWN_USER] = {404, "unknown-user"},
	[WEB_UNKNOWN_DEVICE] = {404, "unknown-device"},
	[WEB_UNKNOWN_CALL] = {404, "unknown-call"},
	[WEB_UNKNOWN_TRUNK] = {404, "unknown-trunk"},
	[WEB_UNKNOWN_NUMBER] = {404, "unknown-number"},
	[WEB_UNKNOWN_BAN] = {404, "unknown-ban"},
	[WEB_UNKNOWN_CERTIFICATE] = {404, "unknown-certificate"},
	[WEB_UNKNOWN_TOKEN] = {404, "unknown-token"},
	[WEB_UNKNOWN_WEBHOOK] = {404, "unknown-webhook"},
	[WEB_UNKNOWN_DELIVERY] = {404, "unknown-delivery"},
	[WEB_UNKNOWN_ISSUER] = {404, "unknown-issuer"},
	[WEB_UNKNOWN_PASSKEY] = {404, "unknown-passkey"},
	[WEB_METHOD_NOT_ALLOWED] = {405, "method-not-allowed"},
	[WEB_CONFLICT] = {409, "conflict"},
	[WEB_ID_TAKEN] = {409, "id-taken"},
	[WEB_NAME_TAKEN] = {409, "name-taken"},
	[WEB_DOMAIN_TAKEN] = {409, "domain-taken"},
	[WEB_LOGIN_TAKEN] = {409, "login-taken"},
	[WEB_EXTENSION_TAKEN] = {409, "extension-taken"},
	[WEB_USERNAME_TAKEN] = {409, "username-taken"},
	[WEB_NUMBER_TAKEN] = {409, "number-taken"},
	[WEB_NO_HOST_NAME] = {409, "no-host-name"},
	[WEB_URL_NOT_PUBLIC] = {400, "url-not-public"},
	[WEB_PRECONDITION_FAILED] = {412, "precondition-failed"},
	[WEB_LENGTH_REQUIRED] = {411, "length-required"},
	[WEB_TOO_LARGE] = {413, "too-large"},
	[WEB_NOT_JSON] = {415, "not-json"},
	[WEB_TOO_OFTEN] = {429, "too-often"},
	[WEB_ISSUER_TROUBLE] = {502, "issuer-trouble"},
	[WEB_BUSY] = {503, "busy"},
	[WEB_STORE_FULL] = {507, "store-full"},
	[WEB_STORE_BUSY] = {503, "store-busy"},
	[WEB_STORE_TROUBLE] = {503, "store-trouble"},
	[WEB_NO_MEMORY] = {503, "no-memory"},
};

static const struct {
	int status;
	const char *title;
} titles[] = {
	{200, "OK"},
	{201, "Created"},
	{202, "Accepted"},
	{204, "No Content"},
	{304, "Not Modified"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{409, "Conflict"},
	{411, "Length Required"},
	{412, "Precondition Failed"},
	{413, "Content Too Large"},
	{415, "Unsupported Media Type"},
	{429, "Too Many Requests"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{507, "Insufficient Storage"},
};

int web_problem_status(enum web_problem_code code)
{
	return problems[code].status;
}

const char *web_problem_name(enum web_problem_code code)
{
	return problems[code].name;
}

const char *web_status_title(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Error";
}

static void replace_what_is_no_utf8(char *text)
{
	struct slice rest = slice_from_string(text);
	while (rest.n) {
		size_t n = slice_character(rest);
		if (n == 0)
			text[rest.p - text] = '?';
		rest = slice_from(rest, MAX(n, (size_t)1));
	}
}

void web_problem_set(struct web_problem *ret, enum web_problem_code code, const char *field, const char *format, ...)
{
	ret->code = code;
	ret->schema = NULL;
	snprintf(ret->field, sizeof(ret->field), "%s", field ? field : "");
	va_list args;
	va_start(args, format);
	vsnprintf(ret->detail, sizeof(ret->detail), format, args);
	va_end(args);
	replace_what_is_no_utf8(ret->detail);
}
