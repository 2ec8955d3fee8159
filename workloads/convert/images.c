#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "workloads/convert/convert.h"
#include "workloads/trace/why.h"

static int compare(const void *left, const void *right)
{
	const struct raw_process *a = left, *b = right;

	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static bool read_image(const char *path, struct raw_process *image)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good;

	if (fd < 0)
		return false;
	good = read(fd, image, sizeof(*image)) == (ssize_t)sizeof(*image) &&
	       image->magic == RAW_MAGIC;
	close(fd);
	image->program[sizeof(image->program) - 1] = '\0';
	image->allocator[sizeof(image->allocator) - 1] = '\0';
	return good;
}

int raw_images_read(struct raw_images *images, const char *folder, char *why, size_t why_size)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	size_t room = 0;

	*images = (struct raw_images){0};
	if (!dir)
		return trace_because(why, why_size, "%s: %s", folder, strerror(errno));
	while ((entry = readdir(dir))) {
		const char *ending = strrchr(entry->d_name, '.');
		char path[4096];

		if (!ending || strcmp(ending, ".process") != 0)
			continue;
		if (images->count == room) {
			struct raw_process *list;

			room = room ? 2 * room : 16;
			list = realloc(images->list, room * sizeof(*list));
			if (!list) {
				closedir(dir);
				raw_images_free(images);
				return trace_because(why, why_size, "%s: no memory", folder);
			}
			images->list = list;
		}
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (read_image(path, &images->list[images->count]))
			images->count++;
	}
	closedir(dir);
	if (images->count)
		qsort(images->list, images->count, sizeof(*images->list), compare);
	return 0;
}

void raw_images_free(struct raw_images *images)
{
	free(images->list);
	*images = (struct raw_images){0};
}

uint64_t raw_ns_per_tick_32(const struct raw_process *image, uint64_t ticks, uint64_t ns)
{
	if (image->clock == RAW_CLOCK_NS || ticks <= image->start_ticks)
		return UINT64_C(1) << 32;
	return (uint64_t)(((unsigned __int128)(ns - image->start_ns) << 32) /
			  (ticks - image->start_ticks));
}
