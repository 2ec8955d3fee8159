#include "harness/run/runset.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/set_files.h"
#include "harness/run/json_file.h"

static int open_samples(struct runset *set, int flags, char *why, size_t why_size)
{
	char *path = text_format("%s/samples.jsonl", set->path);

	set->samples = open(path, flags | O_RDWR | O_APPEND | O_CLOEXEC, 0666);
	if (set->samples < 0) {
		because(why, why_size, "%s: %s", path, strerror(errno));
	} else if (flock(set->samples, LOCK_EX | LOCK_NB) < 0) {
		because(why, why_size, "%s: another ashlar-bench is writing it", path);
		close(set->samples);
		set->samples = -1;
	}
	free(path);
	return set->samples < 0 ? -1 : 0;
}

/* The folder with its parts, as far as they are not there. */
static int make_folders(const char *path, char *why, size_t why_size)
{
	static const char *const parts[] = {"", "/" SET_TIMELINE, "/" SET_LATENCY};
	int result = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && result == 0; i++) {
		char *folder = text_format("%s%s", path, parts[i]);

		result = file_make_folder(folder);
		if (result < 0)
			because(why, why_size, "the folder %s cannot be made: %s", folder,
				strerror(errno));
		free(folder);
	}
	return result;
}

int runset_make(struct runset *set, const char *path, char *why, size_t why_size)
{
	char *manifest = text_format("%s/manifest.json", path);
	bool taken = file_exists(manifest);

	free(manifest);
	if (taken)
		return because(why, why_size,
			       "%s holds a run set already: --resume completes it or adds to "
			       "it, --out names another folder",
			       path);
	if (make_folders(path, why, why_size) < 0)
		return -1;
	set->path = text_format("%s", path);
	if (open_samples(set, O_CREAT, why, why_size) == 0)
		return 0;
	runset_close(set);
	return -1;
}

/* The end of the last whole line. */
static int cut_torn_line(const struct runset *set, const char *text, size_t length)
{
	size_t whole = length;

	while (whole > 0 && text[whole - 1] != '\n')
		whole--;
	return whole < length ? ftruncate(set->samples, (off_t)whole) : 0;
}

int runset_open(struct runset *set, const char *path, json_t **manifest, char *why,
		size_t why_size)
{
	char *file = text_format("%s/manifest.json", path), *text;
	json_error_t error;

	*manifest = json_load_file(file, 0, &error);
	if (!*manifest) {
		if (!file_exists(file))
			because(why, why_size, "%s holds no run set (no manifest.json)", path);
		else
			because(why, why_size, "%s: line %d: %s", file, error.line, error.text);
		free(file);
		return -1;
	}
	free(file);
	set->path = text_format("%s", path);
	/* The parts of a packed set are not there. */
	if (make_folders(path, why, why_size) < 0 ||
	    open_samples(set, O_CREAT, why, why_size) < 0)
		goto failed;
	file = text_format("%s/samples.jsonl", path);
	text = file_read(file);
	if (!text || cut_torn_line(set, text, strlen(text)) < 0) {
		because(why, why_size, "%s: %s", file, strerror(errno));
		free(text);
		free(file);
		goto failed;
	}
	free(text);
	free(file);
	return 0;
failed:
	json_decref(*manifest);
	*manifest = NULL;
	runset_close(set);
	return -1;
}

int runset_each(const struct runset *set, int (*take)(const json_t *, void *, char *, size_t),
		void *arg, char *why, size_t why_size)
{
	char *path = text_format("%s/samples.jsonl", set->path), *text = file_read(path),
	     *line = text;
	int number = 0, result = 0;

	while (line && *line && result == 0) {
		size_t length = strcspn(line, "\n");
		json_error_t error;
		json_t *sample = json_loadb(line, length, 0, &error);

		number++;
		if (!sample)
			result = because(why, why_size, "%s: line %d is no record: %s", path,
					 number, error.text);
		else
			result = take(sample, arg, why, why_size);
		json_decref(sample);
		line += length + (line[length] == '\n');
	}
	free(text);
	free(path);
	return result;
}

int runset_append(const struct runset *set, const json_t *sample, char *why, size_t why_size)
{
	char *text = json_dumps(sample, JSON_COMPACT), *line, *p;
	size_t left;

	if (!text)
		return because(why, why_size, "a sample cannot be written as JSON");
	line = text_format("%s\n", text);
	free(text);
	for (p = line, left = strlen(line); left;) {
		ssize_t n = write(set->samples, p, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			because(why, why_size, "%s/samples.jsonl: %s", set->path,
				strerror(errno));
			free(line);
			return -1;
		}
		p += n;
		left -= (size_t)n;
	}
	free(line);
	fdatasync(set->samples); /* a file system that cannot is still written to */
	return 0;
}

int runset_write_manifest(const struct runset *set, const json_t *manifest, char *why,
			  size_t why_size)
{
	char *path = text_format("%s/manifest.json", set->path);
	int result = json_file_write(path, manifest, why, why_size);

	free(path);
	return result;
}

void runset_close(struct runset *set)
{
	if (set->samples >= 0)
		close(set->samples);
	set->samples = -1;
	free(set->path);
	set->path = NULL;
}
