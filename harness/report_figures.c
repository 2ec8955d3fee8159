#include "harness/report_figures.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct figure report_figures[] = {
	{"fig01", "Figure 1. CPU time of all workloads", write_time_ratios, 0, 0, 0},
	{"fig02", "Figure 2. Peak memory of all workloads", write_memory_ratios, 0, 0, 0},
	{"fig03", "Figure 3. CPU time, allocator by allocator", write_forest, 0, 0, 0},
	{"fig05", "Figure 5. Scalability", write_scalability, 0, 0, 0},
	{"fig07", "Figure 7. Memory over time: fragment, drain, idle, refill",
	 write_drain_timeline, 0, 0, 0},
	{"fig07b", "Figure 7b. Memory over time: the other workloads", write_timelines, 0, 0,
	 0},
	{"fig08", "Figure 8. Fragmentation over time", write_fragmentation, 0, 0, 0},
	{"fig08b", "Figure 8b. Memory and the page floor", write_page_floor, 0, 0, 0},
	{"fig10", "Figure 10. Latency of calls", write_call_latency, 0, 0, 0},
	{"fig10b", "Figure 10b. Latency of requests", write_request_latency, 0, 0, 0},
	{"fig12", "Figure 12. Time against memory", write_trade_off, 0, 0, 0},
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

static FILE *open_output(const struct report *r, const char *name, const char *suffix)
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

static bool close_output(const struct report *r, const char *name, const char *suffix, FILE *f)
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
	FILE *f = open_output(r, name, ".tsv");

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
	return close_output(r, name, ".tsv", f);
}

static void gnuplot_string(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

static void gnuplot_array(FILE *f, const char *name, const struct report *r,
			  void (*element)(FILE *f, const struct report *r, size_t contender))
{
	fprintf(f, "array %s[%zu] = [", name, r->nshown);
	for (size_t j = 0; j < r->nshown; j++) {
		fputs(j ? ", " : "", f);
		element(f, r, r->shown[j]);
	}
	fputs("]\n", f);
}

static void element_name(FILE *f, const struct report *r, size_t k)
{
	gnuplot_string(f, r->set->contenders[k].name);
}

static void element_colour(FILE *f, const struct report *r, size_t k)
{
	gnuplot_string(f, r->styles[k].colour);
}

static void element_mark(FILE *f, const struct report *r, size_t k)
{
	fprintf(f, "%d", r->styles[k].mark);
}

/* The number of blocks of a mode, as the footers say it. */
static size_t blocks_of(const struct report *r, const char *mode)
{
	int64_t last = -1;

	for (size_t i = 0; i < r->set->nsamples; i++)
		if (r->set->samples[i].ok && r->set->samples[i].block > last &&
		    cell_is(&r->set->cells[r->set->samples[i].cell], mode))
			last = r->set->samples[i].block;
	return (size_t)(last + 1);
}

/* set.gp: what all scripts have to know about this set. */
static bool write_set(const struct report *r)
{
	FILE *f = open_output(r, "set", ".gp");
	const char *host = json_field_text(r->set->manifest, "host");
	const char *class = json_field_text(json_object_get(r->set->manifest, "environment"),
					    "machine_class");
	char *machine = NULL;

	if (!f)
		return false;
	text_set(&machine, "host %s%s%.8s, suite %s", host, *class ? ", machine class " : "",
		 class, json_field_text(r->set->manifest, "suite_version"));
	fputs("# Written by ashlar-bench report: the contenders of this set, `null` last.\n",
	      f);
	fprintf(f, "N = %zu  # contenders in figures\nNALL = %zu  # with null\n",
		r->nshown - r->nulls, r->nshown);
	gnuplot_array(f, "NAME", r, element_name);
	gnuplot_array(f, "COLOUR", r, element_colour);
	gnuplot_array(f, "MARK", r, element_mark);
	fputs("REFERENCE = ", f);
	element_name(f, r, r->c->reference);
	fputs("\nMACHINE = ", f);
	gnuplot_string(f, machine);
	fprintf(f,
		"\nBLOCKS = %zu  # in mode throughput\nBLOCKS_LATENCY = %zu\nBLOCKS_MEMORY = "
		"%zu\n",
		blocks_of(r, "throughput"), blocks_of(r, "latency"), blocks_of(r, "memory"));
	free(machine);
	return close_output(r, "set", ".gp", f);
}

/* Where the scripts are: ASHLAR_PLOTS, else beside the sources this was built from
 * while it runs from its build tree, else where `make install` put them. */
static const char *scripts_folder(void)
{
	const char *named = getenv("ASHLAR_PLOTS");
	char self[4096];
	ssize_t n;

	if (named && *named)
		return named;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n > 0) {
		self[n] = '\0';
		if (!strncmp(self, REPORT_BUILD_TREE "/", sizeof(REPORT_BUILD_TREE)) &&
		    access(REPORT_PLOTS_SOURCE "/style.gp", R_OK) == 0)
			return REPORT_PLOTS_SOURCE;
	}
	return REPORT_PLOTS_INSTALLED;
}

static bool copy_script(const struct report *r, const char *name)
{
	const char *folder = scripts_folder();
	char *path, buffer[4096];
	FILE *from, *to;
	size_t n;

	if (asprintf(&path, "%s/%s.gp", folder, name) < 0)
		abort();
	from = fopen(path, "re");
	if (!from) {
		fprintf(stderr,
			"ashlar-bench report: %s: %s (ASHLAR_PLOTS can name the folder of the "
			"plot scripts)\n",
			path, strerror(errno));
		free(path);
		return false;
	}
	free(path);
	to = open_output(r, name, ".gp");
	if (!to) {
		fclose(from);
		return false;
	}
	while ((n = fread(buffer, 1, sizeof(buffer), from)) > 0)
		fwrite(buffer, 1, n, to);
	fclose(from);
	return close_output(r, name, ".gp", to);
}

/* Runs gnuplot on NAME.gp in the folder; what it says goes to NAME.log, which stays
 * only if it failed.  Returns its wait status, or -errno if it did not start. */
static int run_gnuplot(const struct report *r, const char *name)
{
	const char *program = getenv("GNUPLOT");
	char *script, *log;
	posix_spawn_file_actions_t actions;
	char *argv[] = {NULL, (char *)"-d", NULL, NULL};
	int error, status = 0;
	pid_t pid;

	if (asprintf(&script, "%s.gp", name) < 0 ||
	    asprintf(&log, "%s/%s.log", r->dir, name) < 0)
		abort();
	argv[0] = (char *)(program && *program ? program : "gnuplot");
	argv[2] = script;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	posix_spawn_file_actions_addchdir_np(&actions, r->dir);
	error = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (!error)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	if (error || status == 0)
		unlink(log);
	free(script);
	free(log);
	return error ? -error : status;
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
		status = run_gnuplot(r, figure->name);
		if (status < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 127)) {
			fprintf(stderr,
				"ashlar-bench report: %s: %s: no figures drawn (install gnuplot or "
				"set GNUPLOT); tables and scripts are in %s\n",
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
			"ashlar-bench report: gnuplot failed on %zu of %zu figures; of the first, "
			"%s/%s.gp, see %s.log beside it\n",
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
	static const char *const shared[] = {"style", "again", "ratios", "timelines",
					     "latency"};

	if (!write_set(r))
		return 3;
	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++)
		if (!copy_script(r, shared[i]))
			return 3;
	for (size_t i = 0; i < report_nfigures; i++) {
		struct figure *figure = &report_figures[i];

		remove_old(r, figure->name);
		if (!figure->write(r, figure))
			return 3;
		if (!figure->absent && !copy_script(r, figure->name))
			return 3;
	}
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
