/* The verb: which patterns, sizes and allocators; the table, the text, the figures. */
#include "harness/cli/verbs.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/contenders/choice.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/run/price.h"
#include "harness/figures/plot.h"
#include "harness/figures/table.h"

#define SIZES 32
#define ARGUMENTS 32

/* No letter of theirs: each letter means one thing in all verbs. */
enum { KEY_ONLY = 256, KEY_SIZE, KEY_PATTERN };

struct options {
	const char *allocators[ARGUMENTS], *only[ARGUMENTS];
	int nallocators, nonly;
	int64_t sizes[SIZES];
	int nsizes;
	bool patterns[PRICE_PATTERNS];
	bool patterns_given;
	const char *out;
};

static const struct argp_option table[] = {
	{"allocator", 'a', "LIST", 0,
	 "beside all that reuse memory: NAME=/path/lib.so[,ENV=VALUE...] adds another, !GLOB "
	 "leaves out; may be repeated",
	 0},
	{"only", KEY_ONLY, "LIST", 0, "nothing but these allocators; may be repeated", 0},
	{"size", KEY_SIZE, "LIST", 0, "bytes, with commas (default: 16,64,256,1024,8192)", 0},
	{"pattern", KEY_PATTERN, "LIST", 0,
	 "of steady, batch-100, all-10000, random-10000, walk, hand-100, hand-10000 (default: "
	 "all)",
	 0},
	{"out", 'o', "DIR", 0, "folder of the results (default: results/op-matrix-TIME)", 0},
	{0},
};

static void take_sizes(struct options *o, const char *argument)
{
	const char *p = argument;
	char *end;

	o->nsizes = 0;
	do {
		errno = 0;
		int64_t size = strtoll(p, &end, 10);

		if (errno || end == p || (*end && *end != ',') || size < 1 || size > 1048576 ||
		    o->nsizes == SIZES)
			exit(complain_usage("op-matrix: --size %s: up to %d numbers from 1 to "
					    "1048576 are needed",
					    argument, SIZES));
		o->sizes[o->nsizes++] = size;
		p = end + 1;
	} while (*end);
}

static void take_patterns(struct options *o, const char *argument)
{
	for (const char *p = argument;; p++) {
		size_t length = strcspn(p, ",");
		int i = 0;

		while (price_patterns[i] && (strlen(price_patterns[i]) != length ||
					     strncmp(price_patterns[i], p, length) != 0))
			i++;
		if (!price_patterns[i])
			exit(complain_usage(
				"op-matrix: unknown pattern '%.*s': steady, batch-100, "
				"all-10000, random-10000, walk, hand-100 and hand-10000 "
				"are known",
				(int)length, p));
		o->patterns[i] = o->patterns_given = true;
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
			exit(complain_usage(
				"op-matrix: --allocator is given more than %d times",
				ARGUMENTS));
		o->allocators[o->nallocators++] = argument;
		break;
	case KEY_ONLY:
		if (o->nonly == ARGUMENTS)
			exit(complain_usage("op-matrix: --only is given more than %d times",
					    ARGUMENTS));
		o->only[o->nonly++] = argument;
		break;
	case KEY_SIZE:
		take_sizes(o, argument);
		break;
	case KEY_PATTERN:
		take_patterns(o, argument);
		break;
	case 'o':
		o->out = argument;
		break;
	case ARGP_KEY_ARG:
		exit(complain_usage("op-matrix: '%s': unexpected", argument));
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void tsv_row(FILE *f, const char *allocator, int pattern, int64_t size,
		    const struct price *p)
{
	fprintf(f, "%s\t%s\t%d\t%" PRId64, allocator, price_patterns[pattern], pattern, size);
	table_number(f, p->instructions);
	table_number(f, p->ns.point);
	table_number(f, p->ns.low);
	table_number(f, p->ns.high);
	fprintf(f, "\t%s\n", *p->reason ? p->reason : "-");
}

static void text_cell(FILE *f, double instructions, double ns)
{
	if (isnan(instructions))
		fprintf(f, "  %8s", "-");
	else
		fprintf(f, "  %8.1f", instructions);
	if (isnan(ns))
		fprintf(f, " %9s", "-");
	else
		fprintf(f, " %6.1f ns", ns);
}

static void text_row(FILE *f, int64_t size, const struct price *prices, int n,
		     const struct price *driver)
{
	if (size)
		fprintf(f, "%8" PRId64, size);
	else
		fprintf(f, "%8s", "16-1024");
	for (int i = 0; i < n; i++)
		text_cell(f, prices[i].instructions, prices[i].ns.point);
	text_cell(f, driver->instructions, driver->ns.point);
	fputc('\n', f);
	fflush(f);
}

static void text_head(FILE *f, int pattern, const struct contenders *all)
{
	fprintf(f, "\n%s\n%8s", price_patterns[pattern], "size");
	for (int i = 0; i < all->count; i++)
		fprintf(f, "  %18s", all->list[i].name);
	fprintf(f, "  %18s\n", "(driver)");
}

/* What style.gp wants to know; the colours are those of all figures. */
static bool write_set(const char *dir, const struct contenders *all)
{
	struct result_contender *named = calloc((size_t)all->count, sizeof(*named));
	FILE *f = table_open_other(dir, "set", ".gp");
	struct style *styles;
	char machine[300];

	if (!f || !named) {
		free(named);
		return false;
	}
	for (int i = 0; i < all->count; i++)
		named[i].name = all->list[i].name;
	struct result_set set = {.contenders = named, .ncontenders = (size_t)all->count};
	styles = style_make(&set);
	fprintf(f, "N = %d\nNALL = %d\n", all->count, all->count);
	for (int k = 0; k < 3; k++) {
		fprintf(f, "array %s[%d] = [",
			k == 0   ? "NAME"
			: k == 1 ? "COLOUR"
				 : "MARK",
			all->count);
		for (int i = 0; i < all->count; i++)
			if (k == 2)
				fprintf(f, "%s%d", i ? ", " : "", styles[i].mark);
			else
				fprintf(f, "%s\"%s\"", i ? ", " : "",
					k ? styles[i].colour : all->list[i].name);
		fputs("]\n", f);
	}
	file_line("/proc/sys/kernel/hostname", machine, sizeof(machine));
	fprintf(f, "REFERENCE = \"%s\"\nMACHINE = \"host %s\"\n", all->list[0].name, machine);
	free(styles);
	free(named);
	return table_close_other(dir, "set", ".gp", f);
}

static bool draw(const char *dir, const struct contenders *all)
{
	static const char *const scripts[] = {PLOT_SHARED, "op_matrix", "op_instructions",
					      "op_time"};
	bool good = write_set(dir, all);

	for (int i = 0; good && i < 6; i++)
		good = plot_copy_script(dir, scripts[i]);
	for (int i = 4; good && i < 6; i++)
		if (plot_run(dir, scripts[i]) != 0) {
			complain("op-matrix: gnuplot did not draw %s: %s/%s.log", scripts[i],
				 dir, scripts[i]);
			good = false;
		}
	return good;
}

/* What a price says of whether its contender works: one that has a price anywhere does. */
static void judge(struct contender *c, const struct price *p, bool first)
{
	bool priced = !isnan(p->instructions) || !isnan(p->ns.point);

	c->failed = (c->failed || first) && !priced;
	if (c->failed)
		snprintf(c->reason, sizeof(c->reason), "%s", p->reason);
}

/* False after a line for each that failed everywhere. */
static bool all_work(const struct contenders *all)
{
	bool good = true;

	for (int i = 0; i < all->count; i++)
		if (all->list[i].failed) {
			complain("op-matrix: %s failed in every pattern: %s", all->list[i].name,
				 all->list[i].reason);
			good = false;
		}
	return good;
}

static void measure(const struct options *o, struct contenders *all,
		    const struct trial_place *place, FILE *tsv, FILE *text)
{
	bool first = true;

	struct price *prices = calloc((size_t)all->count, sizeof(*prices)), driver;

	fputs("# instructions (callgrind, n against 2n pairs) and CPU time of one malloc and "
	      "free, less the driver's own; the driver's rows are its own cost\n"
	      "allocator\tpattern\tnumber\tsize\tinstructions\tns\tlow\thigh\treason\n",
	      tsv);
	for (int pattern = 0; prices && pattern < PRICE_PATTERNS; pattern++) {
		if (o->patterns_given && !o->patterns[pattern])
			continue;
		text_head(text, pattern, all);
		text_head(stdout, pattern, all);
		for (int k = 0; k < (pattern == PRICE_WALK ? 1 : o->nsizes); k++) {
			int64_t size = pattern == PRICE_WALK ? 0 : o->sizes[k];

			if (interrupt_wanted())
				break;
			price_all(place, all->list, all->count, pattern, size ? size : 64,
				  prices, &driver);
			for (int i = 0; i < all->count; i++) {
				tsv_row(tsv, all->list[i].name, pattern, size, &prices[i]);
				judge(&all->list[i], &prices[i], first);
			}
			first = false;
			tsv_row(tsv, "-", pattern, size, &driver);
			text_row(text, size, prices, all->count, &driver);
			text_row(stdout, size, prices, all->count, &driver);
		}
	}
	free(prices);
}

/* `scratch` exists; fills the folder `dir`. */
static int work(const struct options *o, struct contenders *all, char *dir, const char *scratch)
{
	struct trial_place place = {.out = scratch,
				    .scratch = scratch,
				    .source = &counters_of_kernel,
				    .valgrind = paths_find_program("valgrind")};
	FILE *tsv = table_open_other(dir, "op-matrix", ".tsv");
	FILE *text = tsv ? table_open_other(dir, "op-matrix", ".txt") : NULL;
	bool good;

	if (!text)
		return STATUS_FAILED;
	measure(o, all, &place, tsv, text);
	good = table_close_other(dir, "op-matrix", ".tsv", tsv);
	good &= table_close_other(dir, "op-matrix", ".txt", text);
	if (interrupt_wanted())
		return STATUS_INTERRUPTED;
	good = good && draw(dir, all);
	good &= all_work(all);
	printf("\nop-matrix: %s\n", dir);
	return good ? STATUS_OK : STATUS_FAILED;
}

/* A folder for what trials leave behind, as a run set's is. */
static char *make_scratch(void)
{
	const char *tmp = getenv("TMPDIR");
	char *scratch = text_format("%s/ashlar-op-XXXXXX", tmp && *tmp ? tmp : "/tmp"), *part;

	if (!mkdtemp(scratch)) {
		complain("%s: %s", scratch, strerror(errno));
		free(scratch);
		return NULL;
	}
	part = text_format("%s/timeline", scratch);
	if (file_make_folder(part) < 0)
		complain("%s: %s", part, strerror(errno));
	free(part);
	return scratch;
}

int op_matrix_main(int argc, char **argv)
{
	static const struct argp parser = {
		table,
		take,
		NULL,
		"Price a malloc and its free by size and pattern: instructions by callgrind, "
		"and "
		"time.\v"
		"The driver's own cost is subtracted: the same pattern is run with functions "
		"that do nothing.  "
		"Counts are differences between two lengths of a run, so start-up cancels.",
		NULL,
		NULL,
		NULL};
	struct options o = {.sizes = {16, 64, 256, 1024, 8192}, .nsizes = 5};
	struct contenders all;
	char now[32], *dir, *scratch;
	int status;

	argp_parse(&parser, argc, argv, 0, NULL, &o);
	status = contenders_choose(
		&all, "op-matrix",
		&(struct contender_choice){o.only, o.nonly, o.allocators, o.nallocators});
	if (status != STATUS_OK)
		return status;
	if (all.count == 0)
		return complain_usage(
			"op-matrix: none of the allocators asked for can run here");
	dir = o.out ? text_format("%s", o.out)
		    : text_format("%s/op-matrix-%s", paths_find()->results,
				  clock_utc(now, sizeof(now)));
	if (file_make_folder(dir) < 0) {
		complain("op-matrix: %s cannot be made: %s", dir, strerror(errno));
		free(dir);
		return STATUS_FAILED;
	}
	scratch = make_scratch();
	interrupt_catch();
	status = scratch ? work(&o, &all, dir, scratch) : STATUS_FAILED;
	if (scratch)
		file_remove_tree(scratch);
	free(scratch);
	free(dir);
	return status;
}
