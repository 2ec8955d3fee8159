/* Packing a finished run set: its thousand and more side files become one archive, which
 * `report` reads as it lies. */
#ifndef HARNESS_PACKING_H
#define HARNESS_PACKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "harness/base/message.h"

struct packing {
	size_t added, files; /* files that went into the archive, and that are in it now */
	uint64_t bytes;      /* of all of them, unpacked */
	bool nothing;        /* there was no file to pack, which is no fault of a set */
};

/* Moves the files of DIR/callgrind, DIR/cdf, DIR/latency and DIR/timeline into
 * DIR/timelines.tar.zst, to those that are there already (a file of the same name is replaced).
 * None is removed before the archive was written, read back and found to hold it.  A packed set
 * is left as it is (added = 0) once its archive was read.  Returns STATUS_OK, or with `why`
 * STATUS_USAGE (no finished run set, nothing to pack) or STATUS_FAILED (another process is
 * writing it, a damaged archive, no room); the set is then as it was. */
enum exit_status set_pack(const char *dir, struct packing *done, char *why, size_t why_size);

#endif
