/* It is a thread of its own, with all signals blocked, which allocates nothing itself and ends
 * with the process; a child by fork has none.  Programs with raised privileges have none, for
 * they read no environment.  Who asks one after the other is answered in turn, line by line; a
 * silent one is dropped after a second. */
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
#include "ctl/text.h"
#include "os/os.h"
#include "util/fmt.h"

#define LINE 1024

static char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
static pid_t owner;      /* of the path: not a child */
static struct stat ours; /* the socket that was opened */

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

/* A program may close what it does not know, and open something else under the number. */
static bool is_ours(int fd)
{
	struct stat now;

	return fstat(fd, &now) == 0 && now.st_dev == ours.st_dev && now.st_ino == ours.st_ino;
}

static void *listen_on(void *argument)
{
	int fd = (int)(intptr_t)argument;

	while (is_ours(fd) && is_needed()) {
		int other = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

		if (other >= 0)
			serve(other);
		else if (errno != EAGAIN)
			ash_os_sleep(10000000); /* no descriptors: later */
	}
	return NULL;
}

static int open_socket(const char *folder)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval second = {1, 0}; /* between two looks at whether it is needed */
	int fd, high;

	if (ash_format(path, sizeof(path), "%s/ashlar.%d", folder, (int)getpid()) + 1 >=
	    sizeof(path)) {
		ash_message("ASHLAR_CTL: %s is too long for a socket's folder", folder);
		return -1;
	}
	memcpy(address.sun_path, path, sizeof(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	high = fcntl(fd, F_DUPFD_CLOEXEC, LOW);
	if (high >= 0) {
		close(fd);
		fd = high;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	unlink(path); /* of a process that is no more */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    chmod(path, 0600) != 0 || listen(fd, 4) != 0 || fstat(fd, &ours) != 0) {
		ash_message("ASHLAR_CTL: no socket can be made at %s", path);
		close(fd);
		return -1;
	}
	owner = getpid();
	return fd;
}

void ash_ctl_serve(void)
{
	const char *folder = ash_os_environment("ASHLAR_CTL");
	sigset_t all, before;
	pthread_t thread;
	int fd;

	if (folder == NULL || folder[0] == '\0')
		return;
	fd = open_socket(folder);
	if (fd < 0)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, NULL, listen_on, (void *)(intptr_t)fd) == 0) {
		pthread_detach(thread);
	} else {
		ash_message("ASHLAR_CTL: no thread can be made");
		close(fd);
		unlink(path);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

__attribute__((destructor(105))) static void end(void)
{
	if (owner != 0 && owner == getpid())
		unlink(path);
}
