/* config/database.c - checks the URL of a PostgreSQL database part by part, in libpq's order of cutting it */
#include "config/database.h"
#include <stdio.h>

#define IN_A_PASSWORD "in a name or password write @ as %40, / as %2F, : as %3A and % as %25"

/* Of libpq's parameters those that an operator may want; the others are Alto's own to set, or not for it. */
static const char *const parameters[] = {
	"host",
	"hostaddr",
	"port",
	"user",
	"password",
	"passfile",
	"connect_timeout",
	"application_name",
	"options",
	"keepalives_idle",
	"keepalives_interval",
	"keepalives_count",
	"sslmode",
	"tcp_user_timeout",
	"sslcert",
	"sslkey",
	"sslpassword",
	"sslrootcert",
	"sslcrl",
	"sslcrldir",
	"sslsni",
	"requirepeer",
	"ssl_min_protocol_version",
	"channel_binding",
	"gssencmode",
	"krbsrvname",
	"target_session_attrs",
};

static bool refuse(char reterr[240], const char *why)
{
	snprintf(reterr, 240, "%s", why);
	return false;
}

static bool check_bytes(struct slice url, char reterr[240])
{
	for (size_t i = 0; i < url.n; i++) {
		uint8_t byte;
		if (url.p[i] <= ' ' || url.p[i] >= 0x7f)
			return refuse(reterr, "holds a space, or a byte that must be written as %XX");
		if (url.p[i] == '%' && (!slice_unhex(slice_first(slice_from(url, i + 1), 2), &byte, 1) || byte == 0))
			return refuse(reterr, "has a % without two hexadecimal digits; " IN_A_PASSWORD);
	}
	return true;
}

static bool check_host(struct slice host, char reterr[240])
{
	struct slice rest = host;
	if (slice_starts(host, SLICE("["))) {
		slice_cut(&rest, ']');
		if (slice_find(host, ']') < 0 || (!slice_empty(rest) && rest.p[0] != ':'))
			return refuse(reterr, "has an IPv6 address that is not written as [ADDRESS] or [ADDRESS]:PORT");
		rest = slice_from(rest, 1);
		if (slice_empty(rest) && host.p[host.n - 1] == ']')
			return true;
	} else {
		slice_cut(&rest, ':');
		if (slice_find(host, ':') < 0)
			return true;
	}
	uint64_t port;
	if (!slice_u64(rest, 65535, &port) || port == 0)
		return refuse(reterr, "has a port that is not a number from 1 to 65535; " IN_A_PASSWORD);
	return true;
}

static bool check_hosts(struct slice hosts, char reterr[240])
{
	bool more = true;
	while (more) {
		more = slice_find(hosts, ',') >= 0;
		if (!check_host(slice_cut(&hosts, ','), reterr))
			return false;
	}
	return true;
}

static bool is_word(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || s.p[i] == '_'))
			return false;
	}
	return s.n > 0 && s.n <= 40;
}

/* Its place in the table; ARRAY_LEN: not in it. */
static size_t parameter_index(struct slice name)
{
	size_t i = 0;
	while (i < ARRAY_LEN(parameters) && !slice_eq(name, slice_from_string(parameters[i])))
		i++;
	return i;
}

static bool check_parameter(struct slice name, struct slice value, uint64_t *seen, char reterr[240])
{
	size_t i = parameter_index(name);
	uint64_t seconds;

	if (i == ARRAY_LEN(parameters)) {
		snprintf(reterr, 240, "has the parameter \"%.*s\", which Alto does not know",
			 SLICE_ARG(is_word(name) ? name : SLICE("?")));
		return false;
	}
	if (*seen & UINT64_C(1) << i) {
		snprintf(reterr, 240, "has the parameter %s twice", parameters[i]);
		return false;
	}
	*seen |= UINT64_C(1) << i;
	if (slice_empty(value)) {
		snprintf(reterr, 240, "has no value for the parameter %s", parameters[i]);
		return false;
	}
	if (slice_eq(name, SLICE("target_session_attrs")) && !slice_eq(value, SLICE("any")) &&
	    !slice_eq(value, SLICE("read-write")) && !slice_eq(value, SLICE("primary")))
		return refuse(reterr, "must have any, read-write or primary as target_session_attrs: Alto writes");
	if (slice_eq(name, SLICE("connect_timeout")) && (!slice_u64(value, 60, &seconds) || seconds < 2))
		return refuse(reterr, "must have 2 to 60 seconds as connect_timeout");
	return true;
}

_Static_assert(ARRAY_LEN(parameters) <= 64, "a bit each");

bool config_database_check(struct slice url, char reterr[240])
{
	struct slice rest = url;
	uint64_t seen = 0;

	if (!slice_starts(url, SLICE("postgresql://")) && !slice_starts(url, SLICE("postgres://")))
		return refuse(reterr, "must be sqlite, or a URL such as postgresql://alto@host1,host2/alto"
				      "?target_session_attrs=read-write");
	if (!check_bytes(url, reterr))
		return false;
	rest = slice_from(url, (size_t)slice_find(url, '/') + 2);
	/* As libpq: who, if an @ comes before the first slash. */
	struct slice authority = slice_first(rest, slice_find(rest, '/') >= 0 ? (size_t)slice_find(rest, '/') : rest.n);
	if (slice_find(authority, '@') >= 0)
		slice_cut(&rest, '@');
	bool named = slice_find(rest, '/') >= 0;
	struct slice hosts = slice_cut(&rest, '/');
	if (!check_hosts(hosts, reterr))
		return false;
	struct slice name = slice_cut(&rest, '?');
	if (!named || slice_empty(name))
		return refuse(reterr, "names no database; write it behind the hosts, such as postgresql://host1/alto");
	if (slice_find(name, '/') >= 0 || slice_find(name, '@') >= 0)
		return refuse(reterr, "has a / or @ in its database; " IN_A_PASSWORD);
	while (!slice_empty(rest)) {
		struct slice value = slice_cut(&rest, '&');
		struct slice key = slice_cut(&value, '=');
		if (!check_parameter(key, value, &seen, reterr))
			return false;
	}
	return true;
}
