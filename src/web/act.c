/* web/act.c - from requests and rows to rows of the audit trail */
#include "web/act.h"

#include "net/loop.h"

/* Of what only shows or only tries out nothing is told; nor of a page's phone, which comes with each look at the page.
 */
static const char *const things[WEB_RESOURCE_COUNT] = {
	[WEB_ON_TENANTS] = "tenant",
	[WEB_ON_USERS] = "user",
	[WEB_ON_DEVICES] = "device",
	[WEB_ON_TRUNKS] = "trunk",
	[WEB_ON_NUMBERS] = "number",
	[WEB_ON_BANS] = "ban",
	[WEB_ON_CERTIFICATES] = "certificate",
	[WEB_ON_CALLS] = "call",
	[WEB_ON_ALL_CALLS] = "call",
	[WEB_ON_MESSAGES] = "call",
	[WEB_ON_TOKENS] = "token",
	[WEB_ON_SESSION] = "session",
	[WEB_ON_TOTP] = "code-app",
	[WEB_ON_PASSKEYS] = "passkey",
	[WEB_ON_PASSWORDS] = "password",
	[WEB_ON_WEBHOOKS] = "webhook",
	[WEB_ON_ISSUERS] = "issuer",
	[WEB_ON_SIGN_IN] = "session",
};

const char *web_act_thing(enum web_resource resource)
{
	return things[resource];
}

/* ---- who ---- */

static struct slice actor_kind(const struct web_request *r)
{
	if (r->plane == WEB_LOCAL)
		return SLICE("machine");
	if (!slice_empty(r->who.user))
		return SLICE("person");
	return slice_empty(r->who.pass) ? SLICE("nobody") : SLICE("token");
}

static struct slice address_of(const struct web_request *r, char *text, size_t cap)
{
	struct writer w = writer_on(text, cap);
	if (r->plane != WEB_LOCAL)
		write_address(&w, &r->shown.from);
	return writer_slice(&w);
}

void web_act_begin(struct web_act *a, const struct web_request *r)
{
	static const char *const acts[] = {
		[WEB_READ] = "read", [WEB_CREATE] = "created", [WEB_CHANGE] = "changed", [WEB_REMOVE] = "removed"};
	struct store_audit *row = &a->row;
	const char *thing = r->route ? things[r->route->resource] : NULL;
	store_new_id(r->context->random, web_now_us(r), a->id);
	row->id = slice_of(a->id, STORE_ID_CAP - 1);
	row->at_us = web_now_us(r);
	row->actor_kind = actor_kind(r);
	row->actor = slice_empty(r->who.user) ? r->who.pass : r->who.user;
	row->actor_tenant = r->who.role == WEB_PROVIDER ? SLICE_NONE : r->who.tenant;
	row->address = address_of(r, a->address, sizeof(a->address));
	if (slice_empty(row->thing))
		row->thing = slice_from_string(thing);
	if (slice_empty(row->act) && r->route)
		row->act = slice_from_string(acts[r->route->action]);
}

/* ---- what ---- */

/* Members that the API calls otherwise; empty: they are our own book-keeping. */
static const struct {
	const char *member, *name;
} names[] = {
	{"ha1", "password"}, {"port", "host"},   {"sources", "from"}, {"id", ""},      {"tenant", ""},
	{"created_us", ""},  {"enabled_us", ""}, {"failing_us", ""},  {"on", "state"},
};

struct differing {
	struct writer changed;
	enum store_kind kind;
	const void *before, *after;
};

static void write_member(struct writer *w, struct slice name)
{
	struct slice written = writer_slice(w);
	size_t last = written.n;
	while (last > 0 && written.p[last - 1] != ',')
		last--;
	/* Host and port are one to who changes them. */
	if (slice_empty(name) || slice_eq(slice_from(written, last), name))
		return;
	write_string(w, w->n ? "," : "");
	write_slice(w, name);
}

/* What a person may do, and how many lines a company has and has bought: the values that an auditor must see. */
static void write_values(const struct differing *d, struct slice name, struct writer *w)
{
	if (d->kind == STORE_USER && slice_eq(name, SLICE("role"))) {
		const struct store_user *before = d->before, *after = d->after;
		write_format(w, "=%.*s>%.*s", SLICE_ARG(before->role), SLICE_ARG(after->role));
	} else if (d->kind == STORE_TENANT && slice_eq(name, SLICE("lines"))) {
		const struct store_tenant *before = d->before, *after = d->after;
		write_format(w, "=%lld>%lld", (long long)before->lines, (long long)after->lines);
	} else if (d->kind == STORE_TENANT && slice_eq(name, SLICE("lines_bought"))) {
		const struct store_tenant *before = d->before, *after = d->after;
		write_format(w, "=%lld>%lld", (long long)before->lines_bought, (long long)after->lines_bought);
	}
}

static void take_difference(void *arg, const char *member)
{
	struct differing *d = arg;
	struct slice name = slice_from_string(member);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_eq(name, slice_from_string(names[i].member)))
			name = slice_from_string(names[i].name);
	size_t had = d->changed.n;
	write_member(&d->changed, name);
	if (d->changed.n != had)
		write_values(d, name, &d->changed);
}

/* What is configured has an id and a tenant, or is one; a name, or is a number; and some are a person's. */
static void take_row(struct store_audit *a, enum store_kind kind, const void *row)
{
	a->object = store_text_of(kind, row, "id");
	a->tenant = kind == STORE_TENANT ? a->object : store_text_of(kind, row, "tenant");
	a->object_name = store_text_of(kind, row, kind == STORE_NUMBER ? "number" : "name");
	a->owner = store_text_of(kind, row, "user");
}

void web_act_of_rows(struct web_act *a, enum store_kind kind, const void *before, const void *after)
{
	struct differing d = {
		.changed = writer_on(a->changed, sizeof(a->changed)), .kind = kind, .before = before, .after = after};
	take_row(&a->row, kind, after ? after : before);
	if (before && after)
		store_differences(kind, before, after, take_difference, &d);
	a->row.changed = writer_slice(&d.changed);
	a->row.act = before && after ? SLICE("changed") : after ? SLICE("created") : SLICE("removed");
}

int web_act_write(struct db *db, const struct web_act *a)
{
	bool told = !slice_empty(a->row.object) || !slice_empty(a->row.owner);
	return told ? store_audit_add(db, &a->row) : DB_OK;
}
