#include "harness/gate/limits.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/gate/trials.h"
#include "harness/run/job.h"

#define SECTION "gate"

/* Counts of the fast paths are whole numbers that nothing but the code moves.  Instructions of
 * a cell move by what the code's neighbours do to it, too; the mean of all by less.  Memory
 * repeats exactly, but is a step function of what is asked for.  Of time and of peaks in pairs
 * these are the least: what the machine calls a difference of nothing may be more. */
static const struct {
	const char *metric;
	double share;
} defaults[] = {
	{"fast_instructions", 0}, {"fast_loads", 0},       {"fast_stores", 0},
	{"fast_branches", 0},     {"instructions", 0.005}, {"instructions" GATE_MEAN, 0.002},
	{"area", 0.01},           {"peak", 0.01},          {"lines", 0.02},
	{"pages", 0.02},          {"cpu_ns", 0.03},        {"peak_rss_bytes", 0.03},
};
#define DEFAULTS (sizeof(defaults) / sizeof(defaults[0]))

static void add(struct gate_limits *limits, const char *metric, const char *cells, double share)
{
	struct gate_limit *limit;

	limits->list = list_grown(limits->list, limits->count, sizeof(*limits->list));
	limit = &limits->list[limits->count++];
	*limit = (struct gate_limit){.share = share};
	limit->metric = text_format("%s", metric);
	limit->cells = cells ? text_format("%s", cells) : NULL;
}

void gate_limits_begin(struct gate_limits *limits)
{
	*limits = (struct gate_limits){0};
	for (size_t i = 0; i < DEFAULTS; i++)
		add(limits, defaults[i].metric, NULL, defaults[i].share);
}

void gate_limits_free(struct gate_limits *limits)
{
	for (size_t i = 0; i < limits->count; i++) {
		free(limits->list[i].metric);
		free(limits->list[i].cells);
	}
	free(limits->list);
	*limits = (struct gate_limits){0};
}

static bool is_known(const char *metric)
{
	for (size_t i = 0; i < DEFAULTS; i++) {
		size_t length = strcspn(defaults[i].metric, ".");

		if (strncmp(metric, defaults[i].metric, length) == 0 &&
		    (!metric[length] || strcmp(metric + length, GATE_MEAN) == 0))
			return true;
	}
	return false;
}

int gate_limits_set(struct gate_limits *limits, const char *metric, const char *cells,
		    const char *text, char *why, size_t why_size)
{
	char known[300] = "", *end;
	double percent;

	if (!is_known(metric)) {
		for (size_t i = 0; i < DEFAULTS; i++)
			if (!strchr(defaults[i].metric, '.'))
				snprintf(known + strlen(known), sizeof(known) - strlen(known),
					 "%s%s", *known ? ", " : "", defaults[i].metric);
		return because(why, why_size,
			       "unknown key '%s': known are the metrics %s, each also with "
			       "'" GATE_MEAN "' for the mean of its cells",
			       metric, known);
	}
	if (cells && strstr(metric, GATE_MEAN))
		return because(why, why_size,
			       "'%s': a mean is over all cells: it belongs into "
			       "[" SECTION "]",
			       metric);
	errno = 0;
	percent = strtod(text, &end);
	while (*end == ' ')
		end++;
	if (errno || end == text || strcmp(end, "%") != 0 || !(percent >= 0 && percent <= 1000))
		return because(why, why_size,
			       "%s = %s: a percentage like 0.5%% is needed, from 0%% to 1000%%",
			       metric, text);
	add(limits, metric, cells, percent / 100);
	return 0;
}

double gate_limit_of(const struct gate_limits *limits, const char *metric, const char *cell)
{
	char *name = text_format("%s%s", metric, cell ? "" : GATE_MEAN);
	double share = NAN;

	for (size_t i = 0; i < limits->count; i++) {
		const struct gate_limit *limit = &limits->list[i];

		if (strcmp(limit->metric, name) == 0 &&
		    (!limit->cells || (cell && gate_cell_wanted(limit->cells, cell))))
			share = limit->share;
	}
	free(name);
	return share;
}

bool gate_limits_section(const char *section)
{
	size_t length = strlen(SECTION);

	return strncmp(section, SECTION, length) == 0 &&
	       (!section[length] || section[length] == ' ');
}

static int take(const struct job_line *line, void *arg, char *why, size_t why_size)
{
	const char *cells;

	if (!line->key || !line->section || !gate_limits_section(line->section))
		return 0;
	cells = line->section + strlen(SECTION);
	cells += strspn(cells, " ");
	return gate_limits_set(arg, line->key, *cells ? cells : NULL, line->value, why,
			       why_size);
}

int gate_limits_read(struct gate_limits *limits, const char *path, char *why, size_t why_size)
{
	return job_read(path, take, limits, why, why_size);
}
