#include "tools/process.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *file_text(const char *path, size_t *length)
{
	size_t size = 4096, n = 0;
	char *text = malloc(size);
	int file = open(path, O_RDONLY | O_CLOEXEC), saved;
	ssize_t got = -1;

	while (file >= 0 && text != NULL && (got = read(file, text + n, size - 1 - n)) > 0) {
		n += (size_t)got;
		if (n + 1 == size) {
			char *more = realloc(text, size *= 2);

			if (more == NULL)
				break;
			text = more;
		}
	}
	saved = errno;
	if (file >= 0)
		close(file);
	if (got != 0 || text == NULL) {
		free(text);
		errno = saved;
		return NULL;
	}
	text[n] = '\0';
	if (length != NULL)
		*length = n;
	return text;
}

static void name_of(const struct process *p, const char *name, char *path, size_t size)
{
	snprintf(path, size, "/proc/%d/%s", (int)p->pid, name);
}

char *process_text(const struct process *p, const char *name, size_t *length)
{
	char path[64];

	name_of(p, name, path, sizeof(path));
	return file_text(path, length);
}

char *link_text(const char *path)
{
	char *text = malloc(4096);
	ssize_t n = text != NULL ? readlink(path, text, 4095) : -1;

	if (n < 0) {
		free(text);
		return NULL;
	}
	text[n] = '\0';
	return text;
}

char *process_link(const struct process *p, const char *name)
{
	char path[64];

	name_of(p, name, path, sizeof(path));
	return link_text(path);
}

char *process_path(const struct process *p, const char *path)
{
	char *whole;

	return asprintf(&whole, "/proc/%d/root%s", (int)p->pid, path) >= 0 ? whole : NULL;
}

bool process_read(const struct process *p, uint64_t address, void *to, size_t n)
{
	return p->memory >= 0 && address <= INT64_MAX &&
	       pread(p->memory, to, n, (off_t)address) == (ssize_t)n;
}

char *process_string(const struct process *p, uint64_t address)
{
	char *text = calloc(1, 4096);
	size_t n = 0;

	/* What lies behind its page may not be there. */
	while (text != NULL && n < 4095 && process_read(p, address + n, text + n, 1) &&
	       text[n] != '\0')
		n++;
	if (n == 0) {
		free(text);
		return NULL;
	}
	text[n] = '\0';
	return text;
}

uint64_t process_aux(const struct process *p, uint64_t type)
{
	size_t length;
	char *text = process_text(p, "auxv", &length);
	uint64_t pair[2], value = 0;

	for (size_t at = 0; text != NULL && at + sizeof(pair) <= length; at += sizeof(pair)) {
		memcpy(pair, text + at, sizeof(pair));
		if (pair[0] == type)
			value = pair[1];
	}
	free(text);
	return value;
}

bool process_is_short(const struct process *p)
{
	unsigned char ident[EI_CLASS + 1] = {0};
	char path[64];
	int file;

	name_of(p, "exe", path, sizeof(path));
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return false;
	if (read(file, ident, sizeof(ident)) < 0)
		ident[EI_CLASS] = 0;
	close(file);
	return ident[EI_CLASS] == ELFCLASS32;
}

char *process_environment(const struct process *p, const char *name)
{
	size_t length, n = strlen(name);
	char *text = process_text(p, "environ", &length), *found = NULL;

	if (text == NULL)
		return NULL;
	for (size_t at = 0; at < length; at += strlen(text + at) + 1) {
		if (strncmp(text + at, name, n) != 0 || text[at + n] != '=')
			continue;
		found = strdup(text + at + n + 1);
		break;
	}
	free(text);
	return found;
}

bool line_value(const char *text, const char *name, char *to, size_t size)
{
	size_t n = strlen(name);

	for (const char *line = text; line != NULL && *line != '\0';) {
		const char *end = strchr(line, '\n');

		if (strncmp(line, name, n) == 0) {
			line += n + strspn(line + n, " \t");
			snprintf(to, size, "%.*s", (int)strcspn(line, "\n"), line);
			return true;
		}
		line = end != NULL ? end + 1 : NULL;
	}
	return false;
}

static void refuse(pid_t pid, int error)
{
	struct stat status;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	if (stat(path, &status) != 0)
		fprintf(stderr, "ashlar-ctl: there is no process %d\n", (int)pid);
	else if (error == EACCES || error == EPERM)
		fprintf(stderr,
			"ashlar-ctl: process %d may not be looked into: it is user %u's, and "
			"only that one and root may\n",
			(int)pid, (unsigned)status.st_uid);
	else if (error != 0)
		fprintf(stderr, "ashlar-ctl: %s: %s\n", path, strerror(error));
	else
		fprintf(stderr,
			"ashlar-ctl: process %d has no memory: it has ended, or is the "
			"kernel's\n",
			(int)pid);
}

bool process_open(struct process *p, pid_t pid)
{
	char path[64];

	*p = (struct process){.pid = pid, .memory = -1};
	errno = 0;
	p->maps = process_text(p, "maps", NULL);
	if (p->maps == NULL || p->maps[0] == '\0') {
		refuse(pid, p->maps == NULL ? errno : 0);
		free(p->maps);
		return false;
	}
	name_of(p, "mem", path, sizeof(path));
	p->memory = open(path, O_RDONLY | O_CLOEXEC);
	return true;
}

void process_close(struct process *p)
{
	if (p->memory >= 0)
		close(p->memory);
	free(p->maps);
}
