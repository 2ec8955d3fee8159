#include "stats/print.h"

#include <unistd.h>

#include "stats/snapshot.h"
#include "util/fmt.h"

static unsigned long kib(uint64_t bytes)
{
	return (unsigned long)(bytes / 1024);
}

static unsigned long us(uint64_t ns)
{
	return (unsigned long)(ns / 1000);
}

void ash_print_stats(void)
{
	struct ash_snapshot s;
	char text[1536];
	size_t length;

	ash_snapshot_take(&s);
	length = ash_format(
		text, sizeof(text),
		"Ashlar " PACKAGE_VERSION
		": %lu KiB in use, %lu KiB in thread caches and depot\n"
		"  hugeblocks %lu KiB, runs %lu KiB, slabs %lu KiB\n"
		"  mappings %zu of %lu KiB, metadata %lu KiB, threads %u, shards %u\n",
		kib(ash_snapshot_in_use(&s) + s.mapped), kib(s.cached), kib(s.heap),
		kib(s.runs), kib(s.slabs), s.mappings, kib(s.mapped), kib(s.metadata),
		s.threads, s.shards);
	length += ash_format(
		text + length, sizeof(text) - length,
		"  dirty %lu KiB, muzzy %lu KiB, cached mappings %lu KiB, holes in slabs %lu "
		"KiB, held %lu KiB\n"
		"  purge: %lu KiB given back; in %lu calls %lu us CPU, longest %lu us, most in "
		"one %lu ranges and %lu KiB; background %lu us\n"
		"  huge pages: %lu made, %lu KiB of the pool, refused by it %lu times\n"
		"  memory found short %lu times\n",
		kib(s.dirty), kib(s.muzzy), kib(s.kept_mappings), kib(s.holes), kib(s.held),
		kib(s.purged), (unsigned long)s.stalls.count, us(s.stalls.ns),
		us(s.stalls.longest_ns), (unsigned long)s.stalls.most_ranges,
		kib(s.stalls.most_bytes), us(s.stalls.background_ns),
		(unsigned long)s.huge_made, kib(s.pool), (unsigned long)s.pool_refused,
		(unsigned long)s.pressed);
	ash_write_fd(STDERR_FILENO, text, length);
}
