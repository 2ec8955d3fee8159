/* ashlar-run: starts a command with the library preloaded. */
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/output.h"
#include "tools/target.h"

const char *argp_program_version = "ashlar-run " PACKAGE_VERSION;

enum { FAILED = 125 }; /* of ashlar-run itself, as of env(1) */

static const char doc[] =
	"Runs COMMAND with libashlar preloaded, the one that lies beside this program or in "
	"its "
	"lib folder.\v"
	"What LD_PRELOAD and ASHLAR_CONF hold already stays, behind the library and before "
	"STRING.\n"
	"\n"
	"Exit status: that of COMMAND; 127 where it is not found, 126 where it cannot be run "
	"or "
	"the library cannot be loaded into it (a static program, one for another machine or C "
	"library, raised privileges), 125 where the fault is ashlar-run's.";

enum { OPTION_CONF = 256, OPTION_LIBRARY, OPTION_EXCLUDE_LIST };

static const struct argp_option options[] = {
	{"conf", OPTION_CONF, "STRING", 0,
	 "options of the library, key:value,key:value; see ashlar(3)", 0},
	{"library", OPTION_LIBRARY, NULL, 0, "only print the library's path", 0},
	{"exclude-list", OPTION_EXCLUDE_LIST, NULL, 0,
	 "only print the path of the list of excluded programs", 0},
	{0},
};

struct request {
	const char *conf;
	int print; /* one of the options that only print */
	char **command;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct request *r = state->input;

	switch (key) {
	case OPTION_CONF:
		r->conf = argument;
		return 0;
	case OPTION_LIBRARY:
	case OPTION_EXCLUDE_LIST:
		r->print = key;
		return 0;
	case ARGP_KEY_ARGS:
		r->command = state->argv + state->next;
		return 0;
	case ARGP_KEY_END:
		if (r->print == 0 && r->command == NULL)
			argp_error(state, "a command is wanted");
		if (r->print != 0 && r->command != NULL)
			argp_error(state, "%s: no command is wanted", r->command[0]);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* From one folder that configure chose to the other: bin to lib, say, is ../lib. */
static char *way(const char *from, const char *to)
{
	size_t same = 0;
	char *text = strdup(""), *longer;

	for (size_t i = 0; from[i] == to[i] || from[i] == '\0' || to[i] == '\0'; i++) {
		if ((from[i] == '/' || from[i] == '\0') && (to[i] == '/' || to[i] == '\0'))
			same = i;
		if (from[i] == '\0' || to[i] == '\0')
			break;
	}
	for (const char *f = from + same; text != NULL && *f != '\0'; f++) {
		if (*f != '/')
			continue;
		if (asprintf(&longer, "../%s", text) < 0)
			longer = NULL;
		free(text);
		text = longer;
	}
	if (text == NULL || asprintf(&longer, "%s%s", text, to + same + (to[same] == '/')) < 0)
		longer = NULL;
	free(text);
	return longer;
}

/* DIRECTORY/PLACE/the library, without links and .. in the folder's path; NULL where there is
 * none. */
static char *library_in(const char *directory, const char *place)
{
	char *folder = NULL, *real = NULL, *path = NULL;

	if (place != NULL && asprintf(&folder, "%s/%s", directory, place) < 0)
		folder = NULL;
	if (folder != NULL)
		real = realpath(folder, NULL);
	if (real != NULL && asprintf(&path, "%s/%s", real, ASH_LIBRARY) < 0)
		path = NULL;
	if (path != NULL && access(path, R_OK) != 0) {
		free(path);
		path = NULL;
	}
	free(real);
	free(folder);
	return path;
}

/* Beside this program, or where it was installed in relation to it, wherever both were moved.
 */
static char *find_library(void)
{
	char self[4096], *path = NULL, *installed = way(ASH_BINDIR, ASH_LIBDIR), *slash;
	const char *places[] = {".", ".libs", installed, "../lib"};
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0) {
		fprintf(stderr, "ashlar-run: /proc/self/exe: %s\n", strerror(errno));
		free(installed);
		return NULL;
	}
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash != NULL)
		*slash = '\0';
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]) && path == NULL; i++)
		path = library_in(self, places[i]);
	if (path == NULL)
		fprintf(stderr,
			"ashlar-run: there is no " ASH_LIBRARY " in %s, %s/%s or %s/../lib\n",
			self, self, installed != NULL ? installed : ".", self);
	else if (strpbrk(path, " \t:$") != NULL) {
		fprintf(stderr,
			"ashlar-run: %s: the loader takes no path with a blank, a colon or a "
			"$\n",
			path);
		free(path);
		path = NULL;
	}
	free(installed);
	return path;
}

/* NAME=first, separator, second of the environment; false after a message. */
static bool join(const char *name, const char *first, char separator, const char *second)
{
	char *both;
	bool good;

	if (first == NULL || first[0] == '\0')
		first = second;
	else if (second != NULL && second[0] != '\0') {
		good = asprintf(&both, "%s%c%s", first, separator, second) >= 0;
		good = good && setenv(name, both, 1) == 0;
		if (good)
			free(both);
		else
			fprintf(stderr, "ashlar-run: %s: %s\n", name, strerror(ENOMEM));
		return good;
	}
	if (first == NULL || setenv(name, first, 1) == 0)
		return true;
	fprintf(stderr, "ashlar-run: %s: %s\n", name, strerror(errno));
	return false;
}

/* Whether the list, kept apart by blanks or colons, has that entry. */
static bool has(const char *list, const char *entry)
{
	size_t n = strlen(entry);

	while (list != NULL && *list != '\0') {
		size_t length = strcspn(list, " \t:");

		if (length == n && strncmp(list, entry, n) == 0)
			return true;
		list += length + (list[length] != '\0');
	}
	return false;
}

/* Returns where it could not be started: the exit status, after a message. */
static int start(const char *path, char **command)
{
	int error;

	execv(path, command);
	error = errno;
	if (error == ENOEXEC) { /* text without a first line that names an interpreter */
		char **words = command, **more;
		size_t n = 0;

		while (words[n] != NULL)
			n++;
		more = calloc(n + 2, sizeof(*more));
		if (more != NULL) {
			more[0] = command[0];
			more[1] = (char *)path;
			memcpy(more + 2, words + 1, n * sizeof(*more));
			execv("/bin/sh", more);
			error = errno;
		}
		free(more);
	}
	fprintf(stderr, "ashlar-run: %s: %s\n", path, strerror(error));
	return error == ENOENT ? TARGET_NOT_FOUND : TARGET_REFUSED;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {options, parse, "COMMAND [ARGUMENT...]", doc, NULL,
					 NULL,    NULL};
	struct request r = {0};
	char *library, *path, why[512];
	int status;

	output_check_at_exit("ashlar-run", FAILED);
	argp_err_exit_status = FAILED;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &r);
	if (r.print == OPTION_EXCLUDE_LIST) {
		puts(ASH_SYSCONFDIR "/ashlar/exclude");
		return EXIT_SUCCESS;
	}
	library = find_library();
	if (library == NULL)
		return FAILED;
	if (r.print == OPTION_LIBRARY) {
		puts(library);
		return EXIT_SUCCESS;
	}
	path = target_find(r.command[0], &status);
	if (path == NULL)
		return status;
	if (!target_takes_preload(path, why, sizeof(why))) {
		fprintf(stderr, "ashlar-run: %s: %s\n", path, why);
		return TARGET_REFUSED;
	}
	if (!has(getenv("LD_PRELOAD"), library) &&
	    !join("LD_PRELOAD", library, ':', getenv("LD_PRELOAD")))
		return FAILED;
	if (!join("ASHLAR_CONF", getenv("ASHLAR_CONF"), ',', r.conf))
		return FAILED;
	return start(path, r.command);
}
