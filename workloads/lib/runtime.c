/* What every workload stands on: tables outside the measured heap, and the two ways
 * to say that a run cannot go on. */
#include "workloads/shared/workload.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "workloads/shared/channel.h"
#include "workloads/shared/procfs.h"

#define LARGE_TABLE ((size_t)64 << 20)

static _Atomic uint64_t table_total;

static size_t whole_pages(size_t bytes)
{
	return bytes ? (bytes + 4095) & ~(size_t)4095 : 4096;
}

/* Shared and anonymous: the kernel books it as shmem, so RssAnon stays the
 * allocator's.  Populated at once: no fault of ours falls into the timed part. */
void *wl_table(size_t bytes)
{
	size_t whole = whole_pages(bytes);
	void *p;

	/* Populating more than there is would end in the kernel's out-of-memory killer,
	 * perhaps with another victim. */
	if (whole > LARGE_TABLE && whole > procfs_memory_available())
		wl_die(NULL, "no memory for a table of %zu MiB", whole >> 20);
	p = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE,
		 -1, 0);

	if (p == MAP_FAILED)
		wl_die(NULL, "no memory for a table of %zu bytes: %s", bytes, strerror(errno));
	atomic_fetch_add(&table_total, whole);
	return p;
}

void wl_table_free(void *table, size_t bytes)
{
	munmap(table, whole_pages(bytes));
	atomic_fetch_sub(&table_total, whole_pages(bytes));
}

void wl_table_adopt(size_t bytes)
{
	atomic_fetch_add(&table_total, whole_pages(bytes));
}

uint64_t wl_table_total(void)
{
	return atomic_load(&table_total);
}

/* The run that the process does, for failures that know no run (tables). */
static struct wl_run *current;

void wl_run_is(struct wl_run *run)
{
	current = run;
}

static void record(struct wl_run *run, const char *format, va_list args)
{
	static atomic_flag taken = ATOMIC_FLAG_INIT;
	struct channel *channel;

	if (run)
		current = run;
	channel = current ? current->channel : NULL;
	if (!channel || atomic_flag_test_and_set(&taken))
		return;
	vsnprintf(channel->reason, sizeof(channel->reason), format, args);
	__atomic_store_n(&channel->state, CHANNEL_FAILED, __ATOMIC_RELEASE);
}

void wl_fail(struct wl_run *run, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	record(run, format, args);
	va_end(args);
}

void wl_die(struct wl_run *run, const char *format, ...)
{
	char line[400];
	int n;
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	record(run, format, args);
	n = snprintf(line, sizeof(line), "ashlar-work: %s%s",
		     current ? current->workload->name : "", current ? ": " : "");
	n += vsnprintf(line + n, sizeof(line) - (size_t)n, format, again);
	va_end(again);
	va_end(args);
	if (n > (int)sizeof(line) - 1)
		n = sizeof(line) - 1;
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		_exit(1);
	_exit(1);
}
