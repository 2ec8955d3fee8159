#include "harness/contenders/world.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/contenders/packages.h"
#include "harness/contenders/search.h"

/* The path of a program's loader as the program names it, in `path`.  Returns 1; 0 when it has
 * none; -1 with `why` when the file cannot be read or is no such program. */
static int interpreter_of(const char *program, char *path, size_t size, char *why,
			  size_t why_size)
{
	ElfW(Ehdr) header;
	ElfW(Phdr) part;
	int fd = open(program, O_RDONLY | O_CLOEXEC), result = 0;
	ssize_t n;

	if (fd < 0)
		return because(why, why_size, "%s: %s", program, strerror(errno));
	n = pread(fd, &header, sizeof(header), 0);
	if (n >= 2 && memcmp(&header, "#!", 2) == 0) {
		close(fd);
		return because(why, why_size,
			       "%s is a script: the program that reads it would be started by "
			       "the system's own loader",
			       program);
	}
	if (n != (ssize_t)sizeof(header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)) {
		close(fd);
		return because(why, why_size, "%s is no program of this architecture", program);
	}
	for (int i = 0; i < header.e_phnum && result == 0; i++) {
		off_t at = (off_t)(header.e_phoff + (size_t)i * header.e_phentsize);

		if (pread(fd, &part, sizeof(part), at) != (ssize_t)sizeof(part))
			break;
		if (part.p_type != PT_INTERP || part.p_filesz >= size)
			continue;
		n = pread(fd, path, part.p_filesz, (off_t)part.p_offset);
		path[n > 0 ? n : 0] = '\0';
		result = 1;
	}
	close(fd);
	return result;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int world_examine(struct world *w, const char *folder, char *why, size_t why_size)
{
	char interpreter[PATH_MAX], *merged, *libc;
	int found = interpreter_of("/proc/self/exe", interpreter, sizeof(interpreter), why,
				   why_size);

	memset(w, 0, sizeof(*w));
	if (found < 0)
		return -1;
	if (found == 0)
		return because(why, why_size,
			       "this bench is linked statically: it knows no "
			       "loader");
	w->folder = text_format("%s", folder);
	w->loader = search_below(folder, base_name(interpreter), true);
	if (!w->loader) {
		because(why, why_size, "%s holds no loader %s", folder, base_name(interpreter));
		world_close(w);
		return -1;
	}
	w->libraries =
		text_format("%.*s", (int)(base_name(w->loader) - w->loader - 1), w->loader);
	libc = text_format("%s/libc.so.6", w->libraries);
	/* Before /lib became a part of /usr, the C library lay in the one, others in the other.
	 */
	merged = strstr(w->libraries + strlen(folder), "/usr/")
			 ? NULL
			 : text_format("%s/usr%s", folder, w->libraries + strlen(folder));
	if (merged)
		text_append(&w->libraries, ":%s", merged);
	free(merged);
	w->libc = libc;
	if (file_exists(libc) && !strchr(folder, ':'))
		return 0;
	because(why, why_size,
		strchr(folder, ':') ? "%s: a path with a colon is not understood"
				      " by the loader"
				    : "%s holds no libc.so.6 beside its loader",
		folder);
	world_close(w);
	return -1;
}

int world_open(struct world *w, const char *worlds, const char *name, char *why,
	       size_t why_size)
{
	char *folder = text_format("%s/%s", worlds, name), *list, *text, *at;

	if (strchr(name, '/') || !*name || *name == '.') {
		free(folder);
		return because(why, why_size, "'%s' is no name of a world", name);
	}
	list = text_format("%s/packages", folder);
	text = file_read(list);
	free(list);
	if (!text) {
		memset(w, 0, sizeof(*w));
		free(folder);
		return because(why, why_size,
			       "the world '%s' is not here: `ashlar-bench fetch --world %s` "
			       "unpacks it below %s",
			       name, name, worlds);
	}
	if (world_examine(w, folder, why, why_size) < 0) {
		free(folder);
		free(text);
		return -1;
	}
	free(folder);
	w->name = text_format("%s", name);
	for (char *line = strtok_r(text, "\n", &at); line && w->npackages < WORLD_PACKAGES;
	     line = strtok_r(NULL, "\n", &at))
		w->packages[w->npackages++] = text_format("%s", line);
	free(text);
	w->version = world_package(w, "libc6 libc6.1");
	if (w->version)
		return 0;
	world_close(w);
	return because(why, why_size, "the world '%s' in %s does not say which libc6 it has",
		       name, worlds);
}

void world_close(struct world *w)
{
	free(w->name);
	free(w->folder);
	free(w->loader);
	free(w->libraries);
	free(w->libc);
	free(w->version);
	for (int i = 0; i < w->npackages; i++)
		free(w->packages[i]);
	memset(w, 0, sizeof(*w));
}

bool world_told(const char *folder_of_worlds, const char *name, char **text)
{
	struct world world;
	char why[512];

	if (world_open(&world, folder_of_worlds, name, why, sizeof(why)) < 0) {
		*text = text_format("%s", why);
		return false;
	}
	*text = text_format("%s and %d packages in %s", world.version, world.npackages - 1,
			    world.folder);
	world_close(&world);
	return true;
}

char *world_find(const struct world *w, const char *file)
{
	for (const char *p = w->libraries; *p;) {
		size_t length = strcspn(p, ":");
		char *path = text_format("%.*s/%s", (int)length, p, file);

		if (file_exists(path))
			return path;
		free(path);
		p += length + (p[length] == ':');
	}
	return search_below(w->folder, file, false);
}

char *world_package(const struct world *w, const char *alternatives)
{
	for (int i = 0; i < w->npackages && alternatives; i++) {
		const char *line = w->packages[i];
		size_t name = strcspn(line, " "), version = name + strspn(line + name, " ");
		char *text = text_format("%.*s", (int)name, line);
		bool matches = package_is_one_of(text, alternatives);

		free(text);
		if (matches) {
			version += strcspn(line + version, " ");
			return text_format("%.*s", (int)version, line);
		}
	}
	return NULL;
}

const char *world_refusal(const struct world *w, const char *contender, char *line, size_t size)
{
	char *path = text_format("%s/refused", w->folder), *text = file_read(path), *at;

	*line = '\0';
	for (char *l = text ? strtok_r(text, "\n", &at) : NULL; l;
	     l = strtok_r(NULL, "\n", &at)) {
		size_t length = strlen(contender);

		if (strncmp(l, contender, length) == 0 && strncmp(l + length, ": ", 2) == 0)
			snprintf(line, size, "%s", l + length + 2);
	}
	free(text);
	free(path);
	return line;
}

int world_start(const struct world *w, const char *preload, const char *argv0,
		const char *program, const char *words[WORLD_WORDS])
{
	int n = 0;

	words[n++] = w->loader;
	if (argv0) {
		words[n++] = "--argv0";
		words[n++] = argv0;
	}
	words[n++] = "--library-path";
	words[n++] = w->libraries;
	if (preload) {
		words[n++] = "--preload";
		words[n++] = preload;
	}
	words[n++] = program;
	words[n] = NULL;
	return n;
}

int world_takes(const struct world *w, const char *program, char *why, size_t why_size)
{
	char interpreter[PATH_MAX];
	int found = interpreter_of(program, interpreter, sizeof(interpreter), why, why_size);

	if (found < 0)
		return -1;
	if (found == 0)
		return because(why, why_size,
			       "%s is linked statically: it takes no other C library", program);
	if (strcmp(base_name(interpreter), base_name(w->loader)) != 0)
		return because(why, why_size, "%s wants the loader %s, the world has %s",
			       program, base_name(interpreter), base_name(w->loader));
	return 0;
}
