/* The folder of a run set: made whole before anything runs, appended to one line per
 * sample, so that whatever ends the program leaves all that was measured. */
#ifndef HARNESS_RUNSET_H
#define HARNESS_RUNSET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct runset {
	char *path;
	int samples; /* descriptor of samples.jsonl, locked against a second writer */
};

/* Makes the folder (and its parts) anew.  Returns 0, or -1 with `why`: it cannot be
 * written, or holds a run set already. */
int runset_make(struct runset *set, const char *path, char *why, size_t why_size);

/* Opens an existing one; a torn last line of samples is cut off.  `manifest` gets a new
 * reference.  Returns 0, or -1 with `why`. */
int runset_open(struct runset *set, const char *path, json_t **manifest, char *why,
		size_t why_size);

/* Calls `take` for every recorded sample.  It returns 0, or -1 with `why`. */
int runset_each(const struct runset *set,
		int (*take)(const json_t *sample, void *arg, char *why, size_t why_size),
		void *arg, char *why, size_t why_size);

/* Appends one line and waits until it is on disk.  Returns 0, or -1 with `why`. */
int runset_append(const struct runset *set, const json_t *sample, char *why, size_t why_size);
int runset_write_manifest(const struct runset *set, const json_t *manifest, char *why,
			  size_t why_size);
void runset_close(struct runset *set);

#endif
