#include "harness/export/gate_output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/export/gate_formats.h"
#include "harness/gate/gate.h"

#define SUMMARY_LIMIT 0x100000 /* of GitHub, for all summaries of one step */

enum { KEY_GITHUB = 256, KEY_FILES };

static const struct argp_option options[] = {
	{NULL, 0, NULL, 0, "What was found, in other forms (FILE -: standard output):", 0},
	{"junit", KEY_FILES, "FILE", 0, "JUnit XML, a test case per line", 0},
	{"markdown", KEY_FILES + 1, "FILE", 0,
	 "Markdown of no more than 1 MiB, the worst first", 0},
	{"json", KEY_FILES + 2, "FILE", 0, "One JSON object with all there is", 0},
	{"benchmark-json", KEY_FILES + 3, "FILE", 0,
	 "A list for github-action-benchmark (customSmallerIsBetter)", 0},
	{"benchstat", KEY_FILES + 4, "FILE", 0,
	 "Go's benchmark format, for benchstat -col /lib", 0},
	{"openmetrics", KEY_FILES + 5, "FILE", 0, "OpenMetrics text", 0},
	{"github", KEY_GITHUB, NULL, 0, "Print annotations of GitHub's workflows as well", 0},
	{0},
};

/* In the order of the options. */
static const struct format {
	const char *name;
	void (*write)(const struct gate_view *view, FILE *f, size_t room);
	size_t limit; /* bytes; 0: none */
} formats[GATE_FILES] = {
	{"junit", gate_write_junit, 0},
	{"markdown", gate_write_markdown, SUMMARY_LIMIT},
	{"json", gate_write_json, 0},
	{"benchmark-json", gate_write_benchmark_json, 0},
	{"benchstat", gate_write_benchstat, 0},
	{"openmetrics", gate_write_openmetrics, 0},
};

static bool is_stdout(const char *path)
{
	return path && !strcmp(path, "-");
}

/* What is written to where it ends: a terminal, a pipe, whatever /dev and /proc hold. */
static bool is_stream(const char *path)
{
	struct stat st;

	return !strncmp(path, "/dev/", 5) || !strncmp(path, "/proc/", 6) ||
	       (stat(path, &st) == 0 && !S_ISREG(st.st_mode));
}

static bool is_step_summary(const char *path)
{
	const char *summary = getenv("GITHUB_STEP_SUMMARY");

	return summary && !strcmp(summary, path);
}

/* --- options ----------------------------------------------------------------------------- */

static void check_place(const struct format *format, const char *path)
{
	int error = file_unwritable(path);

	if (*path && error != EISDIR && is_stream(path))
		error = access(path, W_OK) < 0 ? errno : 0;
	if (error)
		exit(complain_usage("--%s '%s': %s; the name of a file in a folder that can be "
				    "written is needed, or -",
				    format->name, path, strerror(error)));
}

static void check_apart(const struct gate_files *files)
{
	int at_stdout = files->github;

	for (int i = 0; i < GATE_FILES; i++) {
		at_stdout += is_stdout(files->path[i]);
		for (int k = 0; k < i; k++)
			if (files->path[i] && files->path[k] && !is_stdout(files->path[i]) &&
			    !strcmp(files->path[i], files->path[k]))
				exit(complain_usage("--%s and --%s would both write %s",
						    formats[k].name, formats[i].name,
						    files->path[i]));
	}
	if (at_stdout > 1)
		exit(complain_usage("only one form can go to standard output, and --github is "
				    "one: name files for the others"));
}

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct gate_files *files = state->input;

	if (key == KEY_GITHUB) {
		files->github = true;
	} else if (key >= KEY_FILES && key < KEY_FILES + GATE_FILES) {
		files->path[key - KEY_FILES] = value;
		if (!is_stdout(value))
			check_place(&formats[key - KEY_FILES], value);
	} else if (key == ARGP_KEY_SUCCESS) {
		check_apart(files);
	} else {
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp gate_output_argp = {options, parse, NULL, NULL, NULL, NULL, NULL};

const char *gate_files_wanted(const struct gate_files *files)
{
	for (int i = 0; i < GATE_FILES; i++)
		if (files->path[i])
			return formats[i].name;
	return files->github ? "github" : NULL;
}

/* --- writing ----------------------------------------------------------------------------- */

/* Where a name is a link, the file behind it is replaced; on the heap. */
static char *behind(const char *path)
{
	char *real = realpath(path, NULL);

	return real ? real : text_format("%s", path);
}

static int append_to(const char *path, const char *text, size_t size)
{
	FILE *f = fopen(path, "ae");
	int error;

	if (!f)
		return -1;
	fwrite(text, 1, size, f);
	error = ferror(f) ? errno : 0;
	if (fclose(f) != 0 && !error)
		error = errno;
	errno = error;
	return error ? -1 : 0;
}

static int write_file(const char *path, const struct format *format,
		      const struct gate_view *view)
{
	size_t size, room = format->limit;
	bool summary = is_step_summary(path);
	struct stat st;
	char *text = NULL, *real;
	FILE *f;
	int result;

	if (room && summary && stat(path, &st) == 0)
		room = (size_t)st.st_size < room ? room - (size_t)st.st_size : 1;
	f = open_memstream(&text, &size);
	if (!f)
		return -1;
	format->write(view, f, room);
	if (fclose(f) != 0) {
		free(text);
		return -1;
	}
	if (summary || is_stream(path)) {
		result = append_to(path, text, size);
	} else {
		real = behind(path);
		result = file_write_bytes(real, text, size);
		free(real);
	}
	free(text);
	return result;
}

/* One after the other, so that one that fails keeps no other from being written. */
static bool write_forms(const struct gate_view *view, const struct gate_files *files)
{
	bool good = true;

	for (int i = 0; i < GATE_FILES; i++)
		if (files->path[i] && !is_stdout(files->path[i]) &&
		    write_file(files->path[i], &formats[i], view) < 0) {
			complain("--%s %s: %s", formats[i].name, files->path[i],
				 strerror(errno));
			good = false;
		}
	return good;
}

int gate_write(const struct gate_outcome *outcome, const struct gate_files *files)
{
	struct gate_view *view = gate_view_make(outcome);
	const struct format *at_stdout = NULL;
	bool good = true;
	int status;

	for (int i = 0; i < GATE_FILES; i++)
		if (is_stdout(files->path[i]))
			at_stdout = &formats[i];
	gate_write_text(view, at_stdout ? stderr : stdout, 0);
	if (at_stdout)
		at_stdout->write(view, stdout, at_stdout->limit);
	if (files->github)
		gate_write_github(view, stdout, 0);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		end_if_nobody_reads();
		complain("standard output: %s", strerror(errno));
		clearerr(stdout); /* it is told */
		good = false;
	}
	good &= write_forms(view, files);
	status = good ? view->status : GATE_EXIT_BROKEN;
	gate_view_free(view);
	return status;
}
