/* A trial of a command of the user's: prepare, the command itself, cleanup.
 *
 * A batch command is measured from its start to its call of exit, by itself (its probe), so
 * that processes which it starts do not count; a server from the moment that it serves until
 * its load is done.  Under callgrind the process that is started is counted, from its start to
 * its end.  What they print is compared with what a run without any preloaded
 * allocator prints, which is made once for each run set. */
#include "harness/trial/parts.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/interrupt.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/trial/preloadable.h"
#include "harness/trial/proof.h"
#include "harness/trial/timeline.h"
#include "harness/trial/usage.h"

#define READY_S 60  /* for a server to serve, where no --timeout says more or less */
#define TMPDIR_AT 3 /* in trial_env_plain()'s list: the sample's own folder */
#define READY_EVERY_NS 20000000u /* between two questions */
#define COUNTED_SLOWER 10        /* what callgrind slows down may take so many times as long */
#define COUNTED_END_S 60 /* for a server that is ended under callgrind to write its counts */
#define CLEANUP_S 10     /* for a cleanup whose sample was ended by the user */

struct command_trial {
	const struct trial_place *place;
	struct sample *sample;
	const struct command *command;
	char *folder, *errors;
	char *out;  /* of what is compared: a batch command or a server's load */
	char *dump; /* of callgrind; NULL = runs plain */
	char *words[TRIAL_CALLGRIND_WORDS]; /* then its arguments, and the whole command line */
	const char **line;
	struct trial_env plain;
	struct channel *channel; /* NULL = the run that makes what others are compared with */
	int fd;
	struct child child; /* what was started; not always what is measured */
	struct timeline timeline;
	bool watched; /* the timeline has begun */
	uint64_t deadline_ns;
	int timeout_s;
};

/* That of all other processes too.  The folder is the sample's own, so that nothing of the
 * user's home is read or written; programs are found where the user's are. */
static void command_env(const struct command_trial *t, struct trial_env *env)
{
	const char *path = getenv("PATH");

	trial_env_plain(env, t->folder);
	if (path && *path) {
		free((char *)env->list[0]);
		env->list[0] = text_format("PATH=%s", path);
	}
}

/* The process that is measured; 0 = there is none yet. */
static pid_t measured(const struct command_trial *t)
{
	if (!t->channel || !t->command->text[COMMAND_MEASURE])
		return t->child.pid;
	if (__atomic_load_n(&t->channel->state, __ATOMIC_ACQUIRE) < CHANNEL_RUNNING)
		return 0;
	return __atomic_load_n(&t->channel->pid, __ATOMIC_ACQUIRE);
}

static void look(void *trial)
{
	struct command_trial *t = trial;
	pid_t pid = measured(t);

	/* Under callgrind it would be valgrind's memory. */
	if (!t->watched && pid && t->channel && !t->dump) {
		timeline_begin(&t->timeline, pid, NULL);
		t->watched = true;
	}
	if (t->watched)
		timeline_tick(&t->timeline);
}

/* A child_watch() that ended early, as a failure; false when it did not. */
static bool ended_early(struct command_trial *t, enum child_end end, const char *what)
{
	if (end == CHILD_INTERRUPTED)
		sample_fail(t->sample, SAMPLE_ABORTED, "ended by the user");
	else if (end == CHILD_TIMED_OUT)
		sample_fail(t->sample, SAMPLE_TIMEOUT, "%s: not done after %d s", what,
			    t->timeout_s);
	return end != CHILD_EXITED;
}

/* A line by a shell, without the preload.  False after sample_fail(), or where `status` is not
 * NULL when it could not be had. */
static bool run_plain(struct command_trial *t, enum command_key key, const char *out,
		      uint64_t deadline_ns, void (*tick)(void *), int *status)
{
	const char *what = command_keys[key];
	const char *const argv[] = {"/bin/sh", "-c", t->command->text[key], NULL};
	const struct child_plan plan = {
		.path = argv[0],
		.argv = argv,
		.env = t->plain.list,
		.folder = t->command->text[COMMAND_DIRECTORY],
		.out = out,
		.err = t->errors,
		.channel_fd = -1,
	};
	char why[256], how[64], said[160];
	struct child child;
	enum child_end end;
	int ended = 0;

	if (child_make(&child, &plan, why, sizeof(why)) < 0 ||
	    child_go(&child, argv[0], why, sizeof(why)) < 0) {
		sample_fail(t->sample, SAMPLE_FAILED, "%s: %s", what, why);
		return false;
	}
	/* What was prepared is cleaned up for a user who is in a hurry, too. */
	if (key == COMMAND_CLEANUP)
		end = child_wait(&child, deadline_ns);
	else
		end = child_watch(&child, deadline_ns, TIMELINE_EVERY_NS, tick, t);
	child_finish(&child, &ended, NULL);
	if (status) {
		*status = ended;
		return end == CHILD_EXITED;
	}
	if (ended_early(t, end, what))
		return false;
	if (!child_status_text(ended, how, sizeof(how)))
		return true;
	file_last_line(t->errors, said, sizeof(said));
	sample_fail(t->sample, SAMPLE_FAILED, "%s: %s%s%s", what, how, *said ? ": " : "", said);
	return false;
}

static bool wait_ready(struct command_trial *t)
{
	int limit = t->place->timeout_s > 0 ? t->place->timeout_s : READY_S, status = 0;
	uint64_t deadline = now_ns() + (uint64_t)limit * 1000000000u;
	char how[64] = "still at it";

	for (;;) {
		bool ended = run_plain(t, COMMAND_READY, NULL, deadline, NULL, &status);

		if (t->sample->status != SAMPLE_OK)
			return false;
		if (ended && !child_status_text(status, how, sizeof(how)) && measured(t))
			return true;
		if (interrupt_insisted()) {
			sample_fail(t->sample, SAMPLE_ABORTED, "ended by the user");
			return false;
		}
		if (!ended || now_ns() > deadline) {
			if (status == 0 && ended)
				sample_fail(t->sample, SAMPLE_FAILED,
					    "no process of the server is called '%s'",
					    t->command->text[COMMAND_MEASURE]);
			sample_fail(t->sample, SAMPLE_TIMEOUT,
				    "not ready after %d s: ready: %s", limit, how);
			return false;
		}
		if (child_ended(&t->child, READY_EVERY_NS))
			return false; /* its end explains why */
	}
}

/* Whether it still runs what was proven when it began, with the allocator in it. */
static bool still_the_same(struct command_trial *t, pid_t pid)
{
	char path[64], file[CHANNEL_PATH], *maps;
	const struct channel *c = t->channel;
	ssize_t n;
	bool there;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, file, sizeof(file) - 1);
	if (n < 0)
		return true; /* gone or not ours to ask; the figures say more */
	file[n] = '\0';
	if (*c->executable && strncmp(file, c->executable, sizeof(file)) != 0) {
		sample_fail(t->sample, SAMPLE_FAILED,
			    "it became another program, %s, which had no allocator preloaded: "
			    "measure names that one",
			    file);
		return false;
	}
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = file_read(path);
	there = !maps || !*maps || !*c->malloc_file || strstr(maps, c->malloc_file);
	if (!there)
		sample_fail(t->sample, SAMPLE_FAILED, "%s is no longer mapped in it",
			    c->malloc_file);
	free(maps);
	return there;
}

static void end_picked(pid_t pid)
{
	int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;

	if (fd < 0)
		return;
	syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0);
	close(fd);
}

static bool serve(struct command_trial *t)
{
	struct usage before;
	pid_t pid;

	if (!wait_ready(t))
		return false;
	pid = measured(t);
	if (!usage_take(pid, &before))
		return false;
	look(t);
	if (!run_plain(t, COMMAND_LOAD, t->out, t->deadline_ns, look, NULL) &&
	    t->sample->status == SAMPLE_OK)
		return false;
	if (!t->channel)
		return t->sample->status == SAMPLE_OK;
	if (!usage_since(pid, &before, t->sample))
		return false;
	return still_the_same(t, pid);
}

/* The file of the program that a word of the command names; free it. */
static char *file_of(const struct command_trial *t, const char *word)
{
	if (!strchr(word, '/'))
		return paths_find_program(word);
	return *word == '/' ? text_format("%s", word)
			    : text_format("%s/%s", t->command->text[COMMAND_DIRECTORY], word);
}

/* The command line with callgrind before it. */
static const char *const *under_callgrind(struct command_trial *t, const char *file)
{
	const char *const *argv = t->command->argv;
	int n = trial_callgrind_words(t->place, t->dump, t->words), count = 0;

	while (argv[count])
		count++;
	t->line = malloc((size_t)(n + count + 1) * sizeof(*t->line));
	if (!t->line)
		out_of_memory();
	memcpy(t->line, t->words, (size_t)n * sizeof(*t->line));
	t->line[n] = file;
	memcpy(t->line + n + 1, argv + 1, (size_t)count * sizeof(*argv)); /* with its NULL */
	return t->line;
}

/* Why the probe told nothing, or not to the end. */
static void explain_silence(struct command_trial *t)
{
	const char *name = t->command->text[COMMAND_MEASURE];
	const struct channel *c = t->channel;
	char *path, why[256];

	if (name && c->matches > 1)
		sample_fail(t->sample, SAMPLE_FAILED,
			    "%u processes were called '%s': which is to be measured is not "
			    "known",
			    c->matches, name);
	if (t->sample->status != SAMPLE_OK || c->state == CHANNEL_DONE ||
	    (t->command->server && c->state == CHANNEL_RUNNING))
		return;
	if (c->state == CHANNEL_STARTING) {
		path = file_of(t, name ? name : t->command->argv[0]);
		if (path && preloadable(path, why, sizeof(why)) < 0)
			sample_fail(t->sample, SAMPLE_FAILED, "%s", why);
		free(path);
	}
	if (c->state == CHANNEL_RUNNING)
		sample_fail(t->sample, SAMPLE_FAILED,
			    "%s did not come to its end: it executed another program (measure "
			    "names the one that counts) or was ended from outside",
			    c->executable);
	else if (name && c->pid == 0)
		sample_fail(t->sample, SAMPLE_FAILED,
			    "no process called '%s' was started that an allocator can be "
			    "preloaded into",
			    name);
	else
		sample_fail(t->sample, SAMPLE_FAILED,
			    "nothing was preloaded into what was started");
}

/* The end of what was started.  A server that was stopped may say so by its status, not by a
 * crash; one that ended by itself is judged as any other. */
static void judge_end(struct command_trial *t, enum child_end end, int status, bool stopped,
		      uint64_t oom_kills)
{
	char how[64];

	if (!stopped) {
		trial_explain_end(t->sample, end, status, oom_kills, t->errors, t->timeout_s);
	} else if (WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM &&
		   WTERMSIG(status) != SIGKILL) {
		child_status_text(status, how, sizeof(how));
		sample_fail(t->sample, SAMPLE_FAILED, "%s when it was stopped", how);
	}
}

static void watch(struct command_trial *t, uint64_t oom_kills)
{
	bool server = t->command->server, served = true, ended;
	enum child_end end = CHILD_EXITED;
	int status = 0;
	pid_t pid;

	if (server)
		served = serve(t);
	else
		end = child_watch(&t->child, t->deadline_ns, TIMELINE_EVERY_NS, look, t);
	pid = measured(t);
	ended = child_ended(&t->child, 0);
	if (t->dump && server && !ended) {
		kill(-t->child.pid, SIGTERM);
		child_wait(&t->child, now_ns() + COUNTED_END_S * (uint64_t)1000000000u);
	}
	if (pid != t->child.pid && !(ended && !server))
		end_picked(pid);
	child_finish(&t->child, &status, NULL);
	judge_end(t, end, status, server && !ended, oom_kills);
	if (!served)
		sample_fail(t->sample, SAMPLE_FAILED,
			    "the server ended before its load was done%s",
			    t->command->text[COMMAND_MEASURE]
				    ? ""
				    : "; where it goes on in the background, measure names it");
}

/* What was started, to its end, and the figures of what is measured. */
static void run_command(struct command_trial *t)
{
	const struct command *c = t->command;
	const char *name = c->text[COMMAND_MEASURE];
	const char *const shell[] = {"/bin/sh", "-c", c->text[COMMAND_LINE], NULL};
	char *file = c->argv ? file_of(t, c->argv[0]) : text_format("%s", shell[0]);
	struct child_plan plan = {
		.path = file,
		.argv = c->argv ? c->argv : shell,
		.out = c->server ? NULL : t->out,
		.err = t->errors,
		.folder = c->text[COMMAND_DIRECTORY],
		.channel_fd = t->channel && !name ? t->fd : -1,
	};
	uint64_t oom_kills = machine_oom_kills();
	struct counters counters;
	struct trial_env env;
	bool made = false, counted = false;
	char why[256];

	if (!file) {
		sample_fail(t->sample, SAMPLE_FAILED, "'%s' is not on the PATH", c->argv[0]);
		return;
	}
	command_env(t, &env);
	if (t->dump) {
		plan.path = t->place->valgrind;
		plan.argv = under_callgrind(t, file);
		plan.channel_fd = -1;
		/* Without the probe: it tells of a process, and valgrind may be a script. */
		trial_env_contender(&env, t->place, t->sample, NULL);
	} else if (t->channel && name) {
		trial_env_pick(&env, t->place, t->sample, name, t->fd);
	} else if (t->channel) {
		trial_env_command(&env, t->place, t->sample);
		trial_env_channel(&env, t->fd);
	}
	plan.env = env.list;
	made = child_make(&t->child, &plan, why, sizeof(why)) == 0;
	if (made && t->channel) {
		t->channel->root = t->child.pid;
		/* Of a tree the counters would tell the sum. */
		counted = !name && !t->dump;
		if (counted)
			counters_open(&counters, t->place->source, t->child.pid,
				      counter_sets_turn(t->place->counters, t->sample->block));
	}
	t->sample->begin_ns = now_ns();
	t->deadline_ns = t->sample->begin_ns + (uint64_t)t->timeout_s * 1000000000u;
	if (made && child_go(&t->child, plan.path, why, sizeof(why)) == 0)
		watch(t, oom_kills);
	else
		sample_fail(t->sample, SAMPLE_FAILED, "%s", why);
	if (counted)
		counters_finish(&counters, &t->sample->counters);
	if (t->dump) {
		trial_take_dump(t->place, t->sample, t->dump);
		trial_forget_figures(t->sample);
	} else if (t->channel) {
		if (t->watched)
			trial_keep_timeline(t->place, t->sample, &t->timeline);
		explain_silence(t);
		if (t->sample->status == SAMPLE_OK || *t->channel->malloc_file)
			proof_take(t->sample, t->channel);
		if (!c->server && t->channel->state == CHANNEL_DONE)
			usage_of_picked(t->channel, t->sample);
	}
	trial_env_free(&env);
	free(file);
}

/* One run between its prepare and its cleanup, which comes whatever became of the run. */
static void once(struct command_trial *t)
{
	const char *const *text = t->command->text;
	uint64_t limit = (uint64_t)t->timeout_s * 1000000000u;

	command_env(t, &t->plain);
	if (!text[COMMAND_PREPARE] ||
	    run_plain(t, COMMAND_PREPARE, NULL, now_ns() + limit, NULL, NULL))
		run_command(t);
	if (interrupt_insisted() && limit > CLEANUP_S * (uint64_t)1000000000u)
		limit = CLEANUP_S * (uint64_t)1000000000u;
	if (text[COMMAND_CLEANUP])
		run_plain(t, COMMAND_CLEANUP, NULL, now_ns() + limit, NULL, NULL);
	/* What went into the background does not serve the next sample. */
	proc_end_marked(t->plain.list[TMPDIR_AT]);
	trial_env_free(&t->plain);
}

static bool same(const char *a, const char *b)
{
	size_t an = 0, bn = 0;
	char *x = file_read_bytes(a, &an), *y = file_read_bytes(b, &bn);
	bool equal = x && y && an == bn && memcmp(x, y, an) == 0;

	free(x);
	free(y);
	return equal;
}

/* Runs it without any preloaded allocator, output to `path`.  False after sample_fail(); the
 * reason is kept in `path`.failed, so that it is not run again for each sample. */
static bool run_reference(const struct command_trial *with, const char *path)
{
	char *failed = text_format("%s.failed", path), *part = text_format("%s.part", path);
	char *before = file_read(failed);
	static struct sample s; /* large */
	struct command_trial t = *with;

	s = *with->sample;
	t.sample = &s;
	t.channel = NULL;
	t.dump = NULL;
	t.out = part;
	t.errors = text_format("%s.stderr", path);
	if (before) {
		sample_fail(with->sample, SAMPLE_FAILED, "%s", before);
	} else {
		once(&t);
		if (s.status == SAMPLE_ABORTED) {
			sample_fail(with->sample, SAMPLE_ABORTED, "%s", s.reason);
		} else if (s.status != SAMPLE_OK) {
			sample_fail(with->sample, SAMPLE_FAILED,
				    "without any preloaded allocator, too: %s", s.reason);
			file_write(failed, with->sample->reason);
		} else if (rename(part, path) < 0) {
			sample_fail(with->sample, SAMPLE_FAILED, "%s: %s", path,
				    strerror(errno));
		}
	}
	free(t.errors);
	free(before);
	free(failed);
	free(part);
	return with->sample->status == SAMPLE_OK;
}

/* A different output is the allocator's doing only where two runs without it agree. */
static void compare(struct command_trial *t, const char *expected)
{
	char *second = text_format("%s.second", expected);

	if (t->sample->status != SAMPLE_OK || same(t->out, expected))
		goto out;
	if (!file_exists(second) && !run_reference(t, second))
		goto out;
	if (same(second, expected))
		sample_fail(t->sample, SAMPLE_FAILED,
			    "what it printed differs from a run without any preloaded "
			    "allocator");
	else
		sample_fail(t->sample, SAMPLE_FAILED,
			    "two runs without any preloaded allocator print different things: "
			    "output = ignore leaves out the comparison");
out:
	free(second);
}

void trial_run_command(const struct trial_place *place, struct sample *s)
{
	struct command_trial t = {.place = place, .sample = s, .command = s->cell->command};
	char *cache = text_format("%s/cache", place->scratch);
	char *expected = text_format("%s/%016llx", cache,
				     (unsigned long long)hash_text(0, t.command->name));
	bool compared = !t.command->ignore_output;
	bool under = s->cell->mode == MODE_INSTRUCTIONS;

	t.timeout_s = trial_timeout(place, TRIAL_TIMEOUT_S * (under ? COUNTED_SLOWER : 1));
	t.folder = trial_folder(place, s);
	s->ops = 1;
	snprintf(s->ops_unit, sizeof(s->ops_unit), "runs");
	if (!t.folder)
		goto out;
	t.out = text_format("%s/stdout", t.folder);
	t.errors = text_format("%s/stderr", t.folder);
	if (under)
		t.dump = text_format("%s/dump", t.folder);
	if (file_make_folder(cache) < 0)
		sample_fail(s, SAMPLE_FAILED, "%s: %s", cache, strerror(errno));
	else if (compared && !file_exists(expected))
		run_reference(&t, expected);
	if (s->status == SAMPLE_OK && (t.channel = trial_channel_make(s, &t.fd))) {
		once(&t);
		if (compared)
			compare(&t, expected);
		trial_channel_free(t.channel, t.fd);
	}
	file_remove_tree(t.folder);
out:
	free(t.folder);
	free(t.out);
	free(t.errors);
	free(t.dump);
	free(t.line);
	for (int i = 0; i < TRIAL_CALLGRIND_WORDS; i++)
		free(t.words[i]);
	free(expected);
	free(cache);
}
