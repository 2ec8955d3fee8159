#include "workloads/lib/footprint.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "workloads/shared/channel.h"

/* A read of smaps gives whole mappings only, as many as fit. */
#define TEXT 65536

enum { OTHER, SHARED_MEMORY, STACK };

static struct state {
	struct channel_footprint *figures;
	uint64_t expected; /* allocation calls in all */
	char *text;
} state;

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static uint64_t kib(const char *text)
{
	uint64_t value = 0;

	text += strspn(text, " \t");
	for (; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (uint64_t)(*text - '0');
	return value * 1024;
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
	} else if (begins(line, "Rss:")) {
		s->rss = kib(line + 4);
	} else if (begins(line, "Anonymous:")) {
		s->anonymous = kib(line + 10);
	} else if (begins(line, "LazyFree:")) {
		s->lazy = kib(line + 9);
	} else if (begins(line, "Swap:")) {
		s->swapped = kib(line + 5);
	} else if (begins(line, "Shared_Hugetlb:")) {
		s->huge += kib(line + 15);
	} else if (begins(line, "Private_Hugetlb:")) {
		s->huge += kib(line + 16);
	} else if (!*line) {
		end_mapping(s);
	}
}

static uint64_t resident(struct wl_run *run)
{
	int fd = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
	struct footprint_sum sum = {.kind = OTHER};
	size_t used = 0;
	ssize_t n = -1;

	while (fd >= 0 && (n = read(fd, state.text + used, TEXT - 1 - used)) > 0) {
		char *line = state.text, *end;

		state.text[used + (size_t)n] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			footprint_line(&sum, line);
		}
		used = strlen(line);
		memmove(state.text, line, used + 1);
	}
	if (n < 0)
		wl_die(run, "/proc/self/smaps: %s", strerror(errno));
	close(fd);
	footprint_line(&sum, "");
	return sum.bytes - wl_table_total();
}

int64_t footprint_start(struct wl_run *run, const struct channel_thread *count)
{
	state.figures = &run->channel->footprint;
	state.text = wl_table(TEXT);
	state.expected = run->expected_allocs;
	return footprint_look(run, count);
}

/* Allocation calls before checkpoint number i (from 0). */
static uint64_t place_of(uint64_t i)
{
	return state.expected * (i + 1) / CHANNEL_CHECKPOINTS;
}

static void take(struct wl_run *run, uint64_t calls, int64_t live)
{
	struct channel_footprint *f = state.figures;

	f->bytes[f->count] = resident(run);
	f->calls[f->count] = calls;
	f->live_bytes[f->count] = live > 0 ? (uint64_t)live : 0;
	f->count++;
}

int64_t footprint_look(struct wl_run *run, const struct channel_thread *count)
{
	const struct channel_footprint *f = state.figures;
	uint64_t calls = count->allocs + count->reallocs;

	/* The last one is taken when the run is over. */
	while (f->count < CHANNEL_CHECKPOINTS - 1 && place_of(f->count) <= calls)
		take(run, calls, count->live_bytes);
	return f->count < CHANNEL_CHECKPOINTS - 1 ? (int64_t)(place_of(f->count) - calls)
						  : INT64_MAX;
}

void footprint_end(struct wl_run *run, const struct channel_thread *count)
{
	while (state.figures->count < CHANNEL_CHECKPOINTS)
		take(run, count->allocs + count->reallocs, count->live_bytes);
}
