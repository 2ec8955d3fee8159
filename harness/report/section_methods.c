/* How it was measured and summed up, and how to do it again. */
#include "harness/report/section.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/counted.h"
#include "harness/base/message.h"

/* What about the machine makes its figures less than those of a quiet, fixed one: each as far
 * as the set tells it. */
void section_machine(struct document *d, const struct comparison *c)
{
	json_t *environment = json_object_get(c->set->manifest, "environment");
	const char *governor = json_field_text(environment, "governor"),
		   *container = json_field_text(environment, "container");
	char *line = text_format("%s", "");

	if (json_is_true(json_object_get(environment, "virtual_machine")))
		text_append(&line, ", virtual machine");
	if (json_is_false(json_object_get(environment, "pinned")))
		text_append(&line, ", not pinned");
	if (json_object_get(environment, "governor") && !*governor)
		text_append(&line, ", frequency unknown");
	else if (*governor && strcmp(governor, "performance"))
		text_append(&line, ", frequency by the governor %s", governor);
	if (*container)
		text_append(&line, ", in a container (%s)", container);
	if (*line) {
		document_paragraph(d);
		document_format(d, "The machine: %s.", line + 2);
	}
	free(line);
}

/* Later stages of the set's plan. */
static void extensions(struct document *d, const struct comparison *c)
{
	json_t *stages = json_object_get(c->set->manifest, "stages"), *stage;
	size_t i;

	json_array_foreach(stages, i, stage)
		if (i)
			document_format(d,
					"The set was extended at %s, by revision %s: what was "
					"there was kept, and contenders that came then have "
					"blocks of their own beside the reference. ",
					json_field_text(stage, "started"),
					json_field_text(stage, "revision"));
}

/* Sets of before there were worlds do not say. */
static void write_world(struct document *d, json_t *world)
{
	const char *name = json_field_text(world, "name"),
		   *libc = json_field_text(world, "libc");

	if (strcmp(name, "stable") == 0)
		document_format(d, "The C library is the system's own, %s. ", libc);
	else if (*name)
		document_format(
			d,
			"All of it stands on the C library of %s, %s, unpacked beside the "
			"system's; its own loader starts each process, and each proves it. ",
			name, libc);
}

void section_methods(struct document *d, const struct comparison *c)
{
	json_t *manifest = c->set->manifest, *counters = json_object_get(manifest, "counters");
	json_t *capacity = json_object_get(manifest, "capacity"), *rate;
	double seed = json_field_number(manifest, "seed"),
	       blocks = json_field_number(manifest, "blocks");
	const char *workload;
	char *of_what = counted_of_what(c);

	document_section(d, "methods", "Methods", "Methods");
	document_paragraph(d);
	document_format(
		d,
		"Every sample is a fresh process with fixed work. A block runs every contender "
		"once per cell, in an order drawn anew from seed %.0f; %.0f blocks were "
		"planned%s. The contender comes in by LD_PRELOAD; which file served malloc is "
		"proven inside each process, and a sample served by another one is a failure "
		"and not a number. ",
		seed, blocks, isnan(blocks) ? " (not recorded)" : "");
	write_world(d, json_object_get(manifest, "world"));
	document_format(
		d,
		"Ratios are formed within a block against %s and summed up by their median, so "
		"that what slows a whole block cancels. Intervals are 95 %% bootstrap "
		"intervals of the median log ratio: %d resamples of blocks, tails widened for "
		"few blocks by Hesterberg's expanded percentile, generator %s, so the same "
		"data give the same interval. No interval made from n blocks can promise more "
		"than 1 - 2^(1-n): 94 %% for five, 75 %% for three; with one there is none. ",
		section_reference(c), STAT_RESAMPLES, STAT_BOOTSTRAP_VERSION);
	document_format(d, "Geometric means are of programs and of own workloads apart. They "
			   "keep the workloads fixed and resample the blocks within each; a "
			   "workload counts once, however many cells it has. Their intervals "
			   "are those of measuring the same cells again; how a mean depends on "
			   "the choice of cells is said by the median of the cells and by the "
			   "range of what is left when one is left out (the values of the "
			   "jackknife), which promise no coverage. Cells with less than 8 MiB "
			   "alive at the peak are in no mean of memory. No "
			   "correction for the number of comparisons is made: of a hundred "
			   "intervals of equal contenders about five exclude 1. ");
	document_format(
		d,
		"CPU time is user and system time of the timed part. Peak memory is the "
		"high-water mark of resident memory of the measured process, less the tables "
		"of the workload driver. Latency is measured in runs of their own, as timing "
		"slows what it times; histograms are merged over blocks, and a percentile with "
		"fewer than %d values beyond it is not given. ",
		DISTRIBUTION_MIN_BEYOND);
	if (*of_what)
		document_format(d,
				"Instructions are counted by callgrind, at a fraction of the "
				"operations.%s ",
				of_what);
	free(of_what);
	json_object_foreach(capacity, workload, rate) {
		if (json_is_number(rate))
			document_format(
				d,
				"The offered load of %s refers to %.0f requests per second, "
				"measured once under glibc and the same for all. ",
				workload, json_number_value(rate));
		else if (json_is_array(rate))
			document_format(
				d,
				"The offered load of %s is a part of what glibc answered with "
				"all clocks running, measured in each block (in the first: "
				"%.0f "
				"requests per second) and the same for all in it. ",
				workload, json_number_value(json_array_get(rate, 0)));
	}
	extensions(d, c);
	document_format(d, "Counters: %s%s%s.", json_field_text(counters, "tier"),
			*json_field_text(counters, "reason") ? ", " : "",
			json_field_text(counters, "reason"));
}

/* Appends a word as a shell would have to be given it. */
static void append_word(char **line, const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";

	if (*word && word[strspn(word, plain)] == '\0') {
		text_append(line, "%s", word);
		return;
	}
	text_append(line, "'");
	for (; *word; word++) {
		if (*word == '\'')
			text_append(line, "'\\''");
		else
			text_append(line, "%c", *word);
	}
	text_append(line, "'");
}

/* A word of the command without the folders of traces, which tell of a user's machine and
 * nothing of the measurement; on the heap. */
static char *without_folders(const char *word)
{
	char *plain = text_format("%s", "");

	while (*word) {
		const char *trace = strstr(word, "trace:"), *end, *slash;

		if (!trace) {
			text_append(&plain, "%s", word);
			break;
		}
		trace += strlen("trace:");
		end = trace + strcspn(trace, ",");
		slash = memrchr(trace, '/', (size_t)(end - trace));
		text_append(&plain, "%.*s", (int)(trace - word), word);
		/* NAME=FILE keeps its name. */
		if (slash && memchr(trace, '=', (size_t)(slash - trace)) &&
		    strcspn(trace, "=") < strcspn(trace, "/"))
			text_append(&plain, "%.*s", (int)strcspn(trace, "=") + 1, trace);
		if (slash)
			trace = slash + 1;
		text_append(&plain, "%.*s", (int)(end - trace), trace);
		word = end;
	}
	return plain;
}

static void say_command(struct document *d, json_t *words)
{
	char *line = text_format("%s", "");
	json_t *word;
	size_t i;

	json_array_foreach(words, i, word) {
		char *plain =
			without_folders(json_is_string(word) ? json_string_value(word) : "?");

		text_append(&line, i ? " " : "");
		append_word(&line, plain);
		free(plain);
	}
	document_format(d, "%s", line);
	free(line);
}

void section_reproduce(struct document *d, const struct study *study)
{
	const struct comparison *c = study->c;
	bool extended;
	json_t *manifest = c->set->manifest, *stages = json_object_get(manifest, "stages");
	json_t *stage;
	char *again;
	size_t i;

	document_section(d, "reproduce", "Reproduce", "Reproduce");
	document_paragraph(d);
	extended = json_array_size(stages) > 1;
	document_format(d,
			"This set was made by the first command%s; the %s makes this page "
			"again from ",
			extended ? " and extended by those that follow it" : "",
			study->pictures_only ? "last"
			: extended           ? "last but one"
					     : "second");
	document_file(d, "manifest.json");
	document_say(d, " and ");
	document_file(d, "samples.jsonl");
	/* The scripts of a set of which the pictures alone are kept are not there. */
	if (!study->pictures_only)
		document_say(d,
			     "; the last draws one figure again after its script was changed");
	document_say(d, ". Traces stand without their folders.");
	again = text_format("ashlar-bench report . --reference ");
	append_word(&again, section_reference(c));
	if (study->pictures_only)
		text_append(&again, " --pictures-only");
	document_commands(d);
	say_command(d, json_object_get(manifest, "command"));
	json_array_foreach(stages, i, stage)
		if (i)
			say_command(d, json_object_get(stage, "command"));
	document_format(d, "%s", again);
	if (!study->pictures_only)
		document_format(d, "cd report && gnuplot fig01.gp");
	free(again);
}
