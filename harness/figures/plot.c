#include "harness/figures/plot.h"

#include <errno.h>
#include <fcntl.h>
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

/* The number of blocks of a mode, as the footers say it. */
static size_t blocks_of(const struct comparison *c, const char *mode)
{
	int64_t last = -1;

	for (size_t i = 0; i < c->set->nsamples; i++)
		if (c->set->samples[i].ok && c->set->samples[i].block > last &&
		    results_is_mode(&c->set->cells[c->set->samples[i].cell], mode))
			last = c->set->samples[i].block;
	return (size_t)(last + 1);
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
	free(machine);
	return table_close_other(study->dir, "set", ".gp", f);
}

/* Where the scripts are: ASHLAR_PLOTS, else among the bench's other parts. */
static const char *scripts_folder(void)
{
	const char *named = getenv("ASHLAR_PLOTS");

	return named && *named ? named : paths_find()->plots;
}

bool plot_copy_script(const char *dir, const char *name)
{
	const char *folder = scripts_folder();
	char *path = text_format("%s/%s.gp", folder, name), buffer[4096];
	FILE *from, *to;
	size_t n;

	from = fopen(path, "re");
	if (!from) {
		complain("%s: %s (ASHLAR_PLOTS can name the folder of the "
			 "plot scripts)",
			 path, strerror(errno));
		free(path);
		return false;
	}
	free(path);
	to = table_open_other(dir, name, ".gp");
	if (!to) {
		fclose(from);
		return false;
	}
	while ((n = fread(buffer, 1, sizeof(buffer), from)) > 0)
		fwrite(buffer, 1, n, to);
	fclose(from);
	return table_close_other(dir, name, ".gp", to);
}

int plot_run(const char *dir, const char *name)
{
	const char *program = getenv("GNUPLOT");
	char *script = text_format("%s.gp", name);
	char *log = text_format("%s/%s.log", dir, name);
	posix_spawn_file_actions_t actions;
	char *argv[] = {NULL, (char *)"-d", NULL, NULL};
	int error, status = 0;
	pid_t pid;

	argv[0] = (char *)(program && *program ? program : "gnuplot");
	argv[2] = script;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	posix_spawn_file_actions_addchdir_np(&actions, dir);
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
