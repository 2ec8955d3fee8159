#include "workloads/recorder/image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "workloads/recorder/next.h"
#include "workloads/shared/identity.h"

#define MOST 100000u

struct raw_process *recorder;
enum raw_clock recorder_clock;
uint64_t recorder_base;

static struct raw_process facts; /* what the first image found out, for its children */
static char folder[3072];
static uint32_t image;

/* ---- names -------------------------------------------------------------------- */

static char *put_text(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	return to;
}

static char *put_number(char *to, uint64_t value)
{
	char digits[24];
	int n = 0;

	do
		digits[n++] = (char)('0' + value % 10);
	while (value /= 10);
	while (n > 0)
		*to++ = digits[--n];
	return to;
}

const char *image_path(char *path, size_t size, const char *ending, uint32_t number)
{
	char *p = path;

	(void)size; /* 4096: the folder's length is checked when it is taken */
	p = put_text(p, folder);
	*p++ = '/';
	p = put_number(p, facts.pid);
	*p++ = '.';
	p = put_number(p, image);
	*p++ = '.';
	p = ending ? put_text(p, ending) : put_number(p, number);
	*p = '\0';
	return path;
}

/* ---- facts -------------------------------------------------------------------- */

static void hash_arguments(void)
{
	char bytes[4096];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	facts.arguments = 0;
	facts.arguments_hash = UINT64_C(0xcbf29ce484222325);
	while (fd >= 0 && (n = read(fd, bytes, sizeof(bytes))) > 0)
		for (ssize_t i = 0; i < n; i++) {
			facts.arguments += bytes[i] == '\0';
			facts.arguments_hash =
				(facts.arguments_hash ^ (unsigned char)bytes[i]) *
				UINT64_C(0x100000001b3);
		}
	if (fd >= 0)
		close(fd);
}

/* The name that it was started by: the file behind it may serve many, and have a name that
 * nobody calls.  A login shell's begins with a dash. */
static void learn_program(void)
{
	const char *name = program_invocation_short_name;
	char path[PATH_MAX];
	ssize_t n;

	name += *name == '-';
	if (!*name) {
		n = readlink("/proc/self/exe", path, sizeof(path) - 1);
		path[n > 0 ? n : 0] = '\0';
		name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	}
	strncpy(facts.program, name, sizeof(facts.program) - 1);
	facts.program[sizeof(facts.program) - 1] = '\0';
}

static void learn(void)
{
	facts.magic = RAW_MAGIC;
	facts.page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	facts.clock = (uint32_t)recorder_clock;
	learn_program();
	hash_arguments();
	identity_file_of((const void *)next.malloc, facts.allocator, sizeof(facts.allocator));
}

/* ---- an image's file ---------------------------------------------------------- */

static void complain(const char *what)
{
	char text[4096 + 128], *p = text;
	ssize_t n;

	p = put_text(p, "ashlar-record: ");
	p = put_text(p, what);
	p = put_text(p, " in ");
	p = put_text(p, folder);
	p = put_text(p, "; this process is not recorded\n");
	n = write(STDERR_FILENO, text, (size_t)(p - text));
	(void)n;
}

/* A pid has several images when its program calls exec: the first free number is
 * ours. */
static int create_file(void)
{
	char path[4096];
	int fd = -1;

	for (image = 0; image < MOST; image++) {
		image_path(path, sizeof(path), "process", 0);
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd >= 0 || errno != EEXIST)
			break;
	}
	return fd;
}

static bool begin(void)
{
	struct timespec real;
	void *map = MAP_FAILED;
	int fd;

	facts.pid = (uint32_t)getpid();
	facts.parent = (uint32_t)getppid();
	clock_gettime(CLOCK_REALTIME, &real);
	facts.start_unix = (uint64_t)real.tv_sec;
	facts.start_ns = ticks_ns();
	facts.start_ticks = recorder_base = facts.base_ticks = ticks_read(recorder_clock);
	fd = create_file();
	facts.image = image;
	if (fd >= 0 && posix_fallocate(fd, 0, sizeof(facts)) == 0)
		map = mmap(NULL, sizeof(facts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (map == MAP_FAILED) {
		complain("no file can be made");
		return false;
	}
	memcpy(map, &facts, sizeof(facts));
	recorder = map;
	return true;
}

/* ---- alive -------------------------------------------------------------------- */

static const _Atomic uint32_t nothing_alive;
const _Atomic uint32_t *image_alive = &nothing_alive;
static _Atomic uint32_t *alive;

/* For kernels before 4.14, which cannot empty a page at a fork. */
static void tell_child(void)
{
	atomic_store(alive, 0);
}

static bool make_alive_page(void)
{
	alive = mmap(NULL, facts.page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	if (alive == MAP_FAILED)
		return false;
	madvise(alive, facts.page_size, MADV_WIPEONFORK);
	atomic_store(alive, 1);
	image_alive = alive;
	return pthread_atfork(NULL, NULL, tell_child) == 0;
}

/* ---- beginnings --------------------------------------------------------------- */

bool image_folder(const char *given)
{
	if (given[0] != '/' || strlen(given) >= sizeof(folder))
		return false;
	strcpy(folder, given);
	return true;
}

bool image_begin(void)
{
	recorder_clock = ticks_choose();
	learn();
	return make_alive_page() && begin();
}

bool image_begin_child(void)
{
	atomic_store(alive, 1);
	munmap(recorder, sizeof(*recorder));
	recorder = NULL;
	facts.forked = 1;
	facts.lost = 0;
	facts.threads = 0;
	facts.unjoined = 0;
	return begin();
}
