/*
 * web/problem.h - what is wrong with a request: a stable code, a sentence, and the field.   RFC 9457
 *
 * {"type": "about:blank", "title": "Conflict", "status": 409, "code": "domain-taken", "detail": "...", "field":
 * "domain"} Codes are part of the API: they are added, never renamed.
 */
#pragma once
#include "base/slice.h"

enum web_problem_code {
	WEB_BAD_REQUEST,
	WEB_BAD_JSON,
	WEB_MISSING_FIELD,
	WEB_UNKNOWN_FIELD,
	WEB_INVALID_FIELD,
	WEB_UNKNOWN_PARAMETER,
	WEB_INVALID_PARAMETER,
	WEB_NO_LOGIN,
	WEB_WRONG_LOGIN,
	WEB_CODE_NEEDED,
	WEB_WRONG_CODE,
	WEB_PASSWORD_NEEDED,
	WEB_WRONG_PASSKEY,
	WEB_WRONG_SIGN_IN,
	WEB_FORBIDDEN,
	WEB_FOREIGN,
	WEB_WRONG_PLANE,
	WEB_NO_ACCOUNT,
	WEB_SIGN_IN_ELSEWHERE,
	WEB_NOT_FOUND,
	WEB_UNKNOWN_TENANT,
	WEB_UNKNOWN_USER,
	WEB_UNKNOWN_DEVICE,
	WEB_UNKNOWN_CALL,
	WEB_UNKNOWN_TRUNK,
	WEB_UNKNOWN_NUMBER,
	WEB_UNKNOWN_BAN,
	WEB_UNKNOWN_CERTIFICATE,
	WEB_UNKNOWN_TOKEN,
	WEB_UNKNOWN_WEBHOOK,
	WEB_UNKNOWN_DELIVERY,
	WEB_UNKNOWN_ISSUER,
	WEB_UNKNOWN_PASSKEY,
	WEB_METHOD_NOT_ALLOWED,
	WEB_CONFLICT,
	WEB_ID_TAKEN,
	WEB_NAME_TAKEN,
	WEB_DOMAIN_TAKEN,
	WEB_LOGIN_TAKEN,
	WEB_EXTENSION_TAKEN,
	WEB_USERNAME_TAKEN,
	WEB_NUMBER_TAKEN,
	WEB_NO_HOST_NAME,
	WEB_URL_NOT_PUBLIC,
	WEB_PRECONDITION_FAILED,
	WEB_LENGTH_REQUIRED,
	WEB_TOO_LARGE,
	WEB_NOT_JSON,
	WEB_TOO_OFTEN,
	WEB_ISSUER_TROUBLE,
	WEB_BUSY,
	WEB_STORE_FULL,
	WEB_STORE_BUSY,
	WEB_STORE_TROUBLE,
	WEB_NO_MEMORY,
	WEB_PROBLEM_COUNT
};

struct web_problem {
	enum web_problem_code code;
	char field[40];     /* empty: none */
	const char *schema; /* "User": its table says what the field must be, and it is not; NULL: another reason */
	char detail[320];
};

int web_problem_status(enum web_problem_code code);
const char *web_problem_name(enum web_problem_code code);
/* "Not Found": the words of a status that the server uses. */
const char *web_status_title(int status);

/* What was quoted from the client may be no UTF-8: each such byte becomes '?', so that the sentence is always JSON. */
void web_problem_set(struct web_problem *ret, enum web_problem_code code, const char *field, const char *format, ...)
	PRINTF_LIKE(4, 5);
