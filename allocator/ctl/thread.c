/* Of the calling thread. */
#include "cache/thread.h"

#include <errno.h>
#include <string.h>

#include "arena/arena.h"
#include "conf/parse.h"
#include "ctl/row.h"
#include "front/tcache_flush.h"
#include "front/tcache_settings.h"
#include "reclaim/relief.h"

/* The thread's counts, which begin with the first look at one. */
static struct ash_counted *counted(void)
{
	struct ash_thread *t = ash_thread_self();

	if (t == NULL || (!(ash_tls.apart & ASH_APART_COUNTED) &&
			  !ash_thread_set_apart(t, ASH_APART_COUNTED)))
		return NULL;
	return &t->counted;
}

static int count(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		 const union ash_ctl_value *in)
{
	struct ash_counted *c = counted();
	uint64_t *field;

	(void)at, (void)in;
	if (c == NULL)
		return EAGAIN;
	field = (uint64_t *)(void *)((char *)c + row->offset);
	if (row->type == ASH_CTL_POINTER)
		out->p = field;
	else
		out->u64 = *field;
	return 0;
}

static int peak(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		const union ash_ctl_value *in)
{
	struct ash_counted *c = counted();

	(void)at, (void)in;
	if (c == NULL)
		return EAGAIN;
	if (row->type == ASH_CTL_VOID)
		c->base = c->peak = (int64_t)(c->allocated - c->deallocated);
	else
		out->u64 = (uint64_t)(c->peak - c->base);
	return 0;
}

static int arena(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		 const union ash_ctl_value *in)
{
	int error = 0;

	(void)row, (void)at;
	out->u = ash_arena_bound();
	if (in != NULL)
		error = ash_arena_bind(in->u);
	return error == ENOENT ? EFAULT : error;
}

static int enabled(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		   const union ash_ctl_value *in)
{
	(void)row, (void)at;
	out->b = ash_tcache_is_enabled();
	return in == NULL || ash_tcache_set_enabled(in->b) ? 0 : EAGAIN;
}

static int most(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		const union ash_ctl_value *in)
{
	(void)row, (void)at;
	out->z = ash_tcache_max();
	return in == NULL || ash_tcache_set_max(in->z) ? 0 : EAGAIN;
}

static int flush(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		 const union ash_ctl_value *in)
{
	(void)row, (void)at, (void)out, (void)in;
	if (!ash_tcache_is_enabled())
		return EFAULT;
	ash_tcache_flush();
	return 0;
}

static int idle(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		const union ash_ctl_value *in)
{
	(void)row, (void)at, (void)out, (void)in;
	ash_tcache_flush();
	return 0;
}

static int objects(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		   const union ash_ctl_value *in)
{
	(void)row, (void)at;
	if (in->z > ASH_SMALL_MAX)
		return EINVAL;
	out->z = ash_tcache_most(ash_class_of(in->z != 0 ? in->z : 1));
	return 0;
}

#define RANGES_MOST 1000 /* characters, as jemalloc has it */

/* All of it is read before anything is done. */
static int set_objects(const struct ash_ctl_row *row, const size_t *at,
		       union ash_ctl_value *out, const union ash_ctl_value *in)
{
	struct ash_span all, left;
	struct ash_range range;

	(void)row, (void)at, (void)out;
	if (in->s == NULL || strnlen(in->s, RANGES_MOST) == RANGES_MOST)
		return EINVAL;
	all = (struct ash_span){in->s, strlen(in->s)};
	for (left = all; left.length != 0;)
		if (!ash_parse_range(&left, &range))
			return EINVAL;
	if (!ash_tcache_is_enabled())
		return ENOENT;
	return ash_tcache_set_most(all) ? 0 : EAGAIN;
}

#define COUNTED(field) offsetof(struct ash_counted, field)

static const struct ash_ctl_row rows[] = {
	{"thread.arena", ASH_CTL_UNSIGNED, ASH_CTL_READ_WRITE, 0, 0, arena,
	 "The arena that the thread's allocations come from; any may be written."},
	{"thread.allocated", ASH_CTL_U64, ASH_CTL_READ, 0, COUNTED(allocated), count,
	 "Usable bytes that the thread allocated since it first asked for one of these."},
	{"thread.allocatedp", ASH_CTL_POINTER, ASH_CTL_READ, 0, COUNTED(allocated), count,
	 "Where that is counted (uint64_t), to be read without a call as long as the thread "
	 "lives."},
	{"thread.deallocated", ASH_CTL_U64, ASH_CTL_READ, 0, COUNTED(deallocated), count,
	 "Usable bytes that it freed."},
	{"thread.deallocatedp", ASH_CTL_POINTER, ASH_CTL_READ, 0, COUNTED(deallocated), count,
	 "Where that is counted."},
	{"thread.idle", ASH_CTL_VOID, ASH_CTL_DO, 0, 0, idle,
	 "The thread will do nothing for a while: as thread.tcache.flush, also where there is "
	 "none."},
	{"thread.peak.read", ASH_CTL_U64, ASH_CTL_READ, 0, 0, peak,
	 "The most that allocated less deallocated grew since thread.peak.reset, exactly."},
	{"thread.peak.reset", ASH_CTL_VOID, ASH_CTL_DO, 0, 0, peak, "Begins anew."},
	{"thread.tcache.enabled", ASH_CTL_BOOL, ASH_CTL_READ_WRITE, 0, 0, enabled,
	 "Whether the thread has a cache; without one each call goes to the slabs."},
	{"thread.tcache.flush", ASH_CTL_VOID, ASH_CTL_DO, 0, 0, flush,
	 "Gives what the cache holds to the slabs; EFAULT where it is not enabled."},
	{"thread.tcache.max", ASH_CTL_SIZE, ASH_CTL_READ_WRITE, 0, 0, most,
	 "Largest objects that it holds; rounded up to a size class, at most 32768."},
	{"thread.tcache.ncached_max.read_sizeclass", ASH_CTL_SIZE, ASH_CTL_ASK, ASH_CTL_SIZE, 0,
	 objects, "How many objects of the size that is written its magazines hold at most."},
	{"thread.tcache.ncached_max.write", ASH_CTL_STRING, ASH_CTL_WRITE, 0, 0, set_objects,
	 "SIZE-SIZE:NUMBER, and more behind |: how many objects of sizes in that range a "
	 "magazine of "
	 "this thread holds at most, 0 for none; beyond what magazines can hold, that.  ENOENT "
	 "where "
	 "it has no cache."},
};
const struct ash_ctl_table ash_ctl_thread = ASH_CTL_TABLE(rows);
