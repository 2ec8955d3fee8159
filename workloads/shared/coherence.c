#include "workloads/shared/coherence.h"

#include <string.h>
#include <sys/mman.h>
#include "workloads/shared/rng.h"

#define FIRST_PLACES (1u << 16)

static struct coherence_line *map_lines(uint64_t places)
{
	void *p = mmap(NULL, places * sizeof(struct coherence_line), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int coherence_start(struct coherence *c)
{
	*c = (struct coherence){.lines = map_lines(FIRST_PLACES), .mask = FIRST_PLACES - 1};
	return c->lines ? 0 : -1;
}

void coherence_end(struct coherence *c)
{
	munmap(c->lines, (c->mask + 1) * sizeof(*c->lines));
	c->lines = NULL;
}

static struct coherence_line *place_of(const struct coherence *c, uint64_t number)
{
	uint64_t i = rng_mix(number) & c->mask;

	while (c->lines[i].number && c->lines[i].number != number)
		i = (i + 1) & c->mask;
	return &c->lines[i];
}

static int grow(struct coherence *c)
{
	struct coherence old = *c;

	c->lines = map_lines(2 * (old.mask + 1));
	if (!c->lines) {
		c->lines = old.lines;
		return -1;
	}
	c->mask = 2 * old.mask + 1;
	for (uint64_t i = 0; i <= old.mask; i++)
		if (old.lines[i].number)
			*place_of(c, old.lines[i].number) = old.lines[i];
	coherence_end(&old);
	return 0;
}

int coherence_access(struct coherence *c, unsigned thread, uintptr_t at, bool writes)
{
	uint64_t number = at / COHERENCE_LINE + 1, bit = UINT64_C(1) << thread % 64;
	struct coherence_line *line = place_of(c, number);
	bool others = false, mine;
	int over;

	if (!line->number) {
		if (2 * c->used > c->mask) {
			if (grow(c) < 0)
				return -1;
			line = place_of(c, number);
		}
		line->number = number;
		c->used++;
	}
	for (unsigned i = 0; i < COHERENCE_THREADS / 64; i++)
		others |= (line->has[i] & (i == thread / 64 ? ~bit : UINT64_MAX)) != 0;
	mine = line->has[thread / 64] & bit;
	over = others && (writes || (!mine && line->dirty));
	if (others && !line->several) {
		line->several = 1;
		c->shared++;
	}
	if (writes)
		memset(line->has, 0, sizeof(line->has));
	line->dirty = writes || (line->dirty && mine);
	line->has[thread / 64] |= bit;
	c->transfers += (uint64_t)over;
	return over;
}
