/* A JSON value in a file of its own, for people as well: indented, ended by a newline. */
#ifndef HARNESS_RUN_JSON_FILE_H
#define HARNESS_RUN_JSON_FILE_H

#include <jansson.h>
#include <stddef.h>

/* Writes it in one step (file_write).  Returns 0, or -1 with the path and the reason in `why`.
 */
int json_file_write(const char *path, const json_t *value, char *why, size_t why_size);

#endif
