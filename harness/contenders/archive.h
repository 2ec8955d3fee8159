/* The Debian archive as this machine's own apt reaches it: suites that are not its own are read
 * and packages downloaded with signatures and hashes checked, in a folder of the user.  The
 * machine's package state is neither read nor changed, nothing is installed, and an ordinary
 * user may do it.  The mirror and the way to it (proxies, for instance) are those of apt's own
 * settings. */
#ifndef HARNESS_ARCHIVE_H
#define HARNESS_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include "harness/contenders/packages.h"
#include "harness/contenders/release.h"

struct archive {
	char *folder;       /* all of it lies below */
	char *architecture; /* dpkg's name of it */
	char *own_suite;    /* this system's own suite */
	char *libc;         /* version of its libc6; "" = not told */
	struct packages packages;
	char *index_list;  /* holds the suites' names */
	char missing[600]; /* suites that could not be read, with reasons; "" = none */
};

/* Finds the mirror, reads the suites (names, ended by NULL; "" stands for this system's own)
 * and fills `packages` with what they offer; a suite that cannot be read is left out and named
 * in `missing`.  Returns 0, or -1 with `why`: there is no apt, no mirror, or no suite at all
 * could be read. */
int archive_open(struct archive *archive, const char *folder, const char *const *suites,
		 char *why, size_t why_size);
void archive_close(struct archive *archive);

/* Of what day a suite is that was read; see release_date. */
bool archive_date(const struct archive *archive, const char *suite, char date[RELEASE_TEXT]);

/* Downloads a package, unless it lies there and has the index's hash, and unpacks it into a
 * folder.  What was downloaded stays, so that an interrupted fetch goes on where it was.
 * Returns 0, or -1 with `why`. */
int archive_unpack(const struct archive *archive, const struct package *package,
		   const char *folder, char *why, size_t why_size);

/* The mirror of a suite in the text of one of apt's source files, of both of their forms
 * (`deb [options] URI suite component...` and stanzas); NULL when it has none.  Free it. */
char *archive_mirror_in(const char *text, const char *suite);

#endif
