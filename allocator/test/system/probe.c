/*
 * A small program for scripts to look at: what it prints tells what serves it.
 *
 *	probe hello            allocates a little of everything, frees it, says hello
 *	probe where            the file that malloc comes from
 *	probe secure           whether the kernel started it with raised privileges
 *	probe realloc-zero     what realloc(p, 0) answers
 *	probe malloc N         whether N bytes can be had
 *	probe filled           what memory holds by malloc, by new, after free, after delete
 *	probe new N            N bytes by operator new, aligned where N is odd
 *	probe fill N           how many of N MiB can be had, in blocks of 100,000 bytes
 *	probe idle N           resident MiB after N were freed, and a few calls
 *	probe crowd N          keeps N MiB for four seconds, allocating and freeing a little,
 *	                       beside a second thread
 *	probe log FILE         faults of a server of two threads and 20 MiB that writes 500 MiB
 *to the file, between which it takes and drops buffers probe confined [N]     allocates for
 *three seconds, with N threads besides, after it gave up opening files: to try is to die probe
 *sealed …         one of these, started with a filter of system calls that lets all through,
 *and without further privileges
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int hello(void)
{
	for (unsigned round = 0; round < 3; round++) {
		void *p[200];

		for (size_t i = 0; i < 200; i++) {
			p[i] = malloc(i * i * 4);
			if (!p[i])
				return 1;
			memset(p[i], 1, i * i * 4);
		}
		for (size_t i = 0; i < 200; i++)
			free(p[i]);
	}
	puts("hello");
	return 0;
}

static int where(void)
{
	char real[4096];
	Dl_info from;

	/* In a static program there is no file to name but the program itself. */
	if (!dladdr((void *)(uintptr_t)malloc, &from) || !from.dli_fname ||
	    !realpath(from.dli_fname, real))
		strcpy(real, "unknown");
	puts(real);
	return 0;
}

static int realloc_zero(void)
{
	void *volatile p = malloc(100);

	errno = 0;
	p = realloc(p, 0);
	printf("%s, errno %s\n", p ? "block" : "NULL",
	       errno == EINVAL ? "EINVAL"
	       : errno         ? "?"
			       : "0");
	return 0;
}

static int one_malloc(const char *text)
{
	void *volatile p;

	errno = 0;
	p = malloc(strtoull(text, NULL, 0));
	printf("%s, errno %s\n", p ? "block" : "NULL",
	       errno == ENOMEM ? "ENOMEM"
	       : errno         ? "?"
			       : "0");
	free(p);
	return 0;
}

/* Of a C++ runtime, or the library's. */
void *_Znwm(size_t size);
void *_ZnwmSt11align_val_t(size_t size, size_t align);
void _ZdlPv(void *p);
void _ZdlPvm(void *p, size_t size);
#pragma weak _Znwm
#pragma weak _ZnwmSt11align_val_t
#pragma weak _ZdlPv
#pragma weak _ZdlPvm

static unsigned byte_of(void *p)
{
	return ((volatile unsigned char *)p)[90];
}

static int filled(void)
{
	void *p, *kept[200];
	unsigned by[3], after[3];

	if (!_Znwm || !_ZdlPv || !_ZdlPvm)
		return 2;
	for (unsigned i = 0; i < 200; i++) /* the size has its magazine */
		kept[i] = malloc(100);
	for (unsigned i = 0; i < 200; i++)
		free(kept[i]);
	p = malloc(100);
	by[0] = byte_of(p);
	free(p);
	after[0] = byte_of(p);
	p = _Znwm(100);
	by[1] = byte_of(p);
	_ZdlPvm(p, 100);
	after[1] = byte_of(p);
	p = _ZnwmSt11align_val_t(100, 64);
	by[2] = byte_of(p);
	_ZdlPv(p);
	after[2] = byte_of(p);
	printf("%x %x %x, %x %x %x\n", by[0], by[1], by[2], after[0], after[1], after[2]);
	return 0;
}

static int operator_new(size_t size)
{
	if (!_Znwm)
		return 2;
	printf("%s\n",
	       (size % 2 ? _ZnwmSt11align_val_t(size, 64) : _Znwm(size)) ? "block" : "NULL");
	return 0;
}

#define BLOCK 100000

/* Up to so many MiB, linked through the first word. */
static void **take(size_t mib, size_t *blocks)
{
	void **list = NULL;

	for (*blocks = 0; *blocks * BLOCK < mib << 20; ++*blocks) {
		void **p = malloc(BLOCK);

		if (!p)
			break;
		memset(p, 1, BLOCK);
		*p = list;
		list = p;
	}
	return list;
}

static void drop(void **list)
{
	while (list) {
		void **next = *list;

		free(list);
		list = next;
	}
}

static int fill(size_t mib)
{
	size_t blocks;

	errno = 0;
	void **list = take(mib, &blocks);

	printf("%zu MiB, errno %s\n", blocks * BLOCK >> 20,
	       errno == ENOMEM ? "ENOMEM"
	       : errno         ? "?"
			       : "0");
	drop(list);
	return 0;
}

static int idle(size_t mib)
{
	size_t blocks, kib = 0;
	char line[200];
	FILE *file;

	drop(take(mib, &blocks));
	for (unsigned i = 0; i < 300; i++)
		free(malloc(BLOCK));
	file = fopen("/proc/self/status", "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "RssAnon: %zu kB", &kib) == 1)
			break;
	printf("%zu\n", kib >> 10);
	return 0;
}

static void *other_thread(void *unused)
{
	void *volatile p = malloc(100);

	free(p);
	pause();
	return unused;
}

static bool make_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, other_thread, NULL) == 0;
}

static int crowd(size_t mib)
{
	size_t blocks;
	void **list = take(mib, &blocks);

	if (!make_thread())
		return 1;
	for (unsigned i = 0; i < 400; i++) {
		for (unsigned k = 0; k < 40; k++)
			free(malloc(BLOCK / 2));
		usleep(10000);
	}
	drop(list);
	puts("done");
	return 0;
}

static int write_log(const char *path)
{
	enum { BUFFERS = 32 };
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char *page = malloc((size_t)1 << 20), *buffer[BUFFERS];
	struct rusage usage;
	size_t blocks;

	if (file < 0 || !page || !make_thread())
		return 1;
	memset(page, 7, (size_t)1 << 20);
	take(20, &blocks);
	for (unsigned n = 0; n < 500; n++) {
		for (size_t i = 0; i < BUFFERS; i++) {
			size_t size = (64 + i * 8) << 10;

			buffer[i] = malloc(size);
			if (!buffer[i])
				return 1;
			memset(buffer[i], 1, size);
		}
		for (size_t i = 0; i < BUFFERS; i++)
			free(buffer[i]);
		if (write(file, page, (size_t)1 << 20) != 1 << 20)
			return 1;
		usleep(5000);
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("%ld\n", usage.ru_minflt);
	close(file);
	return 0;
}

static int confined(unsigned threads)
{
	struct sock_filter step[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(step) / sizeof(step[0]), step};

	free(malloc(100));
	for (unsigned i = 0; i < threads / 2; i++) /* half of them before, half after */
		if (!make_thread())
			return 1;
	usleep(100000);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return 77;
	for (unsigned i = threads / 2; i < threads; i++)
		if (!make_thread())
			return 1;
	for (unsigned i = 0; i < 3000; i++) {
		void *volatile p = malloc(BLOCK);

		memset(p, 1, BLOCK);
		free(p);
		usleep(1000);
	}
	puts("survived");
	return 0;
}

static int sealed(char **arguments)
{
	struct sock_filter step[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {1, step};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return 77;
	execv("/proc/self/exe", arguments);
	return 1;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "hello"))
		return hello();
	if (!strcmp(what, "where"))
		return where();
	if (!strcmp(what, "secure")) {
		puts(getauxval(AT_SECURE) ? "secure" : "ordinary");
		return hello();
	}
	if (!strcmp(what, "realloc-zero"))
		return realloc_zero();
	if (!strcmp(what, "malloc") && argc > 2)
		return one_malloc(argv[2]);
	if (!strcmp(what, "filled"))
		return filled();
	if (!strcmp(what, "new") && argc > 2)
		return operator_new(strtoull(argv[2], NULL, 0));
	if (!strcmp(what, "fill") && argc > 2)
		return fill(strtoull(argv[2], NULL, 0));
	if (!strcmp(what, "idle") && argc > 2)
		return idle(strtoull(argv[2], NULL, 0));
	if (!strcmp(what, "crowd") && argc > 2)
		return crowd(strtoull(argv[2], NULL, 0));
	if (!strcmp(what, "log") && argc > 2)
		return write_log(argv[2]);
	if (!strcmp(what, "confined"))
		return confined(argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : 0);
	if (!strcmp(what, "sealed") && argc > 2)
		return sealed(argv + 1);
	fputs("usage: probe hello|where|secure|realloc-zero|malloc N|filled|new N|fill N|idle "
	      "N|crowd N|"
	      "log FILE|confined [N]|sealed …\n",
	      stderr);
	return 2;
}
