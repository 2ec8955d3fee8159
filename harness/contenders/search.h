/* Files by name below a folder. */
#ifndef HARNESS_SEARCH_H
#define HARNESS_SEARCH_H

#include <stdbool.h>

/* The first file of that name below the folder, a plain one (no link) where `plain`; NULL when
 * there is none.  Free it. */
char *search_below(const char *folder, const char *file, bool plain);

#endif
