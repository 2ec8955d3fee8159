#include "harness/gate/noise.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/message.h"
#include "harness/stats/statistics.h"
#include "harness/trial/sample.h"

#define HEADER "started\tsuite_version\tbase\tcell\tmetric\tseconds\tlog_ratio\n"
#define FIELDS 7

char *noise_base(const struct contender *c)
{
	uint64_t variables = 0;

	if (!*c->build_id)
		return NULL;
	for (int i = 0; i < c->nenv; i++)
		variables = hash_text(variables, c->env[i]);
	return text_format("%s-%016" PRIx64, c->build_id, variables);
}

static void add(struct noise *n, const char *when, const char *base, const char *cell,
		const char *metric, double seconds, double log_ratio)
{
	n->list = list_grown(n->list, n->count, sizeof(*n->list));
	n->list[n->count++] = (struct noise_pair){.when = text_format("%s", when),
						  .base = text_format("%s", base),
						  .cell = text_format("%s", cell),
						  .metric = text_format("%s", metric),
						  .seconds = seconds,
						  .log_ratio = log_ratio};
}

void noise_add(struct noise *n, const char *when, const char *cell, const char *metric,
	       double seconds, double log_ratio)
{
	add(n, when, n->base ? n->base : "", cell, metric, seconds, log_ratio);
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
	seconds = strtod(field[5], NULL);
	log_ratio = strtod(field[6], NULL);
	if (strcmp(field[1], SUITE_VERSION) == 0 && strcmp(field[0], since) >= 0 &&
	    isfinite(seconds) && seconds > 0 && isfinite(log_ratio))
		add(n, field[0], field[2], field[3], field[4], seconds, log_ratio);
}

static bool is_of_base(const struct noise *n, const struct noise_pair *pair)
{
	return strcmp(pair->base, n->base ? n->base : "") == 0;
}

void noise_read(struct noise *n, const char *cache, const char *machine_class, const char *base)
{
	time_t then = time(NULL) - NOISE_DAYS * 24 * 3600;
	char since[32], *text, *rest;
	struct tm tm;

	*n = (struct noise){.file = text_format("%s/same-twice/%s.tsv", cache, machine_class),
			    .base = text_format("%s", base)};
	strftime(since, sizeof(since), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&then, &tm));
	text = file_read(n->file);
	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest))
		take_line(n, line, since);
	free(text);
	n->kept = n->count;
	for (size_t i = 0; i < n->count && !n->since; i++)
		if (is_of_base(n, &n->list[i]))
			n->since = n->list[i].when;
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
		text_append(&text, "%s\t" SUITE_VERSION "\t%s\t%s\t%s\t%.4g\t%.6g\n",
			    n->list[i].when, n->list[i].base, n->list[i].cell,
			    n->list[i].metric, n->list[i].seconds, n->list[i].log_ratio);
	folder = text_format("%.*s", (int)(strrchr(n->file, '/') - n->file), n->file);
	result = file_make_folder(folder) < 0 ? -1 : file_write(n->file, text);
	free(folder);
	free(text);
	return result;
}

static bool is_of(const struct noise *n, const struct noise_pair *pair, const char *cell,
		  const char *metric)
{
	return is_of_base(n, pair) && (!cell || strcmp(pair->cell, cell) == 0) &&
	       strcmp(pair->metric, metric) == 0;
}

size_t noise_of(const struct noise *n, const char *cell, const char *metric, double *out)
{
	size_t found = 0;

	for (size_t i = 0; i < n->count; i++)
		if (is_of(n, &n->list[i], cell, metric))
			out[found++] = n->list[i].log_ratio;
	return found;
}

double noise_seconds(const struct noise *n, const char *cell)
{
	double *seconds = calloc(n->count + 1, sizeof(*seconds)), median = NAN;
	size_t found = 0;

	for (size_t i = 0; seconds && i < n->count; i++)
		if (is_of_base(n, &n->list[i]) && strcmp(n->list[i].cell, cell) == 0)
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
		free(n->list[i].base);
		free(n->list[i].cell);
		free(n->list[i].metric);
	}
	free(n->list);
	free(n->file);
	free(n->base);
	*n = (struct noise){.file = NULL};
}
