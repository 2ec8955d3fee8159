/* What programs got back of the memory that they freed, and what for: no thread that they did
 * not make, no fault for what they soon take again. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "test/cases/cases.h"

#define MIB ((size_t)1 << 20)

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Objects and what is known of them, in memory that is not malloc's. */
struct object {
	char *p;
	size_t size;
};
struct heap {
	struct object *object;
	size_t count;
	void *filled; /* by another thread */
	size_t least, most, bytes;
};

static void *map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p != MAP_FAILED ? p : NULL;
}

/* Spread evenly over the doublings, or always `least`. */
static size_t random_size(uint64_t *seed, size_t least, size_t most)
{
	double unit = (double)(next_random(seed) >> 11) / 9007199254740992.0;

	return most > least ? (size_t)((double)least * pow((double)most / (double)least, unit))
			    : least;
}

static bool fill(struct heap *heap, uint64_t seed)
{
	size_t bytes = 0, room = heap->bytes / heap->least + 1;

	heap->object = map(room * sizeof(*heap->object));
	heap->count = 0;
	while (heap->object != NULL && bytes < heap->bytes) {
		struct object *o = &heap->object[heap->count];

		o->size = random_size(&seed, heap->least, heap->most);
		o->p = malloc(o->size);
		if (o->p == NULL)
			return false;
		memset(o->p, 1, o->size);
		bytes += o->size;
		heap->count++;
	}
	return heap->object != NULL;
}

/* Frees `percent` of the objects, at random places in a random order. */
static void thin_out(struct heap *heap, size_t percent, uint64_t seed)
{
	size_t keep = heap->count - heap->count * percent / 100;

	for (size_t i = heap->count; i-- > 1;) {
		size_t j = next_random(&seed) % (i + 1);
		struct object o = heap->object[i];

		heap->object[i] = heap->object[j];
		heap->object[j] = o;
	}
	for (size_t i = keep; i < heap->count; i++)
		free(heap->object[i].p);
	heap->count = keep;
}

static int by_page(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct object *)a)->p,
		  y = (uintptr_t)((const struct object *)b)->p;

	return (x > y) - (x < y);
}

/* Bytes of the pages that hold something of what is left. */
static size_t floor_of(struct heap *heap)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), next = 0;
	size_t pages = 0;

	qsort(heap->object, heap->count, sizeof(*heap->object), by_page);
	for (size_t i = 0; i < heap->count; i++) {
		uintptr_t first = (uintptr_t)heap->object[i].p / page;
		uintptr_t end =
			((uintptr_t)heap->object[i].p + heap->object[i].size - 1) / page + 1;

		first = first > next ? first : next;
		pages += end > first ? end - first : 0;
		next = end;
	}
	return pages * page;
}

/* Resident of what is malloc's: all but the list of objects, and what there was before. */
static size_t resident(const struct heap *heap, long before)
{
	size_t room = (heap->bytes / heap->least + 1) * sizeof(*heap->object);
	unsigned char *in = map(room / 4096 + 1);
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	size_t bytes = (size_t)(case_resident() - before), own = 0;

	if (in != NULL && mincore(heap->object, room, in) == 0)
		for (size_t i = 0; i < (room + page - 1) / page; i++)
			own += (in[i] & 1) * page;
	return bytes > own ? bytes - own : 0;
}

/* Where time may pass a half more may be held, and at once a quarter and 2 MiB. */
static int judge(struct heap *heap, long before, unsigned seconds)
{
	size_t held = resident(heap, before), least = floor_of(heap);
	size_t most = seconds > 0 ? least / 2 * 3 : least / 4 * 5 + 2 * MIB;

	/* (The sort may have taken memory: it is asked for after.) */
	for (unsigned n = 0; held > most && n < seconds * 10; n++) {
		nanosleep(&(struct timespec){0, 100000000}, NULL);
		held = resident(heap, before);
	}
	return case_measured(held <= most, "%zu KiB resident, %zu KiB of pages hold something",
			     held / 1024, least / 1024);
}

/* [MIB PERCENT LEAST MOST]: most of a heap is freed and the program makes no further call. */
CASE(thinned)
{
	struct heap heap = {.bytes = (size_t)case_number(count, arguments, 0, 300) * MIB,
			    .least = (size_t)case_number(count, arguments, 2, 10000),
			    .most = (size_t)case_number(count, arguments, 3, 10000)};
	long before = case_resident();

	if (!fill(&heap, 1))
		return case_cannot("memory is short");
	thin_out(&heap, (size_t)case_number(count, arguments, 1, 90), 2);
	return judge(&heap, before, 0);
}

/* [MIB PERCENT LEAST MOST]: the same where 50 objects that came one after the other go, or
 * stay, together. */
CASE(thinned_together)
{
	struct heap heap = {.bytes = (size_t)case_number(count, arguments, 0, 100) * MIB,
			    .least = (size_t)case_number(count, arguments, 2, 64),
			    .most = (size_t)case_number(count, arguments, 3, 64)};
	size_t percent = (size_t)case_number(count, arguments, 1, 90), left = 0, held, least;
	long before = case_resident();
	uint64_t seed = 6;
	bool goes = false;

	if (!fill(&heap, 1))
		return case_cannot("memory is short");
	for (size_t i = 0; i < heap.count; i++) {
		if (i % 50 == 0)
			goes = next_random(&seed) % 100 < percent;
		if (goes)
			free(heap.object[i].p);
		else
			heap.object[left++] = heap.object[i];
	}
	heap.count = left;
	held = resident(&heap, before);
	least = floor_of(&heap);
	return case_measured(held <= least / 2 * 3 + 2 * MIB,
			     "%zu KiB resident, %zu KiB of pages hold something", held / 1024,
			     least / 1024);
}

#define THREADS_MOST 64

struct several {
	struct heap heap;
	struct several *frees; /* whose objects it frees */
	size_t percent;
	bool filled, stays;
	pthread_barrier_t *all;
};

static void *free_with_the_others(void *argument)
{
	struct several *s = argument;

	s->filled = fill(&s->heap, (uint64_t)(uintptr_t)s);
	pthread_barrier_wait(s->all);
	if (s->frees->filled)
		thin_out(&s->frees->heap, s->percent, 7);
	pthread_barrier_wait(s->all);
	while (s->stays)
		pause();
	return NULL;
}

/* Several threads free at once what they have, or what their neighbours have, and live on or
 * end.  Resident when dirty_decay_ms is over. */
static int freed_by_several(int count, char **arguments, bool crossed)
{
	static struct several all[THREADS_MOST];
	pthread_t thread[THREADS_MOST];
	size_t threads = (size_t)case_number(count, arguments, 0, 4), held, least = 0;
	long before = case_resident();
	pthread_barrier_t barrier;

	if (threads < 1 || threads > THREADS_MOST)
		return case_cannot("so many threads");
	pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1);
	for (size_t i = 0; i < threads; i++) {
		struct several *s = &all[i];

		s->heap.bytes = (size_t)case_number(count, arguments, 1, 800) * MIB / threads;
		s->percent = (size_t)case_number(count, arguments, 2, 90);
		s->heap.least = (size_t)case_number(count, arguments, 3, 40000);
		s->heap.most = (size_t)case_number(count, arguments, 4, 1000000);
		s->frees = &all[crossed ? (i + 1) % threads : i];
		s->stays = !crossed;
		s->all = &barrier;
		if (pthread_create(&thread[i], NULL, free_with_the_others, s) != 0)
			return case_cannot("no thread");
	}
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	for (size_t i = 0; crossed && i < threads; i++)
		pthread_join(thread[i], NULL);
	for (size_t i = 0; i < threads; i++)
		least += floor_of(&all[i].heap);
	least = least / 2 * 3 + 12 * MIB; /* lists of objects and stacks, too */
	held = (size_t)(case_resident() - before);
	for (unsigned n = 0; held > least && n < 20; n++) {
		nanosleep(&(struct timespec){0, 100000000}, NULL);
		held = (size_t)(case_resident() - before);
	}
	return case_measured(held <= least, "%zu MiB resident two seconds later", held / MIB);
}

/* [THREADS MIB PERCENT LEAST MOST]: each frees most of its own, and lives on. */
CASE(thinned_by_several)
{
	return freed_by_several(count, arguments, false);
}

/* The same, each what its neighbour has; and they end. */
CASE(thinned_by_neighbours)
{
	return freed_by_several(count, arguments, true);
}

static void *half(void *heap)
{
	return fill(heap, 3) ? heap : NULL;
}

static void *wait_for_ever(void *heap)
{
	void *filled = half(heap);

	__atomic_store_n(&((struct heap *)heap)->filled, filled, __ATOMIC_RELEASE);
	for (;;)
		pause();
	return NULL;
}

/* The same where another thread, which lives, made all of it. */
CASE(thinned_by_another)
{
	struct heap heap = {.bytes = (size_t)case_number(count, arguments, 0, 300) * MIB,
			    .least = (size_t)case_number(count, arguments, 2, 10000),
			    .most = (size_t)case_number(count, arguments, 3, 10000)};
	long before = case_resident();
	pthread_t thread;

	free(malloc(100));
	if (pthread_create(&thread, NULL, wait_for_ever, &heap) != 0)
		return case_cannot("no thread");
	while (__atomic_load_n(&heap.filled, __ATOMIC_ACQUIRE) == NULL)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	thin_out(&heap, (size_t)case_number(count, arguments, 1, 90), 4);
	return judge(&heap, before, 5);
}

/* [MIB SIZE]: all of it is freed, in the order in which it came. */
CASE(emptied)
{
	struct heap heap = {.bytes = (size_t)case_number(count, arguments, 0, 1000) * MIB,
			    .least = (size_t)case_number(count, arguments, 1, 200000)};
	long before = case_resident();
	size_t held;

	if (!fill(&heap, 5))
		return case_cannot("memory is short");
	for (size_t i = 0; i < heap.count; i++)
		free(heap.object[i].p);
	held = resident(&heap, before);
	return case_measured(held <= heap.bytes / 20 + 8 * MIB,
			     "%zu of %zu MiB resident at the last free", held / MIB,
			     heap.bytes / MIB);
}

/* [MIB SIZE SHARE]: the same in a random order, in which nearly all slabs and pages come free
 * with the last objects. */
CASE(emptied_at_random)
{
	struct heap heap = {.bytes = (size_t)case_number(count, arguments, 0, 200) * MIB,
			    .least = (size_t)case_number(count, arguments, 1, 64)};
	size_t share = (size_t)case_number(count, arguments, 2, 3), held;
	long before = case_resident();

	if (!fill(&heap, 5))
		return case_cannot("memory is short");
	thin_out(&heap, 100, 8);
	held = resident(&heap, before);
	return case_measured(held <= heap.bytes / share + 8 * MIB,
			     "%zu of %zu MiB resident at the last free", held / MIB,
			     heap.bytes / MIB);
}

/* [MIB LEAST MOST]: a heap that was filled and emptied four times without a pause; after that
 * the program works twice a second with a thousand small objects. */
CASE(emptied_in_rounds)
{
	size_t bytes = (size_t)case_number(count, arguments, 0, 150) * MIB, held = 0;
	struct heap heap = {.bytes = bytes,
			    .least = (size_t)case_number(count, arguments, 1, 40000),
			    .most = (size_t)case_number(count, arguments, 2, 900000)};
	struct heap small = {.bytes = MIB / 2, .least = 16, .most = 2000};
	long before = case_resident();

	for (unsigned round = 0; round < 4; round++) {
		if (!fill(&heap, 10))
			return case_cannot("memory is short");
		for (size_t i = 0; i < heap.count; i++)
			free(heap.object[i].p);
		munmap(heap.object, (bytes / heap.least + 1) * sizeof(*heap.object));
	}
	for (unsigned i = 0; i < 16; i++) {
		nanosleep(&(struct timespec){0, 500000000}, NULL);
		if (!fill(&small, i))
			return case_cannot("memory is short");
		thin_out(&small, 100, i);
		munmap(small.object, (small.bytes / small.least + 1) * sizeof(*small.object));
		held = (size_t)(case_resident() - before);
		if (held <= bytes / 8 + 4 * MIB)
			break;
	}
	return case_measured(held <= bytes / 8 + 4 * MIB, "%zu of %zu MiB resident", held / MIB,
			     bytes / MIB);
}

static unsigned threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	unsigned n = 0;

	while (tasks != NULL && readdir(tasks) != NULL)
		n++;
	if (tasks != NULL)
		closedir(tasks);
	return n - 2; /* . and .. */
}

/* [MIB SIZE]: a program of one thread grows, shrinks, and wants a namespace of its own. */
CASE(alone)
{
	struct heap heap = {.bytes = (size_t)case_number(count, arguments, 0, 120) * MIB,
			    .least = (size_t)case_number(count, arguments, 1, 60000)};
	unsigned grown, shrunk;
	int error;

	if (!fill(&heap, 6))
		return case_cannot("memory is short");
	grown = threads();
	thin_out(&heap, 90, 7);
	shrunk = threads();
	error = unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
	return case_measured(grown == 1 && shrunk == 1 && error != EINVAL,
			     "%u threads when grown, %u when shrunk; unshare: %s", grown,
			     shrunk, error != 0 ? strerror(error) : "done");
}

static void *second_of_two(void *argument)
{
	struct heap *heap = argument;

	heap->filled = fill(heap, 6) ? heap : NULL;
	thin_out(heap, 100, 7);
	return NULL;
}

/* [MIB SIZE]: a program that had a second thread, and joined it, wants a namespace of its own;
 * and languages warn of a fork then, where there are more threads. */
CASE(alone_again)
{
	struct heap heap = {.bytes = (size_t)case_number(count, arguments, 0, 40) * MIB,
			    .least = (size_t)case_number(count, arguments, 1, 3000)};
	pthread_t thread;
	unsigned left;
	int error;

	free(malloc(100));
	if (pthread_create(&thread, NULL, second_of_two, &heap) != 0)
		return case_cannot("no thread");
	pthread_join(thread, NULL);
	/* (What is joined the kernel may count for a moment.) */
	for (unsigned n = 0; (left = threads()) > 1 && n < 5; n++)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	error = unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
	return case_measured(left == 1 && error != EINVAL, "%u threads; unshare: %s", left,
			     error != 0 ? strerror(error) : "done");
}

static int threads_of_a_child(void *unused)
{
	(void)unused;
	return (int)threads();
}

/* [MIB]: strings, and then a fork, which languages of one thread warn of when there are more.
 */
CASE(alone_at_fork)
{
	struct heap heap = {.bytes = (size_t)case_number(count, arguments, 0, 100) * MIB,
			    .least = 700,
			    .most = 1000};
	unsigned before;
	int status;

	if (!fill(&heap, 8))
		return case_cannot("memory is short");
	before = threads();
	status = case_in_child(threads_of_a_child, NULL);
	return case_measured(before == 1 && status == 1 << 8 && threads() == 1,
			     "%u threads before the fork, status %#x, %u after", before,
			     (unsigned)status, threads());
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* [MIB PERCENT LEAST MOST ROUNDS]: a program that fills its heap again and again does not fault
 * for it again and again. */
CASE(refilled)
{
	size_t bytes = (size_t)case_number(count, arguments, 0, 64) * MIB;
	size_t percent = (size_t)case_number(count, arguments, 1, 90);
	long rounds = case_number(count, arguments, 4, 40), half_way = 0, page, later;
	struct heap heap = {.bytes = bytes,
			    .least = (size_t)case_number(count, arguments, 2, 100),
			    .most = (size_t)case_number(count, arguments, 3, 3000)};
	size_t kept;

	if (!fill(&heap, 9))
		return case_cannot("memory is short");
	for (long round = 0; round < rounds; round++) {
		size_t all = heap.count;

		if (round == rounds / 2)
			half_way = faults();
		thin_out(&heap, percent, (uint64_t)round);
		for (kept = heap.count; heap.count < all; heap.count++) {
			struct object *o = &heap.object[heap.count];

			o->p = malloc(o->size);
			memset(o->p, 2, o->size);
		}
		heap.count = all;
	}
	(void)kept;
	page = sysconf(_SC_PAGESIZE);
	later = (faults() - half_way) / (rounds - rounds / 2);
	return case_measured((size_t)(later * page) <= bytes / 10,
			     "%ld faults in a round, which fills %zu pages", later,
			     bytes / 100 * percent / (size_t)page);
}

/* [MIB SIZE]: a heap that is filled and emptied three times, with a pause after it was filled:
 * what is kept because it came back twice. */
CASE(refilled_slowly)
{
	size_t bytes = (size_t)case_number(count, arguments, 0, 200) * MIB;
	struct heap heap = {.bytes = bytes,
			    .least = (size_t)case_number(count, arguments, 1, 3000)};
	long before = case_resident();
	size_t held;

	for (unsigned round = 0; round < 3; round++) {
		if (!fill(&heap, 10))
			return case_cannot("memory is short");
		nanosleep(&(struct timespec){0, 600000000}, NULL);
		for (size_t i = 0; i < heap.count; i++)
			free(heap.object[i].p);
		if (round < 2)
			munmap(heap.object, (bytes / heap.least + 1) * sizeof(*heap.object));
	}
	held = resident(&heap, before);
	return case_measured(held <= bytes / 8 + 4 * MIB,
			     "%zu of %zu MiB resident at the last free", held / MIB,
			     bytes / MIB);
}

/* A buffer that grows into its length by a quarter each time, filled as far as it goes. */
static char *grown(size_t bytes)
{
	size_t length = bytes / 16;
	char *p = malloc(length);

	while (p != NULL && length < bytes) {
		memset(p, 1, length);
		length = length + length / 4 < bytes ? length + length / 4 : bytes;
		p = realloc(p, length);
	}
	return p;
}

enum manner {
	AT_ONCE,
	CLEARED,
	GROWN,
};

/* [MIB ROUNDS BUFFERS ALIGN MANNER]: buffers that are filled and freed again in each frame, at
 * multiples of ALIGN MiB where that is not 0; from calloc, or grown by realloc, where the
 * manner says so.  The first goes at once, and from the third frame on none is faulted for. */
CASE(frames)
{
	size_t bytes = (size_t)case_number(count, arguments, 0, 100) * MIB;
	long rounds = case_number(count, arguments, 1, 5), half_way = 0;
	size_t buffers = (size_t)case_number(count, arguments, 2, 1);
	size_t align = (size_t)case_number(count, arguments, 3, 0) * MIB;
	enum manner manner = (enum manner)case_number(count, arguments, 4, AT_ONCE);
	long before = case_resident(), after_first = 0, later;
	char *p[64];

	for (long round = 0; round < rounds; round++) {
		if (round == 2)
			half_way = faults();
		for (size_t i = 0; i < buffers && i < 64; i++) {
			p[i] = align != 0          ? aligned_alloc(align, bytes)
			       : manner == CLEARED ? calloc(1, bytes)
			       : manner == GROWN   ? grown(bytes)
						   : malloc(bytes);
			if (p[i] == NULL)
				return case_cannot("memory is short");
			memset(p[i], 1, bytes);
		}
		for (size_t i = 0; i < buffers && i < 64; i++)
			free(p[i]);
		if (round == 0)
			after_first = case_resident() - before;
	}
	later = (faults() - half_way) / (rounds - 2);
	return case_measured(
		after_first <= (long)(2 * MIB) && later <= 64,
		"%ld KiB resident after the first frame, %ld faults in a later one",
		after_first / 1024, later);
}

/* [COUNT LEAST MOST FRAMES]: many buffers at a time, which are filled and freed again in each
 * frame. */
CASE(frames_of_many)
{
	size_t buffers = (size_t)case_number(count, arguments, 0, 20);
	size_t least = (size_t)case_number(count, arguments, 1, 33000);
	size_t most = (size_t)case_number(count, arguments, 2, 200000);
	long rounds = case_number(count, arguments, 3, 12), half_way = 0, later;
	static size_t size[1000];
	static char *p[1000];
	uint64_t seed = 8;

	if (buffers > 1000 || rounds < 8)
		return case_cannot("so many buffers, or so few frames");
	for (size_t i = 0; i < buffers; i++)
		size[i] = random_size(&seed, least, most);
	for (long round = 0; round < rounds; round++) {
		if (round == 6)
			half_way = faults();
		for (size_t i = 0; i < buffers; i++) {
			p[i] = malloc(size[i]);
			if (p[i] == NULL)
				return case_cannot("memory is short");
			memset(p[i], 1, size[i]);
		}
		for (size_t i = 0; i < buffers; i++)
			free(p[i]);
	}
	later = (faults() - half_way) / (rounds - 6);
	return case_measured(later <= 32, "%ld faults in a later frame", later);
}
