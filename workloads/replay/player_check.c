/* Whether what was done is what the trace promises. */
#include "workloads/replay/player.h"

#include <stdio.h>

static bool differs(char *why, size_t size, const char *what, uint64_t got, uint64_t wanted)
{
	snprintf(why, size, "%s: %llu, the trace promises %llu", what, (unsigned long long)got,
		 (unsigned long long)wanted);
	return false;
}

static bool same_counts(const struct player *p, char *why, size_t size)
{
	const struct replay_script *s = p->script;
	struct channel_thread sum = {.allocs = 0};

	for (uint32_t i = 0; i < s->ncontexts; i++) {
		const struct channel_thread *c = p->run->threads[p->base + i].count;

		sum.allocs += c->allocs;
		sum.reallocs += c->reallocs;
		sum.frees += c->frees;
		sum.live_bytes += c->live_bytes;
		sum.live_objects += c->live_objects;
	}
	if (sum.allocs != p->rounds * s->allocs)
		return differs(why, size, "allocations", sum.allocs, p->rounds * s->allocs);
	if (sum.reallocs != p->rounds * s->reallocs)
		return differs(why, size, "reallocs", sum.reallocs, p->rounds * s->reallocs);
	/* Between rounds the first thread frees what is left. */
	sum.frees -= (p->rounds - 1) * s->nfinal;
	if (sum.frees != p->rounds * s->frees)
		return differs(why, size, "frees", sum.frees, p->rounds * s->frees);
	if ((uint64_t)sum.live_objects != s->live_objects)
		return differs(why, size, "objects alive at the end",
			       (uint64_t)sum.live_objects, s->live_objects);
	if ((uint64_t)sum.live_bytes != s->live_bytes)
		return differs(why, size, "bytes alive at the end", (uint64_t)sum.live_bytes,
			       s->live_bytes);
	return true;
}

static bool same_final_set(const struct player *p, char *why, size_t size)
{
	const struct replay_script *s = p->script;
	const struct replay_object *final = REPLAY_AT(s, struct replay_object, s->final_at);
	uint64_t live = 0;

	for (uint64_t i = 0; i < s->slots; i++)
		live += p->objects[i].p != NULL;
	if (live != s->nfinal)
		return differs(why, size, "objects in the table at the end", live, s->nfinal);
	for (uint64_t i = 0; i < s->nfinal; i++)
		if (!p->objects[final[i].slot].p)
			return differs(why, size, "object not alive at the end", final[i].slot,
				       final[i].slot);
	return true;
}

static bool same_cross(const struct player *p, char *why, size_t size)
{
	const struct replay_script *s = p->script;
	const struct replay_cross *pair = REPLAY_AT(s, struct replay_cross, s->cross_at);
	uint64_t pairs = 0;
	char what[96];

	for (uint64_t i = 0; i < s->ncross; i++, pair++) {
		uint64_t got =
			pair->alloc_context < s->ncontexts && pair->free_context < s->ncontexts
				? p->cross[pair->free_context][pair->alloc_context]
				: 0;

		snprintf(what, sizeof(what), "objects of thread %u given up by thread %u",
			 pair->alloc_context, pair->free_context);
		if (got != p->rounds * pair->count)
			return differs(why, size, what, got, p->rounds * pair->count);
	}
	for (uint32_t i = 0; i < s->ncontexts; i++)
		for (uint32_t k = 0; k < s->ncontexts; k++)
			pairs += p->cross[i][k] != 0;
	return pairs == s->ncross ||
	       differs(why, size, "pairs of threads that share objects", pairs, s->ncross);
}

/* Within one percent where threads may run ahead of each other, else exact. */
static bool same_peak(const struct player *p, char *why, size_t size)
{
	uint64_t got = (uint64_t)player_peak(p), wanted = p->script->peak_live_bytes;
	uint64_t off = got > wanted ? got - wanted : wanted - got;

	if (p->script->ncontexts > 1 && (p->mode != REPLAY_WINDOWED || off <= wanted / 100))
		return true;
	return off == 0 || differs(why, size, "bytes alive at the peak", got, wanted);
}

bool player_same(const struct player *p, char *why, size_t why_size)
{
	if (!p->script->sound) {
		snprintf(why, why_size, "%s", p->script->unsound);
		return false;
	}
	return same_counts(p, why, why_size) && same_final_set(p, why, why_size) &&
	       same_cross(p, why, why_size) && same_peak(p, why, why_size);
}
