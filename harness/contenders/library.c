/* Finding a contender's library, and asking the dynamic loader whether it takes it.
 * The harness never loads one into itself: a second allocator in the process that
 * measures would be no help. */
#include "harness/contenders/contender.h"

#include <dlfcn.h>
#include <errno.h>
#include <ftw.h>
#include <gnu/lib-names.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"

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

static const char *wanted; /* nftw takes no argument for its callback */
static char *seen;

static int compare_entry(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	if (strcmp(path + where->base, wanted) != 0)
		return 0;
	seen = text_format("%s", path);
	return 1;
}

static char *find_below(const char *folder, const char *file)
{
	wanted = file;
	seen = NULL;
	nftw(folder, compare_entry, 16, FTW_PHYS);
	return seen;
}

/* The installed package's version; "" where there is no such package or no dpkg. */
static char *package_version(const char *package)
{
	char *command, line[128] = "";
	FILE *out;

	if (!package ||
	    strspn(package, "abcdefghijklmnopqrstuvwxyz0123456789.+-") != strlen(package))
		return text_format("%s", "");
	command = text_format("dpkg-query -W -f='${Package} ${Version}\n' %s 2>/dev/null",
			      package);
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

static char *find_fetched(struct contender *c, const char *file)
{
	const struct paths *paths = paths_find();
	char *note = text_format("%s/%s.version", paths->fetched, c->name), line[128];
	char *found = find_below(paths->fetched, file);

	if (found) {
		c->version = text_format("%s", file_line(note, line, sizeof(line)));
	} else {
		char *why = text_format("%s/%s.reason", paths->fetched, c->name);

		file_line(why, line, sizeof(line));
		because(c->reason, sizeof(c->reason), "%s is not in %s: %s", file,
			paths->fetched,
			*line ? line : "harness/contenders/fetch-contenders has not been run");
		free(why);
	}
	free(note);
	return found;
}

/* Runs true(1) with it.  The loader does not fail on a library that it cannot
 * preload: it prints a line and goes on without, which is what is looked for. */
static int try_preload(const char *path, char *why, size_t why_size)
{
	char preload[PATH_MAX + 16], name[] = "true", *argv[] = {name, NULL},
				     *envp[] = {preload, NULL};
	char text[2048];
	size_t used = 0;
	int fds[2];
	pid_t pid;

	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", path);
	if (pipe(fds) < 0)
		return because(why, why_size, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		alarm(20); /* a contender that hangs is found by the trials */
		execvpe("true", argv, envp);
		_exit(127);
	}
	close(fds[1]);
	while (used < sizeof(text) - 1) {
		ssize_t n = read(fds[0], text + used, sizeof(text) - 1 - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	text[used] = '\0';
	close(fds[0]);
	if (pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (strstr(text, "cannot be preloaded") || strstr(text, "not found (required by")) {
		text[strcspn(text, "\n")] = '\0';
		return because(why, why_size, "does not load here: %s", text);
	}
	return 0;
}

void contender_resolve(struct contender *c)
{
	char why[PATH_MAX], resolved[PATH_MAX], *path = NULL;

	c->usable = false;
	c->reason[0] = '\0';
	if (c->library[0] == '/') {
		path = text_format("%s", c->library);
	} else if (strncmp(c->library, "own:", 4) == 0) {
		path = find_own(c->library + 4);
		if (!path)
			because(c->reason, sizeof(c->reason),
				"%s is not in %s: not built or not installed", c->library + 4,
				paths_find()->libraries[0]);
	} else if (strncmp(c->library, "fetched:", 8) == 0) {
		path = find_fetched(c, c->library + 8);
	} else {
		path = find_soname(c->library);
		if (!path)
			because(c->reason, sizeof(c->reason), "%s is not installed%s%s",
				c->library, c->package ? "; it is in the package " : "",
				c->package ? c->package : "");
	}
	if (!c->version)
		c->version = strncmp(c->library, "own:", 4) == 0
				     ? text_format("ashlar %s", PACKAGE_VERSION)
				     : package_version(c->package);
	if (!path)
		return;
	if (!realpath(path, resolved)) {
		because(c->reason, sizeof(c->reason), "%s: %s", path, strerror(errno));
	} else if (strpbrk(resolved, ": ")) {
		/* LD_PRELOAD separates by both and knows no escape. */
		because(c->reason, sizeof(c->reason),
			"%s: a path with a blank or colon cannot be preloaded", resolved);
	} else if (build_id_read(resolved, c->build_id, why, sizeof(why)) < 0 &&
		   !strstr(why, "has no build-id")) {
		because(c->reason, sizeof(c->reason), "%s", why);
	} else if (try_preload(resolved, why, sizeof(why)) < 0) {
		because(c->reason, sizeof(c->reason), "%s", why);
	} else {
		c->path = text_format("%s", resolved);
		c->usable = true;
	}
	free(path);
}
