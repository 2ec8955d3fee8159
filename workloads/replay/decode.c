#include "workloads/replay/decode.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "workloads/shared/procfs.h"
#include "workloads/shared/self.h"
#include "workloads/replay/builder.h"
#include "workloads/trace/reader.h"
#include "workloads/shared/workload.h"

extern char **environ;

/* --- the worker's side ---------------------------------------------------------------- */

#define MAX_VARIABLES 1024

/* Starts this program again on the memory file.  posix_spawn, because fork would run
 * the handlers of the allocator under test; without file actions it allocates nothing. */
static int start_decoder(int fd, pid_t *pid)
{
	static struct self self;
	static char number[16];
	static char *env[MAX_VARIABLES + 1];
	char option[] = DECODE_OPTION;
	char *argv[] = {NULL, option, number, NULL};
	size_t n = 0;

	/* The reader is nobody's measure: it stands on the system's own C library. */
	if (self_find(&self) < 0)
		return errno;
	argv[0] = (char *)self.file;
	for (char **e = environ; *e && n < MAX_VARIABLES; e++)
		if (strncmp(*e, "LD_PRELOAD=", 11) != 0)
			env[n++] = *e;
	snprintf(number, sizeof(number), "%d", fd);
	return posix_spawn(pid, self.file, NULL, NULL, argv, env);
}

static int have_it_read(struct wl_run *run, int fd)
{
	int status = 0, error;
	pid_t pid;

	error = start_decoder(fd, &pid);
	if (error) {
		wl_fail(run, "cannot start the trace's reader: %s", strerror(error));
		return -1;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFSIGNALED(status)) {
		wl_fail(run, "the trace's reader ended by signal %d", WTERMSIG(status));
		return -1;
	}
	return 0;
}

const struct replay_script *decode(struct wl_run *run, const struct replay_settings *settings)
{
	/* No MFD_CLOEXEC: the reader inherits the descriptor. */
	int fd = memfd_create("ashlar-replay", 0);
	struct replay_script *script = MAP_FAILED;
	struct stat st;

	if (fd >= 0 && ftruncate(fd, sizeof(*script)) == 0)
		script = mmap(NULL, sizeof(*script), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (script == MAP_FAILED) {
		wl_fail(run, "no memory file for the trace: %s", strerror(errno));
		return NULL;
	}
	script->settings = *settings;
	if (have_it_read(run, fd) < 0)
		return NULL;
	if (script->state == REPLAY_REFUSED) {
		/* Of a trace with a name this is kept with the results, for others to read:
		 * without the folder. */
		const char *path = settings->path, *base = strrchr(path, '/');
		size_t folder = base ? (size_t)(base - path) + 1 : 0;

		if (strcmp(strchr(run->workload->name, ':') + 1, path) == 0 ||
		    strncmp(script->why, path, folder) != 0)
			folder = 0;
		wl_fail(run, "%s", script->why + folder);
		return NULL;
	}
	if (script->state != REPLAY_READY) {
		wl_fail(run, "the trace's reader failed without a word");
		return NULL;
	}
	munmap(script, sizeof(*script));
	if (fstat(fd, &st) == 0)
		script = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE,
			      fd, 0);
	close(fd);
	if (script == MAP_FAILED) {
		wl_fail(run, "no memory to map the trace: %s", strerror(errno));
		return NULL;
	}
	wl_table_adopt((size_t)st.st_size);
	return script;
}

/* --- the reader's side ---------------------------------------------------------------- */

/* Reads up to the number of events asked for.  With a builder it gets them.  Returns 0,
 * or -1 with `why`. */
static int read_events(struct trace_reader *reader, uint64_t wanted, struct builder *builder,
		       char *why, size_t size)
{
	struct trace_event event;
	int got = 1;

	while (wanted-- && (got = trace_next(reader, &event)) > 0)
		if (builder && builder_add(builder, &event, why, size) < 0)
			return -1;
	/* What precedes a cut is whole. */
	if (got < 0 && !trace_cut_short(reader)) {
		snprintf(why, size, "%s", trace_error(reader));
		return -1;
	}
	return 0;
}

static int write_script(const struct builder *builder, const struct trace_summary *whole,
			const struct trace_summary *promised, int fd, char *why, size_t size)
{
	uint64_t bytes = builder_bytes(builder);
	struct replay_script *script = MAP_FAILED;

	if (bytes > procfs_memory_available()) {
		snprintf(why, size, "no memory for the %llu MiB of a decoded trace",
			 (unsigned long long)(bytes >> 20));
		return -1;
	}
	if (ftruncate(fd, (off_t)bytes) == 0)
		script = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (script == MAP_FAILED) {
		snprintf(why, size, "no memory for a decoded trace: %s", strerror(errno));
		return -1;
	}
	builder_write(builder, whole, promised, script);
	script->state = REPLAY_READY;
	return 0;
}

static int build(struct trace_reader *reader, const struct replay_settings *settings,
		 struct builder **builder, struct trace_summary *whole, char *why, size_t size)
{
	const struct trace_summary *stored = trace_stored_summary(reader);

	/* Twice: distances within a window need the peak, the mark needs its event. */
	if (read_events(reader, settings->events, NULL, why, size) < 0)
		return -1;
	*whole = *trace_summary(reader);
	whole->cross = NULL; /* the reader's own */
	/* A part of a trace has gaps between its threads and slots. */
	whole->threads = trace_threads(reader);
	if (stored && stored->slots > whole->slots)
		whole->slots = stored->slots;
	trace_rewind(reader);
	*builder = builder_make(settings, whole, why, size);
	if (!*builder)
		return -1;
	return read_events(reader, settings->events, *builder, why, size);
}

static int read_trace(const struct replay_settings *settings, int fd, char *why, size_t size)
{
	struct trace_reader *reader = trace_open(settings->path, why, size);
	const struct trace_summary *promised;
	struct trace_summary whole;
	struct builder *builder = NULL;
	int result;

	if (!reader)
		return -1;
	result = build(reader, settings, &builder, &whole, why, size);
	/* A part of a trace can only be held to what was read of it. */
	promised = trace_stored_summary(reader);
	if (promised && settings->events < promised->events)
		promised = trace_summary(reader);
	if (result == 0 && promised && builder_promise(builder, promised) < 0) {
		snprintf(why, size, "%.200s: not enough memory", settings->path);
		result = -1;
	}
	if (result == 0)
		result = write_script(builder, &whole, promised, fd, why, size);
	builder_free(builder);
	trace_close(reader);
	return result;
}

int decode_main(const char *descriptor)
{
	int fd = atoi(descriptor);
	struct replay_script *script =
		mmap(NULL, sizeof(*script), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct stat st;

	if (script == MAP_FAILED || fstat(fd, &st) < 0 || (size_t)st.st_size < sizeof(*script))
		return 2;
	if (read_trace(&script->settings, fd, script->why, sizeof(script->why)) == 0)
		return 0;
	script->state = REPLAY_REFUSED;
	return 1;
}
