#include "workloads/recorder/lane.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A window begins small, for programs of many threads, and doubles.  Twelve pages are
 * whole records for every page size. */
#define FIRST_PAGES 12u
#define WINDOW_MOST (UINT64_C(1536) << 10)

__thread struct lane lane __attribute__((tls_model("initial-exec")));

static size_t next_window(void)
{
	size_t first = FIRST_PAGES * recorder->page_size;

	if (!lane.window_bytes)
		return first;
	return lane.window_bytes < WINDOW_MOST ? 2 * lane.window_bytes : lane.window_bytes;
}

/* The room is reserved before it is mapped, so that a full disk is an error here and not
 * a SIGBUS later; nor may the limit of file sizes end the program by SIGXFSZ. */
static bool reserve(int fd, off_t offset, size_t bytes)
{
	sigset_t limit, before;
	struct timespec none = {0, 0};
	bool good;

	sigemptyset(&limit);
	sigaddset(&limit, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &limit, &before);
	good = posix_fallocate(fd, offset, (off_t)bytes) == 0;
	if (!good && !sigismember(&before, SIGXFSZ))
		while (sigtimedwait(&limit, NULL, &none) == SIGXFSZ)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return good;
}

/* No descriptor stays open between windows: programs close what they do not know. */
static bool map_window(void)
{
	char path[4096];
	size_t bytes = next_window();
	off_t offset = lane.offset + (off_t)lane.window_bytes;
	void *window = MAP_FAILED;
	int fd;

	image_path(path, sizeof(path), NULL, lane.number);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd >= 0 && reserve(fd, offset, bytes))
		window = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	if (fd >= 0)
		close(fd);
	if (window == MAP_FAILED)
		return false;
	/* A child that came about without our fork handlers must not write here. */
	madvise(window, bytes, MADV_DONTFORK);
	if (lane.window)
		munmap(lane.window, lane.window_bytes);
	lane.window = window;
	lane.window_bytes = bytes;
	lane.offset = offset;
	lane.at = window;
	lane.end = lane.at + bytes / sizeof(struct raw_record);
	return true;
}

static void append_one(const struct raw_record *record)
{
	char path[4096];
	int fd;

	image_path(path, sizeof(path), NULL, lane.number);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0 || write(fd, record, sizeof(*record)) != (ssize_t)sizeof(*record))
		atomic_fetch_add(&recorder->lost, 1);
	if (fd >= 0)
		close(fd);
}

/* The trace is worth nothing from here on: the rest is only counted. */
static void lane_full(void)
{
	lane.state = LANE_FULL;
	atomic_fetch_add(&recorder->lost, 1);
}

void lane_put_open(const struct raw_record *record)
{
	if (lane.state == LANE_ENDED) {
		append_one(record);
		return;
	}
	if (lane.state == LANE_FULL) {
		lane_full();
		return;
	}
	if (lane.at < lane.end || map_window())
		*lane.at++ = *record;
	else
		lane_full();
}

void lane_close(void)
{
	char path[4096];
	off_t used;
	int kept = errno;

	used = lane.offset + (off_t)((char *)lane.at - (char *)lane.window);
	if (lane.window) {
		munmap(lane.window, lane.window_bytes);
		image_path(path, sizeof(path), NULL, lane.number);
		if (truncate(path, used) != 0)
			atomic_fetch_add(&recorder->lost, 1);
	}
	lane.window = lane.at = lane.end = NULL;
	lane.state = LANE_ENDED;
	errno = kept;
}
