#include "harness/trial/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include "harness/base/clock.h"
#include "harness/base/interrupt.h"
#include "harness/machine/procfs.h"
#include "harness/trial/parts.h"

/* A contender that never reuses memory can only run what fits several times over; and
 * it stands for the driver's own share, which two blocks show well enough. */
#define BLOCKS_WITHOUT_REUSE 2

static void skip_bump(struct sample *sample)
{
	uint64_t total = cell_total_bytes(sample->cell), quarter = machine_memory_bytes() / 4;

	if (sample->contender->reuses)
		return;
	if (!sample->cell->workload)
		sample_fail(
			sample, SAMPLE_SKIPPED,
			"never reuses memory, and what a program requests in all is not known");
	else if (total > quarter)
		sample_fail(sample, SAMPLE_SKIPPED,
			    "never reuses memory: %.1f GiB are requested in all, a quarter of "
			    "RAM is %.1f GiB",
			    (double)total / 0x1p30, (double)quarter / 0x1p30);
	else if (sample->block >= BLOCKS_WITHOUT_REUSE)
		sample_fail(sample, SAMPLE_SKIPPED,
			    "%d blocks are enough of what never reuses memory",
			    BLOCKS_WITHOUT_REUSE);
}

static bool traced(const struct trial_place *place, const struct sample *sample)
{
	return sample->cell->mode == MODE_SHARING &&
	       counter_sets_have(place->counters, COUNTERS_TRACED);
}

static void skip_missing(const struct trial_place *place, struct sample *sample)
{
	char why[200];

	if (!sample->contender->usable)
		sample_fail(sample, SAMPLE_SKIPPED, "%s", sample->contender->reason);
	else if (sample->cell->mode == MODE_INSTRUCTIONS && !place->valgrind)
		sample_fail(sample, SAMPLE_SKIPPED,
			    "valgrind, which counts instructions, is not installed");
	else if (sample->cell->mode == MODE_INSTRUCTIONS && sample->cell->command &&
		 sample->cell->command->text[COMMAND_MEASURE])
		sample_fail(sample, SAMPLE_SKIPPED,
			    "callgrind counts the process that is started itself, not one that "
			    "measure names");
	else if (traced(place, sample) && !place->valgrind)
		sample_fail(sample, SAMPLE_SKIPPED,
			    "valgrind, which traces accesses (set lackey), is not installed");
	else if (sample->cell->command && sample->contender->world)
		sample_fail(sample, SAMPLE_SKIPPED,
			    "not in the world %s: a command starts processes by itself, not by "
			    "the world's loader",
			    sample->contender->world->name);
	else if (sample->cell->program && !sample->cell->program->available(why, sizeof(why)))
		sample_fail(sample, SAMPLE_SKIPPED, "%s", why);
}

/* What the CPUs did for this process and for those that it waited for: children of a sample
 * that lose their parent are waited for as well, see child_finish(). */
static uint64_t own_cpu_ns(void)
{
	struct timespec now;
	struct rusage children;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	getrusage(RUSAGE_CHILDREN, &children);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec +
	       (uint64_t)(children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1000000000u +
	       (uint64_t)(children.ru_utime.tv_usec + children.ru_stime.tv_usec) * 1000u;
}

/* Between two readings the machine's clock comes in steps; what was our own is no one else's.
 */
static uint64_t less(uint64_t all, uint64_t own)
{
	return all > own ? all - own : 0;
}

void trial_run(const struct trial_place *place, struct sample *sample)
{
	uint64_t begin = now_ns(), steal = machine_steal_ns(), busy = machine_busy_ns(),
		 own = own_cpu_ns();
	struct throttling throttled = machine_throttling(), after;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sample->status = SAMPLE_OK;
	sample->instructions = sample->allocator_instructions = -1;
	clock_utc(sample->started, sizeof(sample->started));
	skip_missing(place, sample);
	skip_bump(sample);
	if (sample->status == SAMPLE_OK) {
		if (sample->cell->command)
			trial_run_command(place, sample);
		else if (sample->cell->program)
			trial_run_program(place, sample);
		else if (sample->cell->mode == MODE_INSTRUCTIONS)
			trial_run_callgrind(place, sample);
		else
			trial_run_workload(place, sample);
		if (sample->status == SAMPLE_OK && traced(place, sample))
			trial_trace(place, sample);
		/* Who ends us may have ended it, too: a failure is then nobody's fault, and
		 * whoever goes on measures it. */
		if (sample->status == SAMPLE_FAILED && interrupt_wanted())
			sample->status = SAMPLE_ABORTED;
		sample->steal_ns = machine_steal_ns() - steal;
		sample->others_ns = less(machine_busy_ns() - busy, own_cpu_ns() - own);
		after = machine_throttling();
		sample->throttled_ns = less(after.ns, throttled.ns);
		sample->throttled_periods = less(after.periods, throttled.periods);
	}
	sample->duration_ns = now_ns() - begin;
}
