/*
 * The ends of processes and threads: allocation before main, after exit, in the
 * destructors of dying threads, with every thread key taken, on the smallest stack, and
 * from thousands of threads in succession.
 */
#include "test/support/family.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "test/support/memory.h"

#define MIB ((size_t)1 << 20)

static bool late_run; /* this process exists to be watched at its end */

/* A little of everything; false where a byte is wrong or memory is missing. */
static bool little_work(unsigned salt)
{
	static const size_t sizes[] = {0,    1,    17,    64,    100,    640,    2000,
				       4096, 9000, 33000, 70000, 300000, 1100000};
	unsigned char *p[sizeof(sizes) / sizeof(sizes[0])];
	bool fine = true;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		p[i] = i % 3 ? FAMILY(malloc)(sizes[i]) : FAMILY(calloc)(1, sizes[i]);
		if (!p[i])
			return false;
		memset(p[i], (int)(salt + i), sizes[i]);
	}
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t kept = sizes[i] < 500 ? sizes[i] : 500;

		p[i] = FAMILY(realloc)(p[i], sizes[i] / 2 + 500);
		if (!p[i])
			return false;
		for (size_t k = 0; k < kept; k++)
			fine &= p[i][k] == (unsigned char)(salt + i);
	}
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		FAMILY(free)(p[i]);
	return fine;
}

/* --- before main ------------------------------------------------------------------- */

static bool early_passed[3];
static void *early_block[3];

static void early(unsigned stage)
{
	early_passed[stage] = little_work(stage);
	early_block[stage] = FAMILY(malloc)(100 + stage);
	if (early_block[stage])
		memset(early_block[stage], (int)stage, 100 + stage);
}

static unsigned take_all_keys(void)
{
	pthread_key_t key;
	unsigned taken = 0;

	while (pthread_key_create(&key, NULL) == 0)
		taken++;
	return taken;
}

static void in_preinit(void)
{
	if (getenv("TEST_TAKE_KEYS"))
		take_all_keys();
	early(0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static void (*const preinit[])(void)
	__attribute__((section(".preinit_array"), used)) = {in_preinit};
#else /* the sanitizers' own start is in the same array, in no certain order */
__attribute__((constructor)) static void no_preinit(void)
{
	in_preinit();
}
#endif

__attribute__((constructor(101))) static void in_first_constructor(void)
{
	early(1);
}

__attribute__((constructor)) static void in_constructor(void)
{
	early(2);
}

static void before_main(void)
{
	for (unsigned i = 0; i < 3; i++) {
		unsigned char *p = early_block[i];

		CHECK(early_passed[i], "stage %u", i);
		NEED(p, "stage %u has no block", i);
		for (unsigned k = 0; k < 100 + i; k++)
			CHECK(p[k] == i, "stage %u: byte %u", i, k);
		p = m.realloc(p, 5000);
		NEED(p && p[0] == i, "stage %u: realloc", i);
		m.free(p);
	}
}

/* --- after main -------------------------------------------------------------------- */

static atomic_uint late_stages;
static void *late_block;

static void late_failed(void)
{
	static const char text[] = "#   allocation failed after main\n";

	if (write(STDOUT_FILENO, text, sizeof(text) - 1) < 0)
		_exit(4);
	_exit(3);
}

static void late_stage(void)
{
	unsigned char *p = late_block;

	if (!little_work(7))
		late_failed();
	/* An object that survives from one stage to the next, from before to after. */
	if (p && (p[0] != 9 || p[999] != 9))
		late_failed();
	FAMILY(free)(p);
	late_block = p = FAMILY(malloc)(1000);
	if (!p)
		late_failed();
	memset(p, 9, 1000);
	atomic_fetch_add(&late_stages, 1);
}

/* Destructors run after the handlers of atexit, and the last of all decides. */
__attribute__((destructor)) static void in_destructor(void)
{
	if (late_run)
		late_stage();
}

__attribute__((destructor(101))) static void in_last_destructor(void)
{
	if (!late_run)
		return;
	late_stage();
	_exit(atomic_load(&late_stages) >= 4 ? 0 : 5);
}

static void *allocate_to_the_end(void *arg)
{
	for (unsigned i = 0;; i++) {
		void *p = FAMILY(malloc)(i % 5000);

		if (p)
			*(volatile char *)p = 1;
		FAMILY(free)(p);
	}
	return arg;
}

static int be_late(void)
{
	pthread_t thread;

	late_run = true;
	alarm(patience(60));
	atexit(late_stage);
	/* Detached threads do not stop while the process leaves. */
	for (unsigned i = 0; i < 2; i++)
		if (pthread_create(&thread, NULL, allocate_to_the_end, NULL) == 0)
			pthread_detach(thread);
	atexit(late_stage);
	return 0;
}

static void after_exit(void)
{
	tap_run_self("late");
}

/* The exit of the main thread by pthread_exit runs its destructors, then others live on. */
static void *outlive(void *arg)
{
	pthread_t *first = arg;

	pthread_join(*first, NULL);
	for (unsigned i = 0; i < 50; i++)
		if (!little_work(i))
			_exit(3);
	_exit(tap_shared->failures != 0);
}

static void main_thread_dies_first(void)
{
	static pthread_t self, thread;

#ifdef __SANITIZE_THREAD__
	tap_skip("ThreadSanitizer cannot join the first thread");
#endif
	self = pthread_self();
	NEED(little_work(1), "work in the first thread");
	NEED(!pthread_create(&thread, NULL, outlive, &self), "no thread");
	pthread_exit(NULL);
}

/* --- thread keys ------------------------------------------------------------------- */

/* PTHREAD_DESTRUCTOR_ITERATIONS.  ThreadSanitizer's runtime has a key of its own, the first of
 * all, by which it forgets the thread in the last of them: what is checked by it may run in
 * those before alone. */
#ifdef __SANITIZE_THREAD__
#define ROUNDS 3
#else
#define ROUNDS 4
#endif

static pthread_key_t round_key;
static atomic_uint rounds;

/* Sets its key again, so it is called in every round the C library grants. */
static void allocate_in_round(void *value)
{
	CHECK(little_work(3), "a destructor's allocation");
	CHECK(*(unsigned *)value == 0xfeed, "the value is lost");
	m.free(value);
	if (atomic_fetch_add(&rounds, 1) % ROUNDS < ROUNDS - 1) {
		unsigned *next = m.malloc(sizeof(*next));

		NEED(next, "no memory in a destructor");
		*next = 0xfeed;
		pthread_setspecific(round_key, next);
	}
}

static void *set_and_die(void *arg)
{
	unsigned *value = m.malloc(sizeof(*value));

	NEED(value && little_work(1), "no memory in a thread");
	*value = 0xfeed;
	pthread_setspecific(round_key, value);
	return arg;
}

static void destructors_allocate(void)
{
	NEED(!pthread_key_create(&round_key, allocate_in_round), "no key");
	for (unsigned i = 0; i < 200; i++) {
		pthread_t thread;

		NEED(!pthread_create(&thread, NULL, set_and_die, NULL), "no thread");
		pthread_join(thread, NULL);
	}
	CHECK(atomic_load(&rounds) == 200 * ROUNDS, "%u rounds for 200 threads",
	      atomic_load(&rounds));
	CHECK(little_work(5), "work afterwards");
}

static void *work_and_die(void *arg)
{
	CHECK(little_work((unsigned)(uintptr_t)arg), "work in thread %u",
	      (unsigned)(uintptr_t)arg);
	return NULL;
}

static void run_threads(unsigned count, const pthread_attr_t *attributes, void *(*run)(void *))
{
	enum { AT_ONCE = 8 };
	pthread_t thread[AT_ONCE];

	for (unsigned i = 0; i < count; i += AT_ONCE) {
		for (uintptr_t k = 0; k < AT_ONCE; k++)
			NEED(!pthread_create(&thread[k], attributes, run, (void *)(i + k)),
			     "thread %u", i);
		for (unsigned k = 0; k < AT_ONCE; k++)
			pthread_join(thread[k], NULL);
	}
}

static void all_keys_taken(void)
{
	take_all_keys();
	CHECK(pthread_key_create(&round_key, NULL) == EAGAIN, "there are keys left");
	run_threads(400, NULL, work_and_die);
	CHECK(little_work(1), "work afterwards");
}

/* The same where not even the allocator got a key: taken before its first call. */
static int be_keyless(void)
{
	tap_start();
	family_start();
	alarm(patience(60));
	all_keys_taken();
	return tap_shared->failures != 0;
}

static void no_key_for_us(void)
{
	setenv("TEST_TAKE_KEYS", "1", 1);
	tap_run_self("keyless");
}

/* --- stacks and many threads ------------------------------------------------------- */

static void smallest_stack(void)
{
	pthread_attr_t attributes;

	if (SANITIZED)
		tap_skip("sanitizers need larger stacks");
	pthread_attr_init(&attributes);
	NEED(!pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN),
	     "the stack size is refused");
	run_threads(400, &attributes, work_and_die);
	pthread_attr_destroy(&attributes);
}

static void *allocate_few(void *arg)
{
	void *p[20];

	for (unsigned i = 0; i < 20; i++) {
		p[i] = m.malloc(8 + i * 50);
		NEED(p[i], "no memory");
		*(volatile char *)p[i] = 1;
	}
	for (unsigned i = 0; i < 20; i++)
		m.free(p[i]);
	return arg;
}

static void threads_in_succession(void)
{
	unsigned count = SANITIZED ? 800 : AGAIN ? 4000 : 20000;
	size_t before, after;

	run_threads(count / 8, NULL, allocate_few); /* stacks and caches find their size */
	before = resident_bytes();
	run_threads(count, NULL, allocate_few);
	after = resident_bytes();
	tap_note("%u threads: resident %zu -> %zu KiB", count, before >> 10, after >> 10);
	if (!SANITIZED)
		CHECK(after < before + (1 << 20), "%u threads left %zu KiB behind", count,
		      (after - before) >> 10);
}

/* What the dead allocated, the living free; the dead's caches are not lost. */
static void *leave_objects(void *arg)
{
	void **p = arg;

	for (unsigned i = 0; i < 100; i++) {
		p[i] = m.malloc(200 + i);
		NEED(p[i], "no memory");
		memset(p[i], 1, 200 + i);
	}
	return NULL;
}

static void survivors_free(void)
{
	static void *p[100];
	unsigned count = SANITIZED ? 200 : AGAIN ? 1000 : 4000;
	size_t before = 0, after;

	for (unsigned i = 0; i < count; i++) {
		pthread_t thread;

		NEED(!pthread_create(&thread, NULL, leave_objects, p), "no thread");
		pthread_join(thread, NULL);
		for (unsigned k = 0; k < 100; k++)
			m.free(p[k]);
		if (i == count / 4)
			before = resident_bytes();
	}
	after = resident_bytes();
	tap_note("%u threads: resident %zu -> %zu KiB", count, before >> 10, after >> 10);
	if (!SANITIZED)
		CHECK(after < before + (1 << 20), "%u threads left %zu KiB behind", count,
		      (after - before) >> 10);
}

/* --- the program's last thread ends the process ----------------------------------------- */

static void *grow_and_shrink(void *unused)
{
	enum { BLOCKS = 20000 };
	static void *p[BLOCKS];

	(void)unused;
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < BLOCKS; i++)
			p[i] = FAMILY(malloc)(16 + i % 5000);
		for (unsigned i = 0; i < BLOCKS; i++)
			FAMILY(free)(p[i]);
		FAMILY(free)(FAMILY(malloc)((size_t)80 << 20));
		usleep(20000);
	}
	return NULL;
}

/* The main thread leaves by pthread_exit, a worker outlives it, then nobody is left but the
 * allocator's own thread: the process must end all the same. */
static void last_thread_ends_process(void)
{
	pid_t child;
	int status = -1;

	if (SANITIZED)
		tap_skip("a sanitizer has threads of its own");
	child = fork();
	if (child == 0) {
		pthread_t thread;

		FAMILY(free)(FAMILY(malloc)(100));
		if (pthread_create(&thread, NULL, grow_and_shrink, NULL) != 0)
			_exit(1);
		pthread_exit(NULL);
	}
	for (unsigned i = 0; i < 10 * patience(60) && waitpid(child, &status, WNOHANG) == 0;
	     i++)
		usleep(100000);
	/* A thread with all signals blocked would not heed SIGTERM. */
	kill(child, SIGKILL);
	CHECK(status == 0, "status %#x", (unsigned)status);
}

/* --- the library's own thread -------------------------------------------------------- */

/* By system calls: what allocates would be work for that thread. */
static unsigned count_tasks(void)
{
	char text[4096], *line;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	NEED(n > 0, "no /proc/self/status");
	close(fd);
	text[n] = '\0';
	line = strstr(text, "Threads:");
	NEED(line, "no number of threads");
	return (unsigned)strtoul(line + strlen("Threads:"), NULL, 10);
}

static void calls_for_a_while(void)
{
	for (unsigned i = 0; i < 30; i++) {
		for (unsigned k = 0; k < 40; k++)
			m.free(m.malloc(100000));
		usleep(10000);
	}
}

static void *short_life(void *arg)
{
	calls_for_a_while();
	return arg;
}

/* Such a program is one again soon, though there is memory left to give back; also where it
 * goes on calling. */
static void soon_one_thread(bool calling)
{
	struct timespec begin, now;
	pthread_t thread;
	long ms;

	if (SANITIZED)
		tap_skip("sanitizer build: the sanitizer may have a thread");
	NEED(!pthread_create(&thread, NULL, short_life, NULL), "no thread");
	calls_for_a_while();
	pthread_join(thread, NULL);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		if (calling)
			calls_for_a_while();
		else
			usleep(10000);
		clock_gettime(CLOCK_MONOTONIC, &now);
		ms = (now.tv_sec - begin.tv_sec) * 1000 +
		     (now.tv_nsec - begin.tv_nsec) / 1000000;
	} while (count_tasks() > 1 && ms < 60000);
	tap_note("%ld ms after the second thread was joined there is one", ms);
	CHECK(ms <= 1000L * patience(3), "%ld ms until there is one thread", ms);
	CHECK(unshare(CLONE_NEWUSER) == 0 || errno != EINVAL,
	      "unshare: there is another thread");
}

static void soon_one_thread_silent(void)
{
	soon_one_thread(false);
}

static void soon_one_thread_calling(void)
{
	soon_one_thread(true);
}

static void *allocate_and_count(void *tasks)
{
	m.free(m.malloc(100));
	*(unsigned *)tasks = count_tasks();
	return NULL;
}

/* After its second thread was joined a process has one again, and what the kernel allows to
 * such is allowed: whoever works in the background leaves. */
static void one_thread_again(void)
{
	const char *served_by = getenv("TEST_SERVED_BY");
	pthread_t thread;
	unsigned i, tasks = 0;
	void *p[150];

	if (SANITIZED)
		tap_skip("sanitizer build: the sanitizer may have a thread");
	NEED(!pthread_create(&thread, NULL, short_life, NULL), "no thread");
	calls_for_a_while();
	pthread_join(thread, NULL);
	for (i = 0; i < 10 * patience(60) && count_tasks() > 1; i++)
		usleep(100000);
	CHECK(count_tasks() == 1, "%u threads a minute after the last but one was joined",
	      count_tasks());
	CHECK(unshare(CLONE_NEWUSER) == 0 || errno != EINVAL,
	      "unshare: there is another thread");
	/* However much there is to give back, for want of another thread of the program's. */
	for (i = 0; i < 150; i++) {
		p[i] = m.malloc(MIB);
		NEED(p[i], "malloc");
		memset(p[i], 1, MIB);
	}
	CHECK(count_tasks() == 1, "%u threads with 150 MiB", count_tasks());
	for (i = 0; i < 150; i++)
		m.free(p[i]);
	CHECK(count_tasks() == 1, "%u threads with 150 MiB to give back", count_tasks());
	if (served_by && !strstr(served_by, "libashlar"))
		return;
	/* With a second one it is there as soon as that one allocates. */
	NEED(!pthread_create(&thread, NULL, allocate_and_count, &tasks), "no thread");
	pthread_join(thread, NULL);
	CHECK(tasks == 3, "%u threads when the second has allocated", tasks);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "late"))
		return be_late();
	if (argc > 1 && !strcmp(argv[1], "keyless"))
		return be_keyless();
	tap_start();
	family_start();
	tap_case("use before main, in every order of constructors", before_main);
	tap_case("use after exit: atexit, destructors, threads still running", after_exit);
	tap_case("the main thread dies first", main_thread_dies_first);
	tap_case("the last thread ends the process", last_thread_ends_process);
	tap_case("key destructors allocate in all rounds", destructors_allocate);
	tap_case("all thread keys taken by the program", all_keys_taken);
	tap_case("all thread keys taken before the allocator's first call", no_key_for_us);
	tap_case("threads on the smallest stack", smallest_stack);
	tap_case("thousands of threads in succession", threads_in_succession);
	tap_case("objects of dead threads freed by the living", survivors_free);
	tap_case("one thread again: nobody works in the background", one_thread_again);
	tap_case("one thread again, soon: a silent program", soon_one_thread_silent);
	tap_case("one thread again, soon: one that goes on calling", soon_one_thread_calling);
	return tap_finish();
}
