/* A trial of a real program, executed as its planner says.
 *
 * Batch programs are measured whole.  A server is measured from the moment it
 * accepts connections until its clients are done, by its process CPU clock, so that
 * start and end of the server are no part of the requests' cost. */
#include "harness/trial/parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/trial/proof.h"
#include "harness/trial/timeline.h"
#include "harness/trial/usage.h"

#define PREFIX (TRIAL_CALLGRIND_WORDS + WORLD_WORDS + 1)

struct program_trial {
	const struct trial_place *place;
	struct sample *sample;
	struct program_plan plan;
	char *folder, *out, *errors;
	char *dump;                                  /* of callgrind; NULL = runs plain */
	const char *other;                           /* is preloaded, too, or NULL */
	char *prefix[PREFIX];                        /* words before the program's; owned */
	const char *argv[PREFIX + PROGRAM_ARGS + 1]; /* all */
	char *preload;                               /* what a world's loader preloads */
	struct timeline timeline;
	struct child child; /* the measured process */
	uint64_t deadline_ns;
	int timeout_s;
	struct trial_env plain; /* of clients */
};

static bool accepts(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	bool ok = false;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return false;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		ok = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
		close(fd);
	}
	return ok;
}

static bool wait_ready(struct program_trial *t)
{
	struct sample *s = t->sample;

	while (!accepts(t->plan.ready_socket)) {
		if (child_ended(&t->child, 5000000))
			return false; /* its end explains why */
		if (interrupt_insisted()) {
			sample_fail(s, SAMPLE_ABORTED, "ended by the user");
			return false;
		}
		if (now_ns() > t->deadline_ns) {
			sample_fail(s, SAMPLE_TIMEOUT, "accepted no connection within %d s",
				    t->timeout_s);
			return false;
		}
	}
	return true;
}

/* A client runs plain; the timeline of the server goes on meanwhile. */
static bool run_client(struct program_trial *t, const char *const *argv, const char *what)
{
	const struct child_plan plan = {
		.path = argv[0],
		.argv = argv,
		.env = t->plain.list,
		.folder = t->folder,
		.err = t->errors,
		.channel_fd = -1,
	};
	char why[256], how[64], said[160];
	struct child client;
	enum child_end end;
	int status = 0;

	if (child_make(&client, &plan, why, sizeof(why)) < 0 ||
	    child_go(&client, argv[0], why, sizeof(why)) < 0) {
		sample_fail(t->sample, SAMPLE_FAILED, "%s: %s", what, why);
		return false;
	}
	end = child_watch(&client, t->deadline_ns, TIMELINE_EVERY_NS, timeline_tick,
			  &t->timeline);
	child_finish(&client, &status, NULL);
	if (end == CHILD_INTERRUPTED)
		sample_fail(t->sample, SAMPLE_ABORTED, "ended by the user");
	else if (end == CHILD_TIMED_OUT)
		sample_fail(t->sample, SAMPLE_TIMEOUT, "%s not done after %d s", what,
			    t->timeout_s);
	else if (child_status_text(status, how, sizeof(how)) &&
		 !child_ended(&t->child, 200000000)) {
		/* If the server is gone, its end is the cause and is explained elsewhere. */
		file_last_line(t->errors, said, sizeof(said));
		sample_fail(t->sample, SAMPLE_FAILED, "%s: %s%s%s", what, how,
			    *said ? ": " : "", said);
	}
	return end == CHILD_EXITED && status == 0;
}

static bool serve(struct program_trial *t)
{
	struct usage before;

	if (!wait_ready(t))
		return false;
	if (!usage_take(t->child.pid, &before))
		return false;
	for (int i = 0; i < PROGRAM_CLIENTS && t->plan.clients[i][0]; i++)
		if (!run_client(t, t->plan.clients[i], "client"))
			return false;
	if (!usage_since(t->child.pid, &before, t->sample))
		return false;
	if (t->plan.stop[0])
		return run_client(t, t->plan.stop, "stopping it");
	return true;
}

/* Behind `n` words of the prefix come those of the world's loader; it can give the program
 * another name itself. */
static int compose_in_world(struct program_trial *t, int n)
{
	struct sample *s = t->sample;
	const char *own = t->plan.argv[0], *words[WORLD_WORDS];
	char why[256];
	int count;

	if (world_takes(s->contender->world, own, why, sizeof(why)) < 0) {
		sample_fail(s, SAMPLE_SKIPPED, "not in the world %s: %s",
			    s->contender->world->name, why);
		return -1;
	}
	t->preload = trial_preload(s, t->other);
	count = world_start(s->contender->world, t->preload, t->plan.argv0, own, words);
	for (int i = 0; i < count; i++)
		t->prefix[n + i] = text_format("%s", words[i]);
	n += count;
	for (int i = 0; i < n; i++)
		t->argv[i] = t->prefix[i];
	memcpy(t->argv + n, t->plan.argv + 1, sizeof(t->plan.argv) - sizeof(t->plan.argv[0]));
	return 0;
}

/* The command line, with callgrind or the recorder before it.  Neither can give the
 * program another name than its file's: a link has it. */
static int compose(struct program_trial *t)
{
	const char *own = t->plan.argv[0], *bench = paths_find()->self;
	int n = 0;

	t->other = paths_find()->probe;
	if (t->sample->cell->mode == MODE_INSTRUCTIONS) {
		/* No probe: valgrind may be a script, after which what keeps children plain
		 * would leave nothing preloaded.  What is done by the clock would depend on how
		 * slow valgrind is here, so it is held; not for a server, which waits by it. */
		t->other = t->plan.ready_socket ? NULL : paths_find()->still;
		t->dump = text_format("%s/dump", t->folder);
		n = trial_callgrind_words(t->place, t->dump, t->prefix);
	} else if (t->place->record) {
		const char *const words[] = {bench,
					     "record",
					     "-o",
					     t->place->record,
					     "--own-process",
					     "--with",
					     t->sample->contender->name,
					     "--"};

		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			t->prefix[n++] = text_format("%s", words[i]);
	}
	if (t->sample->contender->world)
		return compose_in_world(t, n);
	for (int i = 0; i < n; i++)
		t->argv[i] = t->prefix[i];
	memcpy(t->argv + n, t->plan.argv, sizeof(t->plan.argv));
	if (!t->plan.argv0)
		return 0;
	if (n == 0) {
		t->argv[0] = t->plan.argv0;
		return 0;
	}
	t->prefix[PREFIX - 1] = text_format("%s/%s", t->folder, t->plan.argv0);
	t->argv[n] = t->prefix[PREFIX - 1];
	if (symlink(own, t->prefix[PREFIX - 1]) == 0)
		return 0;
	sample_fail(t->sample, SAMPLE_FAILED, "%s: %s", t->prefix[PREFIX - 1], strerror(errno));
	return -1;
}

static void run_plan(struct program_trial *t, struct channel *channel, int fd)
{
	bool plain = t->sample->cell->mode != MODE_INSTRUCTIONS && !t->place->record;
	const struct child_plan plan = {
		.path = t->prefix[0] ? t->prefix[0] : t->plan.argv[0],
		.argv = t->argv,
		.in = t->plan.stdin_path,
		.out = t->out,
		.err = t->errors,
		.folder = t->folder,
		.channel_fd = fd,
	};
	struct child_plan with = plan;
	struct sample *s = t->sample;
	struct trial_env env;
	struct counters counters;
	struct rusage usage;
	uint64_t oom_kills = machine_oom_kills(), begin;
	enum child_end end = CHILD_EXITED;
	char why[256];
	bool served = true, ended;
	int status = 0;

	trial_env_plain(&env, t->folder);
	/* The recorder chooses the allocator itself. */
	if (!t->place->record || t->dump)
		trial_env_contender(&env, t->place, s, t->other);
	if (plain)
		trial_env_channel(&env, fd);
	for (int i = 0; i < 8 && t->plan.env[i]; i++)
		trial_env_add(&env, t->plan.env[i]);
	with.env = env.list;
	if (child_make(&t->child, &with, why, sizeof(why)) < 0) {
		sample_fail(s, SAMPLE_FAILED, "%s", why);
		trial_env_free(&env);
		return;
	}
	counters_open(&counters, t->place->source, t->child.pid,
		      counter_sets_turn(t->place->counters, s->block));
	begin = now_ns();
	t->deadline_ns = begin + (uint64_t)t->timeout_s * 1000000000u;
	if (child_go(&t->child, plan.path, why, sizeof(why)) < 0) {
		counters_finish(&counters, &s->counters);
		sample_fail(s, SAMPLE_FAILED, "%s", why);
		trial_env_free(&env);
		return;
	}
	/* Under callgrind it would be valgrind's memory. */
	if (!t->dump)
		timeline_begin(&t->timeline, t->child.pid, NULL);
	s->begin_ns = begin;
	if (t->plan.ready_socket)
		served = serve(t);
	if (served)
		end = child_watch(&t->child, t->deadline_ns, TIMELINE_EVERY_NS, timeline_tick,
				  &t->timeline);
	if (!t->plan.ready_socket)
		s->wall_ns = now_ns() - begin;
	/* A server that failed its clients but lives is ended by us: its signal is no news. */
	ended = child_ended(&t->child, 0);
	child_finish(&t->child, &status, &usage);
	if (s->status == SAMPLE_OK || ended)
		trial_explain_end(s, end, status, oom_kills, t->errors, t->timeout_s);
	if (!served)
		sample_fail(s, SAMPLE_FAILED, "the server ended before its clients were done");
	counters_finish(&counters, &s->counters);
	trial_keep_timeline(t->place, s, &t->timeline);
	if (plain)
		proof_take(s, channel);
	if (!t->plan.ready_socket && plain)
		usage_of_batch(channel, &usage, s);
	if (t->dump)
		trial_take_dump(t->place, s, t->dump);
	if (!plain)
		trial_forget_figures(s);
	if (s->status == SAMPLE_OK && t->plan.check &&
	    t->plan.check(&t->plan, t->out, t->folder, why, sizeof(why)) < 0)
		sample_fail(s, SAMPLE_FAILED, "%s", why);
	trial_env_free(&env);
}

void trial_run_program(const struct trial_place *place, struct sample *s)
{
	/* What callgrind slows down some fifty times may take some ten times as long. */
	int slower = s->cell->mode == MODE_INSTRUCTIONS ? 10 : 1;
	struct program_trial t = {.place = place, .sample = s, .timeline = {.statm = -1}};
	char *cache = text_format("%s/cache", place->scratch), why[256] = "";
	struct channel *channel;
	int fd;

	t.folder = trial_folder(place, s);
	if (!t.folder)
		goto out;
	t.out = text_format("%s/stdout", t.folder);
	t.errors = text_format("%s/stderr", t.folder);
	if (file_make_folder(cache) < 0) {
		sample_fail(s, SAMPLE_FAILED, "%s: %s", cache, strerror(errno));
	} else if (s->cell->program->plan(s->values, s->seed, cache, t.folder, &t.plan, why,
					  sizeof(why)) < 0) {
		sample_fail(s, SAMPLE_FAILED, "%s", why);
	} else if ((channel = trial_channel_make(s, &fd))) {
		t.timeout_s =
			trial_timeout(place, slower * (t.plan.timeout_s > 0 ? t.plan.timeout_s
									    : TRIAL_TIMEOUT_S));
		trial_env_plain(&t.plain, t.folder);
		s->ops = t.plan.ops;
		snprintf(s->ops_unit, sizeof(s->ops_unit), "%s",
			 t.plan.ops_unit ? t.plan.ops_unit : "");
		if (compose(&t) == 0)
			run_plan(&t, channel, fd);
		trial_channel_free(channel, fd);
		trial_env_free(&t.plain);
	}
	file_remove_tree(t.folder);
out:
	free(t.folder);
	free(t.out);
	free(t.errors);
	free(t.dump);
	free(t.preload);
	for (size_t i = 0; i < sizeof(t.prefix) / sizeof(t.prefix[0]); i++)
		free(t.prefix[i]);
	free(cache);
}
