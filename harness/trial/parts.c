#include "harness/trial/parts.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/set_files.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/machine/callgrind.h"
#include "harness/machine/procfs.h"
#include "workloads/shared/held_clock.h"
#include "workloads/shared/rng.h"

#define PADDING 4096
#define TUNABLES "GLIBC_TUNABLES="

static void own(struct trial_env *env, char *variable)
{
	if (env->count == TRIAL_ENV) { /* contenders and plans have fewer by their own limits */
		complain("too many variables for one process");
		exit(STATUS_FAILED);
	}
	env->list[env->count++] = variable;
	env->list[env->count] = NULL;
}

void trial_env_add(struct trial_env *env, const char *variable)
{
	own(env, text_format("%s", variable));
}

void trial_env_plain(struct trial_env *env, const char *folder)
{
	env->count = 0;
	trial_env_add(env, "PATH=/usr/local/bin:/usr/bin:/bin");
	trial_env_add(env, "LC_ALL=C.UTF-8");
	own(env, text_format("HOME=%s", folder));
	own(env, text_format("TMPDIR=%s", folder));
}

char *trial_preload(const struct sample *sample, const char *other)
{
	const char *path = sample->contender->path;

	if (!other)
		return text_format("%s", path);
	/* The C library may be the contender, and would be asked for the time before a clock
	 * that is held. */
	if (strcmp(other, paths_find()->still) == 0)
		return text_format("%s:%s", other, path);
	return text_format("%s:%s", path, other);
}

/* The contender's own variables.  callgrind counts each byte that a repeated string instruction
 * moves as an instruction, so that a call that zeroes or copies 64 KiB would count as 65,536:
 * where instructions are counted glibc is told to move vectors instead, as it does of fewer
 * bytes. */
static void add_own(struct trial_env *env, const struct sample *sample)
{
	const struct contender *c = sample->contender;
	const char *vectors = "";

#ifdef __x86_64__
	if (sample->cell->mode == MODE_INSTRUCTIONS)
		vectors = "glibc.cpu.x86_rep_movsb_threshold=0x7fffffffffff:"
			  "glibc.cpu.x86_rep_stosb_threshold=0x7fffffffffff";
#endif
	for (int i = 0; i < c->nenv; i++) {
		if (*vectors && !strncmp(c->env[i], TUNABLES, sizeof(TUNABLES) - 1)) {
			own(env, text_format("%s:%s", c->env[i], vectors));
			vectors = "";
		} else {
			trial_env_add(env, c->env[i]);
		}
	}
	if (*vectors)
		own(env, text_format(TUNABLES "%s", vectors));
}

static void add_contender(struct trial_env *env, const struct trial_place *place,
			  const struct sample *sample, const char *first, const char *other)
{
	const struct contender *c = sample->contender;
	struct rng rng;
	char *padding;
	size_t length;

	add_own(env, sample);
	if (sample->cell->step_ns)
		own(env, text_format(HELD_CLOCK_STEP_ENV "=%" PRId64, sample->cell->step_ns));
	/* A library for another C library must not come into what the program starts. */
	if (!c->world) {
		char *preload = trial_preload(sample, other);

		own(env, text_format("LD_PRELOAD=%s%s%s", first ? first : "", first ? ":" : "",
				     preload));
		free(preload);
	}
	rng_seed(&rng, place->seed, (uint64_t)sample->id);
	length = rng_below(&rng, PADDING);
	padding = text_format("ASHLAR_PADDING=%*s", (int)length, "");
	memset(padding + sizeof("ASHLAR_PADDING=") - 1, 'x', length);
	own(env, padding);
}

void trial_env_contender(struct trial_env *env, const struct trial_place *place,
			 const struct sample *sample, const char *other)
{
	add_contender(env, place, sample, NULL, other);
}

void trial_env_command(struct trial_env *env, const struct trial_place *place,
		       const struct sample *sample)
{
	add_contender(env, place, sample, paths_find()->probe, NULL);
}

void trial_env_channel(struct trial_env *env, int fd)
{
	own(env, text_format(CHANNEL_ENV "=%d", fd));
}

void trial_env_pick(struct trial_env *env, const struct trial_place *place,
		    const struct sample *sample, const char *name, int fd)
{
	const char *probe = paths_find()->probe;
	struct trial_env then = {.count = 0};

	trial_env_command(&then, place, sample);
	for (int i = 0; i < then.count; i++)
		own(env, text_format(CHANNEL_THEN_ENV "%d=%s", i, then.list[i]));
	trial_env_free(&then);
	own(env, text_format("LD_PRELOAD=%s", probe));
	own(env, text_format(CHANNEL_MEASURE_ENV "=%s", name));
	own(env, text_format(CHANNEL_ENV "=/proc/%d/fd/%d", (int)getpid(), fd));
}

void trial_env_free(struct trial_env *env)
{
	for (int i = 0; i < env->count; i++)
		free((char *)env->list[i]);
	memset(env, 0, sizeof(*env));
}

char *trial_folder(const struct trial_place *place, struct sample *sample)
{
	char *folder = text_format("%s/%d", place->scratch, sample->id);

	if (mkdir(folder, 0700) == 0)
		return folder;
	sample_fail(sample, SAMPLE_FAILED, "%s: %s", folder, strerror(errno));
	free(folder);
	return NULL;
}

struct channel *trial_channel_make(struct sample *sample, int *fd)
{
	struct channel *channel = MAP_FAILED;

	*fd = memfd_create("ashlar-channel", MFD_CLOEXEC);
	if (*fd >= 0 && ftruncate(*fd, sizeof(struct channel)) == 0)
		channel = mmap(NULL, sizeof(struct channel), PROT_READ | PROT_WRITE, MAP_SHARED,
			       *fd, 0);
	if (channel == MAP_FAILED) {
		sample_fail(sample, SAMPLE_FAILED, "no shared memory for the channel: %s",
			    strerror(errno));
		if (*fd >= 0)
			close(*fd);
		return NULL;
	}
	channel->magic = CHANNEL_MAGIC;
	channel->version = CHANNEL_VERSION;
	return channel;
}

void trial_channel_free(struct channel *channel, int fd)
{
	munmap(channel, sizeof(*channel));
	close(fd);
}

void trial_keep_dump(const struct trial_place *place, struct sample *s, const char *text)
{
	char *folder, *path;

	if (!place->keep_dumps)
		return;
	folder = text_format("%s/" SET_CALLGRIND, place->out);
	path = text_format("%s/%d.out", folder, s->id);
	s->has_dump = file_make_folder(folder) == 0 && file_write(path, text) == 0;
	if (!s->has_dump)
		sample_fail(s, SAMPLE_FAILED, "%s: %s", path, strerror(errno));
	free(folder);
	free(path);
}

void trial_keep_timeline(const struct trial_place *place, struct sample *s,
			 struct timeline *timeline)
{
	char *path = text_format("%s/" SET_TIMELINE "/%d.tsv", place->out, s->id);
	int kept = timeline_end(timeline, path);

	s->has_timeline = kept > 0;
	if (kept < 0 && errno != ENOENT)
		sample_fail(s, SAMPLE_FAILED, "%s: %s", path, strerror(errno));
	free(path);
}

void trial_take_replay(struct sample *s, const struct channel *c)
{
	s->replay = c->replay;
	s->replay.invalid[sizeof(s->replay.invalid) - 1] = '\0';
	if (s->replay.contexts > CHANNEL_THREADS)
		s->replay.contexts = CHANNEL_THREADS;
	s->locality = c->locality;
	for (uint64_t i = 0; i < s->replay.contexts; i++) {
		s->wait_ns[i] = c->threads[i].wait_ns;
		s->alive_ns[i] = c->threads[i].alive_ns;
		s->idle_ns[i] = c->threads[i].idle_ns;
	}
}

/* What explains an end best of what was said on stderr: the last line, as of most programs;
 * under valgrind the first of its own. */
static void said_last(const struct sample *sample, const char *path, char *line, size_t size)
{
	char *text = sample->cell->mode == MODE_INSTRUCTIONS ? file_read(path) : NULL;

	if (!text || !callgrind_complaint(text, line, size))
		file_last_line(path, line, size);
	free(text);
}

/* Long enough for who ends a whole batch job to come from one of its processes to the next. */
#define SIGNALLED_GRACE_NS 300000000

/* Schedulers signal every process of a job at once, the measured one and us: its end is then
 * theirs, and trial_run() records nothing.  Waits for ours, which may come later. */
static void wait_for_signal(int status)
{
	const int ends[] = {SIGTERM, SIGINT, SIGHUP, SIGKILL};
	const struct timespec grace = {.tv_nsec = SIGNALLED_GRACE_NS};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (WIFSIGNALED(status) && WTERMSIG(status) == ends[i] && !interrupt_wanted())
			nanosleep(&grace, NULL);
}

void trial_explain_end(struct sample *sample, enum child_end end, int status,
		       uint64_t oom_kills_before, const char *stderr_path, int timeout_s)
{
	char how[64], said[160];

	if (end == CHILD_INTERRUPTED) {
		sample_fail(sample, SAMPLE_ABORTED, "ended by the user");
		return;
	}
	said_last(sample, stderr_path, said, sizeof(said));
	if (end == CHILD_TIMED_OUT) {
		sample_fail(sample, SAMPLE_TIMEOUT, "not done after %d s", timeout_s);
		return;
	}
	if (end == CHILD_HUNG) {
		sample_fail(sample, SAMPLE_TIMEOUT, "hangs: no CPU time in %d s%s%s",
			    TRIAL_IDLE_S, *said ? ": " : "", said);
		return;
	}
	if (!child_status_text(status, how, sizeof(how)))
		return;
	wait_for_signal(status);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
	    machine_oom_kills() > oom_kills_before)
		sample_fail(sample, SAMPLE_FAILED, "out of memory: the kernel ended it (%s)",
			    how);
	else
		sample_fail(sample, SAMPLE_FAILED, "%s%s%s", how, *said ? ": " : "", said);
}

int trial_timeout(const struct trial_place *place, int otherwise)
{
	return place->timeout_s > 0 ? place->timeout_s : otherwise;
}

void trial_argv_add(struct trial_argv *argv, const char *argument)
{
	argv->list[argv->count++] = text_format("%s", argument);
	argv->list[argv->count] = NULL;
}

void trial_argv_free(struct trial_argv *argv)
{
	for (int i = 0; i < argv->count; i++)
		free(argv->list[i]);
	argv->count = 0;
}
