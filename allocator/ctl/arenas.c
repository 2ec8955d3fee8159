/* What arenas have in common: their number, the size classes. */
#include "arena/arena.h"

#include <errno.h>

#include "conf/conf.h"
#include "ctl/row.h"
#include "front/bounds.h"
#include "front/extended.h"
#include "meta/large_size.h"
#include "meta/size_class.h"
#include "os/os.h"
#include "slab/shard.h"

enum constant { NARENAS, QUANTUM, PAGE, HUGEPAGE, TCACHE_MAX, NBINS, NHBINS, NLEXTENTS };

static int constant(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		    const union ash_ctl_value *in)
{
	size_t n = 0;

	(void)at, (void)in;
	switch ((enum constant)row->offset) {
	case NARENAS:
		n = ash_ctl_arenas_count();
		break;
	case QUANTUM:
		n = ASH_SMALL_STEP;
		break;
	case PAGE:
		n = ash_os_page;
		break;
	case HUGEPAGE:
		n = ASH_HUGE;
		break;
	case TCACHE_MAX:
		n = (size_t)ash_conf.tcache_max;
		break;
	case NBINS:
	case NHBINS:
		n = ASH_CLASSES - 1;
		break;
	case NLEXTENTS:
		n = ASH_LARGE_SIZES;
	}
	if (row->type == ASH_CTL_UNSIGNED)
		out->u = (unsigned)n;
	else
		out->z = n;
	return 0;
}

static int decay_ms(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		    const union ash_ctl_value *in)
{
	enum ash_arena_decay which = (enum ash_arena_decay)row->offset;

	(void)at;
	out->zd = (ssize_t)ash_arenas_decay_ms(which);
	if (in == NULL)
		return 0;
	if (ash_arenas_set_decay_ms(which, in->zd) != 0)
		return EFAULT;
	return ash_bounds_set_decay_ms(which, in->zd) ? 0 : EFAULT;
}

enum of_class { SIZE, NREGS, SLAB_SIZE, NSHARDS };

static int of_bin(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		  const union ash_ctl_value *in)
{
	unsigned class = (unsigned)at[0] + 1;
	const struct ash_size_class *sc = &ash_size_classes[class];

	(void)in;
	switch ((enum of_class)row->offset) {
	case SIZE:
		out->z = sc->size;
		break;
	case NREGS:
		out->u = sc->regions;
		break;
	case SLAB_SIZE:
		out->z = (size_t)sc->granules << ASH_GRANULE_SHIFT;
		break;
	case NSHARDS:
		for (unsigned i = 0; i < ash_shard_count(); i++)
			out->u += ash_shard_bin(i, class) != NULL;
	}
	return 0;
}

static int lextent_size(const struct ash_ctl_row *row, const size_t *at,
			union ash_ctl_value *out, const union ash_ctl_value *in)
{
	(void)row, (void)in;
	out->z = ash_large_size((unsigned)at[0]);
	return 0;
}

static int lookup(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		  const union ash_ctl_value *in)
{
	(void)row, (void)at;
	return ash_extended_lookup(in->p, &out->u);
}

static int create(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		  const union ash_ctl_value *in)
{
	(void)row, (void)at;
	return ash_arena_create(in != NULL ? in->p : NULL, &out->u);
}

/* clang-format off */
#define CONSTANT(name, type, which, about) \
	{"arenas." name, type, ASH_CTL_READ, 0, which, constant, about}
#define OF_BIN(name, type, which, about) \
	{"arenas.bin.<bin>." name, type, ASH_CTL_READ, 0, which, of_bin, about}
/* clang-format on */

static const struct ash_ctl_row rows[] = {
	CONSTANT("narenas", ASH_CTL_UNSIGNED, NARENAS,
		 "One more than the largest number of an arena; those up to opt.narenas are "
		 "names "
		 "of the heap."),
	{"arenas.dirty_decay_ms", ASH_CTL_SSIZE, ASH_CTL_READ_WRITE, 0, ASH_DECAY_DIRTY,
	 decay_ms,
	 "The option of that name, of arenas that are made from now on; where it is written, "
	 "of "
	 "the heap, too."},
	{"arenas.muzzy_decay_ms", ASH_CTL_SSIZE, ASH_CTL_READ_WRITE, 0, ASH_DECAY_MUZZY,
	 decay_ms, "The same of muzzy_decay_ms."},
	CONSTANT("quantum", ASH_CTL_SIZE, QUANTUM, "Every object is aligned to so many bytes."),
	CONSTANT("page", ASH_CTL_SIZE, PAGE, "Bytes of a page of the system."),
	CONSTANT("hugepage", ASH_CTL_SIZE, HUGEPAGE, "Bytes of a huge page."),
	CONSTANT("tcache_max", ASH_CTL_SIZE, TCACHE_MAX,
		 "Largest objects that threads' caches hold, unless thread.tcache.max says "
		 "less."),
	CONSTANT("nbins", ASH_CTL_UNSIGNED, NBINS, "Size classes of small objects."),
	CONSTANT("nhbins", ASH_CTL_UNSIGNED, NHBINS, "Those that threads' caches may hold."),
	OF_BIN("size", ASH_CTL_SIZE, SIZE, "Bytes of its objects."),
	OF_BIN("nregs", ASH_CTL_UNSIGNED, NREGS, "Objects of a slab."),
	OF_BIN("slab_size", ASH_CTL_SIZE, SLAB_SIZE,
	       "Bytes of a slab; their pages are touched as objects come."),
	OF_BIN("nshards", ASH_CTL_UNSIGNED, NSHARDS, "Shards that have such a bin now."),
	CONSTANT("nlextents", ASH_CTL_UNSIGNED, NLEXTENTS,
		 "Sizes by which large objects are counted; their usable sizes go by pages."),
	{"arenas.lextent.<lextent>.size", ASH_CTL_SIZE, ASH_CTL_READ, 0, 0, lextent_size,
	 "Objects above the one before and up to this are counted by it."},
	{"arenas.create", ASH_CTL_UNSIGNED, ASH_CTL_MAKE, ASH_CTL_POINTER, 0, create,
	 "Makes one, with the extent hooks (extent_hooks_t *) that are written, and tells its "
	 "number."},
	{"arenas.lookup", ASH_CTL_UNSIGNED, ASH_CTL_ASK, ASH_CTL_POINTER, 0, lookup,
	 "The arena of the object whose address is written; EINVAL where it is none."},
};
const struct ash_ctl_table ash_ctl_arenas = ASH_CTL_TABLE(rows);
