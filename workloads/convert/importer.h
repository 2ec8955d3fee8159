/* What the importers share. */
#ifndef TRACE_IMPORTER_H
#define TRACE_IMPORTER_H

#include <stdint.h>
#include <stdio.h>
#include "workloads/convert/import.h"
#include "workloads/trace/writer.h"

struct importer {
	const char *name; /* of the text, for messages */
	uint64_t line, time;
	struct trace_writer *writer;
	struct import_result *result;
	uint64_t failed; /* calls that returned NULL */
	char *why;
	size_t why_size;
};

/* Creates the trace at `path`, gives each line (without its newline) to `take`, which
 * returns -1 for the first that is wrong, and finishes. */
int importer_run(struct importer *importer, FILE *in, const char *path, const char *tool,
		 int (*take)(struct importer *, char *line, void *state), void *state);

/* One event each.  Return 0, or -1 with why filled. */
int importer_allocate(struct importer *importer, uint64_t object, uint64_t size);
int importer_free(struct importer *importer, uint64_t object);
int importer_resize(struct importer *importer, uint64_t object, uint64_t resized,
		    uint64_t size);

int importer_wrong(struct importer *importer, const char *what);

#endif
