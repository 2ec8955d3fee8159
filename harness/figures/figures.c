#include "harness/figures/figures.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/figures/plot.h"

struct figure report_figures[] = {
	{"fig01", "Figure 1. CPU time of all workloads", write_time_ratios, 0, 0, 0},
	{"fig02", "Figure 2. Peak memory of all workloads", write_memory_ratios, 0, 0, 0},
	{"fig03", "Figure 3. CPU time, allocator by allocator", write_forest, 0, 0, 0},
	{"fig05", "Figure 5. Scalability", write_scalability, 0, 0, 0},
	{"fig07", "Figure 7. Memory over time, allocator by allocator", write_drain_timeline, 0,
	 0, 0},
	{"fig07b", "Figure 7b. Memory over time, workload by workload", write_timelines, 0, 0,
	 0},
	{"fig08", "Figure 8. Fragmentation over time", write_fragmentation, 0, 0, 0},
	{"fig08b", "Figure 8b. Memory and the page floor", write_page_floor, 0, 0, 0},
	{"fig10", "Figure 10. Latency of calls", write_call_latency, 0, 0, 0},
	{"fig10b", "Figure 10b. Latency of requests", write_request_latency, 0, 0, 0},
	{"fig12", "Figure 12. Time against memory", write_trade_off, 0, 0, 0},
	{"fig15", "Figure 15. Sizes of objects", write_sizes, 0, 0, 0},
	{"fig15b", "Figure 15b. Lifetimes of objects", write_lifetimes, 0, 0, 0},
	{"fig16", "Figure 16. Faults and system time per operation", write_kernel_cost, 0, 0,
	 0},
	{"fig16b", "Figure 16b. Instructions and events per operation", write_instructions, 0,
	 0, 0},
};
const size_t report_nfigures = sizeof(report_figures) / sizeof(*report_figures);

static void text_format(char **text, const char *before, const char *format, va_list args)
{
	char *more, *whole;

	if (vasprintf(&more, format, args) < 0 || asprintf(&whole, "%s%s", before, more) < 0)
		abort();
	free(more);
	free(*text);
	*text = whole;
}

void text_set(char **text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_format(text, "", format, args);
	va_end(args);
}

void text_append(char **text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_format(text, *text ? *text : "", format, args);
	va_end(args);
}

FILE *output_open(const struct report *r, const char *name, const char *suffix)
{
	char *path;
	FILE *f;

	if (asprintf(&path, "%s/%s%s", r->dir, name, suffix) < 0)
		abort();
	f = fopen(path, "we");
	if (!f)
		fprintf(stderr, "ashlar-bench report: %s: %s\n", path, strerror(errno));
	free(path);
	return f;
}

bool output_close(const struct report *r, const char *name, const char *suffix, FILE *f)
{
	bool bad = ferror(f);

	if (fclose(f) || bad) {
		fprintf(stderr, "ashlar-bench report: %s/%s%s: %s\n", r->dir, name, suffix,
			errno ? strerror(errno) : "write error");
		return false;
	}
	return true;
}

FILE *table_open(const struct report *r, const char *name, const char *what, const char *header)
{
	FILE *f = output_open(r, name, ".tsv");

	if (f)
		fprintf(f, "# %s; reference %s\n%s\n", what,
			r->set->contenders[r->c->reference].name, header);
	return f;
}

void table_number(FILE *f, double value)
{
	if (isnan(value))
		fputs("\tNaN", f);
	else
		fprintf(f, "\t%.6g", value);
}

bool table_close(const struct report *r, const char *name, FILE *f)
{
	return output_close(r, name, ".tsv", f);
}

static bool not_empty(const struct report *r, const char *name, const char *suffix)
{
	struct stat st;
	char *path;
	bool yes;

	if (asprintf(&path, "%s/%s%s", r->dir, name, suffix) < 0)
		abort();
	yes = stat(path, &st) == 0 && st.st_size > 0;
	free(path);
	return yes;
}

/* Draws all that have data.  A figure that fails keeps no other from being drawn. */
static bool draw_all(const struct report *r)
{
	const char *program = getenv("GNUPLOT"), *first = NULL;
	size_t failed = 0, tried = 0;

	for (size_t i = 0; i < report_nfigures; i++) {
		struct figure *figure = &report_figures[i];
		int status;

		if (figure->absent)
			continue;
		status = plot_run(r, figure->name);
		if (status < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 127)) {
			fprintf(stderr,
				"ashlar-bench report: %s: %s: no figures drawn (install "
				"gnuplot or set GNUPLOT); tables and scripts are in %s\n",
				program && *program ? program : "gnuplot",
				strerror(status < 0 ? -status : ENOENT), r->dir);
			return false;
		}
		tried++;
		figure->drawn = status == 0 && not_empty(r, figure->name, ".svg") &&
				not_empty(r, figure->name, ".png");
		if (!figure->drawn && !failed++)
			first = figure->name;
	}
	if (failed)
		fprintf(stderr,
			"ashlar-bench report: gnuplot failed on %zu of %zu figures; of the "
			"first, %s/%s.gp, see %s.log beside it\n",
			failed, tried, r->dir, first, first);
	return !failed;
}

static void remove_old(const struct report *r, const char *name)
{
	static const char *const suffixes[] = {".tsv", ".gp", ".svg", ".png", ".log"};
	char *path;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		if (asprintf(&path, "%s/%s%s", r->dir, name, suffixes[i]) < 0)
			abort();
		unlink(path);
		free(path);
	}
}

int figures_make(struct report *r)
{
	static const char *const shared[] = {"style",     "again",   "ratios",
					     "timelines", "latency", "shares"};

	if (!plot_write_set(r))
		return 3;
	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++)
		if (!plot_copy_script(r, shared[i]))
			return 3;
	for (size_t i = 0; i < report_nfigures; i++) {
		struct figure *figure = &report_figures[i];

		remove_old(r, figure->name);
		if (!figure->write(r, figure))
			return 3;
		if (!figure->absent && !plot_copy_script(r, figure->name))
			return 3;
	}
	if (!held_write(r))
		return 3;
	return draw_all(r) ? 0 : 3;
}

void figures_free(void)
{
	for (size_t i = 0; i < report_nfigures; i++) {
		free(report_figures[i].caption);
		free(report_figures[i].absent);
		report_figures[i].caption = report_figures[i].absent = NULL;
		report_figures[i].drawn = false;
	}
}
