#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "workloads/convert/conversion.h"
#include "workloads/trace/why.h"

/* After so many times a thread does not wait for others any more: two that wait for each
 * other are not held up forever. */
#define WAITS_MOST 1000u

static int map_lane(const char *path, struct lane_file *lane, char *why, size_t why_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat info;
	uint64_t low = 0, high;

	if (fd < 0)
		return errno == ENOENT
			       ? 1
			       : trace_because(why, why_size, "%s: %s", path, strerror(errno));
	if (fstat(fd, &info) == 0 && (size_t)info.st_size >= sizeof(struct raw_record)) {
		lane->bytes = (size_t)info.st_size;
		lane->list = mmap(NULL, lane->bytes, PROT_READ, MAP_SHARED, fd, 0);
	}
	close(fd);
	if (!lane->bytes)
		return 1;
	if (lane->list == MAP_FAILED) {
		lane->list = NULL;
		return trace_because(why, why_size, "%s: %s", path, strerror(errno));
	}
	/* Records stand without gaps, and behind them zeros. */
	high = lane->bytes / sizeof(struct raw_record);
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (lane->list[middle].stamp)
			low = middle + 1;
		else
			high = middle;
	}
	lane->count = low;
	return low ? 0 : 1;
}

int lane_files_open(struct conversion *c, const char *folder, const struct raw_process *image,
		    char *why, size_t why_size)
{
	c->raw_threads = image->threads;
	c->lanes = calloc(c->raw_threads + 1, sizeof(*c->lanes));
	c->heap = calloc(c->raw_threads + 1, sizeof(*c->heap));
	c->by_raw = malloc((c->raw_threads + 1) * sizeof(*c->by_raw));
	if (!c->lanes || !c->heap || !c->by_raw)
		return trace_because(why, why_size, "no memory for %u threads", c->raw_threads);
	for (uint32_t n = 0; n < c->raw_threads; n++) {
		struct lane_file *lane = &c->lanes[c->count];
		char path[4096];
		int got;

		c->by_raw[n] = NO_LANE;
		snprintf(path, sizeof(path), "%s/%u.%u.%u", folder, image->pid, image->image,
			 n);
		got = map_lane(path, lane, why, why_size);
		if (got < 0)
			return -1;
		if (got > 0) {
			if (lane->list)
				munmap((void *)(uintptr_t)lane->list, lane->bytes);
			*lane = (struct lane_file){0};
			continue;
		}
		lane->raw_number = n;
		lane->creator = NO_LANE;
		lane->key = time_of(c, &lane->list[0]);
		lane->last = time_of(c, &lane->list[lane->count - 1]);
		c->by_raw[n] = c->count++;
	}
	return 0;
}

void lane_files_close(struct conversion *c)
{
	for (uint32_t i = 0; i <= c->count && c->lanes; i++)
		if (c->lanes[i].list)
			munmap((void *)(uintptr_t)c->lanes[i].list, c->lanes[i].bytes);
	free(c->lanes);
	free(c->heap);
	free(c->by_raw);
}

static bool gives(enum raw_op op)
{
	return op == RAW_MALLOC || op == RAW_CALLOC || op == RAW_ALIGNED || op == RAW_RESIZED;
}

static bool takes(enum raw_op op)
{
	return op == RAW_FREE || op == RAW_REALLOC;
}

bool lane_files_ahead(const struct conversion *c, const struct lane_file *self, bool giving,
		      uint64_t address, uint64_t until, uint64_t *when)
{
	for (uint32_t i = 0; i < c->count && self->waits < WAITS_MOST; i++) {
		const struct lane_file *lane = &c->lanes[i];

		for (uint64_t at = lane->at; lane != self && at < lane->count; at++) {
			const struct raw_record *record = &lane->list[at];
			uint64_t time = time_of(c, record);

			if (time > until && at > lane->at)
				break;
			if (record->address != address ||
			    !(giving ? gives(op_of(record)) : takes(op_of(record))))
				continue;
			*when = time > lane->key ? time : lane->key;
			return true;
		}
	}
	return false;
}
