/*
 * Faults by the library's own hooks, and a mixed load that lives with them: every request gets
 * a good block or NULL with ENOMEM, a block keeps its bytes, free and what succeeds keep errno,
 * and when nothing fails any more everything can be had again.
 */
#ifndef ASH_TEST_FAULTS_H
#define ASH_TEST_FAULTS_H

#include <pthread.h>

#include "os/background.h"
#include "os/cgroup.h"
#include "os/os.h"
#include "page/account.h"
#include "page/heap.h"
#include "page/mapping.h"
#include "reclaim/relief.h"
#include "reclaim/rounds.h"
#include "test/support/family.h"
#include "test/support/tree.h"
#include "util/epoch.h"

#define FAULTS_LIVE 200
#define FAULTS_THREADS 4
#define FAULTS_LIMIT ((size_t)32 << 20) /* of the threads: they wait for each other there */
#define FAULTS_MIB ((size_t)1 << 20)

/* What each call is called, and the errno that it fails with here. */
static const struct {
	const char *name;
	int error;
} fault_kinds[ASH_OS_CALLS] = {
	[ASH_OS_MMAP] = {"mmap", ENOMEM},
	[ASH_OS_MUNMAP] = {"munmap", ENOMEM},
	[ASH_OS_MPROTECT] = {"mprotect", EACCES},
	[ASH_OS_MADVISE] = {"madvise", EINVAL},
	[ASH_OS_MREMAP] = {"mremap", ENOMEM},
	[ASH_OS_MINCORE] = {"mincore", EAGAIN},
	[ASH_OS_OPEN] = {"open", EMFILE},
	[ASH_OS_READ] = {"read", EIO},
	[ASH_OS_CLOSE] = {"close", EIO},
	[ASH_OS_FSTAT] = {"fstat", EBADF},
	[ASH_OS_FCNTL] = {"fcntl", EMFILE},
	[ASH_OS_SYSINFO] = {"sysinfo", EPERM},
	[ASH_OS_GETRLIMIT] = {"getrlimit", EPERM},
	[ASH_OS_AFFINITY] = {"sched_getaffinity or -set-", EPERM},
	[ASH_OS_SCHEDULER] = {"sched_setscheduler", EPERM},
	[ASH_OS_GETCPU] = {"getcpu", ENOSYS},
	[ASH_OS_CLOCK] = {"clock_gettime", EPERM},
	[ASH_OS_PRCTL] = {"prctl", EPERM},
	[ASH_OS_FUTEX_WAIT] = {"futex (wait)", EINTR},
	[ASH_OS_SLEEP] = {"futex (sleep)", EINTR},
	[ASH_OS_YIELD] = {"futex (yield)", EINTR},
	[ASH_OS_THREAD] = {"pthread_create", EAGAIN},
	[ASH_OS_THREAD_KEY] = {"pthread_key_create", EAGAIN},
	[ASH_OS_THREAD_VALUE] = {"pthread_setspecific", ENOMEM},
};

static inline void faults_on(bool (*hook)(enum ash_os_call))
{
	__atomic_store_n(&ash_os_fault_hook, hook, __ATOMIC_RELAXED);
}

static inline void faults_off(void)
{
	faults_on(NULL);
}

static inline unsigned faults_random(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 4;
}

struct fault_block {
	unsigned char *p;
	size_t size;
	unsigned char value;
};

static struct fault_block faults_live[FAULTS_LIVE];
static unsigned faults_state = 1;
static bool faults_mappings; /* whether the load makes many mappings of their own */

/* Few large ones: filling them is what takes time. */
static inline size_t faults_size(unsigned r)
{
	unsigned most = faults_mappings ? 17 : 23;
	unsigned lg = r % 100 < 70   ? r / 100 % 11
		      : r % 100 < 97 ? r / 100 % 17
				     : r / 100 % most;

	return ((size_t)1 << lg) + r % ((1u << lg) / 2 + 1);
}

static inline void faults_fill(struct fault_block *b, size_t size, unsigned char value)
{
	b->size = size;
	b->value = value;
	for (size_t k = 0; k < size; k += k < 64 ? 1 : 1021)
		b->p[k] = value;
	b->p[size - 1] = value;
}

static inline bool faults_intact(const struct fault_block *b, size_t size, unsigned char value)
{
	for (size_t k = 0; k < size; k += k < 64 ? 1 : 1021)
		if (b->p[k] != value)
			return false;
	return true;
}

/* A control group of version 2 with a limit, as files below a root of the test's own: what the
 * background thread opens and reads.  To be made before the first case, and removed after the
 * last. */
static char faults_root[] = "/tmp/ashlar-faults.XXXXXX";

static inline void faults_put(const char *path, const char *text)
{
	NEED(tree_put(faults_root, path, text), "%s%s cannot be written", faults_root, path);
}

static inline void faults_make_group(void)
{
	NEED(mkdtemp(faults_root), "%s cannot be made", faults_root);
	faults_put("/proc/self/cgroup", "0::/g\n");
	faults_put("/sys/fs/cgroup/g/memory.max", "104857600\n");
	faults_put("/sys/fs/cgroup/g/memory.high", "max\n");
	faults_put("/sys/fs/cgroup/g/memory.stat", "anon 1000000\nfile 90000000\n");
	faults_put("/sys/fs/cgroup/g/memory.pressure", "some avg10=0.00 total=5000\n");
	ash_cgroup_root = faults_root;
}

static inline void faults_remove_group(void)
{
	char command[100];

	ash_cgroup_root = "";
	snprintf(command, sizeof(command), "rm -rf %s", faults_root);
	NEED(system(command) == 0, "%s is left", faults_root);
}

/* A round of what ticks and the background thread do, an epoch after the last one: loads of
 * milliseconds would see none.  It begins and ends each time, and what was lost to a fault is
 * opened again. */
static inline void faults_pass_time(void)
{
	static uint64_t now_ns;

	if (now_ns == 0)
		now_ns = ash_os_clock_ns();
	now_ns += ASH_EPOCH_NS;
	ash_rounds_tick(now_ns);
	ash_cgroup_after_fork();
	ash_background_begins();
	ash_background_hook();
	ash_background_ends();
}

/* A mapping of its own that grows and goes, only its ends touched: what asks the kernel most
 * and takes the least time.  Returns how many requests were refused. */
static inline unsigned faults_mapping(unsigned n)
{
	size_t size = ((size_t)17 + n % 5) << 16, more = size + (n % 3 << 18);
	unsigned char *p, *q;

	errno = MARK;
	p = n % 2 ? m.calloc(1, size) : m.malloc(size);
	CHECK(errno == (p ? MARK : ENOMEM), "%zu bytes: errno %d", size, errno);
	if (!p)
		return 1;
	CHECK(n % 2 == 0 || (p[0] == 0 && p[size - 1] == 0), "calloc(%zu) is not zero", size);
	p[0] = p[size - 1] = (unsigned char)(n + 1);
	errno = MARK;
	q = m.realloc(p, more);
	CHECK(errno == (q ? MARK : ENOMEM), "realloc: errno %d", errno);
	if (!q)
		q = p;
	CHECK(q[0] == (unsigned char)(n + 1) && q[size - 1] == (unsigned char)(n + 1),
	      "a mapping of %zu changed", size);
	errno = MARK;
	m.free(q);
	CHECK(errno == MARK, "free set errno %d", errno);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	return 0;
}

/* Returns how many requests were refused. */
static inline unsigned faults_load(unsigned operations)
{
	unsigned refused = 0;

	for (unsigned n = 0; n < operations; n++) {
		struct fault_block *b =
			&faults_live[faults_random(&faults_state) % FAULTS_LIVE];
		size_t size = faults_size(faults_random(&faults_state));
		unsigned char *p;

		if (b->p)
			CHECK(faults_intact(b, b->size, b->value), "block of %zu changed",
			      b->size);
		errno = MARK;
		if (n % 5 == 0 && b->p) {
			p = m.realloc(b->p, size);
			if (!p) {
				CHECK(errno == ENOMEM, "realloc: errno %d", errno);
				CHECK(faults_intact(b, b->size, b->value),
				      "a refused realloc changed the block");
				refused++;
				continue;
			}
			CHECK(errno == MARK, "a realloc that succeeded set errno %d", errno);
			b->p = p;
			CHECK(faults_intact(b, b->size < size ? b->size : size, b->value),
			      "realloc lost bytes");
		} else {
			m.free(b->p);
			CHECK(errno == MARK, "free set errno %d", errno);
			b->p = NULL;
			p = n % 3 == 0   ? m.calloc(1, size)
			    : n % 7 == 0 ? m.aligned_alloc((size_t)64 << n % 16, size)
					 : m.malloc(size);
			if (!p) {
				CHECK(errno == ENOMEM, "%zu bytes: errno %d", size, errno);
				refused++;
				continue;
			}
			CHECK(errno == MARK, "a call that succeeded set errno %d", errno);
			b->p = p;
			if (n % 3 == 0)
				CHECK(faults_intact(b, size, 0), "calloc(%zu) is not zero",
				      size);
		}
		faults_fill(b, size, (unsigned char)(n + 1));
		if (n % 4 == 0 && faults_mappings)
			refused += faults_mapping(n / 4);
		if (n % 100 == 25)
			faults_pass_time();
		if (n % 100 == 0)
			ash_relief_all();
	}
	return refused;
}

static inline void faults_free_all(void)
{
	for (unsigned i = 0; i < FAULTS_LIVE; i++) {
		errno = MARK;
		m.free(faults_live[i].p);
		CHECK(errno == MARK, "free set errno %d", errno);
		faults_live[i].p = NULL;
	}
}

/* What is held when everything was given back. */
static inline size_t faults_at_rest(void)
{
	ash_relief_all();
	return ash_account_held(&ash_heap);
}

/* Threads are made before anything fails and allocate from when it does: their births are among
 * what fails, their making is not. */
static pthread_barrier_t faults_begin;

/* The blocks of one thread, from birth to death. */
static inline void *faults_thread(void *arg)
{
	unsigned random = (unsigned)(uintptr_t)arg;
	unsigned char *block[32] = {0};
	size_t size[32] = {0};

	pthread_barrier_wait(&faults_begin);
	for (unsigned n = 0; n < 5000; n++) {
		unsigned i;

		if (n % 1000 == 0) {
			ash_rounds_start();
			ash_rounds_tick(ash_os_clock_ns());
		}
		random = random * 1664525u + 1013904223u;
		i = random >> 27;
		if (block[i])
			CHECK(block[i][0] == (unsigned char)i &&
				      block[i][size[i] - 1] == (unsigned char)i,
			      "block of %zu changed", size[i]);
		errno = MARK;
		m.free(block[i]);
		CHECK(errno == MARK, "free set errno %d", errno);
		size[i] = faults_size(random >> 5);
		block[i] = m.malloc(size[i]);
		CHECK(errno == (block[i] ? MARK : ENOMEM), "errno %d", errno);
		if (block[i])
			block[i][0] = block[i][size[i] - 1] = (unsigned char)i;
	}
	for (unsigned i = 0; i < 32; i++)
		m.free(block[i]);
	return NULL;
}

/* Threads that are born under these faults, and end under them, under a limit that they reach;
 * and the background thread. */
static inline void faults_in_threads(bool (*hook)(enum ash_os_call), unsigned seed)
{
	pthread_t thread[FAULTS_THREADS];

	ash_heap.rounds.background = true;
	ash_store_relaxed(&ash_heap.limits.hard, ash_account_held(&ash_heap) + FAULTS_LIMIT);
	NEED(!pthread_barrier_init(&faults_begin, NULL, FAULTS_THREADS + 1), "no barrier");
	for (uintptr_t t = 0; t < FAULTS_THREADS; t++)
		NEED(!pthread_create(&thread[t], NULL, faults_thread,
				     (void *)(seed * FAULTS_THREADS + t + 1)),
		     "no thread");
	faults_on(hook);
	pthread_barrier_wait(&faults_begin);
	for (unsigned t = 0; t < FAULTS_THREADS; t++)
		pthread_join(thread[t], NULL);
	faults_off();
	pthread_barrier_destroy(&faults_begin);
	__atomic_store_n(&ash_heap.limits.hard, ASH_NO_LIMIT, __ATOMIC_RELAXED);
}

/* All sizes can be had now that nothing fails, and no lock was left behind: fork takes them
 * all. */
static inline void faults_recovered(void)
{
	pid_t child;
	int status;

	for (size_t n = 1; n < 4 * FAULTS_MIB; n = n * 2 + 1) {
		void *p = m.malloc(n);

		CHECK(p, "malloc(%zu) though nothing fails any more", n);
		if (p)
			((char *)p)[0] = ((char *)p)[n - 1] = 1;
		m.free(p);
	}
	child = fork();
	if (child == 0) {
		void *p = m.malloc(100);

		_exit(p == NULL);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0,
	      "a child cannot allocate");
}

#endif
