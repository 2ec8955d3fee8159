/* jemalloc's experimental names that have a meaning here, and what needs no epoch. */
#include <errno.h>
#include <string.h>

#include "arena/arena.h"
#include "ctl/row.h"
#include "front/extended.h"
#include "front/misuse.h"
#include "front/utilization.h"
#include "meta/far_table.h"
#include "page/account.h"

static int active_now(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		      const union ash_ctl_value *in)
{
	struct ash_arena_stats arenas;

	(void)row, (void)at, (void)in;
	ash_arena_stats(ASH_ARENAS_ALL, &arenas);
	out->z = (ash_account_in_use(&ash_heap) << ASH_GRANULE_SHIFT) + ash_far_bytes() +
		 arenas.active;
	return 0;
}

/* Both memories are the program's, of any alignment. */
static int query(const struct ash_ctl_row *row, const size_t *bytes, union ash_ctl_value *out,
		 const union ash_ctl_value *in)
{
	struct ash_utilization u;
	size_t told[6];
	void *p;

	(void)row;
	if (bytes[0] != sizeof(told) || bytes[1] != sizeof(p))
		return EINVAL;
	memcpy(&p, in->p, sizeof(p));
	u = ash_utilization_of(p, true);
	told[0] = (size_t)u.filling;
	told[1] = u.nfree;
	told[2] = u.nregs;
	told[3] = u.bytes;
	told[4] = u.bin_nfree;
	told[5] = u.bin_nregs;
	memcpy(out->p, told, sizeof(told));
	return 0;
}

static int batch_query(const struct ash_ctl_row *row, const size_t *bytes,
		       union ash_ctl_value *out, const union ash_ctl_value *in)
{
	size_t told[3], n = bytes[1] / sizeof(void *);

	(void)row;
	if (n == 0 || bytes[1] % sizeof(void *) != 0 || bytes[0] % sizeof(told) != 0 ||
	    bytes[0] / sizeof(told) != n)
		return EINVAL;
	for (size_t i = 0; i < n; i++) {
		struct ash_utilization u;
		void *p;

		memcpy(&p, (const char *)in->p + i * sizeof(p), sizeof(p));
		u = ash_utilization_of(p, false);
		told[0] = u.nfree;
		told[1] = u.nregs;
		told[2] = u.bytes;
		memcpy((char *)out->p + i * sizeof(told), told, sizeof(told));
	}
	return 0;
}

static int batch_alloc(const struct ash_ctl_row *row, const size_t *bytes,
		       union ash_ctl_value *out, const union ash_ctl_value *in)
{
	struct {
		void **out;
		size_t count, size;
		int flags;
	} wanted;
	size_t done = 0;

	(void)row;
	if (bytes[0] != sizeof(done) || bytes[1] != sizeof(wanted))
		return EINVAL;
	memcpy(&wanted, in->p, sizeof(wanted));
	while (done < wanted.count &&
	       (wanted.out[done] = ash_mallocx(wanted.size, wanted.flags)) != NULL)
		done++;
	memcpy(out->p, &done, sizeof(done));
	return 0;
}

static int create(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		  const union ash_ctl_value *in)
{
	(void)row, (void)at;
	return ash_arena_create(in != NULL ? in->config.hooks : NULL, &out->u);
}

static int abort_hook(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		      const union ash_ctl_value *in)
{
	ash_misuse_told *hook;

	(void)row, (void)at, (void)out;
	memcpy(&hook, &in->p, sizeof(hook));
	ash_misuse_set_hook(hook);
	return 0;
}

static const struct ash_ctl_row rows[] = {
	{"approximate_stats.active", ASH_CTL_SIZE, ASH_CTL_READ, 0, 0, active_now,
	 "Bytes of runs and mappings in use, up to this moment, without an epoch."},
	{"experimental.utilization.query", ASH_CTL_SIZE, ASH_CTL_TABLE_OF, 0, 0, query,
	 "Of the object whose address is written: where its class is filled from now, free and "
	 "all places of its slab, bytes of that, free and all places of the class; six "
	 "size_t, 0 of what is no object."},
	{"experimental.utilization.batch_query", ASH_CTL_SIZE, ASH_CTL_TABLE_OF, 0, 0,
	 batch_query,
	 "Of the objects whose addresses are written, of each three size_t: free and all "
	 "places "
	 "of its slab, bytes of that; a large object is one place."},
	{"experimental.batch_alloc", ASH_CTL_SIZE, ASH_CTL_TABLE_OF, 0, 0, batch_alloc,
	 "Written {void **out; size_t count, size; int flags}, as of so many mallocx; how many "
	 "there were."},
	{"experimental.arenas_create_ext", ASH_CTL_UNSIGNED, ASH_CTL_MAKE, ASH_CTL_CONFIG, 0,
	 create,
	 "As arenas.create, of {extent_hooks_t *hooks; bool for_metadata}; metadata never "
	 "comes "
	 "from hooks."},
	{"experimental.hooks.safety_check_abort", ASH_CTL_POINTER, ASH_CTL_WRITE, 0, 0,
	 abort_hook,
	 "void (*)(const char *), called with the line that tells of misuse in the place of "
	 "writing it and SIGABRT; NULL as before.  Where it returns the program goes on."},
};
const struct ash_ctl_table ash_ctl_experimental = ASH_CTL_TABLE(rows);
