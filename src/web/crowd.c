/* web/crowd.c - a full house: whoever holds most of it makes room. transport/guests.c does the same for phones. */
#include "web/crowd.h"
#include <unistd.h>

#include "net/loop.h"

const struct web_limits web_limits_usual = {.peers = {[WEB_LOCAL] = WEB_PEERS_OF_SOCKET,
						      [WEB_ADMIN] = WEB_PEERS_OF_ADMIN,
						      [WEB_COMPANY] = WEB_PEERS_OF_COMPANIES,
						      [WEB_PLAIN] = WEB_PEERS_OF_PLAIN},
					    .peers_of_address = WEB_PEERS_OF_ADDRESS_MAX,
					    .streams = WEB_STREAMS_MAX,
					    .streams_of_person = WEB_STREAMS_OF_PERSON,
					    .grace_us = WEB_PEER_GRACE_US,
					    .head_us = WEB_HEAD_US,
					    .idle_us = WEB_IDLE_US,
					    .body_us = WEB_BODY_US,
					    .answer_us = WEB_ANSWER_US,
					    .ahead_us = WEB_AHEAD_US};

/* The network of an IPv6 address is one customer's, so its /64 counts as one. */
static bool same_house(const struct address *a, const struct address *b)
{
	return memcmp(a->ip, b->ip, address_is_v4(a) ? 16 : 8) == 0;
}

/* Accepted, and nothing more: its bytes are the kernel's, and no handshake has begun. */
struct web_waiting {
	struct web_waiting *next;
	struct web_listener *listener;
	web_enter_fn enter;
	struct address from;
	int fd;
	int64_t until_us;
};

static uint32_t inside(const struct web *w, enum web_plane plane)
{
	uint32_t n = 0;
	for (const struct web_peer *p = w->first_peer; p; p = p->next)
		n += p->plane == plane;
	return n;
}

static uint32_t inside_from(const struct web *w, enum web_plane plane, const struct address *from)
{
	uint32_t n = 0;
	for (const struct web_peer *p = w->first_peer; p; p = p->next)
		n += p->plane == plane && same_house(&p->from, from);
	return n;
}

/* What we are at work for is not thrown away, nor is who has logged in while they are asking. */
static bool may_go(const struct web_peer *p)
{
	const struct web_request *r = p->request;
	return !p->sip && (!r || (r->who.role == WEB_NOBODY && (!r->handled || p->answered)));
}

/* One that waits for nothing, or has had its time. */
static bool is_slow_or_idle(const struct web_peer *p, int64_t now_us)
{
	int64_t quiet_us = now_us - p->quiet_us;
	return (p->served && !p->request && quiet_us >= WEB_PEER_PAUSE_US) || quiet_us >= p->web->limits.grace_us;
}

static struct web_peer *oldest_of_house(const struct web *w, enum web_plane plane, const struct address *from)
{
	int64_t now_us = loop_wheel(w->context.loop)->now_us;
	struct web_peer *oldest = NULL;
	for (struct web_peer *p = w->first_peer; p; p = p->next)
		if (p->plane == plane && same_house(&p->from, from) && may_go(p) && is_slow_or_idle(p, now_us) &&
		    (!oldest || p->quiet_us <= oldest->quiet_us))
			oldest = p;
	return oldest;
}

/*
 * However young: a flood is young, and its houses hold most. Compares each with each, some 200 us, and only where a
 * plane is full: a handshake costs more. The newest are first in the list.
 */
static struct web_peer *oldest_of_largest(const struct web *w, enum web_plane plane)
{
	struct web_peer *oldest = NULL;
	uint32_t most = 0;
	for (struct web_peer *p = w->first_peer; p; p = p->next) {
		if (p->plane != plane || !may_go(p))
			continue;
		uint32_t n = inside_from(w, plane, &p->from);
		if (oldest && (n < most || (n == most && p->quiet_us > oldest->quiet_us)))
			continue;
		most = n;
		oldest = p;
	}
	return oldest;
}

static bool make_room(struct web *w, struct web_peer *goes)
{
	if (!goes)
		return false;
	metric_add(&w->made_room_total, 1);
	web_peer_drop(goes);
	return true;
}

/* Have plane and address room, or make some? */
static bool admits(struct web *w, enum web_plane plane, const struct address *from)
{
	if (plane != WEB_LOCAL && inside_from(w, plane, from) >= w->limits.peers_of_address)
		return make_room(w, oldest_of_house(w, plane, from));
	return inside(w, plane) < w->limits.peers[plane] || make_room(w, oldest_of_largest(w, plane));
}

/* ---- at the door ---- */

static bool waits_with(const struct web_waiting *x, enum web_plane plane, const struct address *from)
{
	return x->listener->plane == plane && same_house(&x->from, from);
}

bool web_crowd_admit(struct web *w, enum web_plane plane, const struct address *from)
{
	/* In turn: not before those of its address who wait. */
	for (const struct web_waiting *x = w->first_waiting; x; x = x->next)
		if (waits_with(x, plane, from))
			return false;
	return admits(w, plane, from);
}

/* Takes it out of the list. */
static struct web_waiting take(struct web_waiting **at)
{
	struct web_waiting *x = *at, was = *x;
	*at = x->next;
	free(x);
	return was;
}

static void look_again(struct timer *t, void *arg)
{
	struct web *w = arg;
	struct wheel *wheel = loop_wheel(w->context.loop);
	struct web_waiting **at = &w->first_waiting;
	const struct web_waiting *refused = NULL; /* of a row from one address only the first is asked for */
	unsigned entered = 0;
	while (*at && entered < WEB_HANDSHAKES_A_TURN) {
		struct web_waiting *x = *at;
		if (x->until_us <= wheel->now_us) {
			close(take(at).fd);
			w->waiting--;
			metric_add(&w->turned_away_total, 1);
		} else if (!(refused && waits_with(x, refused->listener->plane, &refused->from)) &&
			   admits(w, x->listener->plane, &x->from)) {
			struct web_waiting was = take(at);
			w->waiting--;
			was.enter(was.listener, was.fd, &was.from);
			entered++;
		} else {
			refused = x;
			at = &x->next;
		}
	}
	if (w->first_waiting)
		timer_start(wheel, &w->door, WEB_DOOR_STEP_US);
}

static bool has_place(const struct web *w, enum web_plane plane, const struct address *from)
{
	uint32_t n = 0;
	for (const struct web_waiting *x = w->first_waiting; x; x = x->next)
		n += waits_with(x, plane, from);
	return w->waiting < WEB_DOOR_MAX && n < WEB_DOOR_OF_ADDRESS_MAX;
}

bool web_crowd_wait(struct web *w, struct web_listener *l, int fd, const struct address *from, web_enter_fn enter)
{
	struct wheel *wheel = loop_wheel(w->context.loop);
	struct web_waiting **end = &w->first_waiting;
	struct web_waiting *x = has_place(w, l->plane, from) ? malloc(sizeof(*x)) : NULL;
	if (!x)
		return false;
	*x = (struct web_waiting){
		.listener = l, .enter = enter, .from = *from, .fd = fd, .until_us = wheel->now_us + WEB_DOOR_US};
	while (*end)
		end = &(*end)->next;
	*end = x;
	w->waiting++;
	if (!timer_running(&w->door)) {
		timer_init(&w->door, look_again, w);
		timer_start(wheel, &w->door, WEB_DOOR_STEP_US);
	}
	return true;
}

void web_crowd_send_home(struct web *w)
{
	if (w->first_waiting)
		timer_stop(loop_wheel(w->context.loop), &w->door);
	while (w->first_waiting)
		close(take(&w->first_waiting).fd);
	w->waiting = 0;
}
