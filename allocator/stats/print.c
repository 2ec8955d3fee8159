#include "stats/print.h"

#include "os/stalls.h"
#include "stats/snapshot.h"

static unsigned long kib(uint64_t bytes)
{
	return (unsigned long)(bytes / 1024);
}

static unsigned long us(uint64_t ns)
{
	return (unsigned long)(ns / 1000);
}

static void print_stalled(struct ash_out *out, const char *cause,
			  const struct ash_os_stalled *s)
{
	uint64_t times = 0;

	for (unsigned i = 0; i <= ASH_OS_STALL_BOUNDS; i++)
		times += s->lasted[i];
	ash_out_add(out, "  stall by %s: %lu times %lu us, longest %lu us;", cause,
		    (unsigned long)times, us(s->ns), us(s->longest_ns));
	for (unsigned i = 0; i < ASH_OS_STALL_BOUNDS; i++)
		ash_out_add(out, " %lu to %u us,", (unsigned long)s->lasted[i],
			    ash_os_stall_bound_us[i]);
	ash_out_add(out, " %lu longer\n", (unsigned long)s->lasted[ASH_OS_STALL_BOUNDS]);
}

void ash_print_sums(struct ash_out *out, const struct ash_snapshot *s)
{
	ash_out_add(out,
		    "Ashlar " PACKAGE_VERSION
		    ": %lu KiB in use, %lu KiB in thread caches and depot\n"
		    "  hugeblocks %lu KiB, runs %lu KiB, slabs %lu KiB\n"
		    "  mappings %zu of %lu KiB, metadata %lu KiB, threads %u, shards %u\n",
		    kib(ash_snapshot_in_use(s) + s->mapped), kib(s->cached), kib(s->heap),
		    kib(s->runs), kib(s->slabs), s->mappings, kib(s->mapped), kib(s->metadata),
		    s->threads, s->shards);
	ash_out_add(
		out,
		"  dirty %lu KiB, muzzy %lu KiB, cached mappings %lu KiB, holes in slabs %lu "
		"KiB, held %lu KiB\n"
		"  purge: %lu KiB given back; in %lu calls %lu us CPU, longest %lu us, most in "
		"one %lu ranges and %lu KiB; background %lu us\n",
		kib(s->dirty), kib(s->muzzy), kib(s->kept_mappings), kib(s->holes),
		kib(s->held), kib(s->purged), (unsigned long)s->stalls.count, us(s->stalls.ns),
		us(s->stalls.longest_ns), (unsigned long)s->stalls.most_ranges,
		kib(s->stalls.most_bytes), us(s->stalls.background_ns));
	ash_out_add(
		out,
		"  huge pages: %lu made, put off %lu times since they took long, %lu KiB of "
		"the pool, refused by it %lu times\n"
		"  memory found short %lu times\n",
		(unsigned long)s->huge_made, (unsigned long)s->huge_slowed, kib(s->pool),
		(unsigned long)s->pool_refused, (unsigned long)s->pressed);
	ash_out_add(out, "  stall:");
	for (unsigned i = 0; i < ASH_STALL_BOUNDS; i++)
		ash_out_add(out, " %lu calls to %u us,", (unsigned long)s->stalls.lasted[i],
			    ash_os_stall_bound_us[i]);
	ash_out_add(out, " %lu longer\n", (unsigned long)s->stalls.lasted[ASH_STALL_BOUNDS]);
	print_stalled(out, "purge", &s->stalled[ASH_OS_STALL_PURGE]);
	print_stalled(out, "lock", &s->stalled[ASH_OS_STALL_LOCK]);
	print_stalled(out, "syscall", &s->stalled[ASH_OS_STALL_SYSCALL]);
}

void ash_print_bins(struct ash_out *out, const struct ash_snapshot_whole *whole)
{
	ash_out_add(out, "bins:  size  ind  regs  slab_KiB  curregs  curslabs  nonfull_slabs  "
			 "nslabs  nmalloc  ndalloc   nfills nflushes nreslabs    waits\n");
	for (unsigned c = 1; c < ASH_CLASSES; c++) {
		const struct ash_snapshot_bin *bin = &whole->bin[c];

		if (bin->nslabs == 0)
			continue;
		ash_out_add(out, "%11zu %4u %5u %9lu %8lu %9lu %14lu %7lu %8lu %8lu ",
			    ash_class_size(c), c - 1, ash_size_classes[c].regions,
			    kib((uint64_t)ash_size_classes[c].granules << ASH_GRANULE_SHIFT),
			    (unsigned long)bin->curregs, (unsigned long)bin->curslabs,
			    (unsigned long)whole->census.class[c].nonfull,
			    (unsigned long)bin->nslabs, (unsigned long)bin->nmalloc,
			    (unsigned long)bin->ndalloc);
		ash_out_add(out, "%8lu %8lu %8lu %8lu\n", (unsigned long)bin->nfills,
			    (unsigned long)bin->nflushes, (unsigned long)bin->nreslabs,
			    (unsigned long)bin->waits);
	}
}

void ash_print_larges(struct ash_out *out, const struct ash_snapshot_whole *whole)
{
	ash_out_add(out, "large:           size  ind  curlextents   nmalloc   ndalloc\n");
	for (unsigned i = 0; i < ASH_LARGE_SIZES; i++)
		if (whole->larges[i].nmalloc != 0)
			ash_out_add(out, "%21zu %4u %12lu %9lu %9lu\n", ash_large_size(i), i,
				    (unsigned long)whole->census.larges[i],
				    (unsigned long)whole->larges[i].nmalloc,
				    (unsigned long)whole->larges[i].ndalloc);
}

void ash_print_stats(void)
{
	struct ash_snapshot s;
	struct ash_out out;

	ash_snapshot_take(&s);
	ash_out_init(&out, NULL, NULL);
	ash_print_sums(&out, &s);
	ash_out_flush(&out);
}
