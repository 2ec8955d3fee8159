#include "front/utilization.h"

#include "arena/objects.h"
#include "front/boot.h"
#include "front/object.h"
#include "os/os.h"
#include "slab/shard.h"
#include "util/bits.h"

/* Under the lock of its bin: its slab may be another's by now. */
static struct ash_utilization of_small(struct ash_run *slab, unsigned class, bool with_bin)
{
	struct ash_utilization u = {0};
	struct ash_bin *bin = &ash_shard_of(slab->shard, class)->bin[class];

	ash_mutex_lock(&bin->lock);
	if (slab->state == ASH_RUN_SLAB && slab->class == class) {
		u.nfree = slab->nfree;
		u.nregs = slab->regions;
		u.bytes = (size_t)slab->granules << ASH_GRANULE_SHIFT;
	}
	if (with_bin) {
		u.bin_nregs = (size_t)bin->nslabs * ash_size_classes[class].regions;
		u.bin_nfree = u.bin_nregs - bin->regions_out;
		if (bin->filled != 0)
			u.filling =
				(void *)ASH_LIST_ENTRY(bin->list[ash_ctz64(bin->filled)].next,
						       struct ash_run, link)
					->address;
	}
	ash_mutex_unlock(&bin->lock);
	return u;
}

static struct ash_utilization of_arena(const void *p, bool with_bin)
{
	struct ash_arena_use use = ash_objects_use(p);
	struct ash_utilization u = {use.nfree, use.nregs, use.bytes, 0, 0, NULL};

	if (with_bin) {
		u.bin_nfree = use.bin_nfree;
		u.bin_nregs = use.bin_nregs;
		u.filling = use.filling;
	}
	return u;
}

struct ash_utilization ash_utilization_of(const void *p, bool with_bin)
{
	struct ash_utilization u = {0};
	struct ash_object o;

	if (p == NULL || !ash_boot())
		return u;
	o = ash_object_of(p);
	switch (o.kind) {
	case ASH_OBJECT_SMALL:
		return of_small(o.run, ash_class_of(o.usable), with_bin);
	case ASH_OBJECT_ARENA:
		return of_arena(p, with_bin);
	case ASH_OBJECT_RUN:
	case ASH_OBJECT_MAPPING:
		u.nregs = 1;
		u.bytes = ash_align_up(o.usable, ash_os_page);
		return u;
	default:
		return u;
	}
}
