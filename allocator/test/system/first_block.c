/*
 * A heap that begins with half a block and outgrows it: in pieces of all sizes, in relatives
 * that parted before it did, in threads that outgrow it at once, and where addresses are short.
 * What was written stays, the block becomes one mapping with what follows it, and before that
 * what runs away ends where the heap does.
 */
#include "test/support/family.h"

#include <pthread.h>

#include "os/delay.h"
#include "page/heap.h"
#include "page/hugeblock.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define THREADS 2

/* --- pieces with a pattern, freed by nobody but who checks them -----------------------------
 */

struct piece {
	struct piece *next;
	size_t bytes;
};

static unsigned char pattern(const struct piece *piece, size_t i)
{
	return (unsigned char)(piece->bytes + i / 512);
}

/* Pieces of few sizes, `bytes` in all.  (Each class has a slab of its own, and half a block is
 * to hold them.) */
static struct piece *take(size_t bytes, unsigned seed)
{
	static const size_t sizes[] = {48, 700, 9000, 45000};
	struct piece *list = NULL;

	while (bytes > 0) {
		struct piece *piece;
		size_t n;

		seed = seed * 1664525 + 1013904223;
		n = sizes[seed >> 30];
		piece = m.malloc(n);
		NEED(piece != NULL, "no %zu bytes", n);
		*piece = (struct piece){list, n};
		for (size_t i = sizeof(*piece); i < n; i++)
			((unsigned char *)piece)[i] = pattern(piece, i);
		list = piece;
		bytes -= n < bytes ? n : bytes;
	}
	return list;
}

static bool is_whole(const struct piece *piece)
{
	for (size_t i = sizeof(*piece); i < piece->bytes; i++)
		if (((const unsigned char *)piece)[i] != pattern(piece, i))
			return false;
	return true;
}

static void check_and_free(struct piece *list)
{
	while (list != NULL) {
		struct piece *next = list->next;

		CHECK(is_whole(list), "%zu bytes have changed", list->bytes);
		m.free(list);
		list = next;
	}
}

/* --- the block -------------------------------------------------------------------------------
 */

static uintptr_t first_block(const void *p)
{
	return (uintptr_t)p & ~(ASH_HUGE - 1);
}

/* Mappings that parts of the block lie in, and whether they leave none of it out. */
static unsigned mappings(uintptr_t block, bool *all)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	unsigned n = 0;
	size_t bytes = 0;
	char line[512];

	NEED(maps != NULL, "no /proc/self/maps");
	while (fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%lx-%lx", &from, &to) != 2 || to <= block ||
		    from >= block + ASH_HUGE)
			continue;
		from = from < block ? block : from;
		to = to > block + ASH_HUGE ? block + ASH_HUGE : to;
		bytes += to - from;
		n++;
	}
	fclose(maps);
	*all = bytes == ASH_HUGE;
	return n;
}

static void check_half(uintptr_t block)
{
	bool all;
	unsigned n = mappings(block, &all);

	CHECK(n == 1 && !all, "%u mappings, %s", n, all ? "the whole block" : "not all of it");
	CHECK(ash_hugeblock_mapped(&ash_heap) == MIB, "%zu bytes are mapped",
	      ash_hugeblock_mapped(&ash_heap));
}

/* In one mapping with the next block, where that is the next: huge pages need that, and a
 * process has 65,530 of them. */
static void check_whole(uintptr_t block, unsigned most)
{
	bool all;
	unsigned n = mappings(block, &all);

	CHECK(all && n <= most, "%u mappings, %s", n,
	      all ? "the whole block" : "not all of it");
	CHECK(ash_hugeblock_mapped(&ash_heap) % ASH_HUGE == 0, "%zu bytes are mapped",
	      ash_hugeblock_mapped(&ash_heap));
}

/* --- cases
 * ------------------------------------------------------------------------------------- */

static void outgrown(void)
{
	struct piece *few = take(600 * KIB, 1), *many;
	uintptr_t block = first_block(few);

	check_half(block);
	many = take(3 * MIB, 2);
	check_whole(block, 1);
	check_and_free(few);
	check_and_free(many);
}

/* One of its pieces grows until it does not fit any more. */
static void outgrown_by_one(void)
{
	struct piece *few = take(300 * KIB, 3);
	uintptr_t block = first_block(few);
	size_t n = 100;
	char *p = m.malloc(n);

	memset(p, 7, n);
	check_half(block);
	for (; n < MIB; n += n / 3) {
		p = m.realloc(p, n + n / 3);
		NEED(p != NULL, "no %zu bytes", n + n / 3);
		for (size_t i = 0; i < n; i++)
			NEED(p[i] == 7, "byte %zu of %zu", i, n);
		memset(p + n, 7, n / 3);
	}
	check_whole(block, 1);
	m.free(p);
	check_and_free(few);
}

#define AT_THE_END 42

static uintptr_t end_of_half;

static void fault(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	_exit((uintptr_t)info->si_addr == end_of_half ? AT_THE_END : 1);
}

/* Whoever writes on behind an object meets the end of the heap. */
static void runs_away(void)
{
	struct piece *few = take(300 * KIB, 4);
	int status = 0;
	pid_t child = fork();

	NEED(child >= 0, "fork: %s", strerror(errno));
	if (child == 0) {
		volatile char *p = (volatile char *)few;
		struct sigaction action = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO};

		end_of_half = first_block(few) + MIB;
		sigaction(SIGSEGV, &action, NULL);
		for (size_t i = 0; i < 64 * MIB; i++)
			p[i] = 1;
		_exit(0);
	}
	waitpid(child, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == AT_THE_END, "status %d", status);
	check_and_free(few);
}

/* In the child two mappings may stay two: the pages of the first are its parent's, too. */
static pid_t grow_in_a_child(struct piece *few)
{
	uintptr_t block = first_block(few);
	struct piece *many;
	pid_t child = fork();

	NEED(child >= 0, "fork: %s", strerror(errno));
	if (child != 0)
		return child;
	check_half(block);
	many = take(3 * MIB, 5);
	check_whole(block, 2);
	check_and_free(many);
	check_and_free(few);
	_exit(tap_shared->failures != 0);
}

static void await(pid_t child)
{
	int status = 0;

	waitpid(child, &status, 0);
	CHECK(status == 0, "status %d", status);
}

static void relatives(void)
{
	struct piece *few = take(500 * KIB, 6), *many;
	uintptr_t block = first_block(few);
	pid_t child;

	await(grow_in_a_child(few));
	check_half(block); /* of the parent */
	child = grow_in_a_child(few);
	many = take(3 * MIB, 7); /* both at once */
	await(child);
	check_whole(block, 1);
	check_and_free(many);
	check_and_free(few);
}

static pthread_barrier_t barrier;

static void *grow_in_a_thread(void *seed)
{
	struct piece *list;

	pthread_barrier_wait(&barrier);
	list = take(900 * KIB, (unsigned)(uintptr_t)seed);
	pthread_barrier_wait(&barrier);
	check_and_free(list);
	return NULL;
}

static void threads(void)
{
	pthread_t thread[THREADS];
	struct piece *few = take(100 * KIB, 8);
	uintptr_t block = first_block(few);

	check_half(block);
#if ASH_DEBUG >= 1
	ash_store_relaxed(&ash_delay_seed, 1);
#endif
	NEED(pthread_barrier_init(&barrier, NULL, THREADS) == 0, "no barrier");
	for (uintptr_t i = 0; i < THREADS; i++)
		NEED(!pthread_create(&thread[i], NULL, grow_in_a_thread, (void *)(i + 9)),
		     "no thread");
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	check_whole(block, 1);
	check_and_free(few);
}

/* Addresses end just when the block would be outgrown: requests fail, nothing is lost, and with
 * more of them the end of the block serves. */
static void short_of_addresses(void)
{
	struct piece *few = take(100 * KIB, 20), *more = NULL;
	struct rlimit none = {4096, RLIM_INFINITY}, before;
	uintptr_t block = first_block(few);
	unsigned n = 0;

	NEED(getrlimit(RLIMIT_AS, &before) == 0, "no limit");
	none.rlim_max = before.rlim_max;
	NEED(setrlimit(RLIMIT_AS, &none) == 0, "setrlimit: %s", strerror(errno));
	for (struct piece *p; (p = m.malloc(40 * KIB)) != NULL; n++) {
		*p = (struct piece){more, 40 * KIB};
		for (size_t i = sizeof(*p); i < p->bytes; i++)
			((unsigned char *)p)[i] = pattern(p, i);
		more = p;
	}
	CHECK(errno == ENOMEM, "errno %d", errno);
	CHECK(n >= 10 && n * 40 * KIB < MIB, "%u pieces", n);
	setrlimit(RLIMIT_AS, &before);
	check_half(block);
	check_and_free(take(600 * KIB, 21));
	check_whole(block, 1);
	check_and_free(more);
	check_and_free(few);
}

int main(void)
{
	tap_start();
	family_start();
	tap_case("600 KiB, and then 3 MiB more", outgrown);
	tap_case("an object that grows to 1 MiB", outgrown_by_one);
	tap_case("a write that runs away ends with the heap", runs_away);
	tap_case("a fork before the end is mapped", relatives);
	for (unsigned i = 0; i < 10; i++)
		tap_case("two threads outgrow it at once", threads);
	if (!SANITIZED) /* which could not say what it finds */
		tap_case("where addresses are short", short_of_addresses);
	return tap_finish();
}
