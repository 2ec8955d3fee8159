/* Where the bench's other parts lie: beside it in a build tree; else as `make install` put
 * them, seen from the executable itself, so that an installed copy may be moved or unpacked
 * anywhere. */
#ifndef HARNESS_PATHS_H
#define HARNESS_PATHS_H

#include <stdbool.h>

struct paths {
	bool build_tree;       /* run from one, not installed */
	char *self;            /* the executable itself */
	char *source;          /* of the source tree; NULL when installed */
	char *worker;          /* ashlar-work */
	char *probe;           /* libashlar-probe.so */
	char *still;           /* libashlar-still.so */
	char *fastpath;        /* program that calls the fast paths of libashlar... */
	char *fastpath_counts; /* ...and the script that counts what they cost */
	char *libraries[3];    /* folders that hold libraries of this package; ends with NULL */
	char *contenders;      /* folder of contender files */
	char *traces;          /* folder of shipped traces */
	char *plots;           /* folder of the scripts that draw */
	char *cache;    /* the user's, of what is fetched: $XDG_CACHE_HOME/ashlar-bench */
	char *fetched;  /* folder of contenders that no installed package holds */
	char *worlds;   /* folder of worlds */
	char *results;  /* default folder of run sets */
	char *revision; /* of the source: commit, with "-dirty", or the package's version */
};

/* Finds them once; the same answer to every later call.  Ends the program when
 * its own executable cannot be named. */
const struct paths *paths_find(void);

/* Full path of a program in the PATH; NULL when there is none.  Free it. */
char *paths_find_program(const char *name);

#endif
