/* call/callee.c - see callee.h */
#include "call/callee.h"
#include "call/gruu.h"

static void find_dialled(struct switchboard *sb, const struct directory_user *by, struct slice dialled,
			 struct callee *ret)
{
	struct directory *d = sb->config.directory;
	ret->to = dialled;
	ret->user = directory_user_by_extension(d, by->tenant, dialled);
	if (ret->user || !number_read(dialled, ret->number))
		return;
	struct slice number = slice_from_string(ret->number);
	const struct directory_number *n = directory_number_find(d, number);
	ret->user = n ? n->user : NULL;
	if (n)
		ret->tenant = n->tenant;
	ret->outside = !n && outside_dialled(sb, by->tenant, dialled, ret->number);
	if (n || ret->outside)
		ret->to = number;
}

unsigned callee_find(struct switchboard *sb, const struct directory_user *by, const struct sip_uri *uri,
		     struct callee *ret)
{
	const struct directory_device *device = NULL;
	size_t n;
	*ret = (struct callee){.tenant = by->tenant};
	enum gruu gruu = gruu_read(sb, uri, &ret->instance, &device);
	bool known = device && device->user->tenant == by->tenant; /* another company's is nobody here */
	if (gruu == GRUU_OVER || gruu == GRUU_TEMPORARY) {
		ret->user = known ? device->user : NULL;
		ret->to = known ? device->user->extension : SLICE("unknown");
		return 0;
	}
	if (slice_empty(uri->user) || !sip_user_unescape(uri->user, ret->dialled, sizeof(ret->dialled), &n))
		return 404;
	find_dialled(sb, by, slice_of(ret->dialled, n), ret);
	return 0;
}

void callee_ring(struct call *c, const struct callee *callee, const struct party *from, const char *diverted)
{
	struct party shown = *from;
	bool elsewhere = callee->tenant != from->tenant;
	if (elsewhere)
		shown = (struct party){.tenant = callee->tenant, .uri = slice_from_string(c->identity.number)};
	if (c->identity.withheld)
		shown.uri = shown.name = SLICE_NONE;
	c->instance = callee->instance;
	if (elsewhere && !call_enter_tenant(c, callee->tenant, shown.uri)) {
		call_trace(c, DECIDED_NO_LINE_THERE);
		call_end(c, 503, "no-line", "alto");
	} else if (callee->user) {
		ring_user(c, callee->user, &shown, diverted);
	} else {
		outside_call(c, callee->to);
	}
}
