/*
 * web/request.h - one request from its head to its answer, as a resource sees it
 *
 * A resource is told of a request once, and answers once with web_answer_json(), _text() or web_problem(): at once or
 * later, from a store job's done(). The client may have gone by then; the answer is dropped and nobody needs to look.
 * After its answer the request is not to be touched. Owner: the switchboard's thread.
 */
#pragma once
#include <jansson.h>

#include "base/arena.h"
#include "base/wheel.h"
#include "web/etag.h"
#include "web/limits.h"
#include "web/problem.h"
#include "web/server.h"

struct web_route;

/* What a request may do: web/policy.c. In this order each may give the ones before it. */
enum web_role { WEB_NOBODY, WEB_USER, WEB_AUDITOR, WEB_SUPERVISOR, WEB_COMPANY_ADMIN, WEB_PROVIDER, WEB_ROLE_COUNT };
/* How far that goes. */
enum web_reach {
	WEB_REACH_NONE,
	WEB_REACH_OWN,    /* what is the asking person's */
	WEB_REACH_TENANT, /* what is their company's */
	WEB_REACH_ALL
};
/* Who asks. The texts are in the request's arena. */
struct web_who {
	enum web_role role;
	struct slice tenant; /* id; empty: the provider without a person's name (socket, token), or nobody */
	struct slice user;   /* id; empty: not a person */
	struct slice pass;   /* id of the session or token; empty: none was needed */
	bool read_only;
};
/* What stood in the head about it; empty: not given. */
struct web_shown {
	struct slice bearer;  /* Authorization: Bearer */
	struct slice session; /* the cookie */
	struct slice attempt; /* that of who is about to log in in another way than with a password */
	struct slice csrf;    /* X-CSRF-Token */
	struct slice origin, host;
	struct address from; /* not on the unix socket */
};

enum web_method { WEB_GET, WEB_PUT, WEB_POST, WEB_PATCH, WEB_DELETE, WEB_OTHER };
bool web_method_takes_body(enum web_method m);

struct web_answer {
	int status;
	const char *type;            /* static text */
	const char *location;        /* Location; in the request's arena; NULL: none */
	const char *cookie;          /* Set-Cookie; in the request's arena; NULL: none */
	int64_t retry_s;             /* Retry-After; 0: none */
	const char *allow;           /* methods, for 405; static text or in the request's arena; NULL: none */
	const char *etag;            /* in the request's arena, or as long as the server; NULL: none */
	const char *encoding, *vary; /* static texts; NULL: none */
	const char *cache;           /* Cache-Control; NULL: no-store */
	char *bytes;                 /* malloc'ed; the request's */
	const char *file;            /* instead of them: the server's, for as long as it serves */
	size_t n;
};

struct web_argument {
	struct slice name, value;
};

struct web_request {
	const struct web_context *context;
	int64_t started_us; /* monotonic: when the server began to serve, for its uptime */
	enum web_plane plane;
	struct web_shown shown;
	enum web_method method;
	struct slice path;
	size_t argument_count;
	struct web_argument arguments[WEB_ARGUMENTS_MAX]; /* percent-decoded */
	struct slice accept_encoding;
	bool json_type;                       /* Content-Type says JSON */
	struct slice if_match, if_none_match; /* empty: not given */
	struct slice body_text;               /* as it came; in memory of the request's owner until the answer */

	/* Filled in by web_handle(). */
	const struct web_route *route; /* NULL: none fits */
	struct web_who who;
	enum web_reach reach; /* over the route's resource */
	struct slice id;      /* what stood for {id} */
	json_t *body;         /* an object, or NULL */

	struct arena arena; /* dies with the request */
	struct timer timer; /* for answers written over several turns; stopped when the request is freed */
	struct web_answer answer;

	/* Called by the answer, exactly once; frees the request when it is done with it. */
	void (*answered)(struct web_request *r);
	bool upgrade; /* the client asks for a WebSocket */
	bool head;    /* it is a GET of which the answer's head alone is wanted (HEAD) */
	bool handled; /* the server's: a resource has it and will answer */
	void *peer;   /* the server's: who waits, NULL: gone */
	struct web_request *next, **prev;
};

/* NULL: out of memory. */
MUST_USE struct web_request *web_request_new(const struct web_context *context);
struct web_request *web_request_free(struct web_request *r);

/* Off the server's list of requests. */
void web_request_unlink(struct web_request *r);

/* Find the resource and let it answer; refuses what fits none. */
void web_handle(struct web_request *r);

/* ---- answers: each ends the request ---- */
void web_answer_json(struct web_request *r, int status, json_t *value); /* takes value; NULL: out of memory, 503 */
void web_answer_text(struct web_request *r, int status, const char *type, char *bytes, size_t n); /* takes bytes */
/* 200, with bytes that outlive the request. */
void web_answer_file(struct web_request *r, const char *type, struct slice bytes);
void web_answer_empty(struct web_request *r); /* 204 */
/* field: the member of the body or the parameter that is wrong, or NULL. */
void web_problem(struct web_request *r, enum web_problem_code code, const char *field, const char *format, ...)
	PRINTF_LIKE(4, 5);
void web_problem_given(struct web_request *r, const struct web_problem *p);
/* What a store job came back with, other than DB_OK; or -ENOSPC and the like from store_post(). */
void web_problem_store(struct web_request *r, int error);

/* ---- for resources ---- */
struct slice web_argument(const struct web_request *r, const char *name); /* empty: not given */

int64_t web_now_us(const struct web_request *r); /* wall clock */

/* Text as JSON; it may be empty. Bytes that are no UTF-8 (a phone's own words) give null. */
json_t *web_json_text(struct slice s);
json_t *web_json_text_or_null(struct slice s); /* null: it is empty */
json_t *web_json_time(int64_t wall_us);        /* RFC 3339; 0: null */
/* Adds a member; takes value. False: out of memory (value NULL included). */
MUST_USE bool web_json_set(json_t *object, const char *name, json_t *value);
struct web_member {
	const char *name;
	json_t *value;
};
/* An object of these members; takes them all. NULL: out of memory. */
json_t *web_json_object(struct web_member *members, size_t count);
#define WEB_OBJECT(...)                                                                                                \
	web_json_object((struct web_member[]){__VA_ARGS__}, ARRAY_LEN(((struct web_member[]){__VA_ARGS__})))
