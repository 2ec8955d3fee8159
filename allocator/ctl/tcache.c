/* Explicit thread caches. */
#include "arena/tcaches.h"

#include <errno.h>

#include "ctl/row.h"

static int create(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		  const union ash_ctl_value *in)
{
	(void)row, (void)at, (void)in;
	return ash_tcaches_create(&out->u);
}

static int act(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
	       const union ash_ctl_value *in)
{
	int error = row->offset != 0 ? ash_tcaches_destroy(in->u) : ash_tcaches_flush(in->u);

	(void)at, (void)out;
	return error == ENOENT ? EFAULT : error;
}

static const struct ash_ctl_row rows[] = {
	{"tcache.create", ASH_CTL_UNSIGNED, ASH_CTL_MAKE, ASH_CTL_VOID, 0, create,
	 "Makes a cache for MALLOCX_TCACHE and tells its number."},
	{"tcache.flush", ASH_CTL_UNSIGNED, ASH_CTL_WRITE, 0, 0, act, "Empties it."},
	{"tcache.destroy", ASH_CTL_UNSIGNED, ASH_CTL_WRITE, 0, 1, act,
	 "The same, and it is no more."},
};
const struct ash_ctl_table ash_ctl_tcache = ASH_CTL_TABLE(rows);
