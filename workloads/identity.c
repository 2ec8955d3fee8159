#include "workloads/identity.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Weak, because dlsym() of a name that does not exist allocates its error message. */
extern int mallctl(const char *, void *, size_t *, void *, size_t) __attribute__((weak));
extern int mi_version(void) __attribute__((weak));
extern const char *tc_version(int *, int *, const char **) __attribute__((weak));
extern const char *ashlar_version(void) __attribute__((weak));

/* Of one line of maps: "from-to perms offset dev inode   path". */
static bool line_covers(const char *line, uintptr_t address)
{
	uintptr_t bound[2] = { 0, 0 };

	for (int i = 0; i < 2; i++, line++)
		for (; *line && *line != '-' && *line != ' '; line++)
			bound[i] = bound[i] << 4 |
				   (uintptr_t)(*line <= '9' ? *line - '0' : *line - 'a' + 10);
	return address >= bound[0] && address < bound[1];
}

int identity_file_of(const void *address, char *path, size_t size)
{
	char text[8192];
	size_t used = 0;
	ssize_t n;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	path[0] = '\0';
	if (fd < 0)
		return -1;
	/* A line has at most PATH_MAX and some characters: a whole one always fits. */
	while ((n = read(fd, text + used, sizeof(text) - 1 - used)) > 0) {
		char *line = text, *end;

		used += (size_t)n;
		text[used] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			const char *file;

			*end = '\0';
			if (!line_covers(line, (uintptr_t)address))
				continue;
			close(fd);
			file = strchr(line, '/');
			if (!file || strlen(file) >= size)
				return -1;
			strcpy(path, file);
			return 0;
		}
		used -= (size_t)(line - text);
		memmove(text, line, used);
	}
	close(fd);
	return -1;
}

static bool lies_in(const void *function, const char *file)
{
	char path[4096];

	return function && identity_file_of(function, path, sizeof(path)) == 0 &&
	       strcmp(path, file) == 0;
}

static const void *address_of(const char *name)
{
	return dlsym(RTLD_DEFAULT, name);
}

/* A function's address as data; ISO C has no cast for it, POSIX does. */
#define CODE(function) ((const void *)(uintptr_t)(function))

static void take_version(const char *file, char *version, size_t size)
{
	const char *text = NULL;
	const void *libc_version;

	if (lies_in(CODE(ashlar_version), file)) {
		text = ashlar_version();
	} else if (lies_in(CODE(mi_version), file)) {
		int v = mi_version();

		/* One digit each for minor and patch, two each in newer releases. */
		if (v >= 10000)
			snprintf(version, size, "%d.%d.%d", v / 10000, v / 100 % 100, v % 100);
		else
			snprintf(version, size, "%d.%d.%d", v / 100, v / 10 % 10, v % 10);
		return;
	} else if (lies_in(CODE(tc_version), file)) {
		int major, minor;
		const char *patch = "";

		text = tc_version(&major, &minor, &patch);
	} else if (lies_in(CODE(mallctl), file)) {
		size_t length = sizeof(text);

		if (mallctl("version", &text, &length, NULL, 0) != 0)
			text = NULL;
	} else if (lies_in(libc_version = address_of("gnu_get_libc_version"), file)) {
		text = ((const char *(*)(void))(uintptr_t)libc_version)();
	}
	snprintf(version, size, "%s", text ? text : "");
}

void identity_take(char *malloc_file, size_t malloc_file_size, char *usable_size_file,
		   size_t usable_size_file_size, char *version, size_t version_size)
{
	version[0] = '\0';
	if (identity_file_of(address_of("malloc"), malloc_file, malloc_file_size) == 0)
		take_version(malloc_file, version, version_size);
	identity_file_of(address_of("malloc_usable_size"), usable_size_file, usable_size_file_size);
}
