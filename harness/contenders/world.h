/* A world: a C library and other libraries of another suite, unpacked beside those of this
 * system and never installed.  What is to stand on them is started by the loader that came
 * along, so that the newest contenders, which need a newer C library, and all others are
 * measured on one and the same.
 *
 * The system's own world has no object here: a null pointer.  It is called WORLD_SYSTEM. */
#ifndef HARNESS_WORLD_H
#define HARNESS_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#define WORLD_SYSTEM "stable"
#define WORLD_WORDS 9      /* that world_start() makes at most, with the NULL */
#define WORLD_PACKAGES 256 /* of one world at most */

struct world {
	char *name;      /* of its suite */
	char *folder;    /* ROOT/usr and so on are below it, files about it in it */
	char *loader;    /* its dynamic loader */
	char *libraries; /* folders for the loader, separated by colons */
	char *libc;      /* its libc.so.6 */
	char *version;   /* "libc6 2.43-7" */
	char *packages[WORLD_PACKAGES]; /* "name version suite sha256" */
	int npackages;
};

/* Finds one that `ashlar-bench fetch --world NAME` left in the folder of worlds.  Returns 0, or
 * -1 with `why` filled. */
int world_open(struct world *world, const char *folder_of_worlds, const char *name, char *why,
	       size_t why_size);
void world_close(struct world *world);

/* In a line: what it holds, or why there is none and what brings one.  True: it is there.  Free
 * the text. */
bool world_told(const char *folder_of_worlds, const char *name, char **text);

/* Looks into an unpacked folder whether it is one: sets all but name and packages. */
int world_examine(struct world *world, const char *folder, char *why, size_t why_size);

/* A file that the loader finds by this name in the world, or that lies anywhere in it; NULL
 * when there is none.  Free it. */
char *world_find(const struct world *world, const char *file);

/* "name version" of the world's package among these alternatives, on the heap; NULL: none. */
char *world_package(const struct world *world, const char *alternatives);

/* Why a contender was left out when the world was fetched, or "". */
const char *world_refusal(const struct world *world, const char *contender, char *line,
			  size_t size);

/* The words that start a program in the world: they end with the program's path, behind which
 * its arguments go.  `preload` are libraries separated by colons (NULL = none), `argv0` what
 * the program sees as its own name (NULL = its path).  The strings are the world's and the
 * caller's. Returns their number; a NULL follows. */
int world_start(const struct world *world, const char *preload, const char *argv0,
		const char *program, const char *words[WORLD_WORDS]);

/* Can the world's loader start this file?  Scripts, programs without a loader and those of
 * another architecture it cannot.  Returns 0, or -1 with `why` filled. */
int world_takes(const struct world *world, const char *program, char *why, size_t why_size);

#endif
