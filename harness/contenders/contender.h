/* An allocator under test, as the harness knows it: a name, the library that is
 * preloaded, variables, and where it came from.
 *
 * A contender file holds lines "key: value"; '#' begins a comment line.
 *
 *	name     letters, digits and . _ + -
 *	library  /path, a soname that the dynamic loader finds (libjemalloc.so.2) or that
 *	         `ashlar-bench fetch` unpacked, own:FILE (built by this package) or
 *	         fetched:FILE (only what was fetched); {machine} stands for this machine's
 *	         name of its architecture (x86_64)
 *	package  Debian package that holds it, whose version is recorded and which is fetched;
 *	         several names or globs separated by blanks are alternatives; optional
 *	env      NAME=VALUE set for its runs; may be repeated
 *	config   SHORT NAME=VALUE...: the same allocator by another policy, measured as
 *	         "name:SHORT" when it is asked for by that name or a glob with a colon; may be
 *	         repeated
 *	reuses   yes, or no for an allocator that never gives out freed memory again
 *	notes    one line for people
 */
#ifndef HARNESS_CONTENDER_H
#define HARNESS_CONTENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "harness/base/build_id.h"
#include "harness/base/sha256.h"
#include "harness/contenders/release.h"
#include "harness/contenders/world.h"

#define CONTENDER_ENV 16
#define CONTENDER_CONFIGURATIONS 16

struct contender {
	char *name, *library, *package, *notes;
	char *env[CONTENDER_ENV + 1]; /* NAME=VALUE; ends with NULL */
	int nenv;
	char *configurations[CONTENDER_CONFIGURATIONS]; /* values of `config` */
	int nconfigurations;
	bool configuration; /* this is one: measured only when asked for */
	bool reuses;
	bool named; /* given on the command line, so that its absence is the user's error */
	bool selected;

	/* After contender_resolve(): */
	bool usable;
	bool failed;      /* in every sample of a run set */
	char reason[256]; /* why it is not usable, or failed */
	char *path;       /* of the library, without symbolic links */
	char build_id[BUILD_ID_TEXT];
	char *version;             /* of the package, or "" */
	const struct world *world; /* that it runs in; NULL = the system's own */

	/* After contender_note_origin(): */
	char sha256[SHA256_TEXT];        /* of the library's file; "" = it cannot be read */
	char archive_suite[64];          /* of Debian's archive, that it is from, or "" */
	char archive_date[RELEASE_TEXT]; /* when the archive's suite had it, or "" */
};

struct contenders {
	struct contender *list;
	int count;
};

/* Reads one file's text.  Returns 0, or -1 with `why` naming the line. */
int contender_parse(struct contender *contender, const char *text, char *why, size_t why_size);

/* NAME=/path/lib.so[,ENV=VALUE…]; in path and values a backslash takes the next character as it
 * is, a comma above all.  Returns 0, or -1 with `why` filled. */
int contender_parse_argument(struct contender *contender, const char *argument, char *why,
			     size_t why_size);

/* Length of the first item of a list: up to a comma that no backslash guards. */
size_t contender_item(const char *list);

void contender_free(struct contender *contender);

/* All files *.conf of a folder with their configurations, by name, glibc (the reference)
 * first.  Returns 0, or
 * -1 with `why` filled. */
int contenders_read(struct contenders *all, const char *folder, char *why, size_t why_size);

/* Takes over `contender`; one of the same name is replaced. */
void contenders_add(struct contenders *all, struct contender *contender);
struct contender *contenders_find(const struct contenders *all, const char *name);

/* Does a glob of the user's mean this one?  Configurations are meant only by what has a
 * colon. */
bool contender_matches(const struct contender *contender, const char *pattern);

/* Finds the library, reads its build-id and tries whether the dynamic loader takes
 * it here; fills the fields above.  In a world (NULL = the system's own) the libraries of the
 * world come first. */
void contender_resolve_in(struct contender *contender, const struct world *world);
void contender_resolve(struct contender *contender);

/* What somebody else needs to get the same library, as far as it can be told of one that is
 * resolved: the hash of its file; and if it was fetched the suite that it is from with its date
 * of then, if its package is installed this system's own suite with that of apt's last update.
 * What is known of the archive already, and what is not found any more, stays as it was. */
void contender_note_origin(struct contender *contender);

#endif
