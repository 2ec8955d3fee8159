#include "api/compat.h"

#include <errno.h>
#include <limits.h>

#include "front/apart.h"
#include "front/boot.h"
#include "front/bounds.h"
#include "front/tcache.h"
#include "page/limits.h"
#include "slab/shard.h"
#include "stats/print.h"
#include "stats/snapshot.h"
#include "util/fmt.h"

/* Programs call these on small stacks: neither a second one nor a table by class lies on it. */
static void take(struct ash_snapshot *s)
{
	if (ash_boot())
		ash_snapshot_take(s);
	else
		*s = (struct ash_snapshot){0};
}

struct mallinfo2 ash_compat_mallinfo2(void)
{
	struct mallinfo2 info = {0};
	struct ash_snapshot s;

	take(&s);
	info.arena = s.heap + s.mapped_of_arenas;
	info.hblks = s.mappings;
	info.hblkhd = s.mapped;
	info.uordblks = ash_snapshot_in_use(&s);
	info.fordblks = info.arena > info.uordblks ? info.arena - info.uordblks : 0;
	info.fsmblks = s.cached;
	return info;
}

static int clip(size_t n)
{
	return n > INT_MAX ? INT_MAX : (int)n;
}

struct mallinfo ash_compat_mallinfo(void)
{
	struct mallinfo2 wide = ash_compat_mallinfo2();
	struct mallinfo info = {0};

	info.arena = clip(wide.arena);
	info.hblks = clip(wide.hblks);
	info.hblkhd = clip(wide.hblkhd);
	info.uordblks = clip(wide.uordblks);
	info.fordblks = clip(wide.fordblks);
	info.fsmblks = clip(wide.fsmblks);
	return info;
}

int ash_compat_malloc_trim(size_t pad)
{
	(void)pad;
	return ash_boot() && ash_tcache_release();
}

/* In the outline of glibc's: one heap, and the totals. */
int ash_compat_malloc_info(int options, FILE *out)
{
	struct ash_snapshot s;
	size_t in_use, heap;
	char text[640];

	if (options != 0)
		return EINVAL;
	take(&s);
	in_use = ash_snapshot_in_use(&s);
	heap = s.heap + s.mapped_of_arenas;
	ash_format(text, sizeof(text),
		   "<malloc version=\"1\">\n<heap nr=\"0\">\n"
		   "<total type=\"fast\" count=\"0\" size=\"%zu\"/>\n"
		   "<total type=\"rest\" count=\"0\" size=\"%zu\"/>\n"
		   "<total type=\"mmap\" count=\"%zu\" size=\"%zu\"/>\n"
		   "<system type=\"current\" size=\"%zu\"/>\n</heap>\n</malloc>\n",
		   s.cached, heap > in_use ? heap - in_use : 0, s.mappings, s.mapped,
		   heap + s.mapped);
	return fputs(text, out) < 0 ? -1 : 0;
}

void ash_compat_malloc_stats(void)
{
	ash_boot();
	ash_print_stats();
}

/* What glibc takes at most. */
#define MXFAST_MOST 160
/* Less free memory than this is not worth a call to the kernel in each free. */
#define TRIM_THRESHOLD_LEAST ((size_t)1 << 20)

/* (It is an int that glibc takes for a size_t: -1 is no threshold.) */
static void trim_above(int threshold)
{
	size_t bytes = (size_t)threshold;

	if (threshold < 0)
		bytes = ASH_NO_LIMIT;
	else if (bytes < TRIM_THRESHOLD_LEAST)
		bytes = TRIM_THRESHOLD_LEAST;
	ash_bounds_set_dirty_max(bytes);
}

/* ashlar.h says of each what it does.  Some programs give up where one is refused: those that
 * steer what is not here are accepted as glibc would. */
int ash_compat_mallopt(int parameter, int value)
{
	if (!ash_boot())
		return 0;
	switch (parameter) {
	case M_PERTURB:
		ash_apart_perturb(value == 0, (uint8_t)value);
		return 1;
	case M_ARENA_MAX:
		if (value > 0)
			ash_shard_bound((unsigned)value);
		return 1;
	case M_TRIM_THRESHOLD:
		trim_above(value);
		return 1;
	case M_MXFAST:
		return value >= 0 && value <= MXFAST_MOST;
	case M_TOP_PAD:
	case M_MMAP_THRESHOLD:
	case M_MMAP_MAX:
	case M_CHECK_ACTION:
	case M_ARENA_TEST:
		return 1;
	default:
		return 0;
	}
}
