#include "harness/matrix/suite.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/matrix/command.h"
#include "harness/matrix/traces.h"
#include "workloads/catalogue/workloads.h"
#include "workloads/catalogue/programs.h"

/* What a suite holds, and the blocks of each kind of cell.  Scale is larson and
 * prod-cons at other numbers of threads than they have by default; 0 blocks is none.
 *
 * quick fits ten minutes: a workload of each kind.  verdict fits half an hour at ten
 * blocks: what a statement about two allocators stands on, a second of CPU at most
 * each, half of them with a live heap beyond 32 MiB.  full is everything. */
struct blocks {
	const char *suite;
	const char *members; /* globs; NULL = everything */
	int throughput, latency, memory, scale, instructions;
};

static const struct blocks suites[] = {
	{"quick",
	 "tiny-churn,live-sweep,larson,prod-cons,fleet-5,kv-server,frag-drain,big-buffers,"
	 "redis,cc1plus,python-json,sqlite",
	 5, 1, 2, 3, 1},
	{"verdict",
	 "tiny-churn,live-sweep,skew-slots,larson,prod-cons,mixed-ageing,own-lines,fleet-5,"
	 "kv-server,frag-drain,size-shift,big-buffers,realloc-growth,redis,cc1plus,python-json,"
	 "sqlite",
	 10, 2, 2, 0, 1},
	{"full", NULL, 30, 2, 3, 5, 1},
};

/* Under callgrind a run is some fifty times slower, and its count repeats.  Of a trace the
 * first fiftieth would be how a program starts: it is replayed up to so many events. */
#define CALLGRIND_PART 50
#define CALLGRIND_EVENTS 2000000
/* Counts of several threads differ from run to run, since who waits for whom is chance: the
 * median of three, of two threads where that is a parameter. */
#define CALLGRIND_THREADED_BLOCKS 3
#define CALLGRIND_THREADS "threads=2"
/* One workload runs once more there with a clock that moves: some 50 s for its million calls,
 * in which what is done by the clock (decay, upkeep of caches) is done by every allocator. */
#define CALLGRIND_UPKEEP "fleet-5"
#define CALLGRIND_STEP "step_ns=50000"
/* Two threads and several, each with objects of its own; of a trace that many programs in one
 * process, from their start. */
static const char *const sharing_threads[] = {"threads=2", "threads=8"};
#define SHARING_EVENTS 100000
#define SHARING_COPIES "copies=8"
/* Parameters that say how much work a run does; a workload has one of them. */
static const char *const work_params[] = {"ops", "requests", NULL};

/* The cells in whose blocks the reference runs twice: one of calls alone, one of threads, one
 * of a server, and a program, each among the short and steady ones of its kind. */
static const char *const again_cells[] = {"tiny-churn", "larson", "fleet-5", "sqlite", NULL};

struct builder {
	const struct suite_choice *choice;
	const struct blocks *suite;
	const struct suite_choice *given; /* as it was before modes were filled in */
	struct cell *cells;
	int count;
	char *why;
	size_t why_size;
	bool failed;
};

/* A trace may be named by any path of its file; its workload has one name. */
static bool means(const char *glob, const char *name)
{
	const struct workload *trace = NULL;
	char why[256];

	if (fnmatch(glob, name, 0) == 0)
		return true;
	if (traces_is_one(glob))
		trace = traces_find(glob, why, sizeof(why));
	return trace && strcmp(trace->name, name) == 0;
}

static bool matches(const char *globs, const char *name)
{
	for (const char *p = globs;; p++) {
		size_t length = strcspn(p, ",");
		char *glob = text_format("%.*s", (int)length, p);
		bool hit = means(glob, name);

		free(glob);
		if (hit)
			return true;
		p += length;
		if (!*p)
			return false;
	}
}

static void blame(const struct suite_choice *choice, const char *argument)
{
	if (choice->blame)
		*choice->blame = argument;
}

/* What the user names is wanted whether or not the suite has it.  Where commands are given, the
 * suite is not meant beside them. */
static bool wanted(const struct builder *b, const char *name)
{
	const struct suite_choice *choice = b->choice;

	if (choice->nworkloads == 0 && command_at(0))
		return command_named(name);
	if (choice->nworkloads == 0)
		return !b->suite->members || matches(b->suite->members, name);
	for (int i = 0; i < choice->nworkloads; i++)
		if (matches(choice->workloads[i], name))
			return true;
	return false;
}

/* Every glob must name something: a typing error would else measure less in silence. */
static int check_globs(const struct suite_choice *choice, char *why, size_t why_size)
{
	char known[1600] = "";

	for (const struct workload *const *w = workloads_all; *w; w++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
			 *known ? ", " : "", (*w)->name);
	for (const struct program *const *p = programs_all; *p; p++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
			 *known ? ", " : "", (*p)->name);
	for (int i = 0; i < choice->nworkloads; i++)
		for (const char *p = choice->workloads[i];; p++) {
			size_t length = strcspn(p, ",");
			char *glob = text_format("%.*s", (int)length, p);
			bool hit = false;

			blame(choice, choice->workloads[i]);
			if (traces_is_one(glob) && !traces_find(glob, why, why_size)) {
				free(glob);
				return -1;
			}
			for (const struct workload *const *w = traces_and_workloads(); *w; w++)
				hit |= means(glob, (*w)->name);
			for (const struct program *const *g = programs_all; *g; g++)
				hit |= fnmatch(glob, (*g)->name, 0) == 0;
			for (int k = 0; command_at(k); k++)
				hit |= fnmatch(glob, command_at(k)->name, 0) == 0;
			if (!hit && traces_named(glob)) {
				traces_known(known, sizeof(known));
				because(why, why_size, "no trace matches '%s': %s%s", glob,
					strchr(known, ':') ? "shipped are " : "", known);
				free(glob);
				return -1;
			}
			if (!hit) {
				because(why, why_size, "unknown workload '%s': known are %s",
					glob, known);
				free(glob);
				return -1;
			}
			free(glob);
			p += length;
			if (!*p)
				break;
		}
	blame(choice, NULL);
	return 0;
}

/* The user's own settings, to every cell that has such a parameter.  What is too large for
 * this machine is refused here; a workload too large by its defaults is a failed sample, and
 * keeps no other from being measured. */
static void apply_settings(struct builder *b, struct cell *cell)
{
	bool mine = false;

	for (int i = 0; i < b->choice->nsettings && !b->failed; i++)
		for (const char *p = b->choice->settings[i]; *p && !b->failed;) {
			size_t length = strcspn(p, ",");
			char *one = text_format("%.*s", (int)length, p);
			char *key = text_format("%.*s", (int)strcspn(one, "="), one);

			if (cell_takes(cell, key)) {
				mine = true;
				blame(b->choice, b->choice->settings[i]);
				if (cell_set(cell, one, b->why, b->why_size) < 0)
					b->failed = true;
			}
			free(key);
			free(one);
			p += length + (p[length] == ',');
		}
	if (mine && !b->failed && cell_check_room(cell, b->why, b->why_size) < 0)
		b->failed = true;
}

static bool runs_again(const struct builder *b, const struct cell *cell)
{
	const struct suite_choice *choice = b->choice;
	bool own = choice->nworkloads == 0 && !command_at(0), listed = false;

	for (int i = 0; again_cells[i]; i++)
		listed |= strcmp(cell->name, again_cells[i]) == 0;
	return cell->mode == MODE_THROUGHPUT && (choice->again || (own && listed));
}

static void add(struct builder *b, const char *workload, enum cell_mode mode,
		const char *settings, int blocks)
{
	struct cell cell;
	int asked = b->choice->blocks;

	if (b->failed || blocks == 0 || !wanted(b, workload) || !b->choice->modes[mode])
		return;
	cell_init(&cell, workload, mode);
	if (settings && cell_set(&cell, settings, b->why, b->why_size) < 0)
		b->failed = true;
	else
		apply_settings(b, &cell); /* what the user says has the last word */
	if (b->failed)
		return;
	/* The same cell by another way: once is enough. */
	for (int i = 0; i < b->count; i++)
		if (b->cells[i].mode == mode && strcmp(b->cells[i].name, cell.name) == 0)
			return;
	/* A number of blocks speaks of the modes that were named, else of throughput; it
	 * lowers but does not raise what one block of is enough. */
	cell.blocks = blocks;
	if (asked > 0 && ((b->given->modes_given && b->given->modes[mode]) ||
			  mode == MODE_THROUGHPUT || asked < blocks))
		cell.blocks = asked;
	/* More than one count is taken of what does not repeat: its spread is part of it. */
	if (mode == MODE_INSTRUCTIONS && cell.blocks < blocks)
		cell.blocks = blocks;
	b->cells = list_grown(b->cells, (size_t)b->count, sizeof(b->cells[0]));
	cell.again = runs_again(b, &cell);
	b->cells[b->count++] = cell;
}

static bool has_param(const char *workload, const char *name)
{
	struct cell cell;

	return cell_init(&cell, workload, MODE_THROUGHPUT) && cell_find_param(&cell, name) >= 0;
}

/* What time does to memory shows where a run has time: these parameters give it some. */
static void add_memory(struct builder *b, const char *workload, int blocks)
{
	static const struct {
		const char *param, *setting;
	} slow[] = {{"idle_ms", "idle_ms=5000"}, {"hour_ms", "hour_ms=200"}};

	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++)
		if (has_param(workload, slow[i].param)) {
			add(b, workload, MODE_MEMORY, slow[i].setting, blocks);
			return;
		}
	if (b->choice->modes_given)
		add(b, workload, MODE_MEMORY, NULL, blocks);
}

/* A cell with a part of the work.  `most`: events of a trace; `more`: further settings, or
 * NULL.
 */
static void add_part(struct builder *b, const struct workload *w, enum cell_mode mode,
		     int64_t most, const char *more, int blocks)
{
	struct cell cell;
	char *setting = NULL;

	if (!wanted(b, w->name) || !b->choice->modes[mode])
		return;
	cell_init(&cell, w->name, mode);
	apply_settings(b, &cell);
	for (int i = 0; work_params[i] && !setting; i++) {
		int p = cell_find_param(&cell, work_params[i]);

		if (p >= 0) {
			int64_t part = cell.values[p] / CALLGRIND_PART, min = w->params[p].min;

			if (traces_named(w->name))
				part = cell.values[p] < most ? cell.values[p] : most;
			setting = text_format("%s=%lld%s%s", work_params[i],
					      (long long)(part > min ? part : min),
					      more ? "," : "", more ? more : "");
		}
	}
	add(b, w->name, mode, setting ? setting : more, blocks);
	free(setting);
}

static void add_instructions(struct builder *b, const struct workload *w, const char *more,
			     int blocks)
{
	add_part(b, w, MODE_INSTRUCTIONS, CALLGRIND_EVENTS, more, blocks);
}

/* One thread's lines and pages: of a trace all, of an own workload a part. */
static void add_locality(struct builder *b, const struct workload *w, int blocks)
{
	if (traces_named(w->name))
		add(b, w->name, MODE_LOCALITY, NULL, blocks);
	else if (!w->threaded && !w->processes)
		add_part(b, w, MODE_LOCALITY, 0, NULL, blocks);
}

static void add_sharing(struct builder *b, const struct workload *w, int blocks)
{
	if (!w->takes_turns)
		return;
	if (traces_named(w->name)) {
		add_part(b, w, MODE_SHARING, SHARING_EVENTS, SHARING_COPIES, blocks);
		return;
	}
	for (size_t i = 0; i < sizeof(sharing_threads) / sizeof(sharing_threads[0]); i++)
		add_part(b, w, MODE_SHARING, 0, sharing_threads[i], blocks);
}

/* Modes that a set of counters asks for must have cells: nothing would else be counted, in
 * silence. */
static int check_adds(const struct builder *b)
{
	static const char *const needs[MODE_COUNT] = {
		[MODE_INSTRUCTIONS] = "callgrind: no selected workload runs under callgrind",
		[MODE_LOCALITY] = "locality: it is of traces and workloads of one thread, and "
				  "none is selected",
		[MODE_SHARING] = "lackey: no selected workload has mode sharing (traces have, "
				 "own-lines and glibc-thread)",
	};

	for (int m = 0; m < MODE_COUNT; m++) {
		bool found = !b->choice->adds[m];

		for (int i = 0; i < b->count; i++)
			found |= b->cells[i].mode == (enum cell_mode)m;
		if (!found)
			return because(b->why, b->why_size, "--counters %s", needs[m]);
	}
	return 0;
}

/* One KEY=VALUE of a setting. */
static int check_setting(const struct builder *b, const char *setting, const char *p)
{
	char *key = text_format("%.*s", (int)strcspn(p, "=,"), p);
	bool known = false;
	int result = 0;

	for (int k = 0; k < b->count; k++)
		known |= cell_takes(&b->cells[k], key);
	if (p[strlen(key)] != '=')
		result = because(b->why, b->why_size, "--set '%s': KEY=VALUE is needed",
				 setting);
	else if (!known)
		result = because(b->why, b->why_size,
				 "--set %s: no selected workload has a parameter '%s' "
				 "(`ashlar-bench describe WORKLOAD` names them)",
				 setting, key);
	free(key);
	return result;
}

static int check_settings(const struct builder *b)
{
	for (int i = 0; i < b->choice->nsettings; i++) {
		const char *setting = b->choice->settings[i], *p = setting;

		blame(b->choice, setting);
		do {
			size_t length = strcspn(p, ",");

			if (check_setting(b, setting, p) < 0)
				return -1;
			p += length + (p[length] == ',');
		} while (*p);
	}
	return 0;
}

int suite_cells(const struct suite_choice *given, struct cell **cells, int *ncells, char *why,
		size_t why_size)
{
	static const char *const threads[] = {"threads=1", "threads=2", "threads=4"};
	static const char *const loads[] = {"load=50", "load=70", "load=90"};
	struct suite_choice choice = *given;
	struct builder b = {
		.choice = &choice, .given = given, .why = why, .why_size = why_size};
	const struct blocks *suite = NULL;
	bool named;
	const struct workload *const *all;

	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (strcmp(choice.suite, suites[i].suite) == 0)
			suite = &suites[i];
	if (!suite)
		return because(why, why_size,
			       "unknown suite '%s': quick, verdict and full are known",
			       choice.suite);
	b.suite = suite;
	if (check_globs(&choice, why, why_size) < 0)
		return -1;
	all = traces_and_workloads(); /* now with those that were named by their file */
	if (!choice.modes_given)
		for (int m = 0; m < MODE_COUNT; m++)
			/* Checked by tests; the gate's own. */
			choice.modes[m] = m != MODE_VERIFY && m != MODE_FOOTPRINT;
	for (int m = 0; m < MODE_COUNT; m++)
		choice.modes[m] |= choice.adds[m];
	named = (choice.modes_given || choice.adds[MODE_INSTRUCTIONS]) && choice.nworkloads > 0;
	for (const struct workload *const *w = all; *w; w++)
		add(&b, (*w)->name, MODE_THROUGHPUT, NULL, suite->throughput);
	for (const struct program *const *p = programs_all; *p; p++)
		add(&b, (*p)->name, MODE_THROUGHPUT, NULL, suite->throughput);
	for (int i = 0; command_at(i); i++)
		add(&b, command_at(i)->name, MODE_THROUGHPUT, NULL, suite->throughput);
	for (const struct workload *const *w = all; *w; w++) {
		if (!(*w)->open_loop)
			add(&b, (*w)->name, MODE_LATENCY, NULL, suite->latency);
		else
			for (int i = 0; i < 3; i++)
				add(&b, (*w)->name, MODE_LATENCY, loads[i], suite->latency);
		add_memory(&b, (*w)->name, suite->memory);
		add(&b, (*w)->name, MODE_VERIFY, NULL, 1);
	}
	if (wanted(&b, "larson") && has_param("larson", "threads"))
		for (int i = 0; i < 3; i++)
			add(&b, "larson", MODE_THROUGHPUT, threads[i], suite->scale);
	for (int i = 0; i < 3; i++)
		if (has_param("prod-cons", "threads"))
			add(&b, "prod-cons", MODE_THROUGHPUT, threads[i], suite->scale);
	for (const struct workload *const *w = all; *w; w++)
		/* Threads make counts vary (below), and other processes are not counted. */
		if (!(*w)->threaded && !(*w)->processes)
			add_instructions(&b, *w, NULL, suite->instructions);
	for (const struct workload *const *w = all; *w; w++)
		if (strcmp((*w)->name, CALLGRIND_UPKEEP) == 0)
			add_instructions(&b, *w, CALLGRIND_STEP, suite->instructions);
	for (const struct workload *const *w = all; named && *w; w++)
		if ((*w)->threaded && !(*w)->processes && !traces_named((*w)->name))
			add_instructions(&b, *w,
					 has_param((*w)->name, "threads") ? CALLGRIND_THREADS
									  : NULL,
					 CALLGRIND_THREADED_BLOCKS);
	/* A program under callgrind takes a minute even where its input was cut for that. */
	if (named)
		for (const struct program *const *p = programs_all; *p; p++)
			add(&b, (*p)->name, MODE_INSTRUCTIONS, NULL, suite->instructions);
	if (choice.modes_given || choice.adds[MODE_INSTRUCTIONS])
		for (int i = 0; command_at(i); i++)
			add(&b, command_at(i)->name, MODE_INSTRUCTIONS, NULL,
			    suite->instructions);
	for (const struct workload *const *w = all; *w; w++) {
		add_locality(&b, *w, suite->instructions);
		add_sharing(&b, *w, suite->instructions);
		/* Of a trace all calls are made in one thread there. */
		if (traces_named((*w)->name) || (!(*w)->threaded && !(*w)->processes))
			add(&b, (*w)->name, MODE_FOOTPRINT, NULL, suite->instructions);
	}
	if (!b.failed && (check_settings(&b) < 0 || check_adds(&b) < 0))
		b.failed = true;
	if (!b.failed && b.count == 0) {
		because(why, why_size,
			"nothing to measure: no selected workload has the mode asked for");
		b.failed = true;
	}
	if (b.failed) {
		free(b.cells);
		return -1;
	}
	*cells = b.cells;
	*ncells = b.count;
	return 0;
}
