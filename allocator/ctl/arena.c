/* One arena, by its number.  Those of the heap are all names of it: its shards share their
 * pages and threads move between them.  One that was given hooks has an arena of its own;
 * number 0 is then both. */
#include "arena/arena.h"

#include <errno.h>
#include <string.h>

#include "ctl/row.h"
#include "front/bounds.h"
#include "os/os.h"
#include "reclaim/relief.h"
#include "reclaim/rounds.h"
#include "slab/shard.h"

unsigned ash_ctl_arenas_count(void)
{
	return ash_arenas_count();
}

bool ash_ctl_is_all(size_t arena)
{
	return arena == ASH_CTL_ALL || arena == ash_ctl_arenas_count();
}

static int initialized(const struct ash_ctl_row *row, const size_t *at,
		       union ash_ctl_value *out, const union ash_ctl_value *in)
{
	(void)row, (void)in;
	if (at[0] == ASH_CTL_DESTROYED)
		out->b = ash_arenas_any_destroyed();
	else
		out->b = at[0] == 0 || ash_ctl_is_all(at[0]) ||
			 ash_arena_exists((unsigned)at[0]);
	return 0;
}

/* Whether the number is one of the heap's names and nothing else; or also something else. */
static bool is_heap_alone(size_t arena)
{
	return arena < ash_arenas_automatic() && !ash_arena_exists((unsigned)arena);
}

static bool is_heap(size_t arena)
{
	return arena == 0 || is_heap_alone(arena);
}

/* An error of one that is no arena of the program's own. */
static int as_effect(int error)
{
	return error == ENOENT ? EFAULT : error;
}

static int give_back(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		     const union ash_ctl_value *in)
{
	bool all = ash_ctl_is_all(at[0]);
	unsigned arena = all ? ASH_ARENAS_ALL : (unsigned)at[0];

	(void)out, (void)in;
	/* (One that is no more, and all that are, have nothing to give.) */
	if (row->offset != 0)
		ash_arena_purge(arena);
	else
		ash_arena_decay(arena);
	if (at[0] != 0 && !all)
		return 0; /* another name of the heap: each would do the work of all */
	if (row->offset != 0)
		ash_relief_all();
	else
		ash_rounds_work();
	return 0;
}

static int end(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
	       const union ash_ctl_value *in)
{
	unsigned arena = (unsigned)at[0];

	(void)out, (void)in;
	return as_effect(row->offset != 0 ? ash_arena_destroy(arena) : ash_arena_reset(arena));
}

static int hooks(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		 const union ash_ctl_value *in)
{
	const extent_hooks_t *old = NULL;
	int error;

	(void)row;
	if (in != NULL && in->p == NULL)
		return EFAULT;
	error = ash_arena_hooks((unsigned)at[0], &old, in != NULL ? in->p : NULL);
	out->p = (void *)(uintptr_t)old;
	return as_effect(error);
}

/* Read into the program's own buffer, whose address is where the value would be. */
static int name(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		const union ash_ctl_value *in)
{
	unsigned arena = (unsigned)at[0];
	char *text = out->p;

	(void)row;
	if (ash_ctl_is_all(arena) || arena == ASH_CTL_DESTROYED)
		return EINVAL;
	if (!is_heap(arena) && !ash_arena_exists(arena))
		return EFAULT;
	if (in != NULL && in->s == NULL)
		return EINVAL;
	if (text != NULL && ash_arena_name(arena, text) != 0)
		return EFAULT;
	return in != NULL ? as_effect(ash_arena_set_name(arena, in->s)) : 0;
}

static int dss(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
	       const union ash_ctl_value *in)
{
	(void)row;
	if (!is_heap(at[0]) && !ash_ctl_is_all(at[0]) && !ash_arena_exists((unsigned)at[0]))
		return EFAULT;
	out->s = "disabled";
	return in == NULL || (in->s != NULL && strcmp(in->s, "disabled") == 0) ? 0 : EFAULT;
}

static int decay_ms(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		    const union ash_ctl_value *in)
{
	int64_t ms = 0;
	enum ash_arena_decay which = (enum ash_arena_decay)row->offset;
	unsigned arena = (unsigned)at[0];

	if (!is_heap(at[0])) {
		int error = ash_arena_decay_ms(arena, which, &ms);

		out->zd = (ssize_t)ms;
		if (error == 0 && in != NULL)
			error = ash_arena_set_decay_ms(arena, which, in->zd);
		return as_effect(error);
	}
	out->zd = (ssize_t)ash_bounds_decay_ms(which);
	if (in == NULL)
		return 0;
	if (!ash_bounds_set_decay_ms(which, in->zd))
		return EFAULT;
	if (!is_heap_alone(at[0]))
		ash_arena_set_decay_ms(arena, which, in->zd);
	return 0;
}

/* A bound that is `now` in force in an arena.  The heap's cannot be changed: it takes a value
 * that says what is so, `holds`. */
static int bound(const size_t *at, size_t now, bool holds, int (*set)(unsigned, size_t),
		 union ash_ctl_value *out, const union ash_ctl_value *in)
{
	unsigned arena = (unsigned)at[0];

	if (!is_heap(at[0]) && !ash_arena_exists(arena))
		return EFAULT;
	out->z = now;
	if (in == NULL)
		return 0;
	if (is_heap_alone(at[0]))
		return holds ? 0 : EFAULT;
	return as_effect(set(arena, in->z));
}

/* The heap grows by whole hugeblocks, so that a lower bound cannot be had and a higher one
 * holds. */
static int grow_limit(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		      const union ash_ctl_value *in)
{
	size_t now = ash_arena_grow_most((unsigned)at[0]);

	(void)row;
	return bound(at, now, in == NULL || in->z >= now, ash_arena_set_grow_most, out, in);
}

/* (What is freed of the heap goes by its age, whatever its length.) */
static int oversize(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		    const union ash_ctl_value *in)
{
	(void)row;
	return bound(at, ash_arena_oversize((unsigned)at[0]), in == NULL || in->z == 0,
		     ash_arena_set_oversize, out, in);
}

static const struct ash_ctl_row rows[] = {
	{"arena.<arena>.initialized", ASH_CTL_BOOL, ASH_CTL_READ, 0, 0, initialized,
	 "Whether it is there with statistics of its own: of the heap's numbers 0 is, and one "
	 "that was given hooks; 4096; 4097 once an arena was destroyed."},
	{"arena.<arena>.decay", ASH_CTL_VOID, ASH_CTL_DO, 0, 0, give_back,
	 "Gives back what is due by time.  4096, and arenas.narenas, are all arenas."},
	{"arena.<arena>.purge", ASH_CTL_VOID, ASH_CTL_DO, 0, 1, give_back,
	 "Gives all back that is free, other threads' caches excepted."},
	{"arena.<arena>.reset", ASH_CTL_VOID, ASH_CTL_DO, 0, 0, end,
	 "Frees all that is allocated in an arena of one's own; EFAULT for the heap, and where "
	 "there is none."},
	{"arena.<arena>.destroy", ASH_CTL_VOID, ASH_CTL_DO, 0, 1, end,
	 "The same, and it is no more; EFAULT also while threads are bound to it."},
	{"arena.<arena>.dss", ASH_CTL_STRING, ASH_CTL_READ_WRITE, 0, 0, dss,
	 "disabled: memory never comes from sbrk; EFAULT for anything else."},
	{"arena.<arena>.dirty_decay_ms", ASH_CTL_SSIZE, ASH_CTL_READ_WRITE, 0, ASH_DECAY_DIRTY,
	 decay_ms, "The option of that name, of this arena from now on."},
	{"arena.<arena>.muzzy_decay_ms", ASH_CTL_SSIZE, ASH_CTL_READ_WRITE, 0, ASH_DECAY_MUZZY,
	 decay_ms, "The option of that name, of this arena from now on."},
	{"arena.<arena>.extent_hooks", ASH_CTL_POINTER, ASH_CTL_READ_WRITE, 0, 0, hooks,
	 "Where it gets its memory (extent_hooks_t *).  One of the heap's numbers gets an "
	 "arena "
	 "of its own then, for good; of 0, who is bound to none allocates there, too."},
	{"arena.<arena>.retain_grow_limit", ASH_CTL_SIZE, ASH_CTL_READ_WRITE, 0, 0, grow_limit,
	 "What the hooks are asked for at most beyond what is needed, though 64 KiB in any "
	 "case; cut "
	 "down to a length as those of stats.arenas.<arena>.extents.  The heap grows by 2 MiB: "
	 "less "
	 "is EFAULT."},
	{"arena.<arena>.oversize_threshold", ASH_CTL_SIZE, ASH_CTL_READ_WRITE, 0, 0, oversize,
	 "Free extents of so many bytes go at once, unless a decay time is -1; 0 is none.  Of "
	 "the heap "
	 "none does: anything else is EFAULT."},
	{"arena.<arena>.name", ASH_CTL_BUFFER, ASH_CTL_READ_WRITE, 0, 0, name,
	 "Copied to the 32 bytes that the pointer at oldp leads to; a new one is cut to 31.  "
	 "The "
	 "heap has one name for all of its numbers, at first auto_ and that number."},
};
const struct ash_ctl_table ash_ctl_arena = ASH_CTL_TABLE(rows);
