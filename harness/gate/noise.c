#include "harness/gate/noise.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/stats/statistics.h"
#include "harness/trial/sample.h"

#define HEADER "started\tsuite_version\tcell\tmetric\tseconds\tlog_ratio\n"
#define FIELDS 6

void noise_add(struct noise *n, const char *when, const char *cell, const char *metric,
	       double seconds, double log_ratio)
{
	n->list = list_grown(n->list, n->count, sizeof(*n->list));
	n->list[n->count++] = (struct noise_pair){.when = text_format("%s", when),
						  .cell = text_format("%s", cell),
						  .metric = text_format("%s", metric),
						  .seconds = seconds,
						  .log_ratio = log_ratio};
}

/* What is no such line is left out: the file is only a memory. */
static void take_line(struct noise *n, char *line, const char *since)
{
	char *field[FIELDS], *end;
	double seconds, log_ratio;
	int fields = 0;

	for (char *p = line; fields < FIELDS; p = NULL) {
		field[fields] = strtok_r(p, "\t", &end);
		if (!field[fields])
			return;
		fields++;
	}
	seconds = strtod(field[4], NULL);
	log_ratio = strtod(field[5], NULL);
	if (strcmp(field[1], SUITE_VERSION) == 0 && strcmp(field[0], since) >= 0 &&
	    isfinite(seconds) && seconds > 0 && isfinite(log_ratio))
		noise_add(n, field[0], field[2], field[3], seconds, log_ratio);
}

void noise_read(struct noise *n, const char *cache, const char *machine_class)
{
	time_t then = time(NULL) - NOISE_DAYS * 24 * 3600;
	char since[32], *text, *rest;
	struct tm tm;

	*n = (struct noise){.file = text_format("%s/same-twice/%s.tsv", cache, machine_class)};
	strftime(since, sizeof(since), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&then, &tm));
	text = file_read(n->file);
	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest))
		take_line(n, line, since);
	free(text);
	n->kept = n->count;
}

int noise_keep(const struct noise *n)
{
	char *folder, *text = text_format("%s", HEADER);
	int result;

	if (!n->file || n->count == n->kept) {
		free(text);
		return 0;
	}
	for (size_t i = 0; i < n->count; i++)
		text_append(&text, "%s\t" SUITE_VERSION "\t%s\t%s\t%.4g\t%.6g\n",
			    n->list[i].when, n->list[i].cell, n->list[i].metric,
			    n->list[i].seconds, n->list[i].log_ratio);
	folder = text_format("%.*s", (int)(strrchr(n->file, '/') - n->file), n->file);
	result = file_make_folder(folder) < 0 ? -1 : file_write(n->file, text);
	free(folder);
	free(text);
	return result;
}

static bool is_of(const struct noise_pair *pair, const char *cell, const char *metric)
{
	return (!cell || strcmp(pair->cell, cell) == 0) && strcmp(pair->metric, metric) == 0;
}

size_t noise_of(const struct noise *n, const char *cell, const char *metric, double *out)
{
	size_t found = 0;

	for (size_t i = 0; i < n->count; i++)
		if (is_of(&n->list[i], cell, metric))
			out[found++] = n->list[i].log_ratio;
	return found;
}

double noise_seconds(const struct noise *n, const char *cell)
{
	double *seconds = calloc(n->count + 1, sizeof(*seconds)), median = NAN;
	size_t found = 0;

	for (size_t i = 0; seconds && i < n->count; i++)
		if (strcmp(n->list[i].cell, cell) == 0)
			seconds[found++] = n->list[i].seconds;
	if (seconds)
		median = stat_median(seconds, found);
	free(seconds);
	return median;
}

void noise_free(struct noise *n)
{
	for (size_t i = 0; i < n->count; i++) {
		free(n->list[i].when);
		free(n->list[i].cell);
		free(n->list[i].metric);
	}
	free(n->list);
	free(n->file);
	*n = (struct noise){.file = NULL};
}
