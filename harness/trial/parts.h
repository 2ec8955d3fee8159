/* What trials of own workloads, of programs and under callgrind have in common. */
#ifndef HARNESS_TRIAL_PARTS_H
#define HARNESS_TRIAL_PARTS_H

#include "harness/trial/child.h"
#include "harness/trial/place.h"
#include "harness/trial/sample.h"
#include "harness/trial/timeline.h"

#define TRIAL_TIMEOUT_S 120 /* of own workloads; the quick suite's samples take one second */
#define TRIAL_IDLE_S 30     /* without CPU time, for what never waits: it hangs */
#define TRIAL_ENV 48

/* Environment of one process.  Strings are owned by it; ends with NULL. */
struct trial_env {
	const char *list[TRIAL_ENV + 1];
	int count;
};

/* The few variables that every process gets: nothing of the user's own, which differs
 * from machine to machine. */
void trial_env_plain(struct trial_env *env, const char *folder);
/* Adds the contender's variables, its library and `other` (or NULL) in LD_PRELOAD, in the order
 * of trial_preload(), and the padding.  In a world its loader is told what to preload (below).
 */
void trial_env_contender(struct trial_env *env, const struct trial_place *place,
			 const struct sample *sample, const char *other);
/* The same for a command of the user's, with the probe before the library: else the C library,
 * where it is the contender, would be asked for _exit first, and a shell end untold. */
void trial_env_command(struct trial_env *env, const struct trial_place *place,
		       const struct sample *sample);
void trial_env_channel(struct trial_env *env, int fd);
/* For a tree of processes of which the probe picks one: that one alone gets the contender's
 * variables, the others have the probe alone. */
void trial_env_pick(struct trial_env *env, const struct trial_place *place,
		    const struct sample *sample, const char *name, int fd);
void trial_env_add(struct trial_env *env, const char *variable);
void trial_env_free(struct trial_env *env);

/* Folder of one sample, made under the scratch folder; NULL after sample_fail(). */
char *trial_folder(const struct trial_place *place, struct sample *sample);

/* Shared memory for one run; NULL after sample_fail(). */
struct channel *trial_channel_make(struct sample *sample, int *fd);
void trial_channel_free(struct channel *channel, int fd);

/* Keeps what callgrind wrote, where that is wanted: in callgrind/ of the run set. */
void trial_keep_dump(const struct trial_place *place, struct sample *sample, const char *text);

/* What counts a whole process by callgrind, into `words` (room for TRIAL_CALLGRIND_WORDS): all
 * that stands before it, of which callgrind writes to `dump`.  Returns their number; free them.
 */
#define TRIAL_CALLGRIND_WORDS 10
int trial_callgrind_words(const struct trial_place *place, const char *dump, char **words);
/* What `dump` says of it, and the proof; without them the sample has failed. */
void trial_take_dump(const struct trial_place *place, struct sample *sample, const char *dump);
/* Times and memory of what ran under callgrind or was recorded are not the program's. */
void trial_forget_figures(struct sample *sample);

/* Ends the timeline and keeps it in timeline/ of the run set; who measures for other ends than
 * a set has no such folder, and nothing is kept. */
void trial_keep_timeline(const struct trial_place *place, struct sample *sample,
			 struct timeline *timeline);

/* What the replay of a trace says of itself, and its model of locality. */
void trial_take_replay(struct sample *sample, const struct channel *channel);

/* Explains an end that was not wanted: the signal or status, out of memory, and what
 * the process said last on stderr. */
void trial_explain_end(struct sample *sample, enum child_end end, int status,
		       uint64_t oom_kills_before, const char *stderr_path, int timeout_s);

/* What is preloaded: the contender's library and `other` (or NULL): the held clock before it,
 * anything else behind it; free it. */
char *trial_preload(const struct sample *sample, const char *other);

int trial_timeout(const struct trial_place *place, int otherwise);

void trial_run_workload(const struct trial_place *place, struct sample *sample);
void trial_run_program(const struct trial_place *place, struct sample *sample);
void trial_run_command(const struct trial_place *place, struct sample *sample);
void trial_run_callgrind(const struct trial_place *place, struct sample *sample);
/* Of mode sharing, after it ran: what the allocator touches for itself (sample->own). */
void trial_trace(const struct trial_place *place, struct sample *sample);

/* argv of the worker for a sample; strings owned by the list, ends with NULL. */
struct trial_argv {
	char *list[2 * WL_MAX_PARAMS + 24 + WORLD_WORDS];
	int count;
};
void trial_argv_add(struct trial_argv *argv, const char *argument);
/* `other` is preloaded, too, or NULL: as for trial_env_contender(), whose `env`
 * it completes where children of the worker must know how to start. */
void trial_argv_worker(struct trial_argv *argv, const struct sample *sample, const char *other,
		       struct trial_env *env);
void trial_argv_free(struct trial_argv *argv);

#endif
