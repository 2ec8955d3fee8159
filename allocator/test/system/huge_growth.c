/*
 * Huge pages where memory grows: heaps of several shapes grow once with them and once without,
 * in processes of their own.  What was written stays; where blocks fill, most faults are
 * spared and hardly more is resident at any time; where they do not, nothing changes.
 */
#include "test/support/family.h"

#include <pthread.h>
#include <sys/prctl.h>

#include "os/fault.h"
#include "os/thp.h"
#include "page/account.h"
#include "page/heap.h"
#include "page/huge_advice.h"
#include "test/support/memory.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define EVERY (2 * MIB) /* bytes asked for between two looks */
#define LOOKS 80
#define THREADS 4

static bool machine_allows(void)
{
	enum ash_os_thp_policy policy = ash_os_thp_policy();

	return policy == ASH_OS_THP_ADVISED && ash_os_thp_allowed(ASH_HUGE, policy) &&
	       !SANITIZED;
}

/* --- objects with a pattern
 * -------------------------------------------------------------------
 */

struct object {
	struct object *next;
	size_t bytes;
};

static unsigned char pattern(const struct object *o, size_t i)
{
	return (unsigned char)((uintptr_t)o / 16 + o->bytes + i / 512);
}

static struct object *take(struct object *list, size_t bytes, size_t touched)
{
	struct object *o = m.malloc(bytes);

	NEED(o != NULL, "no %zu bytes", bytes);
	*o = (struct object){list, bytes};
	for (size_t i = sizeof(*o); i < touched; i += 256)
		((unsigned char *)o)[i] = pattern(o, i);
	return o;
}

static void check(const struct object *list, size_t touched)
{
	for (const struct object *o = list; o != NULL; o = o->next)
		for (size_t i = sizeof(*o); i < o->bytes && i < touched; i += 256)
			NEED(((const unsigned char *)o)[i] == pattern(o, i), "byte %zu of %zu",
			     i, o->bytes);
}

static uint64_t next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* --- shapes: each takes some bytes more
 * --------------------------------------------------------
 */

static struct object *small_objects(struct object *list, size_t bytes, uint64_t *state)
{
	static const size_t sizes[] = {32, 56, 64, 120, 200, 232, 500, 1100};

	while (bytes > 0) {
		size_t size = sizes[next(state) % 8];

		list = take(list, size, size);
		bytes -= size < bytes ? size : bytes;
	}
	return list;
}

/* The same with a tenth of it in arrays, as interpreters have them. */
static struct object *with_arrays(struct object *list, size_t bytes, uint64_t *state)
{
	size_t array = 40 * KIB + next(state) % (120 * KIB);

	list = take(list, array, array);
	return small_objects(list, bytes > array ? bytes - array : 0, state);
}

/* Two fill 88 granules of a block. */
static struct object *large_objects(struct object *list, size_t bytes, uint64_t *state)
{
	(void)state;
	for (size_t got = 0; got < bytes; got += 700 * KIB)
		list = take(list, 700 * KIB, 700 * KIB);
	return list;
}

/* Of most of which only the beginning is touched. */
static struct object *buffers(struct object *list, size_t bytes, uint64_t *state)
{
	for (size_t got = 0; got < bytes; got += 80 * KIB) {
		list = take(list, 64 * KIB, 4 * KIB);
		list = small_objects(list, 16 * KIB, state);
	}
	return list;
}

typedef struct object *shape(struct object *list, size_t bytes, uint64_t *state);

/* --- growing with and without
 * -------------------------------------------------------------------
 */

struct grown {
	size_t resident[LOOKS];
	uint64_t faults, made, refused;
};

static uint64_t faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)usage.ru_minflt;
}

static struct grown *shared(void)
{
	struct grown *g =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	NEED(g != MAP_FAILED, "no memory for the test");
	return g;
}

/* What is made of them is looked at here, and by default not how fast the host gives them. */
static void allow(bool huge)
{
	ash_heap.huge_growth.slow_ns = UINT64_MAX;
	ash_huge_advice_init(&ash_heap, huge ? ASH_THP_DEFAULT : ASH_THP_NONE);
}

static void grow(shape *fn, bool huge, struct grown *g)
{
	struct object *list = NULL;
	uint64_t state = 1, before;

	m.free(m.malloc(100));
	allow(huge);
	for (unsigned i = 0; i < LOOKS; i++) {
		before = faults();
		list = fn(list, EVERY, &state);
		g->faults += faults() - before;
		g->resident[i] = resident_bytes();
	}
	check(list, fn == buffers ? 4 * KIB : SIZE_MAX);
	g->made = ash_load_relaxed(&ash_heap.huge_growth.made);
	g->refused = ash_load_relaxed(&ash_heap.huge_growth.refused);
}

static struct grown *grown(shape *fn, bool huge)
{
	struct grown *g = shared();
	int status;
	pid_t pid = fork();

	NEED(pid >= 0, "no fork");
	if (pid == 0) {
		grow(fn, huge, g);
		_exit(0);
	}
	NEED(waitpid(pid, &status, 0) == pid && status == 0, "status %d", status);
	return g;
}

/* At each look no more than a huge page is resident besides, from 32 MiB on; and a hundredth
 * for the ends of arrays, of which the last page is seldom used. */
static void compare_resident(const struct grown *with, const struct grown *without)
{
	size_t most = 0, at = 0;

	for (unsigned i = 0; i < LOOKS; i++) {
		size_t more = with->resident[i] > without->resident[i]
				      ? with->resident[i] - without->resident[i]
				      : 0;

		if (more > most) {
			most = more;
			at = without->resident[i];
		}
		CHECK(more <= (without->resident[i] < 32 * MIB ? 0 : ASH_HUGE) +
				      without->resident[i] / 100 + 256 * KIB,
		      "%zu KiB instead of %zu", with->resident[i] >> 10,
		      without->resident[i] >> 10);
	}
	tap_note("at most %zu KiB more, of %zu", most >> 10, at >> 10);
}

static void spares_faults(shape *fn)
{
	const struct grown *with = grown(fn, true), *without = grown(fn, false);

	if (!machine_allows())
		tap_skip("no huge pages to be had here by advice");
	tap_note("%llu faults instead of %llu, %llu huge pages, %llu refused",
		 (unsigned long long)with->faults, (unsigned long long)without->faults,
		 (unsigned long long)with->made, (unsigned long long)with->refused);
	CHECK(without->made == 0, "made without");
	compare_resident(with, without);
	if (with->refused != 0)
		tap_skip("the machine had not enough huge pages");
	/* The first 32 MiB of 160, and of the last block those that it is less by. */
	CHECK(with->faults * 10 <= without->faults * 3, "too many faults");
}

static void dense_growth(void)
{
	spares_faults(small_objects);
}

static void growth_with_arrays(void)
{
	spares_faults(with_arrays);
}

static void changes_nothing(shape *fn)
{
	const struct grown *with = grown(fn, true), *without = grown(fn, false);

	CHECK(with->made == 0 && with->refused == 0, "%llu huge pages made",
	      (unsigned long long)with->made);
	for (unsigned i = 0; i < LOOKS; i++)
		CHECK(with->resident[i] <= without->resident[i] + 256 * KIB,
		      "%zu KiB instead of %zu", with->resident[i] >> 10,
		      without->resident[i] >> 10);
}

static void large_growth(void)
{
	changes_nothing(large_objects);
}

static void growth_of_buffers(void)
{
	changes_nothing(buffers);
}

/* --- what forbids it
 * -----------------------------------------------------------------------------
 */

/* A heap grows whatever the kernel says; returns how often it was asked for a huge page. */
static uint64_t asked(void)
{
	struct object *list = NULL;
	uint64_t state = 1;

	list = small_objects(list, 96 * MIB, &state);
	check(list, SIZE_MAX);
	return ash_heap.huge_growth.made + ash_heap.huge_growth.refused;
}

static void never(void)
{
	m.free(m.malloc(100));
	ash_huge_advice_init(&ash_heap, ASH_THP_NEVER);
	CHECK(asked() == 0, "asked for a huge page");
}

static void hpa_false(void)
{
	m.free(m.malloc(100));
	ash_huge_advice_init(&ash_heap, ASH_THP_NONE);
	CHECK(asked() == 0, "asked for a huge page");
}

/* The process forbids it itself, before the library looks or after. */
static void disabled_before(void)
{
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0)
		tap_skip("the kernel has no PR_SET_THP_DISABLE");
	m.free(m.malloc(100));
	ash_huge_advice_init(&ash_heap, ASH_THP_DEFAULT);
	CHECK(asked() == 0, "asked for a huge page");
}

static void disabled_after(void)
{
	m.free(m.malloc(100));
	ash_huge_advice_init(&ash_heap, ASH_THP_DEFAULT);
	if (!machine_allows() || prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0)
		tap_skip("no huge pages to be had here by advice");
	asked();
	/* (A host that has to find memory may once take as long for a small page.) */
	CHECK(ash_heap.huge_growth.made <= 1, "made %llu huge pages",
	      (unsigned long long)ash_heap.huge_growth.made);
	CHECK(ash_heap.huge_growth.refused <= 5, "asked %llu times",
	      (unsigned long long)ash_heap.huge_growth.refused);
}

static bool refuse(enum ash_os_call call)
{
	if (call != ASH_OS_MADVISE)
		return false;
	errno = EAGAIN;
	return true;
}

static void refused(void)
{
	m.free(m.malloc(100));
	ash_store_relaxed(&ash_os_fault_hook, refuse);
	asked();
	CHECK(ash_heap.huge_growth.made == 0 && ash_heap.huge_growth.refused <= 5,
	      "asked %llu times", (unsigned long long)ash_heap.huge_growth.refused);
}

/* Of 32 blocks two are touched, and two of those that come 8 and 16 later. */
static void slow_host(void)
{
	m.free(m.malloc(100));
	ash_huge_advice_init(&ash_heap, ASH_THP_DEFAULT);
	ash_heap.huge_growth.slow_ns = 0;
	if (!machine_allows())
		tap_skip("no huge pages to be had here by advice");
	asked();
	tap_note("%llu huge pages, %llu refused, put off %llu times",
		 (unsigned long long)ash_heap.huge_growth.made,
		 (unsigned long long)ash_heap.huge_growth.refused,
		 (unsigned long long)ash_heap.huge_growth.slowed);
	if (ash_heap.huge_growth.refused != 0)
		tap_skip("the machine had not enough huge pages");
	CHECK(ash_heap.huge_growth.made <= 4, "made %llu huge pages",
	      (unsigned long long)ash_heap.huge_growth.made);
	CHECK(ash_heap.huge_growth.slowed + 1 == ash_heap.huge_growth.made,
	      "put off %llu times", (unsigned long long)ash_heap.huge_growth.slowed);
}

/* --- what comes after
 * ------------------------------------------------------------------------------
 */

/* Of a heap that grew by huge pages as much goes as of another when it drains. */
static size_t left(bool huge)
{
	size_t *bytes = (size_t *)(void *)shared();
	pid_t pid = fork();
	int status;

	NEED(pid >= 0, "no fork");
	if (pid == 0) {
		struct object *list = NULL, *stays = NULL, *next_one;
		uint64_t state = 1;
		unsigned n = 0;

		m.free(m.malloc(100));
		allow(huge);
		list = small_objects(list, 96 * MIB, &state);
		for (; list != NULL; list = next_one) {
			next_one = list->next;
			if (n++ % 2000 == 0) {
				list->next = stays;
				stays = list;
			} else {
				m.free(list);
			}
		}
		check(stays, sizeof(*stays));
		*bytes = resident_bytes();
		_exit(0);
	}
	NEED(waitpid(pid, &status, 0) == pid && status == 0, "status %d", status);
	return *bytes;
}

#define DRAINS 8

/* How much goes in time depends on what else the machine does, for both alike, and by more than
 * what is allowed here: the least of several counts. */
static void drains(void)
{
	size_t with = SIZE_MAX, without = SIZE_MAX;

	for (unsigned i = 0; i < DRAINS; i++) {
		size_t one = left(true), other = left(false);

		with = one < with ? one : with;
		without = other < without ? other : without;
	}
	tap_note("%zu KiB left, %zu without huge pages", with >> 10, without >> 10);
	CHECK(with <= without + without / 10 + MIB, "%zu KiB left instead of %zu", with >> 10,
	      without >> 10);
}

/* Parent and child go on growing, each with what it has. */
static void forks(void)
{
	struct object *list = NULL;
	uint64_t state = 1;
	int status;
	pid_t pid;

	for (unsigned i = 0; i < 3; i++) {
		list = small_objects(list, 25 * MIB, &state);
		pid = fork();
		NEED(pid >= 0, "no fork");
		list = small_objects(list, 25 * MIB, &state);
		check(list, SIZE_MAX);
		if (pid == 0)
			_exit(0);
		NEED(waitpid(pid, &status, 0) == pid && status == 0, "status %d", status);
	}
}

static void *grow_and_shrink(void *argument)
{
	uint64_t state = (uint64_t)(uintptr_t)argument;

	for (unsigned i = 0; i < 4; i++) {
		struct object *list = NULL, *next_one;

		list = small_objects(list, 12 * MIB, &state);
		list = with_arrays(list, 4 * MIB, &state);
		check(list, SIZE_MAX);
		for (; list != NULL; list = next_one) {
			next_one = list->next;
			m.free(list);
		}
	}
	return NULL;
}

static void threads(void)
{
	pthread_t thread[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		NEED(pthread_create(&thread[i], NULL, grow_and_shrink, (void *)(i + 1)) == 0,
		     "no thread");
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

int main(void)
{
	tap_start();
	family_start();
	tap_case("small objects: 0.3 of the faults, hardly more memory", dense_growth);
	tap_case("the same with arrays among them", growth_with_arrays);
	tap_case("objects of 700 KiB leave a third of each block: as it was", large_growth);
	tap_case("buffers whose beginning is touched: as it was", growth_of_buffers);
	tap_case("thp:never", never);
	tap_case("hpa:false", hpa_false);
	tap_case("PR_SET_THP_DISABLE, before the library looks", disabled_before);
	tap_case("PR_SET_THP_DISABLE, afterwards", disabled_after);
	tap_case("a kernel that has none to give is asked a few times", refused);
	tap_case("a host that is slow to give them is asked a few times", slow_host);
	tap_case("a heap that drains is as small as without", drains);
	tap_case("parents and children", forks);
	tap_case("threads that grow and shrink", threads);
	return tap_finish();
}
