#include "harness/figures/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/figures/table.h"

extern char **environ;

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

static void gnuplot_array(FILE *f, const char *name, const struct study *study,
			  void (*element)(FILE *f, const struct study *study, size_t contender))
{
	const struct comparison *c = study->c;

	fprintf(f, "array %s[%zu] = [", name, c->nshown);
	for (size_t j = 0; j < c->nshown; j++) {
		fputs(j ? ", " : "", f);
		element(f, study, c->shown[j]);
	}
	fputs("]\n", f);
}

static void element_name(FILE *f, const struct study *study, size_t k)
{
	gnuplot_string(f, study->c->set->contenders[k].name);
}

static void element_colour(FILE *f, const struct study *study, size_t k)
{
	gnuplot_string(f, study->styles[k].colour);
}

static void element_mark(FILE *f, const struct study *study, size_t k)
{
	fprintf(f, "%d", study->styles[k].mark);
}

/* The number of blocks of a mode, as the footers say it: the most that any cell has of any
 * contender.  Of the reference only where it is alone: beside contenders that came later it has
 * run more often than a ratio can count. */
static size_t blocks_of(const struct comparison *c, const char *mode)
{
	const struct result_set *set = c->set;
	size_t *good = calloc(set->ncells * set->ncontenders + 1, sizeof(*good)), most = 0;

	if (!good)
		abort();
	for (size_t i = 0; i < set->nsamples; i++) {
		const struct result_sample *s = &set->samples[i];

		if (!s->ok || s->superseded || !results_is_mode(&set->cells[s->cell], mode) ||
		    (s->contender == c->reference && c->nshown > 1))
			continue;
		if (++good[s->cell * set->ncontenders + s->contender] > most)
			most = good[s->cell * set->ncontenders + s->contender];
	}
	free(good);
	return most;
}

bool plot_write_set(const struct study *study)
{
	const struct comparison *c = study->c;
	FILE *f = table_open_other(study->dir, "set", ".gp");
	json_t *environment = json_object_get(c->set->manifest, "environment");
	const char *cpu = json_field_text(environment, "cpu");
	double cpus = json_field_number(environment, "cpus_online");
	char *machine = NULL;

	if (!f)
		return false;
	text_set(&machine, "host %s", json_field_text(c->set->manifest, "host"));
	if (*cpu && cpus > 0)
		text_append(&machine, " (%s, %.0f CPU%s)", cpu, cpus, cpus > 1 ? "s" : "");
	if (study->sheet && *results_machine_class(c->set))
		text_set(&machine, "machine class %s", results_machine_class(c->set));
	text_append(&machine, ", suite %s", json_field_text(c->set->manifest, "suite_version"));
	fputs("# Written by ashlar-bench report: the contenders of this set, `null` last.\n",
	      f);
	fprintf(f, "N = %zu  # contenders in figures\nNALL = %zu  # with null\n",
		c->nshown - c->nulls, c->nshown);
	gnuplot_array(f, "NAME", study, element_name);
	gnuplot_array(f, "COLOUR", study, element_colour);
	gnuplot_array(f, "MARK", study, element_mark);
	fputs("REFERENCE = ", f);
	element_name(f, study, c->reference);
	fputs("\nMACHINE = ", f);
	gnuplot_string(f, machine);
	fprintf(f,
		"\nBLOCKS = %zu  # in mode throughput\nBLOCKS_LATENCY = %zu\nBLOCKS_MEMORY = "
		"%zu\n",
		blocks_of(c, "throughput"), blocks_of(c, "latency"), blocks_of(c, "memory"));
	if (study->sheet)
		fprintf(f, "COLUMN = %g  # width of a paper's column, inches\nLATEX = %d\n",
			study->sheet->column_in, study->sheet->latex);
	free(machine);
	return table_close_other(study->dir, "set", ".gp", f);
}

/* Where the scripts are: ASHLAR_PLOTS, else among the bench's other parts. */
static const char *scripts_folder(void)
{
	const char *named = getenv("ASHLAR_PLOTS");

	return named && *named ? named : paths_find()->plots;
}

static char *find(const char *name, const char *suffix, char *why, size_t why_size)
{
	char *path = text_format("%s/%s%s", scripts_folder(), name, suffix);

	if (access(path, R_OK) == 0)
		return path;
	because(why, why_size, "%s: %s (ASHLAR_PLOTS can name the folder of the plot scripts)",
		path, strerror(errno));
	free(path);
	return NULL;
}

char *plot_find_script(const char *name, char *why, size_t why_size)
{
	return find(name, ".gp", why, why_size);
}

bool plot_copy_script(const char *dir, const char *name)
{
	return plot_copy(dir, name, ".gp");
}

bool plot_copy(const char *dir, const char *name, const char *suffix)
{
	char why[PATH_MAX + 128], *path = find(name, suffix, why, sizeof(why));
	char buffer[4096];
	FILE *from = path ? fopen(path, "re") : NULL, *to;
	size_t n;

	if (!from) {
		complain("%s", path ? strerror(errno) : why);
		free(path);
		return false;
	}
	free(path);
	to = table_open_other(dir, name, suffix);
	if (!to) {
		fclose(from);
		return false;
	}
	while ((n = fread(buffer, 1, sizeof(buffer), from)) > 0)
		fwrite(buffer, 1, n, to);
	fclose(from);
	return table_close_other(dir, name, suffix, to);
}

static const char *gnuplot(void)
{
	const char *named = getenv("GNUPLOT");

	return named && *named ? named : "gnuplot";
}

/* Starts it in `dir` with its words in the file `log`, null: nowhere.  Returns its wait status,
 * or -errno if it did not start. */
static int start(char **argv, const char *dir, const char *log)
{
	posix_spawn_file_actions_t actions;
	int error, status = 0;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, log ? log : "/dev/null",
					 O_WRONLY | O_CREAT | O_TRUNC, 0666);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	if (dir)
		posix_spawn_file_actions_addchdir_np(&actions, dir);
	error = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (!error)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	return error ? -error : status;
}

bool plot_find_gnuplot(bool thoroughly, char *why, size_t why_size)
{
	char *argv[] = {(char *)gnuplot(), (char *)"-d", (char *)"-e",
			(char *)"set terminal svg; set terminal pngcairo", NULL};
	char *found = strchr(argv[0], '/') ? strdup(argv[0]) : paths_find_program(argv[0]);
	int status;

	if (!found || access(found, X_OK) < 0) {
		because(why, why_size, "%s: %s (install gnuplot or set GNUPLOT)", argv[0],
			strerror(found ? errno : ENOENT));
		free(found);
		return false;
	}
	free(found);
	status = thoroughly ? start(argv, NULL, NULL) : 0;
	if (status == 0)
		return true;
	if (status < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 127))
		because(why, why_size, "%s: %s (install gnuplot or set GNUPLOT)", argv[0],
			strerror(status < 0 ? -status : ENOENT));
	else
		because(why, why_size,
			"%s does not work, or has not both of the terminals svg and pngcairo "
			"(install gnuplot or set GNUPLOT)",
			argv[0]);
	return false;
}

int plot_run(const char *dir, const char *name)
{
	char *script = text_format("%s.gp", name);
	char *log = text_format("%s/%s.log", dir, name);
	char *argv[] = {(char *)gnuplot(), (char *)"-d", script, NULL};
	int status = start(argv, dir, log);

	if (status <= 0)
		unlink(log);
	free(script);
	free(log);
	return status;
}
