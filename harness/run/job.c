#include "harness/run/job.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/file.h"
#include "harness/base/message.h"

struct reader {
	int (*take)(const struct job_line *, void *, char *, size_t);
	void *arg;
	const char *section; /* NULL = none yet */
	int depth;
	bool placed; /* the reason of the failure says its place already */
};

/* Cuts blanks at both ends, in place. */
static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t\r");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r", end[-1]))
		end--;
	*end = '\0';
	return text;
}

/* A value may hold # and ; as a shell's line does: a comment behind it needs a blank before and
 * after.  At the beginning of a line one needs neither. */
static void cut_comment(char *line)
{
	char *p = line + strspn(line, " \t");

	if (*p == '#' || *p == ';') {
		*p = '\0';
		return;
	}
	for (; *p; p++)
		if ((*p == '#' || *p == ';') && p > line && isblank((unsigned char)p[-1]) &&
		    (!p[1] || isblank((unsigned char)p[1]))) {
			*p = '\0';
			return;
		}
}

static int read_file(struct reader *r, const char *path, char *why, size_t why_size);

static char *beside(const char *path, const char *file)
{
	const char *slash = strrchr(path, '/');

	return *file == '/' || !slash ? text_format("%s", file)
				      : text_format("%.*s/%s", (int)(slash - path), path, file);
}

static int take_key(struct reader *r, const char *path, const char *where, char *line,
		    char *why, size_t why_size)
{
	char *equals = strchr(line, '='), *key, *value, *file;
	int result;

	if (!equals)
		return because(why, why_size, "'%s': KEY = VALUE or [SECTION] is needed", line);
	*equals = '\0';
	key = trim(line);
	value = trim(equals + 1);
	if (!*key || !*value)
		return because(why, why_size, "'%s = %s': KEY = VALUE is needed", key, value);
	if (strcmp(key, "include") == 0) {
		if (r->depth == JOB_DEPTH)
			return because(why, why_size,
				       "include = %s: files are included in each other more "
				       "than %d deep",
				       value, JOB_DEPTH);
		file = beside(path, value);
		result = read_file(r, file, why, why_size);
		free(file);
		return result;
	}
	if (!r->section)
		return because(why, why_size,
			       "%s = %s stands before the first section: [global] or that of "
			       "a workload or command is needed",
			       key, value);
	return r->take(&(struct job_line){where, r->section, key, text_format("%s", value)},
		       r->arg, why, why_size);
}

static int take_line(struct reader *r, const char *path, const char *where, char *line,
		     char *why, size_t why_size)
{
	size_t length;

	cut_comment(line);
	line = trim(line);
	length = strlen(line);
	if (!length)
		return 0;
	if (*line != '[')
		return take_key(r, path, where, line, why, why_size);
	if (length < 3 || line[length - 1] != ']')
		return because(why, why_size, "'%s': a section is written [NAME]", line);
	line[length - 1] = '\0';
	r->section = text_format("%s", trim(line + 1));
	return r->take(&(struct job_line){where, r->section, NULL, NULL}, r->arg, why,
		       why_size);
}

static int read_file(struct reader *r, const char *path, char *why, size_t why_size)
{
	char *text = file_read(path), *next, reason[1200];
	int number = 0, result = 0;

	if (!text)
		return because(why, why_size, "%s: %s", path, strerror(errno));
	r->depth++;
	for (char *line = text; line && result == 0; line = next) {
		char *where =
			text_format("%s:%d", path, ++number); /* stays with what it says */

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		result = take_line(r, path, where, line, reason, sizeof(reason));
		if (result < 0)
			because(why, why_size, "%s%s%s", r->placed ? "" : where,
				r->placed ? "" : ": ", reason);
		r->placed |= result < 0;
	}
	r->depth--;
	free(text);
	return result;
}

int job_read(const char *path, int (*take)(const struct job_line *, void *, char *, size_t),
	     void *arg, char *why, size_t why_size)
{
	struct reader r = {.take = take, .arg = arg};

	return read_file(&r, path, why, why_size);
}
