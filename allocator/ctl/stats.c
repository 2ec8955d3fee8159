/* Statistics of the process, as they were when `epoch` was last written. */
#include "ctl/figures.h"

#include "front/front.h"
#include "util/atomic.h"

static int zero_reallocs(const struct ash_ctl_row *row, const size_t *at,
			 union ash_ctl_value *out, const union ash_ctl_value *in)
{
	(void)row, (void)at, (void)in;
	out->u64 = ash_load_relaxed(&ash_realloc_zeroed);
	return 0;
}

static int pinned(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		  const union ash_ctl_value *in)
{
	(void)row, (void)at, (void)in;
	out->z = ash_ctl_all_own().pinned;
	return 0;
}

static int background(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		      const union ash_ctl_value *in)
{
	bool running;

	(void)row, (void)at, (void)in;
	ash_epoch_read(SUM(background), &running, sizeof(running));
	out->z = running;
	return 0;
}

/* clang-format off */
#define STAT(name, call, offset, about) {"stats." name, ASH_CTL_SIZE, ASH_CTL_READ, 0, offset, call, about}
#define COUNTS(name, call, offset, about) {"stats." name, ASH_CTL_U64, ASH_CTL_READ, 0, offset, call, about}
/* clang-format on */

static const struct ash_ctl_row rows[] = {
	STAT("allocated", ash_ctl_sum, BOTH(allocated, ALLOCATED),
	     "Usable bytes that the program holds; exact where no thread is in a call."),
	STAT("active", ash_ctl_sum, BOTH(active, ACTIVE),
	     "Bytes of the pages that these lie in, as far as slabs "
	     "were carved and not given back."),
	STAT("metadata", ash_ctl_sum, SUM(metadata),
	     "Bytes mapped for the library's own records."),
	STAT("metadata_edata", ash_ctl_sum, SUM(descriptors),
	     "Of these, descriptors of hugeblocks, with the bitmaps of slabs, and of extents."),
	STAT("metadata_rtree", ash_ctl_sum, SUM(maps),
	     "Of these, what leads from an address to its descriptor, outside the window."),
	STAT("metadata_thp", ash_ctl_none, 0, "0: no huge pages are made of these."),
	STAT("resident", ash_ctl_sum, BOTH(resident, RESIDENT),
	     "active, metadata in use, and free pages that were not given back; without muzzy "
	     "ones."),
	STAT("mapped", ash_ctl_sum, BOTH(addresses, MAPPED),
	     "The same with pages that were never touched, and muzzy "
	     "ones."),
	STAT("retained", ash_ctl_sum, BOTH(retained, RETAINED),
	     "Addresses kept beside that, without memory."),
	STAT("pinned", pinned, 0,
	     "Free, of extents whose hooks said that their memory stays (arenas of one's "
	     "own)."),
	STAT("zero_reallocs", zero_reallocs, 0, "Calls realloc(p, 0), up to this moment."),
	STAT("background_thread.num_threads", background, 0, "0 or 1."),
	COUNTS("background_thread.num_runs", ash_ctl_sum, SUM(background_runs),
	       "Its rounds, ever."),
	COUNTS("background_thread.run_interval", ash_ctl_sum, SUM(background_interval_ns),
	       "Nanoseconds between two of them, on average since the first."),
};
const struct ash_ctl_table ash_ctl_stats = ASH_CTL_TABLE(rows);
