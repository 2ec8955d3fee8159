/* Which allocators a verb works with: those that it has by itself, what the user adds to them
 *and takes from them, or only what the user names.
 *
 * An argument of --only or --allocator is a list with commas of
 *
 *	GLOB                            known ones, by name
 *	!GLOB                           these not
 *	NAME=/path/lib.so[,ENV=VALUE…]  another one, with variables for its runs; a name with a
 *	                                small letter behind it begins the next
 *
 * read from left to right.  A backslash guards a comma that is part of a value. */
#ifndef HARNESS_CHOICE_H
#define HARNESS_CHOICE_H

#include "harness/contenders/contender.h"

struct contender_choice {
	const char *const *only; /* arguments of --only: nothing else is measured */
	int nonly;
	const char *const *added; /* of --allocator: beside what is measured anyway */
	int nadded;
};

/* One such argument: marks what it selects, adds what it names, unmarks what it excludes.
 * Returns 0, or -1 with `why` naming what is accepted. */
int contenders_select(struct contenders *all, const char *argument, char *why, size_t why_size);

/* All arguments of a choice, where the verb's own contenders are selected already.  Says on
 * stderr which argument of --allocator changed nothing.  Returns 0, or -1 with `why`: an
 * argument is wrong, or none is left. */
int contenders_pick(struct contenders *all, const struct contender_choice *choice, char *why,
		    size_t why_size);

/* Reads the contenders and leaves those that can run, glibc first: all that reuse memory, as
 * `choice` changes that.  What is named by its path must be able to run; others that cannot are
 * left out with a line that says why.  `verb` begins the messages.
 * Returns STATUS_OK, or another status after its message. */
int contenders_choose(struct contenders *all, const char *verb,
		      const struct contender_choice *choice);

#endif
