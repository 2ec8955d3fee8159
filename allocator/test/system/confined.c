/*
 * A program that confines itself (seccomp) goes on allocating: which system calls an allocator
 * may make then.  In calls of the program: those that a malloc cannot do without.  In the
 * library's own thread: a few more that only ask.  None else, whichever entry point is called,
 * cold or hot, with one thread or several, and however it is configured.
 */
#include "test/fuzz/entries.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

#ifndef SECCOMP_RET_KILL_PROCESS
#define SECCOMP_RET_KILL_PROCESS 0x80000000U
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_rseq
#define SYS_rseq 0xffff /* older headers: no such call is made */
#endif

/* --- filters ------------------------------------------------------------------------------ */

#define END (-1)

/* In a call of the program. */
static const int in_calls[] = {SYS_mmap,     SYS_munmap, SYS_mremap, SYS_madvise,
			       SYS_mprotect, SYS_futex,  END};
/* In the library's own thread, besides. */
static const int in_thread[] = {SYS_pread64, SYS_fstat,           SYS_mincore,
				SYS_prctl,   SYS_process_madvise, END};
/* The test's own: to report, to let time pass, to end. */
static const int of_test[] = {SYS_write, SYS_clock_nanosleep, SYS_rt_sigreturn,
			      SYS_exit,  SYS_exit_group,      END};
/* What libc makes and ends threads with. */
static const int of_threads[] = {
	SYS_clone,          SYS_clone3,       SYS_set_robust_list, SYS_rseq,
	SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_set_tid_address, END};
static const int of_making[] = {SYS_clone, SYS_clone3, END};

enum { FILTER_MOST = 200 };

struct filter {
	struct sock_filter step[FILTER_MOST];
	unsigned n;
};

static void filter_begin(struct filter *f)
{
	f->n = 0;
	f->step[f->n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						       offsetof(struct seccomp_data, nr));
}

static void filter_answer(struct filter *f, const int *calls, uint32_t answer)
{
	for (; *calls != END; calls++) {
		f->step[f->n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							       (uint32_t)*calls, 0, 1);
		f->step[f->n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer);
	}
}

/* `others` is the answer to all that nothing was said of. */
static void filter_install(struct filter *f, uint32_t others, unsigned flags)
{
	struct sock_fprog program = {0, f->step};

	f->step[f->n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, others);
	program.len = (unsigned short)f->n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) != 0)
		tap_skip("no filter of system calls can be installed here");
}

static void tell_call(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	tap_fail("confined", "system call %d", info->si_syscall);
	_exit(1);
}

static void confine(const int *more, unsigned flags)
{
	struct sigaction action = {.sa_sigaction = tell_call, .sa_flags = SA_SIGINFO};
	struct filter f;

	sigaction(SIGSYS, &action, NULL);
	filter_begin(&f);
	filter_answer(&f, in_calls, SECCOMP_RET_ALLOW);
	filter_answer(&f, of_test, SECCOMP_RET_ALLOW);
	if (more)
		filter_answer(&f, more, SECCOMP_RET_ALLOW);
	filter_install(&f, SECCOMP_RET_TRAP, flags);
}

static void pass(unsigned ms)
{
	struct timespec time = {0, (long)ms * 1000000};

	clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

/* --- entry points ------------------------------------------------------------------------- */

/* Where a C++ operator has no memory, the runtime is looked for, and loaded, for what it
 * throws. */
#define CXX_MOST ((size_t)1 << 40)

/* One block of `size` by entry point `i`, and gone again by what belongs to it; false where the
 * library has no such entry point. */
static bool take_and_give(unsigned i, size_t size)
{
	void *volatile p = NULL;
	void *q = NULL;

	switch (i) {
	case 0:
		m.free(p = m.malloc(size));
		return true;
	case 1:
		m.free(p = m.calloc(1, size));
		return true;
	case 2:
		q = m.realloc(NULL, size);
		p = m.realloc(q, size * 2 + 1);
		q = p ? m.realloc(p, size / 2 + 1) : q;
		m.free(q);
		return true;
	case 3:
		m.free(p = m.reallocarray(NULL, 1, size));
		return true;
	case 4:
		m.free(p = m.aligned_alloc(64, size));
		return true;
	case 5:
		m.free(p = m.memalign(4096, size));
		return true;
	case 6:
		if (m.posix_memalign(&q, (size_t)1 << 16, size) == 0)
			m.free(q);
		return true;
	case 7:
		m.free(p = m.valloc(size));
		return true;
	case 8:
		m.free(p = m.pvalloc(size));
		return true;
	case 9:
		p = m.malloc(size);
		if (p)
			CHECK(m.usable(p) >= size, "usable size");
		m.free(p);
		return true;
	case 10:
		m.trim(0);
		return true;
	case 11:
		if (m.free_sized)
			m.free_sized(p = m.malloc(size), size);
		return m.free_sized != NULL;
	case 12:
		if (m.free_aligned_sized)
			m.free_aligned_sized(p = m.aligned_alloc(64, size), 64, size);
		return m.free_aligned_sized != NULL;
	case 13:
		if (m.cfree)
			m.cfree(p = m.malloc(size));
		return m.cfree != NULL;
	case 14:
		if (entry.libc_malloc)
			entry.libc_free(p = entry.libc_malloc(size));
		return entry.libc_malloc != NULL;
	case 15:
		if (entry.libc_calloc)
			entry.libc_free(p = entry.libc_calloc(1, size));
		return entry.libc_calloc != NULL;
	case 16:
		if (entry.libc_realloc)
			entry.libc_free(p = entry.libc_realloc(NULL, size));
		return entry.libc_realloc != NULL;
	case 17:
		if (entry.libc_memalign)
			entry.libc_free(p = entry.libc_memalign(64, size));
		return entry.libc_memalign != NULL;
	case 18:
		if (entry.libc_valloc)
			entry.libc_free(p = entry.libc_valloc(size));
		return entry.libc_valloc != NULL;
	case 19:
		if (entry.libc_pvalloc)
			entry.libc_free(p = entry.libc_pvalloc(size));
		return entry.libc_pvalloc != NULL;
	case 20:
		if (entry.new_plain && size < CXX_MOST)
			entry.delete_plain(p = entry.new_plain(size));
		return entry.new_plain != NULL;
	case 21:
		if (entry.new_array && size < CXX_MOST)
			entry.delete_array(p = entry.new_array(size));
		return entry.new_array != NULL;
	case 22:
		if (entry.new_nothrow && size < CXX_MOST)
			entry.delete_plain(p = entry.new_nothrow(size, &size));
		return entry.new_nothrow != NULL;
	case 23:
		if (entry.new_aligned && size < CXX_MOST)
			entry.delete_aligned_sized(p = entry.new_aligned(size, 64), size, 64);
		return entry.new_aligned != NULL;
	case 24:
		if (entry.new_plain && size < CXX_MOST)
			entry.delete_sized(p = entry.new_plain(size), size);
		return entry.new_plain != NULL;
	case 25:
		if (entry.mallinfo2)
			entry.mallinfo2();
		return entry.mallinfo2 != NULL;
	case 26:
		if (entry.mallopt)
			entry.mallopt(1, 1);
		return entry.mallopt != NULL;
	case 27:
		if (entry.held)
			CHECK(entry.held() != 0, "nothing is held");
		return entry.held != NULL;
	case 28:
		if (entry.set_limit) { /* of what may be held */
			entry.set_limit(0, (size_t)1 << 33);
			m.free(p = m.malloc(size));
			entry.set_limit(0, SIZE_MAX);
		}
		return entry.set_limit != NULL;
	default:
		return false;
	}
}

#define ENTRIES 29
static const char *const entry_names[ENTRIES] = {"malloc",
						 "calloc",
						 "realloc",
						 "reallocarray",
						 "aligned_alloc",
						 "memalign",
						 "posix_memalign",
						 "valloc",
						 "pvalloc",
						 "malloc_usable_size",
						 "malloc_trim",
						 "free_sized",
						 "free_aligned_sized",
						 "cfree",
						 "__libc_malloc",
						 "__libc_calloc",
						 "__libc_realloc",
						 "__libc_memalign",
						 "__libc_valloc",
						 "__libc_pvalloc",
						 "operator new",
						 "operator new[]",
						 "operator new (nothrow)",
						 "operator new (aligned)",
						 "operator delete (sized)",
						 "mallinfo2",
						 "mallopt",
						 "held",
						 "set_limit"};

/* The last two are more than there is. */
static const size_t sizes[] = {1,
			       24,
			       100,
			       1000,
			       9000,
			       33000,
			       300000,
			       (size_t)3 << 20,
			       (size_t)70 << 20,
			       (size_t)1 << 46,
			       SIZE_MAX / 2};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static unsigned tried; /* the entry point of this case */

static void each_size(unsigned i)
{
	for (unsigned s = 0; s < SIZES; s++)
		take_and_give(i, sizes[s]);
}

/* Blocks that stay for a while beside it, so that memory is taken and goes back: MiB of all
 * sizes. */
static void load(unsigned seed)
{
	enum { LIVE = 3000 };
	static __thread unsigned char *block[LIVE];
	unsigned random = seed;

	for (unsigned n = 0; n < 2 * LIVE; n++) {
		size_t size;

		random = random * 1664525u + 1013904223u;
		size = (random >> 8) % 100 < 95 ? (random >> 16) % 3000
						: (random >> 16) * (size_t)8;
		m.free(block[n % LIVE]);
		block[n % LIVE] = m.malloc(size + 1);
		NEED(block[n % LIVE], "no %zu bytes", size + 1);
		memset(block[n % LIVE], 1, size + 1);
	}
	for (unsigned n = 0; n < LIVE; n++) {
		m.free(block[n]);
		block[n] = NULL;
	}
}

static unsigned rounds = 5;

/* All of them, while time passes. */
static void exercise(unsigned seed)
{
	for (unsigned round = 0; round < rounds; round++) {
		load(seed + round);
		for (unsigned i = 0; i < ENTRIES; i++)
			each_size(i);
		pass(120);
	}
}

static void one_entry_point(void)
{
	confine(NULL, 0);
	if (!take_and_give(tried, 100)) /* cold */
		tap_skip("not of this library");
	each_size(tried);
	for (unsigned n = 0; n < 300; n++)
		take_and_give(tried, n * 37 + 1);
	load(tried);
	pass(110);
	each_size(tried);
}

static void one_thread(void)
{
	confine(NULL, 0);
	exercise(1);
}

/* --- threads ------------------------------------------------------------------------------ */

static pthread_barrier_t barrier;

static const int *both_lists(void)
{
	static int list[40];
	unsigned n = 0;

	for (const int *l = in_thread; *l != END; l++)
		list[n++] = *l;
	for (const int *l = of_threads; *l != END; l++)
		list[n++] = *l;
	list[n] = END;
	return list;
}

static void *strict_thread(void *seed)
{
	m.free(m.malloc(100)); /* the library's thread starts, if ever */
	load(7);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier); /* all are confined meanwhile */
	confine(NULL, 0);
	exercise((unsigned)(uintptr_t)seed);
	pthread_barrier_wait(&barrier);
	syscall(SYS_exit, 0); /* without libc's steps, which are not ours */
	return NULL;
}

/* All threads are confined at once, the library's own too, which may do a little more than
 * those that call it. */
static void threads_made_before(void)
{
	pthread_t thread[3];

	pthread_barrier_init(&barrier, NULL, 4);
	for (uintptr_t t = 0; t < 3; t++)
		NEED(!pthread_create(&thread[t], NULL, strict_thread, (void *)(t + 1)),
		     "no thread");
	pthread_barrier_wait(&barrier);
	pass(700);
	{
		static int list[10];
		unsigned n = 0;

		for (const int *l = in_thread; *l != END; l++)
			list[n++] = *l;
		list[n++] = SYS_seccomp;
		list[n++] = SYS_rt_sigaction;
		list[n] = END;
		confine(list, SECCOMP_FILTER_FLAG_TSYNC);
	}
	pthread_barrier_wait(&barrier);
	confine(NULL, 0);
	exercise(9);
	pthread_barrier_wait(&barrier);
	pass(700);
}

static void *loose_thread(void *seed)
{
	exercise((unsigned)(uintptr_t)seed);
	return NULL;
}

/* The program may make threads, so the library makes its own; files it opens none. */
static void threads_made_after(void)
{
	pthread_t thread[3];

	confine(both_lists(), 0);
	for (uintptr_t t = 0; t < 3; t++)
		NEED(!pthread_create(&thread[t], NULL, loose_thread, (void *)(t + 1)),
		     "no thread");
	exercise(9);
	for (unsigned t = 0; t < 3; t++)
		pthread_join(thread[t], NULL);
	pass(700);
}

/* --- a thread of the library's own that is refused ---------------------------------------- */

static void *refused_thread(void *unused)
{
	struct filter f;

	(void)unused;
	/* Nothing of this thread's was allocated yet. */
	filter_begin(&f);
	filter_answer(&f, of_making, SECCOMP_RET_ERRNO | EAGAIN);
	filter_install(&f, SECCOMP_RET_ALLOW, 0);
	m.free(m.malloc(100));
	/* From here on to try is to die. */
	filter_begin(&f);
	filter_answer(&f, of_making, SECCOMP_RET_KILL_PROCESS);
	filter_install(&f, SECCOMP_RET_ALLOW, SECCOMP_FILTER_FLAG_TSYNC);
	exercise(3);
	return NULL;
}

static void nothing_tries_again(void)
{
	pthread_t thread;

	NEED(!pthread_create(&thread, NULL, refused_thread, NULL), "no thread");
	pthread_join(thread, NULL);
	exercise(4);
}

/* --- the end of the library's own thread ---------------------------------------------------
 */

/* Descriptors that it keeps have numbers from 100 on. */
static unsigned kept_descriptors(void)
{
	unsigned n = 0;

	for (int fd = 100; fd < 200; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void *short_thread(void *unused)
{
	load(5);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier); /* all are confined meanwhile */
	return unused;
}

/* libc loads what it leaves threads by when the first one leaves so. */
static void *leaves_at_once(void *unused)
{
	pthread_exit(unused);
}

/* All threads are confined, to asking and ending, when the program's own ends. */
static void confine_with_descriptors(void)
{
	pthread_t thread;
	unsigned kept = 0;
	static int list[40];
	unsigned n = 0;

	pthread_barrier_init(&barrier, NULL, 2);
	NEED(!pthread_create(&thread, NULL, leaves_at_once, NULL), "no thread");
	pthread_join(thread, NULL);
	NEED(!pthread_create(&thread, NULL, short_thread, NULL), "no thread");
	pthread_barrier_wait(&barrier);
	for (unsigned i = 0; i < 20 && kept == 0; i++) {
		pass(100);
		kept = kept_descriptors();
	}
	if (kept == 0)
		tap_skip("no descriptor is kept here");
	for (const int *l = in_thread; *l != END; l++)
		list[n++] = *l;
	list[n++] = SYS_rt_sigprocmask;
	list[n] = END;
	confine(list, SECCOMP_FILTER_FLAG_TSYNC);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
}

static void its_thread_ends_after_others(void)
{
	confine_with_descriptors();
	for (unsigned i = 0; i < 12; i++)
		pass(500);
}

static void its_thread_ends_last(void)
{
	confine_with_descriptors();
	pthread_exit(NULL);
}

static void descriptors(void)
{
	tap_case("its thread ends after the others", its_thread_ends_after_others);
	tap_case("its thread ends last of all", its_thread_ends_last);
}

/* --- a container that starts programs with a filter and without further privileges ---------
 */

#define THREAD_NAME "ashlar"

/* Threads of that name there are. */
static unsigned named_threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;
	unsigned n = 0;

	while (tasks != NULL && (task = readdir(tasks)) != NULL) {
		char path[300], name[20] = "";
		int file;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", task->d_name);
		file = open(path, O_RDONLY | O_CLOEXEC);
		if (file < 0)
			continue;
		n += read(file, name, sizeof(name) - 1) > 0 &&
		     strcmp(name, THREAD_NAME "\n") == 0;
		close(file);
	}
	if (tasks != NULL)
		closedir(tasks);
	return n;
}

/* Run by seal: the thread does there what it does elsewhere. */
static int in_container(void)
{
	pthread_t thread;
	unsigned named = 0;

	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, short_thread, NULL) != 0)
		return 1;
	pthread_barrier_wait(&barrier);
	for (unsigned i = 0; i < 50 && named == 0; i++) {
		pass(100);
		named = named_threads();
	}
	return named != 1;
}

static void seal(void)
{
	struct filter f;
	pid_t unsealed = fork();
	int status;

	if (unsealed == 0)
		tap_run_self("in-container");
	if (waitpid(unsealed, &status, 0) != unsealed || status != 0)
		tap_skip("there is no such thread here");
	filter_begin(&f);
	filter_install(&f, SECCOMP_RET_ALLOW, 0);
	tap_run_self("in-container");
}

/* With an argument: of so many rounds, and not each entry point by itself; or what an own
 * process is for. */
int main(int argc, char **argv)
{
	char name[100];

	if (argc > 1 && strcmp(argv[1], "in-container") == 0)
		return entries_start(), in_container();
	tap_start();
	entries_start();
	if (argc > 1 && strcmp(argv[1], "descriptors") == 0) {
		descriptors();
		return tap_finish();
	}
	if (argc > 1)
		rounds = (unsigned)strtoul(argv[1], NULL, 10);
	for (tried = argc > 1 ? ENTRIES : 0; tried < ENTRIES; tried++) {
		snprintf(name, sizeof(name), "%s, cold and hot", entry_names[tried]);
		tap_case(name, one_entry_point);
	}
	tap_case("all of them, one thread", one_thread);
	tap_case("threads that were made before", threads_made_before);
	tap_case("threads that are made after", threads_made_after);
	tap_case("a refused thread is not tried again", nothing_tries_again);
	descriptors();
	if (entry.version != NULL)
		tap_case("a filter of the container's changes nothing", seal);
	return tap_finish();
}
