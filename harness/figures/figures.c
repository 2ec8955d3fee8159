#include "harness/figures/figures.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/message.h"
#include "harness/base/progress.h"
#include "harness/figures/cost.h"
#include "harness/figures/floor.h"
#include "harness/figures/latency.h"
#include "harness/figures/memory.h"
#include "harness/figures/nodes.h"
#include "harness/figures/noise.h"
#include "harness/figures/overview.h"
#include "harness/figures/plot.h"
#include "harness/figures/ratios.h"
#include "harness/figures/sharing.h"
#include "harness/figures/sizes.h"

static const struct {
	const char *name, *title;
	bool (*write)(const struct study *study, struct figure *figure);
} known[] = {
	{"fig01", "Figure 1. CPU time of all workloads", ratios_write_time},
	{"fig02", "Figure 2. Peak memory of all workloads", ratios_write_memory},
	{"fig03", "Figure 3. CPU time, allocator by allocator", ratios_write_forest},
	{"fig04", "Figure 4. Distribution over blocks", overview_write_spread},
	{"fig05", "Figure 5. Scalability", cost_write_scalability},
	{"fig07", "Figure 7. Memory over time, allocator by allocator", memory_write_drain},
	{"fig07b", "Figure 7b. Memory over time, workload by workload", memory_write_timelines},
	{"fig08", "Figure 8. Fragmentation over time", memory_write_fragmentation},
	{"fig08b", "Figure 8b. Memory and the page floor", floor_write},
	{"fig09", "Figure 9. Memory after the drain", memory_write_return},
	{"fig10", "Figure 10. Latency of calls", latency_write_calls},
	{"fig10b", "Figure 10b. Latency of requests", latency_write_requests},
	{"fig12", "Figure 12. Time against memory, programs", ratios_write_trade_off_programs},
	{"fig12b", "Figure 12b. Time against memory, own workloads",
	 ratios_write_trade_off_workloads},
	{"fig13", "Figure 13. All cells and contenders", overview_write_map},
	{"fig14", "Figure 14. Performance profile, programs", overview_write_profile_programs},
	{"fig14b", "Figure 14b. Performance profile, own workloads",
	 overview_write_profile_workloads},
	{"fig15", "Figure 15. Sizes of objects", sizes_write},
	{"fig15b", "Figure 15b. Lifetimes of objects", sizes_write_lifetimes},
	{"fig16", "Figure 16. Faults and system time per operation", cost_write_kernel},
	{"fig16b", "Figure 16b. Instructions and events per operation",
	 cost_write_instructions},
	{"fig17", "Figure 17. Lines of two threads", sharing_write_lines},
	{"fig17b", "Figure 17b. Lines that go from thread to thread", sharing_write_transfers},
	{"fig20", "Figure 20. The same twice", noise_write},
	{"fig21", "Figure 21. Machine by machine", nodes_write},
};
#define KNOWN (sizeof(known) / sizeof(*known))

static bool not_empty(const struct study *study, const char *name, const char *suffix)
{
	char *path = text_format("%s/%s%s", study->dir, name, suffix);
	struct stat st;
	bool yes = stat(path, &st) == 0 && st.st_size > 0;

	free(path);
	return yes;
}

static bool pictures_are_there(const struct study *study, const char *name)
{
	if (!study->sheet)
		return not_empty(study, name, ".svg") && not_empty(study, name, ".png");
	return not_empty(study, name, ".pdf") &&
	       (!study->sheet->latex ||
		(not_empty(study, name, "-latex.tex") && not_empty(study, name, "-latex.pdf")));
}

/* What a figure leaves in the folder, of which the first are its pictures. */
static const char *const suffixes[] = {".svg",       ".png", ".pdf", "-latex.tex",
				       "-latex.pdf", ".tsv", ".gp",  ".log"};
#define SUFFIXES (sizeof(suffixes) / sizeof(*suffixes))
#define PICTURES 5

static void remove_files(const struct study *study, const char *name, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *path = text_format("%s/%s%s", study->dir, name, suffixes[i]);

		unlink(path);
		free(path);
	}
}

/* Draws all that have data.  A figure that fails keeps no other from being drawn. */
static bool draw_all(const struct study *study, const struct figures *figures)
{
	size_t failed = 0, tried = 0;
	const char *first = NULL;
	struct progress progress;

	for (size_t i = 0; i < figures->count; i++)
		tried += !figures->list[i].absent;
	progress_begin(&progress, stdout, (int)tried, 0, study->quiet);
	for (size_t i = 0; i < figures->count; i++) {
		struct figure *figure = &figures->list[i];

		if (figure->absent)
			continue;
		progress_step(&progress, figure->title);
		figure->drawn = plot_run(study->dir, figure->name) == 0 &&
				pictures_are_there(study, figure->name);
		if (figure->drawn)
			continue;
		/* One that ends in its middle could be taken for the figure. */
		remove_files(study, figure->name, PICTURES);
		if (!failed++)
			first = figure->name;
	}
	progress_end(&progress);
	if (failed)
		complain("gnuplot failed on %zu of %zu figures; of the first, %s/%s.gp, see "
			 "%s.log beside it",
			 failed, tried, study->dir, first, first);
	return !failed;
}

static const char *const shared[] = {PLOT_SHARED, "ratios",    "timelines", "latency",
				     "shares",    "trade_off", "profile",   "lines"};

static bool scripts_are_there(char *why, size_t why_size)
{
	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared) + KNOWN; i++) {
		const char *name = i < KNOWN ? known[i].name : shared[i - KNOWN];
		char *path = plot_find_script(name, why, why_size);

		if (!path)
			return false;
		free(path);
	}
	return true;
}

bool figures_can_be_drawn(char *why, size_t why_size)
{
	return scripts_are_there(why, why_size) && plot_find_gnuplot(true, why, why_size);
}

/* Copies the scripts of the figures that have data. */
static bool copy_scripts(const struct study *study, const struct figures *figures)
{
	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++)
		if (!plot_copy_script(study->dir, shared[i]))
			return false;
	if (study->sheet && !plot_copy(study->dir, "paper", ".sed"))
		return false;
	for (size_t i = 0; i < figures->count; i++)
		if (!figures->list[i].absent &&
		    !plot_copy_script(study->dir, figures->list[i].name))
			return false;
	return true;
}

int figures_make(const struct study *study, struct figures *figures)
{
	char why[PATH_MAX + 256];

	figures->list = calloc(KNOWN, sizeof(*figures->list));
	if (!figures->list)
		abort();
	figures->count = KNOWN;
	for (size_t i = 0; i < KNOWN; i++) {
		figures->list[i].name = known[i].name;
		figures->list[i].title = known[i].title;
	}
	if (!plot_write_set(study))
		return STATUS_INCOMPLETE;
	for (size_t i = 0; i < KNOWN; i++) {
		remove_files(study, known[i].name, SUFFIXES);
		if (!known[i].write(study, &figures->list[i]))
			return STATUS_INCOMPLETE;
		if (!study->c->nshown && !figures->list[i].absent)
			text_set(&figures->list[i].absent, "no contender gave a good sample");
	}
	if (!floor_write_held(study))
		return STATUS_INCOMPLETE;
	if (!scripts_are_there(why, sizeof(why))) {
		complain("%s: no figures drawn; tables are in %s", why, study->dir);
		return STATUS_INCOMPLETE;
	}
	if (!copy_scripts(study, figures))
		return STATUS_INCOMPLETE;
	if (!plot_find_gnuplot(false, why, sizeof(why))) {
		complain("%s: no figures drawn; tables and scripts are in %s", why, study->dir);
		return STATUS_INCOMPLETE;
	}
	return draw_all(study, figures) ? STATUS_OK : STATUS_INCOMPLETE;
}

static bool is_kept(const char *name)
{
	const char *end = strrchr(name, '.');

	return !end || (strcmp(end, ".tsv") && strcmp(end, ".gp") && strcmp(end, ".png")) ||
	       !strcmp(name, "held.tsv");
}

void figures_keep_pictures(const char *dir)
{
	char *folder = text_format("%s/report", dir);
	DIR *at = opendir(folder);
	struct dirent *entry;

	while (at && (entry = readdir(at))) {
		char *path = text_format("%s/%s", folder, entry->d_name);

		if (!is_kept(entry->d_name) && unlink(path))
			complain("%s: %s", path, strerror(errno));
		free(path);
	}
	if (at)
		closedir(at);
	free(folder);
}

void figures_free(struct figures *figures)
{
	for (size_t i = 0; i < figures->count; i++) {
		free(figures->list[i].caption);
		free(figures->list[i].absent);
	}
	free(figures->list);
}
