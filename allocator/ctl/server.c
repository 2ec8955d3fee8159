/* It is a thread of its own, with all signals blocked, which allocates nothing itself and ends
 * with the process; a child by fork has none.  Programs with raised privileges have none, for
 * they read no environment.  Who asks one after the other is answered in turn, line by line; a
 * silent one is dropped after a second.
 *
 * The thread has descriptors of its own, where the kernel gives it some (Linux 5.9): the
 * program neither sees its sockets nor can close them, and what the program closes is closed.
 * Of the program's it keeps standard error alone.  Else its socket is among the program's,
 * which may close what it does not know, and open something else under the number. */
#include "ctl/server.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "cache/thread.h"
#include "conf/conf.h"
#include "ctl/text.h"
#include "os/os.h"
#include "util/fmt.h"
#include "util/system_call.h"

#define LINE 1024

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static pid_t owner;      /* of its path: not a child */
static struct stat ours; /* the socket that was opened */
static bool is_apart;    /* its descriptors are */

/* What the thread says when it begins to listen, or cannot. */
enum { BEGINS, LISTENS, CANNOT };
static uint32_t progress;

#define LOW 100 /* descriptors below are the program's to count on */

static bool is_allowed(int fd)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
	       (peer.uid == geteuid() || peer.uid == 0);
}

/* A line without its end; false where there is none. */
static bool read_line(int fd, char line[LINE])
{
	for (size_t n = 0; n < LINE - 1; n++) {
		if (read(fd, line + n, 1) != 1)
			return false;
		if (line[n] == '\n') {
			line[n] = '\0';
			return true;
		}
	}
	return false;
}

static void serve(int fd)
{
	struct timeval second = {1, 0};
	char line[LINE], answer[LINE];

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second));
	while (is_allowed(fd) && read_line(fd, line)) {
		size_t length;

		ash_ctl_answer(line, answer, sizeof(answer) - 1);
		length = strlen(answer);
		answer[length++] = '\n';
		if (send(fd, answer, length, MSG_NOSIGNAL) != (ssize_t)length)
			break;
	}
	close(fd);
}

/* Whether there are threads of the program's: without any it would end. */
static bool is_needed(void)
{
	static bool seen;
	unsigned mine = ash_tls.thread != NULL;

	if (ash_thread_count() > mine)
		seen = true;
	return !seen || ash_thread_count() > mine;
}

/* Before accepting: whether the number still is our socket's. */
static bool is_ours(int fd)
{
	struct stat now;

	return is_apart ||
	       (fstat(fd, &now) == 0 && now.st_dev == ours.st_dev && now.st_ino == ours.st_ino);
}

/* And after: whether who is at the other end came by our path.  Between the two looks the
 * number may have become that of a socket of the program's. */
static bool came_to_us(int fd)
{
	struct sockaddr_un at = {0};
	socklen_t length = sizeof(at);

	return is_apart || (getsockname(fd, (struct sockaddr *)&at, &length) == 0 &&
			    strncmp(at.sun_path, address.sun_path, sizeof(at.sun_path)) == 0);
}

/* Descriptors of its own, without any of the program's but standard error; the first two are
 * taken by sockets that lead nowhere, so that nothing is written where it should not be. */
static bool come_apart(void)
{
#ifdef SYS_close_range
	const unsigned apart = 2; /* CLOSE_RANGE_UNSHARE */

	return ash_system_call(SYS_close_range, 3u, ~0u, apart) == 0 &&
	       ash_system_call(SYS_close_range, 0u, 1u, 0u) == 0 &&
	       socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 &&
	       socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
#else
	return false;
#endif
}

static int open_socket(void)
{
	struct timeval second = {1, 0}; /* between two looks at whether it is needed */
	int fd, high;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	high = is_apart ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, LOW);
	if (high >= 0) {
		close(fd);
		fd = high;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	unlink(address.sun_path); /* of a process that is no more */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    chmod(address.sun_path, 0600) != 0 || listen(fd, 4) != 0 || fstat(fd, &ours) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void *listen_on(void *unused)
{
	int fd;

	(void)unused;
	is_apart = come_apart();
	fd = open_socket();
	ash_store_release(&progress, fd >= 0 ? LISTENS : CANNOT);
	ash_os_futex_wake(&progress);
	while (fd >= 0 && is_ours(fd) && is_needed()) {
		int other = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

		if (other >= 0 && !came_to_us(other)) {
			close(other);
			break;
		}
		if (other >= 0)
			serve(other);
		else if (errno != EAGAIN)
			ash_os_sleep(10000000); /* no descriptors: later */
	}
	return NULL;
}

/* Returns when it listens, so that who was started by us finds it. */
static void start(void)
{
	sigset_t all, before;
	pthread_t thread;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, NULL, listen_on, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		ash_conf_warn("ASHLAR_CTL: no thread can be made");
		return;
	}
	pthread_detach(thread);
	while (ash_load_acquire(&progress) == BEGINS)
		ash_os_futex_wait(&progress, BEGINS);
	if (ash_load_acquire(&progress) == LISTENS)
		owner = getpid();
	else
		ash_conf_warn("ASHLAR_CTL: no socket can be made at %s", address.sun_path);
}

void ash_ctl_serve(void)
{
	const char *folder = ash_os_environment("ASHLAR_CTL");

	if (folder == NULL || folder[0] == '\0')
		return;
	if (ash_format(address.sun_path, sizeof(address.sun_path), "%s/ashlar.%d", folder,
		       (int)getpid()) +
		    1 >=
	    sizeof(address.sun_path)) {
		ash_conf_warn("ASHLAR_CTL: %s is too long for a socket's folder", folder);
		return;
	}
	start();
}

__attribute__((destructor(105))) static void end(void)
{
	if (owner != 0 && owner == getpid())
		unlink(address.sun_path);
}
