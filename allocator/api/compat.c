#include "api/compat.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "front/boot.h"
#include "cache/depot.h"
#include "reclaim/rounds.h"
#include "front/tcache.h"
#include "meta/base.h"
#include "meta/far_table.h"
#include "page/account.h"
#include "page/hugeblock.h"
#include "reclaim/hugify.h"
#include "reclaim/purge.h"
#include "reclaim/stall.h"
#include "slab/shard.h"
#include "util/fmt.h"

struct totals {
	size_t small;    /* bytes of small objects out of their slabs */
	size_t cached;   /* of these, in magazines and the depot */
	size_t runs;     /* bytes of runs in use, slabs and large */
	size_t heap;     /* bytes of hugeblocks mapped */
	size_t mappings; /* count of large mappings */
	size_t mapped;   /* their bytes */
	size_t slabs;    /* bytes of slabs */
	size_t metadata;
};

static struct totals count_all(void)
{
	struct totals t = {0};

	if (!ash_boot())
		return t;
	for (unsigned s = 0; s < ash_shard_count(); s++) {
		for (unsigned c = 1; c < ASH_CLASSES; c++) {
			struct ash_bin *bin = &ash_shard_at(s)->bin[c];

			ash_mutex_lock(&bin->lock);
			t.small += bin->regions_out * ash_class_size(c);
			t.slabs += ((size_t)bin->nslabs * ash_size_classes[c].granules)
				   << ASH_GRANULE_SHIFT;
			ash_mutex_unlock(&bin->lock);
		}
	}
	t.cached = ash_tcache_bytes() + ash_depot_bytes();
	if (t.cached > t.small) /* moved while we counted */
		t.cached = t.small;
	t.runs = ash_account_in_use(&ash_heap) << ASH_GRANULE_SHIFT;
	t.heap = ash_hugeblock_mapped(&ash_heap);
	ash_far_totals(&t.mappings, &t.mapped);
	t.metadata = ash_base_mapped();
	return t;
}

/* Bytes that the program holds: small objects outside caches, and large ones as they lie. */
static size_t in_use(const struct totals *t)
{
	size_t large = t->runs > t->slabs ? t->runs - t->slabs : 0;

	return t->small - t->cached + large;
}

struct mallinfo2 ash_mallinfo2(void)
{
	struct totals t = count_all();
	struct mallinfo2 info = {0};

	info.arena = t.heap;
	info.hblks = t.mappings;
	info.hblkhd = t.mapped;
	info.uordblks = in_use(&t);
	info.fordblks = t.heap > info.uordblks ? t.heap - info.uordblks : 0;
	info.fsmblks = t.cached;
	return info;
}

static int clip(size_t n)
{
	return n > INT_MAX ? INT_MAX : (int)n;
}

struct mallinfo ash_mallinfo(void)
{
	struct mallinfo2 wide = ash_mallinfo2();
	struct mallinfo info = {0};

	info.arena = clip(wide.arena);
	info.hblks = clip(wide.hblks);
	info.hblkhd = clip(wide.hblkhd);
	info.uordblks = clip(wide.uordblks);
	info.fordblks = clip(wide.fordblks);
	info.fsmblks = clip(wide.fsmblks);
	return info;
}

int ash_malloc_trim(size_t pad)
{
	size_t heap, cached;
	uint64_t purged;

	(void)pad;
	if (!ash_boot())
		return 0;
	heap = ash_hugeblock_mapped(&ash_heap);
	cached = ash_account_cached(&ash_heap);
	purged = ash_purge_bytes(&ash_heap);
	ash_tcache_release();
	return ash_hugeblock_mapped(&ash_heap) < heap || cached != 0 ||
	       ash_purge_bytes(&ash_heap) != purged;
}

/* In the outline of glibc's: one heap, and the totals. */
int ash_malloc_info(int options, FILE *out)
{
	struct totals t;
	char text[640];

	if (options != 0)
		return EINVAL;
	t = count_all();
	ash_format(text, sizeof(text),
		   "<malloc version=\"1\">\n<heap nr=\"0\">\n"
		   "<total type=\"fast\" count=\"0\" size=\"%zu\"/>\n"
		   "<total type=\"rest\" count=\"0\" size=\"%zu\"/>\n"
		   "<total type=\"mmap\" count=\"%zu\" size=\"%zu\"/>\n"
		   "<system type=\"current\" size=\"%zu\"/>\n</heap>\n</malloc>\n",
		   t.cached, t.heap > in_use(&t) ? t.heap - in_use(&t) : 0, t.mappings,
		   t.mapped, t.heap + t.mapped);
	return fputs(text, out) < 0 ? -1 : 0;
}

void ash_malloc_stats(void)
{
	struct totals t = count_all();
	struct ash_stalls s;
	char text[1536];
	size_t length = ash_format(
		text, sizeof(text),
		"Ashlar " PACKAGE_VERSION
		": %zu KiB in use, %zu KiB in thread caches and depot\n"
		"  hugeblocks %zu KiB, runs %zu KiB, slabs %zu KiB\n"
		"  mappings %zu of %zu KiB, metadata %zu KiB, threads %u, shards %u\n",
		(in_use(&t) + t.mapped) / 1024, t.cached / 1024, t.heap / 1024, t.runs / 1024,
		t.slabs / 1024, t.mappings, t.mapped / 1024, t.metadata / 1024,
		ash_thread_count(), ash_shard_count());

	ash_stall_read(&ash_heap, &s);
	length += ash_format(
		text + length, sizeof(text) - length,
		"  dirty %zu KiB, muzzy %zu KiB, cached mappings %zu KiB, holes in slabs %zu "
		"KiB, held %zu "
		"KiB\n"
		"  purge: %lu KiB given back; in %lu calls %lu us CPU, longest %lu us, most in "
		"one %lu "
		"ranges and %lu KiB; background %lu us\n"
		"  huge pages: %lu made, %zu KiB of the pool, refused by it %lu times\n"
		"  memory found short %lu times\n",
		(ash_account_dirty(&ash_heap) << ASH_GRANULE_SHIFT) / 1024,
		(ash_account_muzzy(&ash_heap) << ASH_GRANULE_SHIFT) / 1024,
		ash_account_cached(&ash_heap) / 1024, ash_account_hole_bytes(&ash_heap) / 1024,
		ash_account_held(&ash_heap) / 1024,
		(unsigned long)(ash_purge_bytes(&ash_heap) / 1024), (unsigned long)s.count,
		(unsigned long)(s.ns / 1000), (unsigned long)(s.longest_ns / 1000),
		(unsigned long)s.most_ranges, (unsigned long)(s.most_bytes / 1024),
		(unsigned long)(s.background_ns / 1000),
		(unsigned long)ash_hugify_count(&ash_heap),
		ash_hugeblock_pool(&ash_heap) / 1024,
		(unsigned long)ash_hugeblock_pool_refused(&ash_heap),
		(unsigned long)ash_rounds_pressed());
	ash_write_fd(STDERR_FILENO, text, length);
}

void ash_stats_at_exit(void)
{
	ash_malloc_stats();
}

/* glibc's parameters steer mechanisms that are not here: accepted, without effect. */
int ash_mallopt(int parameter, int value)
{
	(void)value;
	switch (parameter) {
	case M_MXFAST:
	case M_TRIM_THRESHOLD:
	case M_TOP_PAD:
	case M_MMAP_THRESHOLD:
	case M_MMAP_MAX:
	case M_CHECK_ACTION:
	case M_PERTURB:
	case M_ARENA_TEST:
	case M_ARENA_MAX:
		return 1;
	default:
		return 0;
	}
}
