#include "workloads/convert/importer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "workloads/trace/why.h"

int importer_wrong(struct importer *importer, const char *what)
{
	return trace_because(importer->why, importer->why_size, "%s: line %" PRIu64 ": %s",
			     importer->name, importer->line, what);
}

static int put(struct importer *importer, enum trace_op op, uint64_t object, uint64_t resized,
	       uint64_t size)
{
	struct trace_event event = {.op = op,
				    .time = importer->time,
				    .size = size,
				    .resident = TRACE_NOT_MEASURED,
				    .other = TRACE_NO_THREAD};

	switch (trace_write(importer->writer, &event, object, resized)) {
	case TRACE_PUT_OK:
		return 0;
	case TRACE_PUT_FAILED:
		return trace_because(importer->why, importer->why_size, "%s",
				     trace_writer_error(importer->writer));
	default:
		return importer_wrong(importer,
				      "a size or time is beyond what a trace can hold");
	}
}

/* Makes sure that the name is free to use. */
static int clear(struct importer *importer, uint64_t object)
{
	if (!trace_is_live(importer->writer, object))
		return 0;
	importer->result->lost_frees++;
	return put(importer, TRACE_FREE, object, 0, 0);
}

int importer_allocate(struct importer *importer, uint64_t object, uint64_t size)
{
	if (clear(importer, object))
		return -1;
	return put(importer, TRACE_MALLOC, object, 0, size);
}

int importer_free(struct importer *importer, uint64_t object)
{
	if (!trace_is_live(importer->writer, object)) {
		importer->result->unknown_frees++;
		return 0;
	}
	return put(importer, TRACE_FREE, object, 0, 0);
}

int importer_resize(struct importer *importer, uint64_t object, uint64_t resized, uint64_t size)
{
	if (!trace_is_live(importer->writer, object)) {
		importer->result->unknown_frees++;
		return importer_allocate(importer, resized, size);
	}
	if (resized != object && clear(importer, resized))
		return -1;
	return put(importer, TRACE_REALLOC, object, resized, size);
}

static int finish(struct importer *importer)
{
	struct trace_keys notes = {0};
	int status;

	trace_keys_add(&notes, "failed", "%" PRIu64, importer->failed);
	trace_keys_add(&notes, "unknown-frees", "%" PRIu64, importer->result->unknown_frees);
	trace_keys_add(&notes, "lost-frees", "%" PRIu64, importer->result->lost_frees);
	importer->result->events = trace_written(importer->writer)->events;
	status = trace_finish(importer->writer, &notes, importer->why, importer->why_size);
	trace_keys_free(&notes);
	return status;
}

int importer_run(struct importer *importer, FILE *in, const char *path, const char *tool,
		 int (*take)(struct importer *, char *, void *), void *state)
{
	struct trace_keys header = {0};
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	int status = 0;

	*importer->result = (struct import_result){0};
	trace_keys_add(&header, "recorder", "import from %s", tool);
	trace_keys_add(&header, "zstd-level", "%d", TRACE_LEVEL);
	importer->writer = trace_create(path, &header, importer->why, importer->why_size);
	trace_keys_free(&header);
	if (!importer->writer)
		return -1;
	errno = 0;
	while (status == 0 && (length = getline(&line, &room, in)) > 0) {
		importer->line++;
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		status = take(importer, line, state);
	}
	free(line);
	if (status == 0 && ferror(in))
		status = trace_because(importer->why, importer->why_size,
				       "%s: it cannot be read: %s", importer->name,
				       strerror(errno));
	if (status == 0)
		status = take(importer, NULL, state);
	if (status == 0)
		return finish(importer);
	trace_abandon(importer->writer);
	return -1;
}
