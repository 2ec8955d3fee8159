#include "workloads/lib/footprint.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "workloads/shared/channel.h"
#include "workloads/shared/procfs.h"

/* A read of smaps gives whole mappings only, as many as fit. */
#define TEXT 65536

enum { OTHER, SHARED_MEMORY, STACK };

static char *text;

static bool begins(const char *path, const char *with)
{
	return strncmp(path, with, strlen(with)) == 0;
}

/* "FROM-TO rwxp OFFSET DEVICE INODE   PATH": by its path. */
static int kind_of(const char *line)
{
	static const char *const shared[] = {"/dev/zero", "/memfd:", "/SYSV", "/dev/shm/"};
	const char *path = line;

	for (int field = 0; field < 5; field++) {
		path += strcspn(path, " ");
		path += strspn(path, " ");
	}
	if (begins(path, "[stack]"))
		return STACK;
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if (begins(path, shared[i]))
			return SHARED_MEMORY;
	return OTHER;
}

static void end_mapping(struct footprint_sum *s)
{
	uint64_t held = s->kind == SHARED_MEMORY ? s->rss : s->anonymous;

	if (s->kind != STACK)
		s->bytes += held + s->swapped + s->huge - (s->lazy < held ? s->lazy : held);
	s->rss = s->anonymous = s->swapped = s->lazy = s->huge = 0;
}

void footprint_line(struct footprint_sum *s, const char *line)
{
	/* Names of fields begin with a capital, addresses are in small letters. */
	if ((*line >= '0' && *line <= '9') || (*line >= 'a' && *line <= 'f')) {
		end_mapping(s);
		s->kind = kind_of(line);
	} else if (*line) {
		/* One of them at most; the others add nothing. */
		s->rss += procfs_kb(line, "Rss");
		s->anonymous += procfs_kb(line, "Anonymous");
		s->lazy += procfs_kb(line, "LazyFree");
		s->swapped += procfs_kb(line, "Swap");
		s->huge +=
			procfs_kb(line, "Shared_Hugetlb") + procfs_kb(line, "Private_Hugetlb");
	} else {
		end_mapping(s);
	}
}

static uint64_t resident(struct wl_run *run)
{
	int fd = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
	struct footprint_sum sum = {.kind = OTHER};
	size_t used = 0;
	ssize_t n = -1;

	while (fd >= 0 && (n = read(fd, text + used, TEXT - 1 - used)) > 0) {
		char *line = text, *end;

		text[used + (size_t)n] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			footprint_line(&sum, line);
		}
		used = strlen(line);
		memmove(text, line, used + 1);
	}
	if (n < 0)
		wl_die(run, "/proc/self/smaps: %s", strerror(errno));
	close(fd);
	footprint_line(&sum, "");
	return sum.bytes - wl_table_total();
}

int64_t footprint_start(struct wl_run *run, const struct channel_thread *count)
{
	text = wl_table(TEXT);
	return footprint_look(run, count);
}

/* Allocation calls before checkpoint number i (from 0). */
static uint64_t place_of(const struct wl_run *run, uint64_t i)
{
	return run->expected_allocs * (i + 1) / CHANNEL_CHECKPOINTS;
}

static void take(struct wl_run *run, uint64_t calls, int64_t live)
{
	struct channel_footprint *f = &run->channel->footprint;

	f->bytes[f->count] = resident(run);
	f->calls[f->count] = calls;
	f->live_bytes[f->count] = live > 0 ? (uint64_t)live : 0;
	f->count++;
}

int64_t footprint_look(struct wl_run *run, const struct channel_thread *count)
{
	const struct channel_footprint *f = &run->channel->footprint;
	uint64_t calls = count->allocs + count->reallocs;

	/* The last one is taken when the run is over. */
	while (f->count < CHANNEL_CHECKPOINTS - 1 && place_of(run, f->count) <= calls)
		take(run, calls, count->live_bytes);
	return f->count < CHANNEL_CHECKPOINTS - 1 ? (int64_t)(place_of(run, f->count) - calls)
						  : INT64_MAX;
}

void footprint_end(struct wl_run *run, const struct channel_thread *count)
{
	while (run->channel->footprint.count < CHANNEL_CHECKPOINTS)
		take(run, count->allocs + count->reallocs, count->live_bytes);
}
