#include "harness/report/methods.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/counted.h"
#include "harness/base/message.h"
#include "harness/report/checklist.h"
#include "harness/report/references.h"
#include "harness/report/section.h"

static json_t *environment_of(const struct comparison *c)
{
	return json_object_get(c->set->manifest, "environment");
}

/* A paragraph that is to be filled. */
static char **add(struct methods *m)
{
	m->paragraph = list_grown(m->paragraph, m->nparagraphs, sizeof(*m->paragraph));
	m->paragraph[m->nparagraphs] = text_format("%s", "");
	return &m->paragraph[m->nparagraphs++];
}

/* What of the machine is recorded, and nothing of what is not. */
static void say_machine(struct methods *m, const struct comparison *c)
{
	json_t *e = environment_of(c), *world = json_object_get(c->set->manifest, "world");
	const char *thp = json_field_text(json_object_get(e, "thp"), "enabled"),
		   *aslr = json_field_text(e, "aslr"),
		   *governor = json_field_text(e, "governor"), *cpu = json_field_text(e, "cpu"),
		   *system = json_field_text(e, "system"),
		   *compiler = json_field_text(e, "compiler"),
		   *container = json_field_text(e, "container");
	double cpus = json_field_number(e, "cpus_online"),
	       memory = json_field_number(e, "memory_bytes") / 0x1p30;
	char **p = add(m);

	text_append(p, "Machine. All samples are of one machine: %s",
		    *cpu ? cpu : "its CPU is not recorded");
	if (cpus > 0)
		text_append(p, ", %.0f CPU%s online", cpus, cpus > 1 ? "s" : "");
	if (memory > 0)
		text_append(p, ", %.1f GiB of memory", memory);
	if (json_is_true(json_object_get(e, "virtual_machine")))
		text_append(p, ", a virtual machine");
	if (*container)
		text_append(p, ", in a container (%s)", container);
	text_append(p, "; Linux %s", json_field_text(e, "kernel"));
	if (*system)
		text_append(p, ", %s", system);
	if (*json_field_text(world, "libc"))
		text_append(p, ", C library %s (%s)", json_field_text(world, "libc"),
			    strcmp(json_field_text(world, "name"), "stable") == 0
				    ? "the system's own"
				    : json_field_text(world, "name"));
	else if (*json_field_text(e, "glibc"))
		text_append(p, ", C library glibc %s", json_field_text(e, "glibc"));
	if (*compiler)
		text_append(p, "; the bench and what is built with it by %s with %s", compiler,
			    json_field_text(e, "compiler_flags"));
	if (*thp)
		text_append(p, "; transparent huge pages: %s", thp);
	if (*aslr)
		text_append(p, "; address space randomisation %s",
			    strcmp(aslr, "0") == 0 ? "off" : "on");
	if (json_object_get(e, "governor"))
		text_append(p, "; frequency governor %s", *governor ? governor : "not visible");
	text_append(p, ".");
}

static void say_contenders(struct methods *m, const struct comparison *c)
{
	const struct result_set *set = c->set;
	char **p = add(m), *gone = text_format("%s", "");
	size_t n = 0;

	text_append(p, "Allocators. Compared are ");
	for (size_t k = 0; k < set->ncontenders; k++) {
		const struct result_contender *one = &set->contenders[k];
		const char *version = json_field_text(one->json, "version"), *name;
		json_t *value;

		if (results_is_null(one))
			continue;
		if (!results_has_good(set, k)) {
			text_append(&gone, "%s%s (%s)", *gone ? "; " : "", one->name,
				    *one->reason ? one->reason : one->status);
			continue;
		}
		text_append(p, "%s%s", n++ ? "; " : "", one->name);
		if (*version)
			text_append(p, " (%s)", version);
		json_object_foreach(json_object_get(one->json, "env"), name, value)
			text_append(p, ", %s=%s", name,
				    json_is_string(value) ? json_string_value(value) : "?");
	}
	if (!n)
		text_append(p, "none");
	text_append(
		p,
		". Where no variable is named each runs with its default options. Ratios are "
		"to %s. An allocator comes in by LD_PRELOAD; which file served malloc is "
		"proven inside each process, and a sample that another one served is a "
		"failure. ",
		set->contenders[c->reference].name);
	if (*gone)
		text_append(p, "Without a good sample: %s. ", gone);
	free(gone);
}

/* How many cells of each kind there are. */
static char *cells_text(const struct checklist_facts *f)
{
	const struct {
		size_t n;
		const char *what;
	} kinds[] = {{f->programs, "of programs and commands"},
		     {f->workloads, "of own workloads for time and memory"},
		     {f->memory, "for memory while idle"},
		     {f->latency, "for latency"},
		     {f->instructions, "under callgrind"},
		     {f->locality, "for locality"},
		     {f->sharing, "for lines of several threads"}};
	char *text = text_format("%s", "");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].n)
			text_append(&text, "%s%zu %s", *text ? ", " : "", kinds[i].n,
				    kinds[i].what);
	return text;
}

static void say_design(struct methods *m, const struct comparison *c,
		       const struct checklist_facts *f)
{
	json_t *manifest = c->set->manifest;
	double seed = json_field_number(manifest, "seed");
	char **p = add(m), *cells = cells_text(f);

	text_append(p,
		    "Design. Suite %s, version %s. Cells: %s. Every sample is a fresh process "
		    "with fixed work and a new "
		    "environment of random length. A block runs every allocator once on a "
		    "cell, in an order drawn anew",
		    section_recorded(c, "suite"), section_recorded(c, "suite_version"), cells);
	free(cells);
	if (!isnan(seed))
		text_append(p, " from the seed %.0f", seed);
	text_append(p, "; blocks go in rounds over all cells. ");
	if (f->least_blocks == f->most_blocks && f->most_blocks)
		text_append(p, "Each ratio of time and memory is of %zu blocks. ",
			    f->most_blocks);
	else if (f->most_blocks)
		text_append(p, "Ratios of time and memory are of %zu to %zu blocks. ",
			    f->least_blocks, f->most_blocks);
	if (f->disturbed_known)
		text_append(
			p,
			"Blocks that others on the machine disturbed are repeated whole "
			"where there was time; of the samples that count %zu were disturbed. ",
			f->disturbed);
	if (f->failed)
		text_append(p, "%zu of %zu samples failed or ran out of time. ", f->failed,
			    f->failed + f->ok);
	if (f->unfinished)
		text_append(p, "For %zu blocks there was no time. ", f->unfinished);
}

static void rests_on(char **p, const char *work)
{
	text_append(p, "%c%s%c", CITE_BEGIN, work, CITE_END);
}

static void say_statistics(struct methods *m)
{
	char **p = add(m);

	text_append(p, "Statistics. A ratio is formed within a block and summed up by the "
		       "median over blocks");
	rests_on(p, "hyndman1996");
	text_append(p, ". Intervals are of 95 %%: bootstrap intervals of the median log ratio");
	rests_on(p, "efron1993");
	text_append(p, ", %d resamples of blocks, tails widened for few blocks",
		    STAT_RESAMPLES);
	rests_on(p, "hesterberg2015");
	text_append(p, ", by a fixed generator (%s)", STAT_BOOTSTRAP_VERSION);
	rests_on(p, "blackman2021");
	text_append(p, ". Programs and own workloads have geometric means apart");
	rests_on(p, "fleming1986");
	text_append(p, ", in which a workload counts once; their intervals are those of "
		       "measuring the same cells again. How a mean hangs on single cells is "
		       "told by the range of what is left without each");
	rests_on(p, "quenouille1956");
	rests_on(p, "tukey1958");
	text_append(p, ". Where two are compared by a verdict it tests for a difference of at "
		       "least 2 %%");
	rests_on(p, "murphy1999");
	text_append(p, " and for its absence");
	rests_on(p, "schuirmann1987");
	text_append(p, "; of two sets, unpaired");
	rests_on(p, "hodges1963");
	rests_on(p, "hollander2014");
	text_append(p, ". No correction is made for the number of intervals: of a hundred of "
		       "equal allocators about five exclude 1.");
}

static void say_metrics(struct methods *m, const struct comparison *c,
			const struct checklist_facts *f)
{
	char **p = add(m), *of_what = counted_of_what(c);

	text_append(
		p,
		"Metrics. Time is CPU time, user and system, of the timed part, per "
		"operation; memory is the peak of the resident set of the measured process, "
		"less "
		"the driver's tables, and cells with less than 8 MiB alive are in no mean of "
		"it. ");
	if (f->latency)
		text_append(
			p,
			"Latency is measured in runs of its own; histograms are merged over "
			"blocks, and a percentile with fewer than %d values beyond it is not "
			"given. ",
			DISTRIBUTION_MIN_BEYOND);
	if (f->open_loop)
		text_append(
			p,
			"%zu cell%s offer%s requests at a fixed rate, counted from the moment "
			"each was due; %zu samples did not keep up and have no percentiles. ",
			f->open_loop, f->open_loop == 1 ? "" : "s",
			f->open_loop == 1 ? "s" : "", f->saturated);
	if (f->instructions)
		text_append(p, "Instructions are counted by callgrind.%s ", of_what);
	free(of_what);
	text_append(
		p, "Counters: %s.",
		*json_field_text(json_object_get(c->set->manifest, "counters"), "tier")
			? json_field_text(json_object_get(c->set->manifest, "counters"), "tier")
			: "not recorded");
}

struct methods *methods_make(const struct comparison *c)
{
	struct methods *m = calloc(1, sizeof(*m));
	struct checklist_facts f = checklist_facts_of(c);

	if (!m)
		abort();
	say_machine(m, c);
	say_contenders(m, c);
	say_design(m, c, &f);
	say_statistics(m);
	say_metrics(m, c, &f);
	return m;
}

void methods_free(struct methods *m)
{
	for (size_t i = 0; i < m->nparagraphs; i++)
		free(m->paragraph[i]);
	free(m->paragraph);
	free(m);
}
