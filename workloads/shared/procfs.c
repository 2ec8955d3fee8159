#include "workloads/shared/procfs.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

size_t procfs_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n = 0;

	text[0] = '\0';
	if (fd < 0)
		return 0;
	while (used < size - 1 && (n = read(fd, text + used, size - 1 - used)) > 0)
		used += (size_t)n;
	close(fd);
	text[used] = '\0';
	return used;
}

static uint64_t number(const char *text)
{
	uint64_t value = 0;

	while (*text == ' ' || *text == '\t')
		text++;
	while (*text >= '0' && *text <= '9')
		value = value * 10 + (uint64_t)(*text++ - '0');
	return value;
}

uint64_t procfs_number(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (strncmp(line, key, length) == 0 &&
		    (line[length] == ':' || line[length] == ' '))
			return number(line + length + 1);
	}
	return 0;
}

uint64_t procfs_kb(const char *text, const char *key)
{
	return procfs_number(text, key) * 1024;
}

uint64_t procfs_lines(const char *path)
{
	char part[4096];
	uint64_t lines = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	while ((n = read(fd, part, sizeof(part))) > 0)
		for (ssize_t i = 0; i < n; i++)
			lines += part[i] == '\n';
	close(fd);
	return lines;
}

uint64_t procfs_runqueue_delay(const char *path)
{
	char text[128];
	const char *space;

	if (!procfs_read(path, text, sizeof(text)))
		return 0;
	space = strchr(text, ' ');
	return space ? number(space) : 0;
}

uint64_t procfs_memory_installed(void)
{
	char text[4096];
	uint64_t total, limit;

	procfs_read("/proc/meminfo", text, sizeof(text));
	total = procfs_kb(text, "MemTotal");
	procfs_read("/sys/fs/cgroup/memory.max", text, sizeof(text));
	limit = number(text);
	return limit && limit < total ? limit : total;
}

uint64_t procfs_memory_available(void)
{
	char text[4096];
	uint64_t available, limit, used;

	procfs_read("/proc/meminfo", text, sizeof(text));
	available = procfs_kb(text, "MemAvailable");
	/* Inside a container the limit stands at the root of the mount; "max" reads as 0. */
	if (!procfs_read("/sys/fs/cgroup/memory.max", text, sizeof(text)))
		return available;
	limit = number(text);
	if (!limit || !procfs_read("/sys/fs/cgroup/memory.current", text, sizeof(text)))
		return available;
	used = number(text);
	if (limit < used + available)
		return limit > used ? limit - used : 0;
	return available;
}
