/* Whole small files, and folders that come and go. */
#ifndef HARNESS_FILE_H
#define HARNESS_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* The content as a string on the heap (free it), NULL with errno.  Files of
 * /proc, which state no size, are read to their end. */
char *file_read(const char *path);

/* The same of any bytes, whose number goes to *length. */
char *file_read_bytes(const char *path, size_t *length);

/* The first line without its newline, into `line`; "" when the file cannot be read. */
const char *file_line(const char *path, char *line, size_t size);

/* Replaces the file in one step (a reader sees the old content or the new one).
 * Returns 0, or -1 with errno. */
int file_write(const char *path, const char *text);
int file_write_bytes(const char *path, const void *data, size_t size);

/* Could that replace or make the file?  0, or the errno of why not: what is measured for
 * minutes should not be lost for a mistyped folder. */
int file_unwritable(const char *path);

/* Makes the folder and what is missing above it.  Returns 0, or -1 with errno. */
int file_make_folder(const char *path);

/* Removes a folder and all below it, without leaving its file system. */
void file_remove_tree(const char *path);

bool file_exists(const char *path);

/* The last part of a folder's own path: of "a/b", "a/b/", and "." in a/b it is "b".  On the
 * heap (free it); what cannot be resolved is taken as it is written. */
char *file_folder_name(const char *path);

/* The last non-empty line of a file, cut to `size`; "" when there is none. */
const char *file_last_line(const char *path, char *line, size_t size);

#endif
