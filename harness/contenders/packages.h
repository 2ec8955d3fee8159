/* What a package index of Debian offers: its packages, their versions and what they need.
 *
 * Source of the formats: Debian Policy, chapters 5 (control files: stanzas of "Key: value", a
 * blank line between two, continued lines begin with a blank) and 7 (relations of packages);
 * the order of versions is that of chapter 5.6.12. */
#ifndef HARNESS_PACKAGES_H
#define HARNESS_PACKAGES_H

#include <stdbool.h>
#include <stddef.h>

struct package {
	const char *name, *version, *architecture, *section; /* "" where the index says none */
	const char *depends, *sha256;
	const char *suite; /* as given to packages_read() */
};

/* Of one or more indexes.  The texts of packages lie in `texts`. */
struct packages {
	struct package *list;
	int count;
	char **texts;
	int ntexts;
};

/* Adds what one index holds; takes over `text`, which must come from malloc().  A stanza
 * without name or version is no package and is left out. */
void packages_read(struct packages *all, char *text, const char *suite);
void packages_free(struct packages *all);

/* Less than, equal to or greater than 0 as `a` is older than, the same as or newer than `b`. */
int package_version_compare(const char *a, const char *b);

/* Is `name` among the alternatives?  They are names or globs, separated by blanks. */
bool package_is_one_of(const char *name, const char *alternatives);

/* The version of libc6 that a package needs at least, in `version`; false when it needs none.
 */
bool package_needs_libc(const struct package *package, char *version, size_t size);

/* Is this version one before a release of its upstream's ("24~rc1-1", not "23-1~bpo13+1")? */
bool package_is_unreleased(const char *version);

/* The greatest version of the alternatives over all indexes (of one suite, unless that is
 * NULL) that runs on the C library of that version ("" = on any), an unreleased one only where
 * there is no other; NULL when there is none, with `why` naming the greatest that was refused,
 * if any. */
const struct package *packages_greatest(const struct packages *all, const char *alternatives,
					const char *suite, const char *libc, char *why,
					size_t why_size);

/* Adds to `names` (count in *count, room for `room`) what the packages in it need, and what
 * that needs, as far as it is of section libs, of this machine's own kind and in `suite`. */
void packages_closure(const struct packages *all, const char *suite,
		      const struct package **chosen, int *count, int room);

#endif
