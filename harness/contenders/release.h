/* When Debian's archive held what a suite has: the date of its Release file, as apt read it
 * last. The archive of that moment is what snapshot.debian.org keeps under that date. */
#ifndef HARNESS_RELEASE_H
#define HARNESS_RELEASE_H

#include <stdbool.h>

#define RELEASE_TEXT 32
#define RELEASE_LISTS "/var/lib/apt/lists" /* of this system's own apt */

/* The name of this system's own release (bookworm); NULL: /etc/os-release has none.  Free it.
 */
char *release_codename(void);

/* The Date of the text of a Release file, signed or not, as 2026-11-28T20:11:05Z.  False, and
 * date is "", where it has none. */
bool release_date_in(const char *text, char date[RELEASE_TEXT]);

/* The newest date of a suite's Release files of Debian in a folder of apt's lists; with `all`
 * also those of what completes it (bookworm-updates, bookworm-security).  False, and date is
 * "", where there is none. */
bool release_date(const char *lists, const char *suite, bool all, char date[RELEASE_TEXT]);

#endif
