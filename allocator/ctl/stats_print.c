#include "ctl/stats_print.h"

#include <errno.h>
#include <string.h>

#include "ctl/json.h"
#include "ctl/row.h"
#include "front/boot.h"
#include "stats/epoch.h"
#include "stats/openmetrics.h"
#include "stats/print.h"

static void print_text(struct ash_out *out, const struct ash_snapshot_whole *whole,
		       const struct ash_json_wanted *wanted)
{
	const struct ash_snapshot *s = &whole->sums;

	ash_out_text(out, "___ Begin jemalloc statistics ___\n");
	if (wanted->general)
		ash_out_text(out, "Version: \"" ASH_CTL_VERSION "\"\n");
	ash_out_add(out,
		    "Allocated: %zu, active: %zu, metadata: %zu, resident: %zu, mapped: %zu, "
		    "retained: %zu\n",
		    s->allocated, s->active, s->metadata, s->resident, s->addresses,
		    s->retained);
	ash_out_add(out, "Background threads: %u\n", s->background ? 1u : 0u);
	if (whole->arenas_count != 0)
		ash_out_add(out, "Arenas of the program's own: %u, allocated in them: %zu\n",
			    whole->arenas_count, whole->arenas.small + whole->arenas.large);
	ash_print_sums(out, s);
	if (wanted->merged || wanted->arenas) {
		ash_out_text(out, "              allocated     nmalloc     ndalloc\n");
		ash_out_add(out, "small: %16zu %11lu %11lu\n", s->small - s->cached,
			    (unsigned long)s->small_nmalloc, (unsigned long)s->small_ndalloc);
		ash_out_add(out, "large: %16zu %11lu %11lu\n", s->large,
			    (unsigned long)s->large_nmalloc, (unsigned long)s->large_ndalloc);
		if (wanted->bins)
			ash_print_bins(out, whole);
		if (wanted->larges)
			ash_print_larges(out, whole);
	}
	ash_out_text(out, "--- End jemalloc statistics ---\n");
}

static bool has(const char *letters, char letter)
{
	return strchr(letters, letter) != NULL;
}

/* A copy takes 22 KiB of the stack, which only this form does. */
static ASH_NOINLINE void print_snapshot(struct ash_out *out,
					const struct ash_json_wanted *wanted, bool as_metrics)
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
	struct ash_json_wanted wanted = {!has(l, 'g'), !has(l, 'm'), !has(l, 'a'),
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
