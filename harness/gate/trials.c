#include "harness/gate/trials.h"

#include <errno.h>
#include <fnmatch.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/base/progress.h"
#include "harness/base/set_files.h"
#include "harness/trial/trial.h"

#define WORK_SEED 1 /* of what the workloads draw: a baseline is of this work */
#define LOOK_NS 100000000

/* What the processes share: trials run in processes of their own, since one is made for a
 * process that does nothing else meanwhile.  Samples hold nothing that they point to. */
struct board {
	atomic_size_t next, done;
	atomic_bool stalled; /* a trial ran out of time, as all others may */
	struct sample samples[];
};

static size_t board_size(size_t count)
{
	return sizeof(struct board) + count * sizeof(struct sample);
}

static struct board *board_of(struct sample *samples)
{
	return (struct board *)(void *)((char *)samples - offsetof(struct board, samples));
}

static unsigned at_a_time(size_t count)
{
	cpu_set_t set;
	size_t n = GATE_AT_A_TIME;

	if (sched_getaffinity(0, sizeof(set), &set) == 0 && (size_t)CPU_COUNT(&set) < n)
		n = (size_t)CPU_COUNT(&set);
	return (unsigned)(n < count ? n : count);
}

/* Whoever stalls in one cell may do so in each: one limit of time is enough to wait for. */
static void run(struct board *board, const struct trial_place *place, struct sample *s)
{
	if (atomic_load(&board->stalled)) {
		s->status = SAMPLE_OK;
		sample_fail(s, SAMPLE_FAILED, "not tried: in another cell it ran out of time");
		return;
	}
	trial_run(place, s);
	if (s->status == SAMPLE_TIMEOUT)
		atomic_store(&board->stalled, true);
}

/* In a process of its own: takes trial after trial until there are no more. */
static void work(struct board *board, size_t count, const struct trial_place *place)
{
	for (;;) {
		size_t i = atomic_fetch_add(&board->next, 1);

		if (i >= count || interrupt_wanted())
			return;
		run(board, place, &board->samples[i]);
		atomic_fetch_add(&board->done, 1);
	}
}

static void show(struct board *board, struct progress *progress, const char *what)
{
	int done = (int)atomic_load(&board->done);

	if (done == progress->done)
		return;
	progress->done = done - 1; /* it counts by itself */
	progress_step(progress, what);
}

/* Waits for all workers.  False when one of them ended in another way than it should. */
static bool wait_for(const pid_t *workers, unsigned n, struct board *board,
		     struct progress *progress, const char *what)
{
	const struct timespec look = {0, LOOK_NS};
	bool good = true;

	for (unsigned i = 0; i < n; i++) {
		int status;
		pid_t ended;

		while ((ended = waitpid(workers[i], &status, WNOHANG)) == 0 ||
		       (ended < 0 && errno == EINTR)) {
			show(board, progress, what);
			nanosleep(&look, NULL);
		}
		good &= ended == workers[i] && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	}
	show(board, progress, what);
	return good;
}

static void describe(struct sample *s, size_t index, const struct cell *cell,
		     const struct contender *contender)
{
	*s = (struct sample){.id = (int)index + 1,
			     .cell = cell,
			     .contender = contender,
			     .seed = WORK_SEED,
			     .status = SAMPLE_ABORTED,
			     .instructions = -1};
	memcpy(s->values, cell->values, sizeof(s->values));
}

static int run_all(const struct trial_place *place, bool quiet, const char *what,
		   struct gate_trials *trials, char *why, size_t why_size)
{
	struct board *board = board_of(trials->samples);
	unsigned n = at_a_time(trials->count), begun = 0;
	pid_t workers[GATE_AT_A_TIME];
	struct progress progress;
	bool good;

	progress_begin(&progress, stderr, (int)trials->count, 0, quiet);
	fflush(NULL); /* else each worker would write once more what waits here */
	for (; begun < n; begun++) {
		workers[begun] = fork();
		if (workers[begun] < 0)
			break;
		if (workers[begun] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			work(board, trials->count, place);
			_exit(0);
		}
	}
	good = wait_for(workers, begun, board, &progress, what);
	progress_end(&progress);
	if (begun == 0)
		return because(why, why_size, "fork: %s", strerror(errno));
	if (interrupt_wanted())
		return because(why, why_size, "ended by the user");
	if (!good || atomic_load(&board->done) != trials->count)
		return because(why, why_size, "a process that runs trials ended early");
	return 0;
}

int gate_trials_cells(const struct gate_place *place, const struct gate_choice *chosen,
		      size_t n, struct cell **cells, char *why, size_t why_size)
{
	int wanted = 0;

	*cells = calloc(n + 1, sizeof(**cells)); /* and room for one that is not wanted */
	if (!*cells)
		return because(why, why_size, "out of memory");
	for (size_t i = 0; i < n; i++) {
		struct cell *cell = &(*cells)[wanted];

		if (!cell_init(cell, chosen[i].workload, chosen[i].mode))
			return because(why, why_size,
				       "%s is not there: the traces of the bench are in %s",
				       chosen[i].workload, paths_find()->traces);
		if (cell_set(cell, chosen[i].settings, why, why_size) < 0)
			return -1;
		wanted += gate_cell_wanted(place->cells, cell->name);
	}
	return wanted;
}

int gate_trials_run(const struct gate_place *place, const struct contender *contender,
		    const struct cell *cells, size_t count, const char *what,
		    struct gate_trials *trials, char *why, size_t why_size)
{
	char *scratch = text_format("%s/%s-scratch", place->folder, what);
	char *out = text_format("%s/%s-out", place->folder, what),
	     *timelines = text_format("%s/" SET_TIMELINE, out);
	struct board *board = mmap(NULL, board_size(count), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *valgrind = paths_find_program("valgrind");
	const struct trial_place here = {.out = out,
					 .scratch = scratch,
					 .source = &counters_of_kernel,
					 .valgrind = valgrind,
					 .seed = place->seed,
					 .keep_dumps = true};
	int result;

	*trials = (struct gate_trials){.dumps = text_format("%s/" SET_CALLGRIND, out)};
	if (board == MAP_FAILED) {
		result = because(why, why_size, "no shared memory for trials: %s",
				 strerror(errno));
	} else if (file_make_folder(scratch) < 0 || file_make_folder(timelines) < 0) {
		result = because(why, why_size, "%s: %s", place->folder, strerror(errno));
		munmap(board, board_size(count));
	} else {
		trials->samples = board->samples;
		trials->count = count;
		for (size_t i = 0; i < count; i++)
			describe(&board->samples[i], i, &cells[i], contender);
		result = run_all(&here, place->quiet, what, trials, why, why_size);
	}
	file_remove_tree(scratch);
	free(valgrind);
	free(timelines);
	free(scratch);
	free(out);
	return result;
}

void gate_trials_free(struct gate_trials *trials)
{
	if (trials->samples)
		munmap(board_of(trials->samples), board_size(trials->count));
	free(trials->dumps);
	*trials = (struct gate_trials){0};
}

bool gate_trials_absent(const struct sample *s, struct gate_value *value)
{
	if (s->status == SAMPLE_SKIPPED)
		value->skipped = text_format("%s", s->reason);
	else if (s->status != SAMPLE_OK)
		value->failure = text_format("%s", s->reason);
	else if (s->replay.used && !s->replay.validated)
		value->failure =
			text_format("not what the trace promises: %s", s->replay.invalid);
	return value->skipped || value->failure;
}

char *gate_trials_dump(const struct gate_trials *trials, size_t index)
{
	const struct sample *s = &trials->samples[index];
	char *path, *text;

	if (!s->has_dump)
		return NULL;
	path = text_format("%s/%d.out", trials->dumps, s->id);
	text = file_read(path);
	free(path);
	return text;
}

bool gate_cell_wanted(const char *globs, const char *cell)
{
	char *workload = text_format("%s", cell), *list, *rest, *glob;
	char *colon = strchr(workload, ':');
	bool wanted = !globs;

	/* "trace:NAME:SETTINGS" has two. */
	if (colon && strncmp(cell, "trace:", 6) == 0)
		colon = strchr(colon + 1, ':');
	if (colon)
		*colon = '\0';
	list = rest = text_format("%s", globs ? globs : "");
	/* A cell's name has commas of its own: the whole text may be one. */
	if (globs && fnmatch(globs, cell, 0) == 0)
		wanted = true;
	while (!wanted && (glob = strsep(&rest, ",")))
		wanted = fnmatch(glob, workload, 0) == 0 || fnmatch(glob, cell, 0) == 0;
	free(list);
	free(workload);
	return wanted;
}
