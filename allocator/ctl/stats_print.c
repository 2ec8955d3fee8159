#include "ctl/stats_print.h"

#include <errno.h>
#include <string.h>

#include "ctl/json.h"
#include "ctl/lines.h"
#include "ctl/row.h"
#include "front/boot.h"
#include "stats/epoch.h"
#include "stats/openmetrics.h"
#include "stats/print.h"
#include "util/fmt.h"

/* What the text is made from. */
struct text {
	struct ash_out *out;
	const struct ash_snapshot_whole *whole;
	const struct ash_walk_wanted *wanted;
};

static void print_general(const struct text *t)
{
	ash_out_text(t->out, "Version: \"" ASH_CTL_VERSION "\"\n");
	ash_out_text(t->out, "Build-time option settings\n");
	ash_ctl_lines(t->out, t->wanted, "config", 1);
	ash_out_text(t->out, "Run-time option settings\n");
	ash_ctl_lines(t->out, t->wanted, "opt", 1);
	ash_out_text(t->out, "Arenas and sizes\n");
	/* (What each class is stands in the table of those that are used.) */
	ash_ctl_lines_alone(t->out, t->wanted, "arenas", 1);
}

static void print_sums(const struct text *t)
{
	const struct ash_snapshot *s = &t->whole->sums;
	const struct ash_arena_stats *arenas = &t->whole->arenas;

	ash_out_add(t->out,
		    "Allocated: %zu, active: %zu, metadata: %zu (n_thp 0, edata %zu, rtree "
		    "%zu), resident: %zu, mapped: %zu, retained: %zu, pinned: %zu\n",
		    s->allocated, s->active, s->metadata, s->descriptors, s->maps, s->resident,
		    s->addresses, s->retained, arenas->pinned);
	ash_out_add(t->out, "Background threads: %u, num_runs: %lu, run_interval: %lu ns\n",
		    s->background ? 1u : 0u, (unsigned long)s->background_runs,
		    (unsigned long)s->background_interval_ns);
	if (t->whole->arenas_count != 0)
		ash_out_add(t->out, "Arenas of the program's own: %u, allocated in them: %zu\n",
			    t->whole->arenas_count, arenas->small + arenas->large);
	ash_print_sums(t->out, s);
	ash_ctl_lines(t->out, t->wanted, "stats", 1);
}

/* All together have tables for what is told by size. */
static void print_merged(const struct text *t)
{
	const struct ash_snapshot *s = &t->whole->sums;
	struct ash_walk_wanted others = *t->wanted;

	ash_out_text(t->out, "Merged arenas stats:\n"
			     "              allocated     nmalloc     ndalloc\n");
	ash_out_add(t->out, "small: %16zu %11lu %11lu\n", s->small - s->cached,
		    (unsigned long)s->small_nmalloc, (unsigned long)s->small_ndalloc);
	ash_out_add(t->out, "large: %16zu %11lu %11lu\n", s->large,
		    (unsigned long)s->large_nmalloc, (unsigned long)s->large_ndalloc);
	if (t->wanted->bins)
		ash_print_bins(t->out, t->whole);
	if (t->wanted->larges)
		ash_print_larges(t->out, t->whole);
	others.bins = others.larges = false;
	ash_ctl_lines(t->out, &others, "stats.arenas.4096", 3);
}

static void print_arena(void *text, unsigned number)
{
	const struct text *t = text;
	char beginning[40];

	if (number == ASH_CTL_ALL) {
		print_merged(t);
		return;
	}
	if (number == ASH_CTL_DESTROYED)
		ash_out_text(t->out, "Destroyed arenas stats:\n");
	else
		ash_out_add(t->out, "arenas[%u]:\n", number);
	ash_format(beginning, sizeof(beginning), "stats.arenas.%u", number);
	ash_ctl_lines(t->out, t->wanted, beginning, 3);
}

static void print_text(struct ash_out *out, const struct ash_snapshot_whole *whole,
		       const struct ash_walk_wanted *wanted)
{
	struct text t = {out, whole, wanted};

	ash_out_text(out, "___ Begin jemalloc statistics ___\n");
	if (wanted->general)
		print_general(&t);
	print_sums(&t);
	ash_walk_arenas(wanted, print_arena, &t);
	ash_out_text(out, "--- End jemalloc statistics ---\n");
}

static bool has(const char *letters, char letter)
{
	return strchr(letters, letter) != NULL;
}

/* A copy takes 28 KiB of the stack, which only this form does. */
static ASH_NOINLINE void print_snapshot(struct ash_out *out,
					const struct ash_walk_wanted *wanted, bool as_metrics)
{
	struct ash_snapshot_whole whole;

	ash_epoch_read(0, &whole, sizeof(whole));
	ash_snapshot_add_arenas(&whole);
	if (as_metrics)
		ash_openmetrics(out, &whole);
	else
		print_text(out, &whole, wanted);
}

void ash_stats_print(void (*write)(void *opaque, const char *text), void *opaque,
		     const char *letters)
{
	const char *l = letters != NULL ? letters : "";
	struct ash_walk_wanted wanted = {!has(l, 'g'), !has(l, 'm'), !has(l, 'a'),
					 !has(l, 'd'), !has(l, 'b'), !has(l, 'l'),
					 !has(l, 'x'), !has(l, 'e'), !has(l, 'h')};
	struct ash_out out;
	int saved = errno;

	if (!ash_boot())
		return;
	ash_epoch_refresh();
	ash_out_init(&out, write, opaque);
	if (has(l, 'J')) {
		ash_ctl_json(&out, &wanted);
	} else {
		print_snapshot(&out, &wanted, has(l, 'P'));
	}
	ash_out_flush(&out);
	errno = saved;
}
