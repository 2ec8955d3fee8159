/* The kernel as a source of events, with the names of libpfm4. */
#include "harness/machine/counters.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef HAVE_LIBPFM
#include <perfmon/pfmlib_perf_event.h>

static int kernel_encode(const char *name, struct perf_event_attr *attr)
{
	static int ready = -1;
	struct perf_event_attr found = {.size = sizeof(found)};
	pfm_perf_encode_arg_t arg = {.attr = &found, .size = sizeof(arg)};

	if (ready < 0)
		ready = pfm_initialize() == PFM_SUCCESS;
	if (!ready ||
	    pfm_get_os_event_encoding(name, PFM_PLM3, PFM_OS_PERF_EVENT, &arg) != PFM_SUCCESS)
		return ENOENT;
	attr->type = found.type;
	attr->config = found.config;
	attr->config1 = found.config1;
	attr->config2 = found.config2;
	return 0;
}
#else
static int kernel_encode(const char *name, struct perf_event_attr *attr)
{
	(void)name;
	(void)attr;
	return ENOENT;
}
#endif

static int kernel_open(struct perf_event_attr *attr, pid_t pid, int group)
{
	return (int)syscall(SYS_perf_event_open, attr, pid, -1, group, PERF_FLAG_FD_CLOEXEC);
}

static int kernel_id(int fd, uint64_t *id)
{
	return ioctl(fd, PERF_EVENT_IOC_ID, id);
}

static int kernel_read(int fd, uint64_t *words, int most)
{
	ssize_t n = read(fd, words, (size_t)most * sizeof(words[0]));

	return n < 0 ? -1 : (int)((size_t)n / sizeof(words[0]));
}

static void kernel_close(int fd)
{
	close(fd);
}

const struct counter_source counters_of_kernel = {
	.tier = "pmu",
	.encode = kernel_encode,
	.open = kernel_open,
	.id = kernel_id,
	.read = kernel_read,
	.close = kernel_close,
};
