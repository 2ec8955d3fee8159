/* Whether a library can be preloaded into a program at all. */
#ifndef HARNESS_PRELOADABLE_H
#define HARNESS_PRELOADABLE_H

#include <stddef.h>

/* Looks at the program's file.  Returns 0, or -1 with `why` where ld.so(8) preloads nothing: it
 * is linked statically, of 32 bits, or setuid or setgid.  A file that cannot be read or is a
 * script gets 0: what is not known is no reason. */
int preloadable(const char *path, char *why, size_t why_size);

#endif
