/* Which allocators a verb works with that wants them all able to run. */
#ifndef HARNESS_CHOICE_H
#define HARNESS_CHOICE_H

#include "harness/contenders/contender.h"

/* Reads the contenders and leaves those that can run, glibc first: the ones that the arguments
 * of
 * --allocator select, or without any all that reuse memory.  What is named must be able to run;
 * others that cannot are left out with a line that says why.  `verb` begins the messages.
 * Returns STATUS_OK, or another status after its message. */
int contenders_choose(struct contenders *all, const char *verb, const char *const *arguments,
		      int count);

#endif
