/*
 * fork in a process whose other threads are inside the allocator.  The child must be
 * able to allocate, to free what the parent allocated and to start threads; a lock left
 * behind by a thread that does not exist there is a hang, which the alarm makes a
 * failure.
 *
 *	forks [FORKS-PER-CASE]
 */
#include "test/support/family.h"

#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>

#define THREADS 3
#define CHILD_ALARM 30

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
/* TSan refuses threads in the child of a threaded process; ASan does not carry the locks of its
 * own malloc, which pthread_create calls, over fork. */
#define CHILD_THREADS false
/* The shadow of 130 MiB is what a fork and each child's writes then spend their time on. */
#define KEPT 100
#else
#define CHILD_THREADS true
#define KEPT 400
#endif

extern char **environ;

static unsigned forks = SANITIZED ? 60 : AGAIN ? 20 : 30; /* many_forks.sh: 3,000 */
static atomic_bool stop;
static atomic_bool handlers_on; /* the handlers below are registered for the whole run */
static atomic_uint handler_calls;
static unsigned char *kept[KEPT]; /* allocated by several threads before the forks */
static size_t kept_size[KEPT];

static size_t size_of(unsigned i)
{
	static const size_t sizes[] = {
		1,     16,    40,    64,     200,    512,     1000,          3000,   8192,
		20000, 32768, 50000, 100000, 300000, 1 << 20, (1 << 20) + 1, 3 << 20};

	return sizes[i % (sizeof(sizes) / sizeof(sizes[0]))] + i % 7;
}

static void *churn(void *arg)
{
	unsigned i = (unsigned)(uintptr_t)arg;
	void *p[64] = {NULL};

	while (!atomic_load(&stop)) {
		unsigned k = (i * 2654435761u) >> 26;

		m.free(p[k]);
		p[k] = i % 3 ? m.malloc(size_of(i)) : m.calloc(1, size_of(i) / 4);
		if (p[k])
			*(volatile char *)p[k] = 1;
		if (i % 5 == 0)
			p[k] = m.realloc(p[k], size_of(i + 3));
		if (i % 1000 == 0)
			m.trim(0);
		i++;
	}
	for (unsigned k = 0; k < 64; k++)
		m.free(p[k]);
	return NULL;
}

static void *keep_some(void *arg)
{
	unsigned first = (unsigned)(uintptr_t)arg;

	for (unsigned i = first; i < KEPT; i += 4) {
		kept_size[i] = size_of(i);
		kept[i] = m.malloc(kept_size[i]);
		NEED(kept[i], "malloc(%zu)", kept_size[i]);
		memset(kept[i], (int)i, kept_size[i]);
	}
	return NULL;
}

/* All sizes, several of each, contents checked. */
static void *allocate_all_sizes(void *arg)
{
	unsigned char *p[17 * 6];
	unsigned n = sizeof(p) / sizeof(p[0]);

	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < n; i++) {
			p[i] = m.malloc(size_of(i));
			if (!p[i])
				_exit(11);
			p[i][0] = (unsigned char)i;
			p[i][size_of(i) - 1] = (unsigned char)i;
		}
		for (unsigned i = 0; i < n; i++) {
			if (p[i][size_of(i) - 1] != (unsigned char)i)
				_exit(12);
			m.free(p[i]);
		}
	}
	return arg;
}

static void free_kept(void)
{
	for (unsigned i = 0; i < KEPT; i++) {
		if (kept[i][0] != (unsigned char)i ||
		    kept[i][kept_size[i] - 1] != (unsigned char)i)
			_exit(13);
		m.free(kept[i]);
	}
}

/* Everything a child may want; leaves the process. */
__attribute__((noreturn)) static void be_child(unsigned generation)
{
	pthread_t thread;

	alarm(patience(CHILD_ALARM));
	allocate_all_sizes(NULL);
	free_kept();
	allocate_all_sizes(NULL);
	if (CHILD_THREADS) {
		if (pthread_create(&thread, NULL, allocate_all_sizes, NULL) != 0)
			_exit(14);
		pthread_join(thread, NULL);
	}
	if (generation > 0) {
		pid_t grandchild;
		int status;

		kept[0] = NULL;
		for (unsigned i = 0; i < KEPT; i++) { /* the freed ones are replaced */
			kept[i] = m.malloc(kept_size[i]);
			if (!kept[i])
				_exit(15);
			memset(kept[i], (int)i, kept_size[i]);
		}
		grandchild = fork();
		if (grandchild == 0)
			be_child(generation - 1);
		if (grandchild < 0 || waitpid(grandchild, &status, 0) != grandchild ||
		    !WIFEXITED(status) || WEXITSTATUS(status))
			_exit(16);
	}
	_exit(0);
}

static bool child_passed(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child) {
		CHECK(false, "fork: %s", strerror(errno));
		return false;
	}
	if (WIFSIGNALED(status)) {
		CHECK(false, "child %s: %s", WTERMSIG(status) == SIGALRM ? "hung" : "killed",
		      strsignal(WTERMSIG(status)));
		return false;
	}
	CHECK(WEXITSTATUS(status) == 0, "child left with %d", WEXITSTATUS(status));
	tap_alive();
	return WEXITSTATUS(status) == 0;
}

static void start_threads(pthread_t *ids)
{
	pthread_t keepers[4];

	for (uintptr_t i = 0; i < 4; i++)
		NEED(!pthread_create(&keepers[i], NULL, keep_some, (void *)i), "no thread");
	for (unsigned i = 0; i < 4; i++)
		pthread_join(keepers[i], NULL);
	for (uintptr_t i = 0; i < THREADS; i++)
		NEED(!pthread_create(&ids[i], NULL, churn, (void *)(i * 1000)), "no thread");
}

static void stop_threads(pthread_t *ids)
{
	atomic_store(&stop, true);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
	/* The parent's own heap is whole as well. */
	free_kept();
	allocate_all_sizes(NULL);
}

static void fork_many(unsigned generations)
{
	pthread_t ids[THREADS];

	start_threads(ids);
	for (unsigned i = 0; i < forks; i++) {
		pid_t child = fork();

		if (child == 0)
			be_child(generations);
		if (!child_passed(child))
			break; /* one hang is as good as many */
	}
	stop_threads(ids);
}

static void while_allocating(void)
{
	fork_many(0);
}

static void grandchildren(void)
{
	forks = forks / 3 + 1;
	fork_many(2);
}

static void *fork_half(void *arg)
{
	for (unsigned i = 0; i < forks / 2 + 1; i++) {
		pid_t child = fork();

		if (child == 0)
			be_child(0);
		if (!child_passed(child))
			break;
	}
	return arg;
}

static void from_two_threads(void)
{
	pthread_t ids[THREADS], other;

	start_threads(ids);
	NEED(!pthread_create(&other, NULL, fork_half, NULL), "no thread");
	fork_half(NULL);
	pthread_join(other, NULL);
	stop_threads(ids);
}

/*
 * A program's own handlers may allocate and free.  Those registered before the
 * allocator's run while it holds its locks, the others while it does not.
 */
static void handler_works(void)
{
	void *p[12];

	if (!atomic_load(&handlers_on))
		return;
	for (unsigned i = 0; i < 12; i++) {
		p[i] = m.malloc(size_of(i + (unsigned)handler_calls % 5));
		if (p[i])
			*(volatile char *)p[i] = 1;
	}
	for (unsigned i = 0; i < 12; i++)
		m.free(p[i]);
	atomic_fetch_add(&handler_calls, 1);
}

static void register_handlers(void)
{
	pthread_atfork(handler_works, handler_works, handler_works);
}

/* Before the constructors of any shared library, a preloaded one among them. */
static void (*const preinit[])(void)
	__attribute__((section(".preinit_array"), used)) = {register_handlers};

__attribute__((constructor(101))) static void register_in_constructor(void)
{
	register_handlers();
}

static void with_handlers(void)
{
	register_handlers();
	atomic_store(&handlers_on, true);
	forks = forks / 2 + 1;
	fork_many(0);
	/* Three registrations, each called before and after the fork in the parent. */
	CHECK(atomic_load(&handler_calls) >= forks * 6, "handlers ran %u times in %u forks",
	      atomic_load(&handler_calls), forks);
}

/* Neither vfork nor posix_spawn runs fork handlers; they must not need any. */
static void vfork_and_spawn(void)
{
	char *argv[] = {(char *)"true", NULL};
	pthread_t ids[THREADS];

	start_threads(ids);
	for (unsigned i = 0; i < forks; i++) {
		pid_t child;

		if (i % 2) {
			int error = posix_spawnp(&child, argv[0], NULL, NULL, argv, environ);

			NEED(error == 0, "posix_spawnp: %s", strerror(error));
		} else {
			child = vfork();
			if (child == 0) {
				execvp(argv[0], argv);
				_exit(127);
			}
		}
		if (!child_passed(child))
			break;
	}
	stop_threads(ids);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		forks = (unsigned)strtoul(argv[1], NULL, 10);
	tap_watchdog = 90;
	tap_start();
	family_start();
	tap_case("fork while threads allocate", while_allocating);
	tap_case("grandchildren", grandchildren);
	tap_case("two threads fork at once", from_two_threads);
	tap_case("fork handlers that allocate, registered before and after ours",
		 with_handlers);
	tap_case("vfork and posix_spawn while threads allocate", vfork_and_spawn);
	return tap_finish();
}
