/* What the allocator touches for itself in mode sharing: the worker once more, under valgrind's
 * tool lackey, which tells every access to memory.  The trace, a line for each instruction and
 * each access, is read as it comes and kept nowhere. */
#include "harness/trial/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/machine/lackey.h"
#include "harness/machine/procfs.h"

#define TRACED_TIMEOUT_S 600

/* The end of the pipe that is read, by a thread of its own: the other one waits for the child.
 */
struct reader {
	struct lackey lackey;
	FILE *trace;
	int error;      /* errno, or 0 */
	char said[160]; /* the last line that is neither of a trace nor valgrind's */
};

static void *read_trace(void *argument)
{
	struct reader *r = argument;
	char line[512];

	while (fgets(line, sizeof(line), r->trace)) {
		line[strcspn(line, "\n")] = '\0';
		if (!r->error && lackey_line(&r->lackey, line) < 0)
			r->error = errno; /* read on, or the writer would wait for ever */
		if (*line && !strchr("I =", *line))
			snprintf(r->said, sizeof(r->said), "%.159s", line);
	}
	return NULL;
}

static void watch(const struct trial_place *place, struct sample *s, const char *pipe,
		  const struct child_plan *plan, struct channel *channel)
{
	int timeout_s = trial_timeout(place, TRACED_TIMEOUT_S), status = 0;
	uint64_t oom_kills = machine_oom_kills();
	struct reader *r = calloc(1, sizeof(*r));
	struct child child;
	enum child_end end;
	pthread_t thread;
	char why[256], *said;
	int fd = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC), hold;

	if (!r)
		out_of_memory();
	/* With a writer of our own the pipe does not end before the child has come. */
	hold = open(pipe, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || hold < 0 || fcntl(fd, F_SETFL, 0) < 0) {
		sample_fail(s, SAMPLE_FAILED, "%s: %s", pipe, strerror(errno));
		goto out;
	}
	if (child_make(&child, plan, why, sizeof(why)) < 0) {
		sample_fail(s, SAMPLE_FAILED, "%s", why);
		goto out;
	}
	r->trace = fdopen(fd, "r");
	if (!r->trace || lackey_start(&r->lackey, channel, child.pid) < 0 ||
	    pthread_create(&thread, NULL, read_trace, r) != 0)
		out_of_memory();
	if (child_go(&child, plan->path, why, sizeof(why)) < 0) {
		sample_fail(s, SAMPLE_FAILED, "%s", why);
		end = CHILD_EXITED;
	} else {
		end = child_watch_work(&child, now_ns() + (uint64_t)timeout_s * 1000000000u,
				       (uint64_t)TRIAL_IDLE_S * 1000000000u);
		child_finish(&child, &status, NULL);
	}
	close(hold); /* it ends when the child has gone */
	hold = -1;
	pthread_join(thread, NULL);
	lackey_end(&r->lackey);
	said = text_format("%s.said", pipe);
	file_write(said, r->said);
	trial_explain_end(s, end, status, oom_kills, said, timeout_s);
	free(said);
	if (s->status == SAMPLE_OK && channel->state != CHANNEL_DONE)
		sample_fail(s, SAMPLE_FAILED, "under lackey: %.255s",
			    *channel->reason ? channel->reason : r->said);
	if (s->status == SAMPLE_OK && (r->error || !r->lackey.figures.calls))
		sample_fail(s, SAMPLE_FAILED, "under lackey: %s",
			    r->error ? strerror(r->error) : "no call was traced");
	s->own = r->lackey.figures;
out:
	if (hold >= 0)
		close(hold);
	if (r->trace)
		fclose(r->trace);
	else if (fd >= 0)
		close(fd);
	free(r);
}

void trial_trace(const struct trial_place *place, struct sample *s)
{
	char *folder = trial_folder(place, s), *pipe;
	struct trial_env env = {.count = 0};
	struct trial_argv argv = {.count = 0};
	struct channel *channel;
	int fd = -1;

	if (!folder)
		return;
	pipe = text_format("%s/trace", folder);
	channel = trial_channel_make(s, &fd);
	if (!channel)
		goto out;
	if (mkfifo(pipe, 0600) < 0) {
		sample_fail(s, SAMPLE_FAILED, "%s: %s", pipe, strerror(errno));
		goto out;
	}
	trial_env_plain(&env, folder);
	trial_env_contender(&env, place, s, paths_find()->still);
	trial_env_channel(&env, fd);
	trial_env_add(&env, CHANNEL_MARK_ENV "=1");
	trial_argv_add(&argv, place->valgrind);
	trial_argv_add(&argv, "--tool=lackey");
	trial_argv_add(&argv, "--trace-mem=yes");
	trial_argv_add(&argv, "--basic-counts=no");
	trial_argv_add(&argv, "--fair-sched=yes");
	/* The worker starts itself again with fixed addresses; but not who reads its trace. */
	trial_argv_add(&argv, "--trace-children=yes");
	trial_argv_add(&argv, "--trace-children-skip-by-arg=--decode");
	trial_argv_worker(&argv, s, paths_find()->still, &env);
	const struct child_plan plan = {
		.path = place->valgrind,
		.argv = (const char *const *)argv.list,
		.env = env.list,
		.folder = folder,
		.err = pipe,
		.channel_fd = fd,
	};
	watch(place, s, pipe, &plan, channel);
out:
	if (channel)
		trial_channel_free(channel, fd);
	trial_env_free(&env);
	trial_argv_free(&argv);
	file_remove_tree(folder);
	free(folder);
	free(pipe);
}
