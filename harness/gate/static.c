/* Tier 0: what each fast path of libashlar costs, call by call.  The counting is that of the
 * allocator's own test of its table, by the same script and program. */
#include "harness/gate/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/elf_file.h"
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/base/tool.h"
#include "harness/gate/trials.h"

#define TIER 0
#define OWN_SYMBOL "ashlar_malloc" /* by which a libashlar is known */

static const char *const metrics[] = {"fast_instructions", "fast_loads", "fast_stores",
				      "fast_branches"};
#define METRICS (sizeof(metrics) / sizeof(metrics[0]))

/* "entry, size, then a number for each metric", separated by tabulators.  False: it is no such
 * line. */
static bool take_line(char *line, const struct gate_place *place, struct gate_values *values)
{
	char *rest = line, *entry = strsep(&rest, "\t"), *size = strsep(&rest, "\t"), *cell;
	bool good = true;

	if (!size)
		return false;
	for (char *p = entry; *p; p++)
		if (*p == ' ') /* "operator new" */
			*p = '-';
	cell = text_format("%s:size=%s", entry, size);
	for (size_t m = 0; m < METRICS && gate_cell_wanted(place->cells, cell); m++) {
		char *number = strsep(&rest, "\t"), *end;
		double value = number ? strtod(number, &end) : 0;

		good = number && end > number && !*end;
		if (!good)
			break;
		gate_values_add(values, TIER, cell, metrics[m], GATE_COUNT)->value = value;
	}
	free(cell);
	return good;
}

static int take_table(char *table, const struct gate_place *place, struct gate_values *values,
		      char *why, size_t why_size)
{
	char *rest = table, *line = strsep(&rest, "\n"); /* the first one is a header */

	while ((line = strsep(&rest, "\n")))
		if (*line && !take_line(line, place, values))
			return because(why, why_size,
				       "the counts of fast paths cannot be read at '%s'", line);
	return 0;
}

static int add_failure(struct gate_values *values, const char *why)
{
	gate_values_add(values, TIER, "fast-paths", metrics[0], GATE_COUNT)->failure =
		text_format("%s", why);
	return 0;
}

int gate_measure_static(const struct gate_place *place, const struct contender *contender,
			struct gate_values *values, char *why, size_t why_size)
{
	const struct paths *paths = paths_find();
	const char *argv[CONTENDER_ENV + 6] = {"env"};
	int n = 1;
	char *valgrind = paths_find_program("valgrind"), *log, *table;
	int result;

	if (!elf_defines(contender->path, OWN_SYMBOL))
		return because(why, why_size,
			       "fast paths are counted of libashlar alone, and %s is another "
			       "allocator",
			       contender->name);
	if (!valgrind)
		return because(why, why_size,
			       "valgrind, which counts instructions, is not installed");
	free(valgrind);
	if (!file_exists(paths->fastpath))
		return because(why, why_size, "%s is missing: `make` builds it",
			       paths->fastpath);
	for (int i = 0; i < contender->nenv; i++)
		argv[n++] = contender->env[i];
	argv[n++] = "sh";
	argv[n++] = paths->fastpath_counts;
	argv[n++] = contender->path;
	argv[n] = paths->fastpath;
	log = text_format("%s/fastpath.log", place->folder);
	table = tool_output(argv, log, why, why_size);
	if (table)
		result = take_table(table, place, values, why, why_size);
	else /* the allocator may be to blame: no reason to pass by */
		result = add_failure(values, why);
	free(table);
	free(log);
	return result;
}
