/*
 * What a thread costs in memory while it lives: 64 threads with an object of each of 60
 * sizes, and a thousand that allocated once and now wait; and that they can be joined.
 *
 *	threads [idle]		with `idle` the thousands alone
 *
 * Private pages are counted: those of code, which the kernel maps 64 KiB around a place as it
 * finds them in its cache, are no thread's, and vary by a KiB a thread of 64.  The threads'
 * stacks are ours, without huge pages whatever the system's setting, so that what is resident
 * of them can be told apart.
 */
#include "test/support/family.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "test/support/memory.h"

#define STACK ((size_t)64 << 10)
#define THREADS_MOST 1000u
#define KIB(n) ((double)(n) / 1024)

static sem_t ready, leave;
static char *stacks;
static pthread_t *threads;
static size_t page;

static void *wait_here(void)
{
	sem_post(&ready);
	while (sem_wait(&leave) != 0)
		;
	return NULL;
}

/* Everything that the test itself needs is there before the first look at the memory. */
static void prepare(void)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	threads = memory_table(THREADS_MOST * sizeof(*threads));
	stacks = mmap(NULL, THREADS_MOST * STACK, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	NEED(stacks != MAP_FAILED, "no address space for stacks");
	madvise(stacks, THREADS_MOST * STACK, MADV_NOHUGEPAGE);
	sem_init(&ready, 0, 0);
	sem_init(&leave, 0, 0);
	m.free(m.malloc(100));
	anonymous_bytes();
}

/* Returns when all of them wait. */
static void start(unsigned count, void *(*run)(void *))
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	for (uintptr_t i = 0; i < count; i++) {
		int error;

		pthread_attr_setstack(&attributes, stacks + i * STACK, STACK);
		error = pthread_create(&threads[i], &attributes, run, (void *)i);
		if (error == EAGAIN)
			tap_skip("this machine does not give so many threads");
		NEED(error == 0, "thread %u: %s", (unsigned)i, strerror(error));
	}
	pthread_attr_destroy(&attributes);
	for (unsigned i = 0; i < count; i++)
		while (sem_wait(&ready) != 0)
			;
}

static void finish(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		sem_post(&leave);
	for (unsigned i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

static size_t resident_of_stacks(unsigned count)
{
	static unsigned char in[THREADS_MOST * (STACK >> 12)];
	size_t pages = count * STACK / page, n = 0;

	NEED(mincore(stacks, count * STACK, in) == 0, "mincore: %s", strerror(errno));
	for (size_t i = 0; i < pages; i++)
		n += in[i] & 1;
	return n * page;
}

/* --- 64 threads, an object of each of 60 sizes -------------------------------------------- */

#define MANY 64u
#define SIZES 60u

/* By 16 to 512 bytes, then by an eighth: of each size class one, 125 KiB in all. */
static size_t size_of[SIZES];

static void choose_sizes(void)
{
	size_t size = 16;

	for (unsigned i = 0; i < SIZES; i++) {
		size_of[i] = size;
		size += size < 512 ? 16 : size / 8;
	}
}

static char *(*object)[SIZES];

static void *one_of_each(void *number)
{
	char **mine = object[(uintptr_t)number];

	for (unsigned i = 0; i < SIZES; i++) {
		mine[i] = m.malloc(size_of[i]);
		NEED(mine[i], "no memory");
		memset(mine[i], 1, size_of[i]);
	}
	return wait_here();
}

static int compare(const void *a, const void *b)
{
	uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;

	return x < y ? -1 : x > y;
}

/* OS pages that hold a byte of an object: below this no allocator comes that moves nothing. */
static size_t pages_of_objects(void)
{
	size_t most = MANY * SIZES * (size_of[SIZES - 1] / page + 2), n = 0, distinct = 0;
	uintptr_t *at = memory_table(most * sizeof(*at));

	for (unsigned t = 0; t < MANY; t++)
		for (unsigned i = 0; i < SIZES; i++) {
			uintptr_t last = ((uintptr_t)object[t][i] + size_of[i] - 1) / page;

			for (uintptr_t p = (uintptr_t)object[t][i] / page; p <= last; p++)
				at[n++] = p;
		}
	qsort(at, n, sizeof(*at), compare);
	for (size_t i = 0; i < n; i++)
		distinct += i == 0 || at[i] != at[i - 1];
	return distinct * page;
}

static void few_objects_of_many_sizes(void)
{
	size_t before, after, payload, stack;
	double each, floor;

	if (SANITIZED)
		tap_skip("a sanitizer's own memory is part of what is resident");
	choose_sizes();
	object = memory_table(MANY * sizeof(*object));
	prepare();
	before = anonymous_bytes();
	start(MANY, one_of_each);
	after = anonymous_bytes();
	stack = resident_of_stacks(MANY);
	payload = pages_of_objects();
	each = KIB(after - before) / MANY;
	floor = KIB(payload + stack) / MANY;
	tap_note("each of %u threads: %.1f KiB resident, %.1f KiB above the floor of %.1f = "
		 "%.1f for the pages of its objects + %.1f of stack",
		 MANY, each, each - floor, floor, KIB(payload) / MANY, KIB(stack) / MANY);
	CHECK(each <= 155, "%.1f KiB per thread", each);
	CHECK(each - floor <= 20, "%.1f KiB above the floor", each - floor);
	finish(MANY);
}

/* --- a thousand that wait ----------------------------------------------------------------- */

#define IDLE 1000u
#define FEW 20u

static bool keep;

static void *few_and_wait(void *number)
{
	char *p[FEW];

	(void)number;
	for (unsigned i = 0; i < FEW; i++) {
		p[i] = m.malloc(8 + i * 50);
		NEED(p[i], "no memory");
		memset(p[i], 1, 8 + i * 50);
	}
	if (keep)
		return wait_here();
	for (unsigned i = 0; i < FEW; i++)
		m.free(p[i]);
	return wait_here();
}

static void idle(void)
{
	size_t before, after, stack;
	double each;

	if (SANITIZED)
		tap_skip("a sanitizer's own memory is part of what is resident");
	prepare();
	before = anonymous_bytes();
	start(IDLE, few_and_wait);
	after = anonymous_bytes();
	stack = resident_of_stacks(IDLE);
	each = KIB(after - before) / IDLE;
	tap_note("each of %u threads: %.1f KiB resident, %.1f of it stack", IDLE, each,
		 KIB(stack) / IDLE);
	CHECK(each <= 40, "%.1f KiB per thread", each);
	finish(IDLE);
}

static void idle_that_keep(void)
{
	keep = true;
	idle();
}

/* --- a pool whose threads had their turn one after the other ------------------------------ */

#define POOL 200u
#define TURN ((size_t)3 << 20)

/* Objects of 16 bytes to 16 KiB, freed again in the reverse order. */
static void *have_a_turn(void *number)
{
	uint64_t state = (uintptr_t)number + 1;
	size_t most = TURN / 16;
	void **p = memory_table(most * sizeof(*p));

	for (unsigned round = 0; round < 2; round++) {
		size_t bytes = 0, n = 0;

		while (bytes < TURN) {
			size_t size;

			state = state * 6364136223846793005u + 1442695040888963407u;
			size = (size_t)16 << (state >> 33) % 10;
			size += (state >> 43) % size;
			p[n] = m.malloc(size);
			NEED(p[n], "no memory");
			memset(p[n++], 1, size);
			bytes += size;
		}
		while (n > 0)
			m.free(p[--n]);
	}
	munmap(p, most * sizeof(*p));
	return wait_here();
}

static void a_turn_each(void)
{
	size_t before, after, stack;
	pthread_attr_t attributes;
	double each;

	if (SANITIZED)
		tap_skip("a sanitizer's own memory is part of what is resident");
	prepare();
	before = anonymous_bytes();
	pthread_attr_init(&attributes);
	for (uintptr_t i = 0; i < POOL; i++) {
		pthread_attr_setstack(&attributes, stacks + i * STACK, STACK);
		NEED(pthread_create(&threads[i], &attributes, have_a_turn, (void *)i) == 0,
		     "thread %u", (unsigned)i);
		while (sem_wait(&ready) != 0)
			;
	}
	pthread_attr_destroy(&attributes);
	after = anonymous_bytes();
	stack = resident_of_stacks(POOL);
	each = KIB(after - before) / POOL;
	tap_note("each of %u threads: %.1f KiB resident, %.1f of it stack", POOL, each,
		 KIB(stack) / POOL);
	CHECK(each <= 240, "%.1f KiB per thread", each);
	finish(POOL);
}

/* --- frees of libc's own, under a lock of its own ----------------------------------------- */

#define FRESH 12u

/* A join frees what libc allocated for the thread while libc holds the lock that creating a
 * thread takes.  Whatever the allocator does for the first time in such a free must not create
 * one. In a process where it happened before nothing shows: each round has its own. */
static void joins_in_fresh_processes(void)
{
	keep = true;
	for (unsigned round = 0; round < FRESH; round++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			alarm(patience(60));
			prepare();
			start(SANITIZED ? 200 : IDLE, few_and_wait);
			finish(SANITIZED ? 200 : IDLE);
			_exit(tap_shared->failures != 0);
		}
		NEED(child > 0 && waitpid(child, &status, 0) == child, "no child");
		if (WIFEXITED(status) && WEXITSTATUS(status) == TAP_SKIPPED)
			_exit(TAP_SKIPPED);
		CHECK(!WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM,
		      "round %u: a join never came back", round);
		CHECK(status == 0, "round %u: status %#x", round, (unsigned)status);
	}
}

int main(int argc, char **argv)
{
	tap_start();
	family_start();
	if (argc < 2)
		tap_case("64 threads with one object of each of 60 sizes: at most 155 KiB "
			 "each, 20 "
			 "above the floor",
			 few_objects_of_many_sizes);
	else if (strcmp(argv[1], "idle") != 0) {
		tap_line("Bail out! threads %s: only idle is known", argv[1]);
		return 99;
	}
	tap_case("1,000 idle threads after 20 small allocations: at most 40 KiB each", idle);
	tap_case("the same where each keeps its 20 objects", idle_that_keep);
	tap_case("200 threads that had a turn each of 3 MiB, all freed: at most 240 KiB each",
		 a_turn_each);
	tap_case("a thousand threads joined, in fresh processes", joins_in_fresh_processes);
	return tap_finish();
}
