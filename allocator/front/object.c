#include "front/object.h"

#include <stdbool.h>
#include <stdint.h>

#include "arena/objects.h"
#include "cache/handed.h"
#include "conf/conf.h"
#include "meta/early.h"
#include "meta/window.h"
#include "os/os.h"
#include "slab/slab.h"
#include "util/bits.h"

static struct ash_object none(const char *why)
{
	return (struct ash_object){.kind = ASH_OBJECT_NONE, .why = why};
}

/* Whether p's granule was ever in use. */
static bool has_held_any(const void *p)
{
	const struct ash_hugeblock *block = ash_block_at(p);
	unsigned i = (uintptr_t)p >> ASH_GRANULE_SHIFT & (ASH_HUGE_GRANULES - 1);

	return block != NULL && ash_load_relaxed(&block->held[i / 64]) >> (i % 64) & 1;
}

static struct ash_object in_slab(struct ash_run *slab, const void *p)
{
	struct ash_object o = {.kind = ASH_OBJECT_SMALL, .usable = slab->size, .run = slab};

	switch (ash_slab_region_state(slab, p)) {
	case ASH_REGION_OUT:
		if (ash_conf.checks == ASH_CHECKS_ON) {
			enum ash_handed state = ash_handed_state(p);

			if (state == ASH_HANDED_NEVER)
				return none(ASH_OBJECT_NEVER);
			if (state == ASH_HANDED_BACK)
				o.kind = ASH_OBJECT_FREED;
		}
		return o;
	case ASH_REGION_FREE:
		o.kind = ASH_OBJECT_FREED;
		return o;
	case ASH_REGION_UNCARVED:
		return none(ASH_OBJECT_NEVER);
	default:
		return none("it points inside an object");
	}
}

static struct ash_object in_run(struct ash_run *run, const void *p)
{
	switch (ash_load_relaxed(&run->state)) {
	case ASH_RUN_SLAB:
		return in_slab(run, p);
	case ASH_RUN_LARGE:
		if (ash_run_address(run) != p)
			return none("it points inside an allocation");
		return (struct ash_object){
			.kind = ASH_OBJECT_RUN, .usable = run->size, .run = run};
	default:
		/* Free granules: of what lay there nothing is known any more, only whether
		 * anything did. */
		if (!has_held_any(p))
			return none(ASH_OBJECT_NEVER);
		return (struct ash_object){.kind = ASH_OBJECT_FREED};
	}
}

/* Of an arena of the program's own; where p is not even near: false. */
static bool in_arena(const void *p, struct ash_object *o)
{
	struct ash_arena_object found;

	if (ASH_LIKELY(ash_map_at(p) == NULL))
		return false;
	found = ash_objects_look(p);
	*o = (struct ash_object){
		.kind = ASH_OBJECT_ARENA, .usable = found.usable, .class = found.class};
	switch (found.place) {
	case ASH_PLACE_NONE: /* it went meanwhile */
		return false;
	case ASH_PLACE_OUT:
		return true;
	case ASH_PLACE_FREED:
		o->kind = ASH_OBJECT_FREED;
		return true;
	case ASH_PLACE_NEVER:
		*o = none(ASH_OBJECT_NEVER);
		return true;
	default:
		*o = none(found.class != 0 ? "it points inside an object"
					   : "it points inside an allocation");
		return true;
	}
}

struct ash_object ash_object_of(const void *p)
{
	struct ash_object o = {.kind = ASH_OBJECT_MAPPING}, inside = {.kind = ASH_OBJECT_NONE};
	struct ash_run *run = ash_run_of(p);

	if ((uintptr_t)p & 15)
		return none("it is misaligned");
	/* An arena's extent may lie in what we allocated for the program. */
	if (in_arena(p, &inside))
		return inside;
	if (run != NULL) {
		inside = in_run(run, p);
		/* Where a hugeblock is no more a mapping may lie now. */
		if (inside.kind != ASH_OBJECT_FREED && inside.kind != ASH_OBJECT_NONE)
			return inside;
	}
	if (((uintptr_t)p & (ash_os_page - 1)) == 0 && ash_far_find(p, &o.far)) {
		o.usable = o.far.usable;
		return o;
	}
	if (run != NULL)
		return inside;
	switch (ash_early_look(p, &o.usable)) {
	case ASH_EARLY_OUT:
		o.kind = ASH_OBJECT_EARLY;
		return o;
	case ASH_EARLY_FREED:
		o.kind = ASH_OBJECT_FREED;
		return o;
	default:
		break;
	}
	if (ash_far_covering(p, &o.far))
		return none("it points inside an allocation");
	return none("it is not memory of this allocator");
}
