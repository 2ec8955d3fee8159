#include "harness/base/paths.h"

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/message.h"

/* The value of a line "NAME = value" of the build tree's Makefile.  Asking it at
 * run time keeps the build's folders out of the installed binary. */
static char *makefile_value(const char *folder, const char *name)
{
	char *path = text_format("%s/Makefile", folder), *text = file_read(path), *value = NULL;
	size_t length = strlen(name);

	free(path);
	for (char *line = text; line && *line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (strncmp(line, name, length) == 0 && strncmp(line + length, " = ", 3) == 0) {
			line += length + 3;
			value = text_format("%.*s", (int)strcspn(line, "\n"), line);
			break;
		}
	}
	free(text);
	return value;
}

/* First line that a command prints; NULL when it fails. */
static char *first_line(const char *command)
{
	FILE *out = popen(command, "re");
	char line[256] = "";

	if (!out)
		return NULL;
	if (!fgets(line, sizeof(line), out))
		line[0] = '\0';
	while (fgetc(out) != EOF)
		;
	if (pclose(out) != 0 || line[0] == '\0' || line[0] == '\n')
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	return text_format("%s", line);
}

static char *find_revision(const char *source)
{
	char *quoted, *command, *commit, *changed, *revision;

	/* A path with a quote in it is left to the version number. */
	if (!source || strchr(source, '\''))
		return text_format("%s", PACKAGE_VERSION);
	quoted = text_format("git -C '%s'", source);
	command = text_format("%s rev-parse --short=10 HEAD 2>/dev/null", quoted);
	commit = first_line(command);
	free(command);
	command = text_format("%s status --porcelain --untracked-files=no 2>/dev/null", quoted);
	changed = first_line(command);
	free(command);
	free(quoted);
	revision = commit ? text_format("%s%s", commit, changed ? "-dirty" : "")
			  : text_format("%s", PACKAGE_VERSION);
	free(commit);
	free(changed);
	return revision;
}

/* Where `configured`, one of configure's folders, is, seen from the folder of the executable:
 * with BINDIR /usr/local/bin an executable in /opt/x/bin has /usr/local/lib/ashlar in
 * /opt/x/lib/ashlar.  What is not there is where configure said. */
static char *installed(const char *own, const char *configured)
{
	size_t common = 0, tail, length = strlen(own);
	char *path;

	for (size_t i = 0; BINDIR[i] && BINDIR[i] == configured[i]; i++)
		if (BINDIR[i] == '/')
			common = i;
	tail = strlen(BINDIR) - common;
	if (length >= tail && strcmp(own + length - tail, &BINDIR[common]) == 0) {
		path = text_format("%.*s%s", (int)(length - tail), own, configured + common);
		if (file_exists(path))
			return path;
		free(path);
	}
	return text_format("%s", configured);
}

/* The end `tail` of a folder's name is taken away. */
static void leave(char *folder, const char *tail)
{
	size_t length = strlen(folder), end = strlen(tail);

	if (length > end && strcmp(folder + length - end, tail) == 0)
		folder[length - end] = '\0';
}

/* By the XDG Base Directory Specification: a path that is not absolute is ignored. */
static char *find_cache(void)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	const struct passwd *user;

	if (cache && *cache == '/')
		return text_format("%s/ashlar-bench", cache);
	if (!home || *home != '/') {
		user = getpwuid(getuid());
		home = user && user->pw_dir && *user->pw_dir == '/' ? user->pw_dir
								    : "/nonexistent";
	}
	return text_format("%s/.cache/ashlar-bench", home);
}

const struct paths *paths_find(void)
{
	static struct paths paths;
	char self[PATH_MAX], *folder, *slash;
	ssize_t n;

	if (paths.self)
		return &paths;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0) {
		complain("/proc/self/exe cannot be read: is /proc mounted?");
		exit(STATUS_FAILED);
	}
	self[n] = '\0';
	paths.self = text_format("%s", self);
	folder = text_format("%s", self);
	slash = strrchr(folder, '/');
	*slash = '\0';
	/* libtool may have left the real binary in .libs and a script beside it; programs of
	 * the tests lie two folders down. */
	leave(folder, "/.libs");
	paths.source = makefile_value(folder, "abs_top_srcdir");
	if (!paths.source) {
		char *below = text_format("%s", folder);

		leave(below, "/harness/test");
		paths.source = makefile_value(below, "abs_top_srcdir");
		if (paths.source)
			strcpy(folder, below);
		free(below);
	}
	paths.build_tree = paths.source != NULL;
	if (paths.build_tree) {
		paths.worker = text_format("%s/ashlar-work", folder);
		paths.libraries[0] = text_format("%s/.libs", folder);
		paths.fastpath = text_format("%s/allocator/test/golden/fastpath", folder);
		paths.fastpath_counts =
			text_format("%s/allocator/test/golden/fastpath.sh", paths.source);
		paths.contenders = text_format("%s/harness/contenders", paths.source);
		paths.traces = text_format("%s/workloads/traces", paths.source);
		paths.plots = text_format("%s/plots", paths.source);
		paths.results = text_format("%s/results", folder);
	} else {
		paths.worker = installed(folder, PKGLIBEXECDIR "/ashlar-work");
		paths.fastpath = installed(folder, PKGLIBEXECDIR "/fastpath");
		paths.fastpath_counts = installed(folder, PKGLIBEXECDIR "/fastpath.sh");
		paths.libraries[0] = installed(folder, PKGLIBDIR);
		paths.libraries[1] = installed(folder, LIBDIR);
		paths.contenders = installed(folder, PKGDATADIR "/contenders");
		paths.traces = installed(folder, PKGDATADIR "/traces");
		paths.plots = installed(folder, PKGDATADIR "/plots");
		paths.results = text_format("results");
	}
	paths.cache = find_cache();
	paths.fetched = text_format("%s/contenders", paths.cache);
	paths.worlds = text_format("%s/worlds", paths.cache);
	paths.probe = text_format("%s/libashlar-probe.so", paths.libraries[0]);
	paths.still = text_format("%s/libashlar-still.so", paths.libraries[0]);
	paths.revision = find_revision(paths.source);
	free(folder);
	return &paths;
}

char *paths_find_program(const char *name)
{
	const char *folder = getenv("PATH");

	if (!folder || !*folder)
		folder = "/usr/local/bin:/usr/bin:/bin";
	for (;; folder++) {
		size_t length = strcspn(folder, ":");
		char *path = text_format("%.*s/%s", (int)length, folder, name);

		if (length > 0 && access(path, X_OK) == 0)
			return path;
		free(path);
		folder += length;
		if (!*folder)
			return NULL;
	}
}
