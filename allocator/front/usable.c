/* malloc_usable_size. */
#include "front/front.h"

#include "front/boot.h"
#include "front/misuse.h"
#include "front/next.h"
#include "front/object.h"
#include "slab/slab.h"

/* What no look at the map alone can tell. */
static ASH_NOINLINE size_t usable_of_others(const void *p)
{
	uintptr_t unit = ash_window_unit(p);
	struct ash_object object;

	if (unit < ash_window_limit) {
		const struct ash_size_class *sc = &ash_size_classes[ash_window_class(unit)];

		if (sc->size != 0 &&
		    ash_region_at(sc->reciprocal, ash_slab_offset(p)) < sc->regions)
			return sc->size;
	}
	if (p == NULL)
		return 0;
	if (ASH_UNLIKELY(!ash_boot()) && ash_boot_is_away())
		return ash_next_usable(p);
	object = ash_object_of(p);
	if (ASH_UNLIKELY(object.kind == ASH_OBJECT_NONE || object.kind == ASH_OBJECT_FREED)) {
		ash_misuse_pointer("malloc_usable_size", p, &object);
		return 0;
	}
	return object.usable;
}

/* Servers ask for it with every allocation and every free: whether a small object is out is not
 * looked up, only that one starts here.  In a slab of one granule that takes no look at its
 * descriptor. */
size_t ash_usable_size(const void *p)
{
	uintptr_t unit = ash_window_unit(p);

	if (ASH_LIKELY(unit < ash_window_limit)) {
		const struct ash_size_class *sc = &ash_size_classes[ash_window_class(unit)];

		if (ASH_LIKELY(sc->granules == 1 &&
			       ash_region_at(sc->reciprocal, (uintptr_t)p % ASH_GRANULE) <
				       sc->regions))
			return sc->size;
	}
	return usable_of_others(p);
}
