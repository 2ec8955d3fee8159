/* Each program is recorded once, under glibc, with an input that callgrind gets through.
 * Then program and replay run under every allocator: some blocks for the peak of the
 * resident set, one run each under callgrind, in the same time, for the instructions
 * spent in the allocator.  What counts is the order of pairs: a replay without its program's
 * own memory and work cannot have the same numbers, but it should not turn two allocators round
 * that the program tells apart. */
#include "harness/cli/verbs.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "harness/contenders/choice.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/cli/number.h"
#include "harness/stats/statistics.h"
#include "harness/trial/trial.h"

#define ARGUMENTS 32
#define MAX_BLOCKS 99
#define MAX_CONTENDERS 16
#define APART 1.05 /* a pair that differs by less has no order to keep */

/* Of these the input is cut so that callgrind is done in some 40 seconds. */
static const struct {
	const char *program, *settings;
} cut[] = {
	{"redis", "requests=40000"},
	{"cc1plus", "small=1"},
	{"sqlite", "rows=60000"},
};

#define PROGRAMS (sizeof(cut) / sizeof(cut[0]))

/* Calls of malloc_usable_size cost the program something, and no trace holds them. */
enum measure { PEAK, INSTRUCTIONS, RECORDED_CALLS, MEASURES };

enum { KEY_ONLY = 256, KEY_PROGRAM };

struct options {
	const char *allocators[ARGUMENTS], *only[ARGUMENTS];
	int nallocators, nonly;
	bool programs[PROGRAMS];
	bool programs_given;
	int blocks;
	const char *out;
};

struct study {
	const struct options *options;
	struct contenders contenders;
	struct trial_place place;
	const char *out;
	uint64_t recorded_ns; /* of the trace */
	FILE *table;
	int id;
	char *trace;
	/* [contender][0 = program, 1 = replay]; NaN = none */
	double values[MEASURES][MAX_CONTENDERS][2];
};

static const struct argp_option table[] = {
	{"allocator", 'a', "LIST", 0,
	 "beside all that reuse memory: NAME=/path/lib.so[,ENV=VALUE...] adds another, !GLOB "
	 "leaves out; may be repeated",
	 0},
	{"only", KEY_ONLY, "LIST", 0, "nothing but these allocators; may be repeated", 0},
	{"program", KEY_PROGRAM, "LIST", 0, "of redis, cc1plus and sqlite (default: all three)",
	 0},
	{"blocks", 'n', "N", 0, "runs for the peak of the resident set (default: 3)", 0},
	{"out", 'o', "DIR", 0,
	 "folder of the traces and the table (default: results/fidelity-TIME)", 0},
	{0},
};

static void take_programs(struct options *o, const char *argument)
{
	for (const char *p = argument;; p++) {
		size_t length = strcspn(p, ","), i = 0;

		while (i < PROGRAMS && (strlen(cut[i].program) != length ||
					strncmp(cut[i].program, p, length) != 0))
			i++;
		if (i == PROGRAMS)
			exit(complain_usage("fidelity: unknown program '%.*s': redis, cc1plus "
					    "and sqlite are known",
					    (int)length, p));
		o->programs[i] = o->programs_given = true;
		p += length;
		if (!*p)
			return;
	}
}

static error_t take(int key, char *argument, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'a':
		if (o->nallocators == ARGUMENTS)
			exit(complain_usage("fidelity: --allocator is given more than %d times",
					    ARGUMENTS));
		o->allocators[o->nallocators++] = argument;
		return 0;
	case KEY_ONLY:
		if (o->nonly == ARGUMENTS)
			exit(complain_usage("fidelity: --only is given more than %d times",
					    ARGUMENTS));
		o->only[o->nonly++] = argument;
		return 0;
	case KEY_PROGRAM:
		take_programs(o, argument);
		return 0;
	case 'n':
		o->blocks = (int)number_whole("fidelity: --blocks", argument, 1, MAX_BLOCKS);
		return 0;
	case 'o':
		o->out = argument;
		return 0;
	case ARGP_KEY_ARG:
		exit(complain_usage("fidelity: '%s': unexpected", argument));
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* --- measuring ------------------------------------------------------------------------ */

/* One trial; false after a message. */
static bool measure(struct study *study, const struct cell *cell,
		    const struct contender *contender, struct sample *s)
{
	memset(s, 0, sizeof(*s));
	s->id = ++study->id;
	s->cell = cell;
	s->contender = contender;
	s->seed = 1; /* the recorded run's */
	memcpy(s->values, cell->values, sizeof(s->values));
	trial_run(&study->place, s);
	if (s->status == SAMPLE_OK && s->replay.used && !s->replay.validated)
		sample_fail(s, SAMPLE_FAILED, "replay not validated: %.200s",
			    s->replay.invalid);
	if (s->status != SAMPLE_OK)
		complain("%.200s (%s) under %s: %s", cell->name, cell_modes[cell->mode],
			 contender->name, s->reason);
	return s->status == SAMPLE_OK;
}

static bool record(struct study *study, const struct cell *program)
{
	static struct sample s;
	char why[300] = "no glibc";
	struct contender glibc;
	bool ok = false;

	if (contender_parse(&glibc, "name: glibc\nlibrary: libc.so.6\n", why, sizeof(why)) ==
	    0) {
		contender_resolve(&glibc);
		study->place.record = study->trace;
		ok = measure(study, program, &glibc, &s);
		study->place.record = NULL;
		contender_free(&glibc);
	}
	return ok;
}

/* Blocks of all allocators in turn, program and replay side by side. */
static void peaks(struct study *study, const struct cell cells[2])
{
	static double all[MAX_CONTENDERS][2][MAX_BLOCKS];
	static struct sample s;
	int n[MAX_CONTENDERS][2] = {{0}};

	study->recorded_ns = 0;
	for (int b = 0; b < study->options->blocks; b++)
		for (int c = 0; c < study->contenders.count; c++)
			for (int k = 0; k < 2 && !interrupt_wanted(); k++)
				if (measure(study, &cells[k], &study->contenders.list[c], &s)) {
					all[c][k][n[c][k]++] = (double)s.peak_rss_bytes -
							       (double)s.table_bytes;
					study->recorded_ns = s.replay.recorded_ns;
				}
	for (int c = 0; c < study->contenders.count; c++)
		for (int k = 0; k < 2; k++)
			study->values[PEAK][c][k] = stat_median(all[c][k], (size_t)n[c][k]);
}

/* What an allocator does by the clock it does more of in a minute under callgrind than in
 * the hundredth of a second that a replay takes: so the replay takes the program's time. */
static void as_long_as(struct cell *replay, uint64_t program_ns, uint64_t recorded_ns)
{
	uint64_t percent = recorded_ns ? program_ns / (recorded_ns / 100 + 1) : 100;
	char setting[64], why[200];

	if (percent < 1 || percent > 100000)
		percent = percent < 1 ? 1 : 100000;
	snprintf(setting, sizeof(setting), "mode=paced,scale=%llu",
		 (unsigned long long)percent);
	if (cell_set(replay, setting, why, sizeof(why)) < 0)
		complain("%s", why);
}

static void instructions(struct study *study, struct cell cells[2])
{
	static struct sample s;

	for (int c = 0; c < study->contenders.count; c++)
		for (int k = 0; k < 2; k++) {
			study->values[INSTRUCTIONS][c][k] = NAN;
			study->values[RECORDED_CALLS][c][k] = NAN;
			cells[k].mode = MODE_INSTRUCTIONS;
			if (!study->place.valgrind || interrupt_wanted() ||
			    !measure(study, &cells[k], &study->contenders.list[c], &s) ||
			    s.allocator_instructions < 0)
				continue;
			study->values[INSTRUCTIONS][c][k] = (double)s.allocator_instructions;
			study->values[RECORDED_CALLS][c][k] =
				(double)(s.allocator_instructions - s.usable_size_instructions);
			if (k == 0)
				as_long_as(&cells[1], s.duration_ns, study->recorded_ns);
		}
}

/* --- saying --------------------------------------------------------------------------- */

static void one_row(const struct study *study, int c)
{
	printf("  %-14s", study->contenders.list[c].name);
	for (int m = 0; m < MEASURES; m++)
		for (int k = 0; k < 2; k++)
			printf(" %10.2f", study->values[m][c][k] / (m == PEAK ? 0x1p20 : 1e6));
	putchar('\n');
}

/* Counts the pairs that the program tells apart, and names those that are the other way
 * round in the replay. */
static void compare(const struct study *study, enum measure m, const char *program)
{
	static const char *const names[] = {"peak RSS", "instructions in the allocator",
					    "the same without malloc_usable_size"};
	int apart = 0, same = 0;

	for (int a = 0; a < study->contenders.count; a++)
		for (int b = a + 1; b < study->contenders.count; b++) {
			double in[2];

			for (int k = 0; k < 2; k++)
				in[k] = study->values[m][a][k] / study->values[m][b][k];
			if (isnan(in[0]) || isnan(in[1]) ||
			    (in[0] < APART && in[0] > 1 / APART))
				continue;
			apart++;
			same += (in[0] > 1) == (in[1] > 1);
			fprintf(study->table, "%s\t%s\t%s\t%s\t%.4f\t%.4f\t%s\n", program,
				names[m], study->contenders.list[a].name,
				study->contenders.list[b].name, in[0], in[1],
				(in[0] > 1) == (in[1] > 1) ? "same" : "other");
		}
	printf("  %s: %d of %d pairs that differ by more than 5 %% are in the same order\n",
	       names[m], same, apart);
	for (int a = 0; a < study->contenders.count; a++)
		for (int b = a + 1; b < study->contenders.count; b++) {
			double program_ratio = study->values[m][a][0] / study->values[m][b][0];
			double replay_ratio = study->values[m][a][1] / study->values[m][b][1];

			if ((program_ratio >= APART && replay_ratio <= 1) ||
			    (program_ratio <= 1 / APART && replay_ratio >= 1))
				printf("    not so: %s / %s is %.3f in the program, %.3f in "
				       "the replay\n",
				       study->contenders.list[a].name,
				       study->contenders.list[b].name, program_ratio,
				       replay_ratio);
		}
}

static bool one_program(struct study *study, size_t number)
{
	const char *name = cut[number].program;
	struct cell cells[2];
	char why[600], *workload;

	if (!cell_init(&cells[0], name, MODE_THROUGHPUT) ||
	    cell_set(&cells[0], cut[number].settings, why, sizeof(why)) < 0 ||
	    !cells[0].program->available(why, sizeof(why))) {
		complain("%s: %s", name, why);
		return false;
	}
	free(study->trace);
	study->trace = text_format("%s/%s.trace", study->out, name);
	if (!record(study, &cells[0]))
		return false;
	/* Not the shipped one of that program. */
	workload = text_format("trace:%s-recorded=%s", name, study->trace);
	if (!cell_init(&cells[1], workload, MODE_THROUGHPUT)) {
		complain("%s: the recorder left no trace that can be read", study->trace);
		free(workload);
		return false;
	}
	free(workload);
	printf("%s (%s)\n  %-14s %21s %21s %21s\n  %-14s %10s %10s %10s %10s %10s %10s\n",
	       cells[0].name, cells[1].workload->summary, "", "peak RSS, MiB",
	       "instructions, 10^6", "without usable_size", "", "program", "replay", "program",
	       "replay", "program", "replay");
	fflush(stdout);
	peaks(study, cells);
	instructions(study, cells);
	for (int c = 0; c < study->contenders.count; c++)
		one_row(study, c);
	for (int m = 0; m < MEASURES; m++)
		compare(study, (enum measure)m, name);
	fflush(stdout);
	return true;
}

static int study_all(struct study *study)
{
	int status = STATUS_OK;
	char *path = text_format("%s/fidelity.tsv", study->out);

	study->table = fopen(path, "we");
	if (!study->table) {
		complain("%s: %s", path, strerror(errno));
		free(path);
		return STATUS_FAILED;
	}
	fputs("program\tmeasure\ta\tb\tprogram_ratio\treplay_ratio\torder\n", study->table);
	if (!study->place.valgrind)
		fputs("without valgrind no instructions are counted\n", stderr);
	for (size_t i = 0; i < PROGRAMS && !interrupt_wanted(); i++)
		if (!study->options->programs_given || study->options->programs[i])
			if (!one_program(study, i))
				status = STATUS_FAILED;
	if (ferror(study->table) | fclose(study->table)) {
		complain("%s: it could not be written", path);
		status = STATUS_FAILED;
	}
	if (interrupt_wanted())
		status = STATUS_INTERRUPTED;
	else
		printf("table: %s\n", path);
	free(path);
	return status;
}

int fidelity_main(int argc, char **argv)
{
	static const struct argp parser = {
		table,
		take,
		NULL,
		"Record programs, and compare the order in which program and replay put the "
		"allocators.",
		NULL,
		NULL,
		NULL};
	struct options o = {.blocks = 3};
	struct study study = {.options = &o};
	const char *tmp = getenv("TMPDIR");
	char *scratch, *out, *absolute;
	int status;

	argp_parse(&parser, argc, argv, 0, NULL, &o);
	status = contenders_choose(
		&study.contenders, "fidelity",
		&(struct contender_choice){o.only, o.nonly, o.allocators, o.nallocators});
	if (status != STATUS_OK)
		return status;
	if (study.contenders.count < 2 || study.contenders.count > MAX_CONTENDERS)
		return complain_usage("fidelity: 2 to %d allocators that can run here are "
				      "needed, not %d",
				      MAX_CONTENDERS, study.contenders.count);
	out = o.out ? text_format("%s", o.out)
		    : text_format("%s/fidelity-%lld", paths_find()->results,
				  (long long)time(NULL));
	scratch = text_format("%s/ashlar-bench-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	absolute = file_make_folder(out) == 0 ? realpath(out, NULL) : NULL;
	if (!absolute || !mkdtemp(scratch)) {
		complain("%s: %s", absolute ? scratch : out, strerror(errno));
		return STATUS_FAILED;
	}
	for (int i = 0; i < 2; i++) { /* where trials leave more than their figures */
		char *folder = text_format("%s/%s", scratch, i ? "latency" : "timeline");

		file_make_folder(folder);
		free(folder);
	}
	study.out = absolute;
	study.place = (struct trial_place){
		.out = scratch,
		.scratch = scratch,
		.source = &counters_of_kernel,
		.valgrind = paths_find_program("valgrind"),
		.seed = 1,
	};
	interrupt_catch();
	status = study_all(&study);
	file_remove_tree(scratch);
	free(study.trace);
	free(scratch);
	free(out);
	free(absolute);
	return status;
}
