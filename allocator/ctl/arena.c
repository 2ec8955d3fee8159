/* One arena, by its number.  Those of the heap are all names of it: its shards share their
 * pages and threads move between them. */
#include <errno.h>
#include <string.h>

#include "ctl/row.h"
#include "front/bounds.h"
#include "reclaim/relief.h"
#include "reclaim/rounds.h"
#include "slab/shard.h"
#include "util/atomic.h"

unsigned ash_ctl_arenas_count(void)
{
	return ash_shard_most_by_cpu();
}

bool ash_ctl_is_all(size_t arena)
{
	return arena == ASH_CTL_ALL || arena == ash_ctl_arenas_count();
}

static int initialized(const struct ash_ctl_row *row, const size_t *at,
		       union ash_ctl_value *out, const union ash_ctl_value *in)
{
	(void)row, (void)in;
	if (ash_ctl_is_all(at[0]))
		return EFAULT;
	out->b = at[0] == 0;
	return 0;
}

static int give_back(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		     const union ash_ctl_value *in)
{
	(void)out, (void)in;
	if (at[0] == ASH_CTL_DESTROYED)
		return EFAULT;
	if (at[0] != 0 && !ash_ctl_is_all(at[0]))
		return 0; /* another name: each would do the work of all */
	if (row->offset != 0)
		ash_relief_all();
	else
		ash_rounds_work();
	return 0;
}

/* What the heap is asked for in vain. */
static int never(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		 const union ash_ctl_value *in)
{
	(void)row, (void)at, (void)out, (void)in;
	return EFAULT;
}

static int dss(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
	       const union ash_ctl_value *in)
{
	(void)row, (void)at;
	out->s = "disabled";
	return in == NULL || (in->s != NULL && strcmp(in->s, "disabled") == 0) ? 0 : EFAULT;
}

static int decay_ms(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		    const union ash_ctl_value *in)
{
	int64_t dirty = ash_load_relaxed(&ash_heap.purge.dirty_ms);
	int64_t muzzy = ash_load_relaxed(&ash_heap.purge.muzzy_ms);

	if (at[0] == ASH_CTL_DESTROYED || ash_ctl_is_all(at[0]))
		return EFAULT;
	out->zd = (ssize_t)(row->offset == 0 ? dirty : muzzy);
	if (in == NULL)
		return 0;
	*(row->offset == 0 ? &dirty : &muzzy) = in->zd;
	return ash_bounds_set_decay_ms(dirty, muzzy) ? 0 : EFAULT;
}

static const struct ash_ctl_row rows[] = {
	{"arena.<arena>.initialized", ASH_CTL_BOOL, ASH_CTL_READ, 0, 0, initialized,
	 "Whether it has statistics of its own: of the heap's numbers 0 has, the others name "
	 "the "
	 "same."},
	{"arena.<arena>.decay", ASH_CTL_VOID, ASH_CTL_DO, 0, 0, give_back,
	 "Gives back what is due by time.  4096, and arenas.narenas, are all arenas."},
	{"arena.<arena>.purge", ASH_CTL_VOID, ASH_CTL_DO, 0, 1, give_back,
	 "Gives all back that is free, other threads' caches excepted."},
	{"arena.<arena>.reset", ASH_CTL_VOID, ASH_CTL_DO, 0, 0, never,
	 "Frees all that is allocated in an arena of one's own; EFAULT for the heap."},
	{"arena.<arena>.destroy", ASH_CTL_VOID, ASH_CTL_DO, 0, 0, never,
	 "The same, and it is no more; EFAULT for the heap."},
	{"arena.<arena>.dss", ASH_CTL_STRING, ASH_CTL_READ_WRITE, 0, 0, dss,
	 "disabled: memory never comes from sbrk; EFAULT for anything else."},
	{"arena.<arena>.dirty_decay_ms", ASH_CTL_SSIZE, ASH_CTL_READ_WRITE, 0, 0, decay_ms,
	 "The option of that name, of this arena from now on."},
	{"arena.<arena>.muzzy_decay_ms", ASH_CTL_SSIZE, ASH_CTL_READ_WRITE, 0, 1, decay_ms,
	 "The option of that name, of this arena from now on."},
};
const struct ash_ctl_table ash_ctl_arena = ASH_CTL_TABLE(rows);
