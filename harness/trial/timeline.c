#include "harness/trial/timeline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "harness/base/clock.h"
#include "harness/machine/procfs.h"
#include "workloads/shared/channel.h"

void timeline_begin(struct timeline *t, pid_t pid, const struct channel *channel)
{
	*t = (struct timeline){
		.statm = proc_statm_open(pid), .channel = channel, .begin_ns = now_ns()};
}

/* Threads count for themselves with plain stores, so the sum is of slightly different
 * moments; each part is read once. */
static int64_t live_bytes(const struct channel *channel)
{
	int64_t sum = 0;

	for (int i = 0; i < CHANNEL_THREADS; i++)
		sum += __atomic_load_n(&channel->threads[i].live_bytes, __ATOMIC_RELAXED);
	return sum;
}

void timeline_tick(void *timeline)
{
	struct timeline *t = timeline;
	struct timeline_point point;

	if (t->statm < 0 || !proc_statm_read(t->statm, &point.rss_bytes, &point.anon_bytes))
		return;
	point.at_ns = now_ns() - t->begin_ns;
	point.live_bytes = t->channel ? live_bytes(t->channel) : 0;
	if (t->count == t->room) {
		size_t room = t->room ? 2 * t->room : 1024;
		struct timeline_point *more = realloc(t->points, room * sizeof(*more));

		if (!more)
			return;
		t->points = more;
		t->room = room;
	}
	t->points[t->count++] = point;
}

int timeline_end(struct timeline *t, const char *path)
{
	FILE *file;
	int result = 1;

	if (t->statm >= 0)
		close(t->statm);
	if (t->count == 0)
		return 0;
	file = fopen(path, "we");
	if (file) {
		fputs("ms\trss_bytes\tanon_bytes\tlive_bytes\n", file);
		for (size_t i = 0; i < t->count; i++) {
			fprintf(file, "%.3f\t%" PRIu64 "\t%" PRIu64 "\t",
				(double)t->points[i].at_ns / 1e6, t->points[i].rss_bytes,
				t->points[i].anon_bytes);
			if (t->channel)
				fprintf(file, "%" PRId64 "\n", t->points[i].live_bytes);
			else
				fputs("nan\n", file);
		}
	}
	if (!file || ferror(file) | fclose(file))
		result = -1;
	free(t->points);
	t->points = NULL;
	t->count = t->room = 0;
	return result;
}
