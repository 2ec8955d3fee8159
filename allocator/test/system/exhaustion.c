/*
 * Memory runs out: the address space by RLIMIT_AS, the number of mappings by the
 * kernel's limit.  Every function must answer NULL with ENOMEM or succeed, never crash,
 * and all must work again when there is room.
 */
#include "test/support/family.h"

#include <pthread.h>
#include <stdatomic.h>

#define MIB ((size_t)1 << 20)

static size_t address_space(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	NEED(file && fscanf(file, "%lu", &pages) == 1, "no /proc/self/statm");
	fclose(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* A line of /proc/self/status, in bytes. */
static size_t status_bytes(const char *key)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[200];
	size_t kib = 0;

	NEED(file, "no /proc/self/status");
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			kib = strtoul(line + strlen(key), NULL, 10);
	fclose(file);
	return kib << 10;
}

/* The kernel counts the growth of the stack too, so it grows first. */
__attribute__((noinline)) static void grow_stack(void)
{
	volatile char room[512 << 10];

	for (size_t i = 0; i < sizeof(room); i += 1024)
		room[i] = 1;
}

static void limit_address_space(size_t bytes)
{
	struct rlimit limit;

	if (SANITIZED)
		tap_skip("sanitizer build: the shadow memory counts as address space");
	grow_stack();
	getrlimit(RLIMIT_AS, &limit);
	limit.rlim_cur = bytes;
	if (setrlimit(RLIMIT_AS, &limit) != 0)
		tap_skip("RLIMIT_AS cannot be set here");
}

static void lift_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_AS, &limit);
	limit.rlim_cur = limit.rlim_max;
	NEED(setrlimit(RLIMIT_AS, &limit) == 0, "setrlimit: %s", strerror(errno));
}

/* Allocates blocks of one size, linked through their first word, until there are none. */
static void *take_all(size_t n, size_t *count)
{
	void **list = NULL;

	*count = 0;
	for (;;) {
		void **p;

		errno = MARK;
		p = m.malloc(n);
		if (!p)
			break;
		memset(p, 0x33, n < 4096 ? n : 4096);
		((char *)p)[n - 1] = 0x33;
		p[0] = list;
		list = p;
		++*count;
	}
	CHECK(errno == ENOMEM, "malloc(%zu) = NULL left errno %d", n, errno);
	return list;
}

/* Refusal must not depend on which function asks. */
static void all_refuse(void *block, size_t n)
{
	void *unchanged = &block;

	errno = MARK;
	CHECK(!m.malloc(n) && errno == ENOMEM, "malloc, errno %d", errno);
	errno = MARK;
	CHECK(!m.calloc(1, n) && errno == ENOMEM, "calloc, errno %d", errno);
	errno = MARK;
	CHECK(!m.aligned_alloc(4096, n) && errno == ENOMEM, "aligned_alloc, errno %d", errno);
	errno = MARK;
	CHECK(!m.realloc(block, n) && errno == ENOMEM, "realloc, errno %d", errno);
	errno = MARK;
	CHECK(m.posix_memalign(&unchanged, 64, n) == ENOMEM && errno == ENOMEM &&
		      unchanged == &block,
	      "posix_memalign, errno %d", errno);
}

#define ROOM ((AGAIN ? 120 : 300) * MIB)

/* Takes all, returns it, and takes it again: it can be had again. */
static size_t take_twice(size_t n)
{
	size_t first, again;
	void *list = take_all(n, &first);

	tap_note("%zu MiB in blocks of %zu", first * n >> 20, n);
	CHECK(first * n >= ROOM / 2, "only %zu MiB of %zu in blocks of %zu", first * n >> 20,
	      ROOM >> 20, n);
	all_refuse(list, ROOM);
	family_free_list(list);
	list = take_all(n, &again);
	CHECK(again * 100 >= first * 95, "%zu blocks of %zu at first, %zu again", first, n,
	      again);
	family_free_list(list);
	return first;
}

static void recover(size_t n)
{
	limit_address_space(address_space() + ROOM);
	take_twice(n);
	lift_limit();
	for (unsigned i = 0; i < 100; i++) {
		void *p = m.malloc(n);

		CHECK(p != NULL, "malloc(%zu) with the limit lifted", n);
		m.free(p);
	}
}

static void recover_64(void)
{
	recover(64);
}

static void recover_1000(void)
{
	recover(1000);
}

static void recover_20000(void)
{
	recover(20000);
}

static void recover_200000(void)
{
	recover(200000);
}

static void recover_3m(void)
{
	recover(3 << 20);
}

/* What one size gave back serves the others. */
static void sizes_in_turn(void)
{
	limit_address_space(address_space() + ROOM);
	take_twice(1000);
	take_twice(64);
	take_twice(200000);
	take_twice(20000);
	take_twice(1000);
	lift_limit();
}

/* RLIMIT_DATA counts private writable memory, and no more than that. */
static void data_limit(void)
{
	struct rlimit limit;

	if (SANITIZED)
		tap_skip("sanitizer build: the shadow memory counts as data");
	getrlimit(RLIMIT_DATA, &limit);
	limit.rlim_cur = status_bytes("VmData:") + ROOM;
	if (setrlimit(RLIMIT_DATA, &limit) != 0)
		tap_skip("RLIMIT_DATA cannot be set here");
	take_twice(1000);
	take_twice(200000);
	take_twice(64);
	take_twice(3 << 20);
}

/* What a program locks from now on must not be address space that it does not use. */
static void locked_memory(void)
{
	size_t before, locked;
	void *p[200];

	if (SANITIZED)
		tap_skip("sanitizer build: its memory would be locked, too");
	for (unsigned i = 0; i < 200; i++)
		m.free(m.malloc(i * i));
	before = status_bytes("VmRSS:");
	if (mlockall(MCL_FUTURE) != 0)
		tap_skip("memory cannot be locked here");
	for (unsigned i = 0; i < 200; i++) {
		p[i] = m.malloc(i * i * 4);
		CHECK(p[i] || errno == ENOMEM, "errno %d", errno);
	}
	locked = status_bytes("VmRSS:");
	tap_note("11 MiB in 200 blocks under MCL_FUTURE: resident grew by %zu KiB",
		 (locked - before) >> 10);
	CHECK(locked - before <= 10 * MIB + 8 * MIB, "resident grew by %zu KiB",
	      (locked - before) >> 10);
	for (unsigned i = 0; i < 200; i++) {
		errno = MARK;
		m.free(p[i]);
		CHECK(errno == MARK, "free set errno %d", errno);
	}
	/* Pages that are locked cannot be purged: they are used again all the same. */
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 200; i++) {
			p[i] = m.calloc(1, i * i * 4 + 1);
			CHECK(p[i], "calloc");
			for (size_t k = 0; p[i] && k < i * i * 4 + 1; k += 97)
				CHECK(((char *)p[i])[k] == 0, "calloc is not zero");
			if (p[i])
				memset(p[i], 1, i * i * 4 + 1);
		}
		for (unsigned i = 0; i < 200; i++)
			m.free(p[i]);
		m.trim(0);
	}
	locked = status_bytes("VmRSS:");
	CHECK(locked - before <= 24 * MIB, "resident grew by %zu KiB", (locked - before) >> 10);
}

/* The stack of a new thread is mapped by libc, which cannot ask us for room: what was freed has
 * to be unmapped without being asked. */
static void *nothing(void *arg)
{
	return arg;
}

static void room_for_stacks(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	size_t count;
	int error = -1;

	limit_address_space(address_space() + 200 * MIB);
	family_free_list(take_all(200000, &count));
	family_free_list(take_all(3 * MIB, &count));
	family_free_list(take_all(1000, &count));
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 120 * MIB);
	for (unsigned i = 0; i < 10 * patience(60) && error != 0; i++) {
		for (unsigned k = 0; k < 100; k++)
			m.free(m.malloc(40000));
		usleep(100000);
		error = pthread_create(&thread, &attributes, nothing, NULL);
	}
	CHECK(error == 0, "a stack of 120 MiB of 200 MiB that were freed: %s", strerror(error));
	if (error == 0)
		pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
}

/* --- shrinking, when there is nothing left -------------------------------------------- */

#define SHRUNK 12

struct shrinker {
	unsigned char *block[SHRUNK];
	size_t to[SHRUNK];
};

static void shrinker_fill(struct shrinker *s)
{
	static const size_t from[SHRUNK] = {17,     200, 4096,    30000,   32768,   40000,
					    200000, MIB, MIB + 1, 3 * MIB, 3 * MIB, 9 * MIB},
			    to[SHRUNK] = {1,     16,    100,    10000,  1,    100,
					  20000, 33000, 100000, 100000, 1000, 700000};

	for (unsigned i = 0; i < SHRUNK; i++) {
		s->block[i] = m.malloc(from[i]);
		NEED(s->block[i], "malloc(%zu)", from[i]);
		memset(s->block[i], (int)i + 1, from[i]);
		s->to[i] = to[i];
	}
}

/* Twice: what was kept in its place may be asked to shrink again. */
static void *shrink_all(void *argument)
{
	struct shrinker *s = argument;

	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < SHRUNK; i++) {
			size_t n = s->to[i] / (round + 1) + 1;
			unsigned char *q;

			errno = MARK;
			q = m.realloc(s->block[i], n);
			CHECK(q, "realloc to %zu: %s", n, strerror(errno));
			CHECK(errno == MARK, "realloc to %zu left errno %d", n, errno);
			if (!q)
				continue;
			s->block[i] = q;
			CHECK(m.usable(q) >= n, "usable %zu of %zu", m.usable(q), n);
			for (size_t k = 0; k < n - 1; k++)
				if (q[k] != i + 1) {
					CHECK(false, "byte %zu of %zu was lost", k, n);
					break;
				}
		}
	return NULL;
}

static void shrinker_free(struct shrinker *s)
{
	for (unsigned i = 0; i < SHRUNK; i++)
		m.free(s->block[i]);
}

/* All that is left, in blocks of `size` and smaller ones. */
static unsigned take_rest(size_t size, void **lists)
{
	unsigned n = 0;
	size_t count;

	for (; size >= 16; size /= 2)
		lists[n++] = take_all(size, &count);
	return n;
}

/* Programs count on it that this cannot fail: they abort or throw where it does. */
static void shrinking(void)
{
	struct shrinker s;
	void *lists[32];
	unsigned n;

	shrinker_fill(&s);
	limit_address_space(address_space() + 40 * MIB);
	n = take_rest(MIB, lists);
	shrink_all(&s);
	lift_limit();
	while (n > 0)
		family_free_list(lists[--n]);
	shrinker_free(&s);
	recover_1000();
}

static atomic_bool used_up;

static void *shrink_when_used_up(void *argument)
{
	while (!atomic_load(&used_up))
		usleep(1000);
	return shrink_all(argument);
}

static void shrinking_in_threads(void)
{
	enum { N = 4 };
	struct shrinker s[N];
	pthread_t ids[N];
	void *lists[32];
	unsigned n, started = 0;
	size_t count;

	for (unsigned i = 0; i < N; i++)
		shrinker_fill(&s[i]);
	limit_address_space(address_space() + 80 * MIB);
	while (started < N &&
	       !pthread_create(&ids[started], NULL, shrink_when_used_up, &s[started]))
		started++;
	CHECK(started == N, "%u of %u threads", started, N);
	lists[0] = take_all(1000, &count);
	atomic_store(&used_up, true);
	n = 1 + take_rest(MIB, lists + 1);
	for (unsigned i = 0; i < started; i++)
		pthread_join(ids[i], NULL);
	for (unsigned i = 0; i < N; i++)
		shrinker_free(&s[i]);
	lift_limit();
	while (n > 0)
		family_free_list(lists[--n]);
}

/* Nor does a program ask us that maps something itself, under a limit that it set late. */
enum second { NONE, FIRST /* it allocates before the program does */, LAST };

static atomic_bool in_turn, has_allocated, again, over;

static void await(atomic_bool *what)
{
	while (!atomic_load(what))
		usleep(1000);
}

/* More than the cache of a thread has, many times. */
static void allocate_much(void)
{
	enum { N = 4000 };
	static void *p[N];

	for (unsigned k = 0; k < N; k++)
		p[k] = m.malloc(5000);
	for (unsigned k = 0; k < N; k++)
		m.free(p[k]);
}

static void *wait_until_over(void *arg)
{
	await(&in_turn);
	m.free(m.malloc(100000)); /* it is a thread that allocates */
	atomic_store(&has_allocated, true);
	await(&again);
	allocate_much();
	await(&over);
	return arg;
}

static size_t threads_of_process(void)
{
	return status_bytes("Threads:") >> 10;
}

/* With a thread that begins when nothing is left, ours is refused; it is tried again. */
static void room_for_mappings(const size_t *sizes, unsigned n, enum second second)
{
	struct rlimit limit;
	pthread_t thread;
	void *p = MAP_FAILED;

	if (SANITIZED)
		tap_skip("sanitizer build: the shadow memory counts as data");
	m.free(m.malloc(100));
	if (second != NONE)
		NEED(!pthread_create(&thread, NULL, wait_until_over, NULL), "no thread");
	if (second == FIRST) {
		atomic_store(&in_turn, true);
		await(&has_allocated);
	}
	getrlimit(RLIMIT_DATA, &limit);
	limit.rlim_cur = status_bytes("VmData:") + ROOM;
	if (setrlimit(RLIMIT_DATA, &limit) != 0)
		tap_skip("RLIMIT_DATA cannot be set here");
	for (unsigned i = 0; i < n; i++) {
		size_t count;
		void *list = take_all(sizes[i], &count);

		if (second == LAST && i == 0) {
			void *rest[32];
			unsigned lists = take_rest(MIB, rest);

			atomic_store(&in_turn, true);
			await(&has_allocated);
			while (lists > 0)
				family_free_list(rest[--lists]);
		}
		family_free_list(list);
		CHECK(count * sizes[i] >= ROOM / 2, "only %zu blocks of %zu", count, sizes[i]);
	}
	if (second == LAST) {
		usleep(1100000);
		atomic_store(&again, true);
		for (unsigned i = 0; i < 10 * patience(10) && threads_of_process() < 3; i++)
			usleep(100000);
		CHECK(threads_of_process() == 3, "%zu threads", threads_of_process());
	}
	for (unsigned i = 0; i < 10 * patience(60) && p == MAP_FAILED; i++) {
		for (unsigned k = 0; k < 100 && second != LAST; k++)
			m.free(m.malloc(20000));
		usleep(100000);
		p = mmap(NULL, ROOM * 2 / 3, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	CHECK(p != MAP_FAILED, "two thirds of what was freed: %s", strerror(errno));
	if (second != NONE) {
		atomic_store(&again, true);
		atomic_store(&over, true);
		pthread_join(thread, NULL);
	}
}

static void room_after_small(void)
{
	static const size_t sizes[] = {1000};

	room_for_mappings(sizes, 1, NONE);
}

static const size_t many[] = {200000, 100, 3 * MIB, 20000};

static void room_after_many(void)
{
	room_for_mappings(many, 4, FIRST);
}

static void room_after_a_refused_thread(void)
{
	room_for_mappings(many, 4, LAST);
}

/* --- places that are free among another thread's ---------------------------------------- */

#define OTHERS 200000u

static char *others[OTHERS];
static atomic_bool freed;

static void *free_every_second(void *arg)
{
	size_t n = *(size_t *)arg;

	for (unsigned i = 0; i < OTHERS; i++) {
		others[i] = m.malloc(n);
		NEED(others[i], "no memory");
	}
	for (unsigned i = 0; i < OTHERS; i += 2)
		m.free(others[i]);
	atomic_store(&freed, true);
	while (!atomic_load(&over))
		usleep(1000);
	for (unsigned i = 1; i < OTHERS; i += 2)
		m.free(others[i]);
	return NULL;
}

static int by_address(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;

	return (x > y) - (x < y);
}

/* Of all that is handed out when nothing is left, what lies where the thread had its objects.
 * All but what its caches hold is had. */
static void places_among_anothers(size_t n)
{
	size_t count, got = 0;
	pthread_t thread;
	void **list;

	NEED(!pthread_create(&thread, NULL, free_every_second, &n), "no thread");
	while (!atomic_load(&freed))
		usleep(1000);
	limit_address_space(address_space() + (16 << 20));
	list = take_all(n, &count);
	lift_limit();
	for (unsigned i = 0; i < OTHERS / 2; i++)
		others[i] = others[2 * i];
	qsort(others, OTHERS / 2, sizeof(*others), by_address);
	for (void **p = list; p; p = *p)
		got += bsearch(&p, others, OTHERS / 2, sizeof(*others), by_address) != NULL;
	tap_note("%zu of %u places of %zu bytes that are free among another thread's", got,
		 OTHERS / 2, n);
	CHECK(got >= OTHERS / 2 / 100 * 99, "only %zu of %u", got, OTHERS / 2);
	family_free_list(list);
	_exit(tap_shared->failures != 0); /* the thread's list is no more what it was */
}

static void places_of_48(void)
{
	places_among_anothers(48);
}

static void places_of_64(void)
{
	places_among_anothers(64);
}

/* --- a thread's first allocation, when there is nothing left ------------------------- */

#define FIRST_THREADS 16

static atomic_uint waiting, answered, refused;
static atomic_bool go, room_again;

static void *first_allocation(void *arg)
{
	static const size_t sizes[] = {1, 100, 5000, 40000, 2 << 20};
	size_t n = sizes[(uintptr_t)arg % 5];
	void *p;

	atomic_fetch_add(&waiting, 1);
	while (!atomic_load(&go))
		usleep(1000);
	errno = MARK;
	p = m.malloc(n);
	if (!p) {
		CHECK(errno == ENOMEM, "thread's first malloc(%zu): errno %d", n, errno);
		atomic_fetch_add(&refused, 1);
	} else {
		memset(p, 1, n);
	}
	errno = MARK;
	m.free(NULL);
	m.free(p);
	CHECK(errno == MARK, "free set errno %d", errno);
	p = m.calloc(1, n);
	CHECK(p || errno == ENOMEM, "calloc: errno %d", errno);
	m.free(p);
	p = m.realloc(NULL, n);
	CHECK(p || errno == ENOMEM, "realloc: errno %d", errno);
	m.free(p);
	atomic_fetch_add(&answered, 1);
	while (!atomic_load(&room_again))
		usleep(1000);
	for (unsigned i = 0; i < 1000; i++) {
		p = m.malloc(i * 40);
		CHECK(p != NULL, "the thread gets nothing now that there is room");
		m.free(p);
	}
	return NULL;
}

static void wait_for(atomic_uint *counter, unsigned n)
{
	while (atomic_load(counter) < n)
		usleep(1000);
}

static void first_in_thread(void)
{
	static const size_t sizes[] = {3 << 20, 100000, 20000,   3000, 500,
				       64,      16,     1 << 18, 4096};
	pthread_t ids[FIRST_THREADS];
	void *lists[9];
	size_t count;

	if (SANITIZED)
		tap_skip("sanitizer build: the shadow memory counts as address space");
	for (uintptr_t i = 0; i < FIRST_THREADS; i++)
		NEED(!pthread_create(&ids[i], NULL, first_allocation, (void *)i), "no thread");
	wait_for(&waiting, FIRST_THREADS);
	limit_address_space(address_space() + 40 * MIB);
	for (unsigned i = 0; i < 9; i++)
		lists[i] = take_all(sizes[i] < 8 ? 8 : sizes[i], &count);
	atomic_store(&go, true);
	wait_for(&answered, FIRST_THREADS);
	CHECK(atomic_load(&refused) > 0, "nothing was refused: the heap was not exhausted");
	lift_limit();
	atomic_store(&room_again, true);
	for (unsigned i = 0; i < FIRST_THREADS; i++)
		pthread_join(ids[i], NULL);
	for (unsigned i = 0; i < 9; i++)
		family_free_list(lists[i]);
}

/* New threads under exhaustion: either the system refuses them, or they live with it. */
static void *try_a_little(void *arg)
{
	for (unsigned i = 0; i < 200; i++) {
		void *p = m.malloc(i * 100);

		CHECK(p || errno == ENOMEM, "errno %d", errno);
		m.free(p);
	}
	return arg;
}

static void thread_starts(void)
{
	size_t small, large;
	void *list, *more;
	unsigned started = 0;

	limit_address_space(address_space() + 64 * MIB);
	list = take_all(1 << 20, &large);
	more = take_all(64, &small);
	for (unsigned i = 0; i < 40; i++) {
		pthread_attr_t attributes;
		pthread_t thread;
		int error;

		pthread_attr_init(&attributes);
		pthread_attr_setstacksize(&attributes, 64 << 10);
		if (i == 20) { /* room for a few stacks and nothing else */
			family_free_list(list);
			list = NULL;
			more = take_all(128 << 10, &small);
		}
		error = pthread_create(&thread, &attributes, try_a_little, NULL);
		CHECK(error == 0 || error == EAGAIN || error == ENOMEM, "pthread_create: %s",
		      strerror(error));
		if (error == 0) {
			started++;
			pthread_join(thread, NULL);
		}
		pthread_attr_destroy(&attributes);
	}
	tap_note("%u of 40 threads started", started);
	family_free_list(more);
	family_free_list(list);
	lift_limit();
	started = 0;
	for (unsigned i = 0; i < 20; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, try_a_little, NULL) == 0) {
			started++;
			pthread_join(thread, NULL);
		}
	}
	CHECK(started == 20, "only %u of 20 threads start now that there is room", started);
}

/* --- the kernel's limit on the number of mappings ------------------------------------ */

static unsigned long most_mappings(void)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
	unsigned long n = 0;

	if (file) {
		if (fscanf(file, "%lu", &n) != 1)
			n = 0;
		fclose(file);
	}
	return n;
}

static void mappings_exhausted(void)
{
	static const size_t sizes[] = {16,     100,    1000,    5000,    30000,   60000,
				       200000, 700000, 1200000, 3 << 20, 20 << 20};
	enum { LARGE = 64 };
	size_t page = (size_t)sysconf(_SC_PAGESIZE), taken = 0;
	unsigned long most = most_mappings();
	unsigned char *field;
	void *large[LARGE];

	if (SANITIZED)
		tap_skip("sanitizer build: the sanitizer does not survive it");
	if (most == 0 || most > 400000)
		tap_skip("this kernel allows more mappings than the test can make");
	for (unsigned i = 0; i < LARGE; i++) {
		large[i] = m.malloc(sizes[i % 11]);
		NEED(large[i], "malloc(%zu)", sizes[i % 11]);
		memset(large[i], (int)i, sizes[i % 11]);
	}
	field = mmap(NULL, 2 * most * page, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	NEED(field != MAP_FAILED, "mmap: %s", strerror(errno));
	/* Every other page another protection: each change is two mappings more. */
	while (taken < most && mprotect(field + 2 * taken * page, page, PROT_READ) == 0)
		taken++;
	NEED(mmap(NULL, page, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS,
		  -1, 0) == MAP_FAILED ||
		     mmap(NULL, page, PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) ==
			     MAP_FAILED,
	     "after %zu changes there is still room for mappings", taken);
	for (unsigned round = 0; round < 20; round++)
		for (unsigned i = 0; i < 11; i++) {
			void *p;

			errno = MARK;
			p = round % 2 ? m.malloc(sizes[i]) : m.calloc(1, sizes[i]);
			CHECK(p || errno == ENOMEM, "%zu bytes refused with errno %d", sizes[i],
			      errno);
			if (p)
				memset(p, 1, sizes[i]);
			errno = MARK;
			m.free(p);
			CHECK(errno == MARK, "free set errno %d", errno);
		}
	for (unsigned i = 0; i < LARGE; i++) {
		unsigned char *p = large[i], *q;

		CHECK(p[0] == i && p[sizes[i % 11] - 1] == i, "block %u changed", i);
		errno = MARK;
		q = m.realloc(p, sizes[i % 11] * 2);
		CHECK(q || errno == ENOMEM, "realloc: errno %d", errno);
		errno = MARK;
		m.free(q ? q : p);
		CHECK(errno == MARK, "free of %zu set errno %d", sizes[i % 11], errno);
	}
	munmap(field, 2 * most * page);
	for (unsigned i = 0; i < 11; i++) {
		void *p = m.malloc(sizes[i]);

		CHECK(p != NULL, "malloc(%zu) with all mappings back", sizes[i]);
		m.free(p);
	}
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) { /* what a program under `ulimit -v` does: come to its main and print */
		puts("hello");
		return 0;
	}
	tap_start();
	family_start();
	tap_case("address space used up in blocks of 64, and again", recover_64);
	tap_case("address space used up in blocks of 1000, and again", recover_1000);
	tap_case("address space used up in blocks of 20000, and again", recover_20000);
	tap_case("address space used up in blocks of 200000, and again", recover_200000);
	tap_case("address space used up in blocks of 3 MiB, and again", recover_3m);
	tap_case("address space used up by one size after the other", sizes_in_turn);
	tap_case("RLIMIT_DATA used up by one size after the other", data_limit);
	tap_case("memory locked by mlockall(MCL_FUTURE)", locked_memory);
	tap_case("room for stacks where addresses are limited", room_for_stacks);
	tap_case("shrinking with nothing left", shrinking);
	tap_case("shrinking while threads take what is left", shrinking_in_threads);
	tap_case("RLIMIT_DATA: room for a mapping of the program's, after small blocks",
		 room_after_small);
	tap_case("RLIMIT_DATA: the same after many sizes, with a thread", room_after_many);
	tap_case("RLIMIT_DATA: the same where that thread begins when nothing is left",
		 room_after_a_refused_thread);
	tap_case("nothing left but places among another thread's: 48 bytes", places_of_48);
	tap_case("the same of 64", places_of_64);
	tap_case("a thread's first allocation with nothing left", first_in_thread);
	tap_case("threads that start with little left", thread_starts);
	tap_case("no mappings left: refused or served, errno of free kept", mappings_exhausted);
	return tap_finish();
}
