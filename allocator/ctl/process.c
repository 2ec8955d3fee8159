/* Of the process as a whole. */
#include <errno.h>

#include "conf/conf.h"
#include "ctl/row.h"
#include "os/background.h"
#include "reclaim/rounds.h"
#include "stats/epoch.h"

static int version(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		   const union ash_ctl_value *in)
{
	(void)row, (void)at, (void)in;
	out->s = ASH_CTL_VERSION;
	return 0;
}

static int epoch(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		 const union ash_ctl_value *in)
{
	(void)row, (void)at;
	out->u64 = in != NULL ? ash_epoch_refresh() : ash_epoch();
	return 0;
}

static int background(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		      const union ash_ctl_value *in)
{
	(void)row, (void)at;
	out->b = ash_background_running();
	if (in != NULL && !ash_rounds_set_background(in->b))
		return EFAULT;
	return 0;
}

static int most_background(const struct ash_ctl_row *row, const size_t *at,
			   union ash_ctl_value *out, const union ash_ctl_value *in)
{
	(void)row, (void)at;
	out->z = ash_load_relaxed(&ash_conf.max_background_threads);
	if (in == NULL)
		return 0;
	if (in->z == 0 || in->z > 4096)
		return EINVAL;
	ash_store_relaxed(&ash_conf.max_background_threads, in->z);
	return 0;
}

static const struct ash_ctl_row rows[] = {
	{"version", ASH_CTL_STRING, ASH_CTL_READ, 0, 0, version,
	 "jemalloc's version whose names these are, and this library's."},
	{"epoch", ASH_CTL_U64, ASH_CTL_READ_WRITE, 0, 0, epoch,
	 "Writing takes a new snapshot, which stats.* are read from; reading counts them."},
	{"background_thread", ASH_CTL_BOOL, ASH_CTL_READ_WRITE, 0, 0, background,
	 "Whether there is a background thread; when writing returns it has begun or ended."},
	{"max_background_threads", ASH_CTL_SIZE, ASH_CTL_READ_WRITE, 0, 0, most_background,
	 "1 to 4096; there is one at most."},
};
const struct ash_ctl_table ash_ctl_process = ASH_CTL_TABLE(rows);
