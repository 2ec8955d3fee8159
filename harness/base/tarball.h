/* Many small files in one: a tar archive, packed as one zstd frame with a checksum.  Any
 * `tar --zstd` opens what is written here, and what it packs can be read here.  Archives are
 * read whole and checked whole: nothing is taken out of one that is damaged. */
#ifndef HARNESS_TARBALL_H
#define HARNESS_TARBALL_H

#include <stddef.h>

struct tarball_file {
	char *name; /* as in the archive: relative, with slashes */
	char *data; /* size bytes */
	size_t size;
};

struct tarball {
	struct tarball_file *files; /* sorted by name, each name once */
	size_t count;
};

/* An archive that holds more than this is refused, so that a small damaged or hostile file
 * cannot fill the memory. */
#define TARBALL_MOST ((size_t)1 << 30)

/* Reads the file `path`.  Returns 0, or -1 with `why`: it cannot be read, is cut short or
 * damaged, holds a name that leaves its folder, something that is no regular file (folders
 * are passed over), or a name twice.  Free with tarball_free. */
int tarball_read(struct tarball *t, const char *path, char *why, size_t why_size);

/* Replaces the file `path` in one step.  The same files give the same bytes (of the same
 * version of libzstd): names are sorted, and times, owners and modes are not kept.  Returns 0,
 * or -1 with `why`. */
int tarball_write(struct tarball *t, const char *path, char *why, size_t why_size);

/* Adds a file, with copies of name and bytes; for tarball_write, which sorts. */
void tarball_add(struct tarball *t, const char *name, const void *data, size_t size);

/* The file of that name in what was read, or null. */
const struct tarball_file *tarball_find(const struct tarball *t, const char *name);

void tarball_free(struct tarball *t);

#endif
