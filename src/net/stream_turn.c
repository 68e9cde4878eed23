/* net/stream_turn.c - what the streams of a loop share, and what is done for all of them at the end of a turn */
#include <errno.h>

#include "net/stream_private.h"

static void stream_list_init(struct stream_list *l)
{
	l->first = NULL;
	l->last = &l->first;
}

void stream_list_add(struct stream_list *l, struct stream_node *n)
{
	if (n->prev)
		return;
	n->next = NULL;
	n->prev = l->last;
	*l->last = n;
	l->last = &n->next;
}

void stream_list_remove(struct stream_list *l, struct stream_node *n)
{
	if (!n->prev)
		return;
	*n->prev = n->next;
	if (n->next)
		n->next->prev = n->prev;
	else
		l->last = n->prev;
	*n = (struct stream_node){0};
}

static void grant(struct stream_shared *shared, struct stream_list *waiting)
{
	while (shared->handshakes_left && waiting->first) {
		struct stream *s = container_of(waiting->first, struct stream, held);
		stream_list_remove(waiting, &s->held);
		shared->handshakes_left--;
		s->granted = true;
		timer_start(&shared->loop->wheel, &s->timer, s->left_us);
		stream_read(s);
	}
}

/* In the order in which they were held: among thousands who send all they can, each has its turn. */
static void resume(struct stream_shared *shared)
{
	for (unsigned n = 0; shared->paused.first && n < STREAM_RESUMED_PER_TURN; n++) {
		struct stream *s = container_of(shared->paused.first, struct stream, held);
		stream_list_remove(&shared->paused, &s->held);
		s->granted = true;
		stream_read(s);
	}
}

/* The end of a turn: output leaves, and who waited for the next turn is let in, oldest first. */
static void flush_all(void *arg)
{
	struct stream_shared *shared = arg;

	/* A flush may end its stream, which takes it off every list, but adds none to this one. */
	while (shared->dirty.first) {
		struct stream *s = container_of(shared->dirty.first, struct stream, dirty);
		stream_list_remove(&shared->dirty, &s->dirty);
		stream_flush(s);
	}
	shared->turn++;
	shared->turn_inputs = 0;
	shared->turn_us = 0;
	shared->handshakes_left = STREAM_HANDSHAKES_PER_TURN;
	/* Who has begun goes first: else a storm would have all phones wait until the last has had its first step. */
	grant(shared, &shared->begun);
	grant(shared, &shared->handshakes);
	resume(shared);
	/* Who is not read is not seen to wait. */
	shared->loop->full |= shared->paused.first != NULL;
	if (shared->begun.first || shared->handshakes.first || shared->paused.first)
		loop_want_turn(shared->loop);
	stream_listeners_resume(shared);
}

int stream_shared_get(struct loop *l, struct stream_shared **ret)
{
	if (!l->streams) {
		struct stream_shared *shared = calloc(1, sizeof(*shared));
		if (!shared)
			return -ENOMEM;
		shared->bio = stream_tls_bio_new();
		if (!shared->bio) {
			free(shared);
			return -ENOMEM;
		}
		shared->loop = l;
		shared->handshakes_left = STREAM_HANDSHAKES_PER_TURN;
		stream_list_init(&shared->dirty);
		stream_list_init(&shared->begun);
		stream_list_init(&shared->handshakes);
		stream_list_init(&shared->paused);
		shared->flush = (struct loop_flush){.fn = flush_all, .arg = shared};
		loop_add_flush(l, &shared->flush);
		l->streams = shared;
	}
	*ret = l->streams;
	return 0;
}

struct stream_shared *stream_shared_free(struct stream_shared *shared)
{
	if (shared) {
		SSL_CTX_free(shared->client);
		BIO_meth_free(shared->bio);
		free(shared);
	}
	return NULL;
}
