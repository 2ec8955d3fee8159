/* Small files of the kernel: /proc, /sys and control groups. */
#include "os/os.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "os/lock_rank.h"
#include "util/system_call.h"

#define LEAST_KEPT 100 /* programs count on the numbers below it */
#define ONE_LINE 64    /* who asks with no more room than this asks for a line */

static int open_file(const char *path)
{
	ash_lock_rank_assert_system_call();
	return ash_os_faulted(ASH_OS_OPEN)
		       ? -1
		       : (int)ash_system_call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
}

static void close_file(int fd)
{
	ash_system_call(SYS_close, fd);
	ash_os_faulted(ASH_OS_CLOSE); /* the descriptor is gone all the same */
}

/* Whether it is the whole line that was asked for, so that no second read need find its end. */
static bool is_a_line(const char *text, size_t length, size_t size)
{
	return size <= ONE_LINE && length > 0 && text[length - 1] == '\n';
}

/* From the beginning, whatever the file's position; the length, 0 where it cannot be read. */
static size_t read_whole(int fd, char *text, size_t size)
{
	size_t length = 0;
	ssize_t n;

	do {
		n = ash_os_faulted(ASH_OS_READ)
			    ? -1
			    : ash_system_call(SYS_pread64, fd, text + length, size - 1 - length,
					      (off_t)length);
		length += n > 0 ? (size_t)n : 0;
	} while (n > 0 && length + 1 < size && !is_a_line(text, length, size));
	if (n < 0) /* what was read may end in the middle of a number */
		return 0;
	text[length] = '\0';
	return length;
}

size_t ash_os_read_file(const char *path, char *text, size_t size)
{
	int fd = open_file(path);
	size_t length;

	if (fd < 0)
		return 0;
	length = read_whole(fd, text, size);
	close_file(fd);
	return length;
}

size_t ash_os_read_link(const char *path, char *text, size_t size)
{
	ssize_t n;

	ash_lock_rank_assert_system_call();
	n = ash_os_faulted(ASH_OS_OPEN)
		    ? -1
		    : ash_system_call(SYS_readlinkat, AT_FDCWD, path, text, size);
	if (n <= 0 || (size_t)n >= size)
		return 0;
	text[n] = '\0';
	return (size_t)n;
}

static bool identify(int fd, struct ash_os_kept *kept)
{
	struct stat status;

	if (ash_os_faulted(ASH_OS_FSTAT) || ash_system_call(SYS_fstat, fd, &status) != 0)
		return false;
	kept->device = status.st_dev;
	kept->file = status.st_ino;
	return true;
}

bool ash_os_keep_file(const char *path, struct ash_os_kept *kept)
{
	int fd = open_file(path), high;

	*kept = ASH_OS_NOT_KEPT;
	if (fd < 0)
		return false;
	high = ash_os_faulted(ASH_OS_FCNTL)
		       ? -1
		       : (int)ash_system_call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, LEAST_KEPT);
	if (high >= 0) {
		close_file(fd);
		fd = high;
	}
	if (fd <= STDERR_FILENO || !identify(fd, kept)) {
		close_file(fd);
		return false;
	}
	kept->fd = fd;
	return true;
}

bool ash_os_is_kept(struct ash_os_kept *kept)
{
	struct ash_os_kept now;

	if (kept->fd >= 0 &&
	    (!identify(kept->fd, &now) || now.device != kept->device || now.file != kept->file))
		kept->fd = -1;
	return kept->fd >= 0;
}

size_t ash_os_read_kept(struct ash_os_kept *kept, char *text, size_t size)
{
	return ash_os_is_kept(kept) ? read_whole(kept->fd, text, size) : 0;
}

void ash_os_let_go(struct ash_os_kept *kept)
{
	if (ash_os_is_kept(kept))
		close_file(kept->fd);
	*kept = ASH_OS_NOT_KEPT;
}
