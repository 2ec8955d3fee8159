/* A shard's folder as it is handed over: copied beside its place, sealed by a list of what it
 * must hold, and renamed, so that nobody takes a part for the whole, however it was copied on.
 */
#ifndef HARNESS_CLUSTER_WHOLE_H
#define HARNESS_CLUSTER_WHOLE_H

#include <stddef.h>

#define WHOLE_SEAL "whole.json"

/* Copies manifest, samples and archive of a finished and packed shard into `partial`, which is
 * made anew, with the seal last; all of it is on disk then.  Returns 0, or -1 with `why`. */
int whole_copy(const char *set, const char *partial, char *why, size_t why_size);

/* Nothing is known of a folder that cannot be read now. */
#define WHOLE_UNREADABLE (-2)

/* Whether a folder holds a finished shard: all that its seal names, to the byte, in which a
 * node says that it ended.  Returns 0, or with `why` -1 or WHOLE_UNREADABLE. */
int whole_check(const char *folder, char *why, size_t why_size);

#endif
