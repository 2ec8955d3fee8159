/* Finding a contender's library. */
#include "harness/contenders/contender.h"

#include <dlfcn.h>
#include <errno.h>
#include <gnu/lib-names.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/contenders/preload.h"
#include "harness/contenders/search.h"

/* Searches the folders that the loader searches for this process. */
static char *find_soname(const char *soname)
{
	void *libc = dlopen(LIBC_SO, RTLD_LAZY | RTLD_NOLOAD);
	Dl_serinfo size, *folders;
	char *found = NULL;

	if (!libc || dlinfo(libc, RTLD_DI_SERINFOSIZE, &size) < 0)
		return NULL;
	folders = calloc(1, size.dls_size);
	if (folders && dlinfo(libc, RTLD_DI_SERINFOSIZE, folders) == 0 &&
	    dlinfo(libc, RTLD_DI_SERINFO, folders) == 0)
		for (unsigned i = 0; i < folders->dls_cnt && !found; i++) {
			found = text_format("%s/%s", folders->dls_serpath[i].dls_name, soname);
			if (!file_exists(found)) {
				free(found);
				found = NULL;
			}
		}
	free(folders);
	dlclose(libc);
	if (!found) {
		found = text_format("/usr/local/lib/%s", soname);
		if (!file_exists(found)) {
			free(found);
			found = NULL;
		}
	}
	return found;
}

static char *find_own(const char *file)
{
	const struct paths *paths = paths_find();

	for (int i = 0; paths->libraries[i]; i++) {
		char *path = text_format("%s/%s", paths->libraries[i], file);

		if (file_exists(path))
			return path;
		free(path);
	}
	return NULL;
}

/* The installed package's version; "" where there is no such package or no dpkg. */
static char *package_version(const char *packages)
{
	char *command, line[128] = "";
	FILE *out;

	/* Names and globs, both of which dpkg-query knows; a blank separates alternatives. */
	if (!packages || strspn(packages, "abcdefghijklmnopqrstuvwxyz0123456789.+-*?[] ") !=
				 strlen(packages))
		return text_format("%s", "");
	command = text_format("set -f; dpkg-query -W -f='${db:Status-Status} ${Package} "
			      "${Version}\n' %s 2>/dev/null | sed -n 's/^installed //p'",
			      packages);
	out = popen(command, "re");
	free(command);
	if (out) {
		if (!fgets(line, sizeof(line), out))
			line[0] = '\0';
		pclose(out);
	}
	line[strcspn(line, "\n")] = '\0';
	return text_format("%s", line);
}

/* Its folder is the allocator's, which its configurations share. */
static char *fetched_file(const struct contender *c, const char *what)
{
	return text_format("%s/%.*s%s", paths_find()->fetched, (int)strcspn(c->name, ":"),
			   c->name, what);
}

static char *find_fetched(struct contender *c, const char *file)
{
	char *folder = fetched_file(c, ""), *note = fetched_file(c, ".version"), line[160];
	char *found = search_below(folder, file, false);

	if (found) {
		free(c->version);
		c->version = text_format("%s", file_line(note, line, sizeof(line)));
	}
	free(note);
	free(folder);
	return found;
}

/* Why it is not there, where it was looked for and how it can come. */
static void explain_absence(struct contender *c, const char *file, const struct world *world)
{
	char *note = fetched_file(c, ".reason"), line[160];
	int name = (int)strcspn(c->name, ":");
	char *base = text_format("%.*s", name, c->name);

	if (world)
		world_refusal(world, base, line, sizeof(line));
	else
		file_line(note, line, sizeof(line));
	if (*line)
		because(c->reason, sizeof(c->reason), "%s is not here: %s", file, line);
	else if (world)
		because(c->reason, sizeof(c->reason),
			"%s is neither in the world %s nor in this "
			"system",
			file, world->name);
	else if (c->package)
		because(c->reason, sizeof(c->reason),
			"%s is not installed: it is in the package %s; `ashlar-bench fetch %s` "
			"gets "
			"it",
			file, c->package, base);
	else
		because(c->reason, sizeof(c->reason), "%s is not installed", file);
	free(base);
	free(note);
}

/* {machine} in a file's name. */
static char *with_machine(const char *file)
{
	static const char mark[] = "{machine}";
	const char *at = strstr(file, mark);
	struct utsname system;

	if (!at || uname(&system) < 0)
		return text_format("%s", file);
	return text_format("%.*s%s%s", (int)(at - file), file, system.machine,
			   at + sizeof(mark) - 1);
}

/* Of a library that is named by its file alone: in the world, then in this system (which
 * runs on a newer C library as well), then among what was fetched. */
static char *find_named(struct contender *c, const struct world *world)
{
	bool fetched_only = strncmp(c->library, "fetched:", 8) == 0;
	char *file = with_machine(c->library + (fetched_only ? 8 : 0));
	char *path = world ? world_find(world, file) : NULL;

	if (path)
		c->version = world_package(world, c->package);
	if (!path && !fetched_only) {
		path = find_soname(file);
		if (path)
			c->version = package_version(c->package);
	}
	if (!path)
		path = find_fetched(c, file);
	if (!path)
		explain_absence(c, file, world);
	free(file);
	return path;
}

void contender_resolve_in(struct contender *c, const struct world *world)
{
	char why[PATH_MAX], resolved[PATH_MAX], *path = NULL;

	c->usable = false;
	c->reason[0] = '\0';
	c->world = world;
	free(c->version);
	c->version = NULL;
	if (c->library[0] == '/') {
		path = text_format("%s", c->library);
		c->version = package_version(c->package);
	} else if (strncmp(c->library, "own:", 4) == 0) {
		path = find_own(c->library + 4);
		c->version = text_format("ashlar %s", PACKAGE_VERSION);
		if (!path)
			because(c->reason, sizeof(c->reason),
				"%s is not in %s: not built or not installed", c->library + 4,
				paths_find()->libraries[0]);
	} else {
		path = find_named(c, world);
	}
	if (!c->version)
		c->version = text_format("%s", "");
	if (!path)
		return;
	if (!realpath(path, resolved)) {
		because(c->reason, sizeof(c->reason), "%s: %s", path, strerror(errno));
	} else if (strpbrk(resolved, ": ")) {
		/* The list of what is preloaded is separated by both and knows no escape. */
		because(c->reason, sizeof(c->reason),
			"%s: a path with a blank or colon cannot be preloaded", resolved);
	} else if (build_id_read(resolved, c->build_id, why, sizeof(why)) < 0 &&
		   !strstr(why, "has no build-id")) {
		because(c->reason, sizeof(c->reason), "%s", why);
	} else if (preload_try(resolved, world, why, sizeof(why)) < 0) {
		because(c->reason, sizeof(c->reason), "%s", why);
	} else {
		free(c->path);
		c->path = text_format("%s", resolved);
		c->usable = true;
	}
	free(path);
}

void contender_resolve(struct contender *c)
{
	contender_resolve_in(c, NULL);
}

/* Is its file below a folder? */
static bool lies_in(const struct contender *c, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(c->path, folder, length) == 0 && c->path[length] == '/';
}

/* "SUITE DATE", as fetch_contender left it. */
static void take_note(struct contender *c)
{
	char *note = fetched_file(c, ".archive"), line[160], suite[64], date[RELEASE_TEXT];

	if (sscanf(file_line(note, line, sizeof(line)), "%63s %31s", suite, date) == 2) {
		memcpy(c->archive_suite, suite, sizeof(suite));
		memcpy(c->archive_date, date, sizeof(date));
	}
	free(note);
}

void contender_note_origin(struct contender *c)
{
	char hash[SHA256_TEXT], resolved[PATH_MAX], date[RELEASE_TEXT], *suite;

	if (!c->path)
		return;
	if (sha256_file(c->path, hash) == 0)
		memcpy(c->sha256, hash, sizeof(hash));
	/* The packages of a world have hashes of their own; what is known is of the day when
	 * the set was begun. */
	if (c->world || *c->archive_date)
		return;
	if (realpath(paths_find()->fetched, resolved) && lies_in(c, resolved)) {
		take_note(c);
	} else if (c->package && *c->version) {
		suite = release_codename();
		if (suite && release_date(RELEASE_LISTS, suite, true, date)) {
			snprintf(c->archive_suite, sizeof(c->archive_suite), "%s", suite);
			memcpy(c->archive_date, date, sizeof(date));
		}
		free(suite);
	}
}
