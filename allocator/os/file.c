/* Small files of the kernel: /proc, /sys and control groups. */
#include "os/os.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/lock_rank.h"

size_t ash_os_read_file(const char *path, char *text, size_t size)
{
	size_t length = 0;
	ssize_t n;
	int fd;

	ash_lock_rank_assert_system_call();
	if (ash_os_faulted(ASH_OS_OPEN))
		return 0;
	/* The system calls themselves: libc's are points where a thread can be cancelled. */
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	do {
		n = ash_os_faulted(ASH_OS_READ)
			    ? -1
			    : syscall(SYS_read, fd, text + length, size - 1 - length);
		length += n > 0 ? (size_t)n : 0;
	} while (n > 0 && length + 1 < size);
	syscall(SYS_close, fd);
	ash_os_faulted(ASH_OS_CLOSE); /* the descriptor is gone all the same */
	if (n < 0)                    /* what was read may end in the middle of a number */
		return 0;
	text[length] = '\0';
	return length;
}
