/*
 * directory/sources.c - whose address is this: the blocks of all trunks in one map, by base and length
 *
 * An address is cut to each length that is in use and looked up, longest first. Blocks of several trunks may be equal:
 * an operator serves several companies from one address.
 */
#include <errno.h>

#include "directory/directory_private.h"

static struct address cut(const struct address *a, unsigned bits)
{
	struct address ret = {.ip = {0}};
	memcpy(ret.ip, a->ip, bits / 8);
	if (bits % 8)
		ret.ip[bits / 8] = (uint8_t)(a->ip[bits / 8] & 0xff << (8 - bits % 8));
	return ret;
}

static uint64_t hash_of(const struct directory *d, const struct address *base, unsigned bits)
{
	return map_hash_with(&d->sources, bits, slice_of(base->ip, sizeof(base->ip)));
}

struct wanted {
	const struct address *from;
	unsigned bits;
	bool (*fits)(const struct directory_trunk *t, const void *arg);
	const void *arg;
};

static bool match(const struct map_node *node, const void *key)
{
	const struct directory_source *s = container_of(node, const struct directory_source, node);
	const struct wanted *want = key;
	return s->block.bits == want->bits && address_block_has(&s->block, want->from) &&
	       want->fits(s->trunk, want->arg);
}

struct directory_trunk *directory_trunk_by_source(struct directory *d, const struct address *from,
						  bool (*fits)(const struct directory_trunk *t, const void *arg),
						  const void *arg)
{
	for (int bits = 128; bits >= 0 && d->sources.count; bits--) {
		if (!d->sources_of_length[bits])
			continue;
		const struct wanted want = {from, (unsigned)bits, fits, arg};
		const struct address base = cut(from, (unsigned)bits);
		struct map_node *node = map_find(&d->sources, hash_of(d, &base, (unsigned)bits), match, &want);
		if (node)
			return container_of(node, struct directory_source, node)->trunk;
	}
	return NULL;
}

bool directory_sources_parse(struct slice text, struct address_block ret[DIRECTORY_SOURCES_MAX], size_t *ret_count)
{
	size_t n = 0;
	while (!slice_empty(text)) {
		struct slice one = slice_trim(slice_cut(&text, ','));
		if (n == DIRECTORY_SOURCES_MAX || !address_block_parse(one, &ret[n]))
			return false;
		n++;
	}
	*ret_count = n;
	return true;
}

int directory_sources_add(struct directory *d, struct directory_trunk *t, struct slice text)
{
	struct address_block blocks[DIRECTORY_SOURCES_MAX];
	size_t count = 0;
	if (!directory_sources_parse(text, blocks,
				     &count)) /* we wrote it; what cannot be read any more admits nobody */
		count = 0;
	struct directory_source *sources = calloc(count ? count : 1, sizeof(*sources));
	if (!sources)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		sources[i] = (struct directory_source){.block = blocks[i], .trunk = t};
		if (map_insert(&d->sources, &sources[i].node, hash_of(d, &blocks[i].base, blocks[i].bits)) == 0)
			continue;
		while (i-- > 0)
			map_remove(&d->sources, &sources[i].node);
		free(sources);
		return -ENOMEM;
	}
	directory_sources_remove(d, t);
	for (size_t i = 0; i < count; i++)
		d->sources_of_length[blocks[i].bits]++;
	t->sources = sources;
	t->source_count = count;
	return 0;
}

void directory_sources_remove(struct directory *d, struct directory_trunk *t)
{
	for (size_t i = 0; i < t->source_count; i++) {
		map_remove(&d->sources, &t->sources[i].node);
		d->sources_of_length[t->sources[i].block.bits]--;
	}
	free(t->sources);
	t->sources = NULL;
	t->source_count = 0;
}
