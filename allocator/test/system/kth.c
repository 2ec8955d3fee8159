/*
 * Every k-th request to the kernel fails, k = 1 … 200, for memory and for files, by the
 * library's own hook: a mixed workload gets blocks or NULL with ENOMEM, no byte is wrong,
 * free keeps errno, and afterwards nothing is lost: as much can be had as before.
 */
#include "test/support/family.h"

#include <pthread.h>

#include "os/os.h"
#include "page/account.h"
#include "page/heap.h"
#include "reclaim/rounds.h"

#define LIVE 200
#define OPERATIONS 1500
#define MIB ((size_t)1 << 20)

static unsigned every, asked, failed;

static bool fail_kth(enum ash_os_call call)
{
	if (__atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED) % every != 0)
		return false;
	__atomic_add_fetch(&failed, 1, __ATOMIC_RELAXED);
	errno = call == ASH_OS_MPROTECT ? EACCES : call == ASH_OS_MADVISE ? EINVAL : ENOMEM;
	return true;
}

static struct block {
	unsigned char *p;
	size_t size;
	unsigned char value;
} live[LIVE];

static unsigned random_state = 1;

static unsigned next_random(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state >> 4;
}

/* Few large ones: filling them is what takes time. */
static size_t size_of(unsigned r)
{
	unsigned lg = r % 100 < 70 ? r / 100 % 11 : r % 100 < 97 ? r / 100 % 17 : r / 100 % 23;

	return ((size_t)1 << lg) + r % ((1u << lg) / 2 + 1);
}

static void fill(struct block *b, size_t size, unsigned char value)
{
	b->size = size;
	b->value = value;
	for (size_t k = 0; k < size; k += k < 64 ? 1 : 1021)
		b->p[k] = value;
	b->p[size - 1] = value;
}

static bool intact(const struct block *b, size_t size, unsigned char value)
{
	for (size_t k = 0; k < size; k += k < 64 ? 1 : 1021)
		if (b->p[k] != value)
			return false;
	return true;
}

static unsigned work(void)
{
	unsigned refused = 0;

	for (unsigned n = 0; n < OPERATIONS; n++) {
		struct block *b = &live[next_random() % LIVE];
		size_t size = size_of(next_random());
		unsigned char *p;

		if (b->p)
			CHECK(intact(b, b->size, b->value), "block of %zu changed", b->size);
		errno = MARK;
		if (n % 5 == 0 && b->p) {
			p = m.realloc(b->p, size);
			if (!p) {
				CHECK(errno == ENOMEM, "realloc: errno %d", errno);
				CHECK(intact(b, b->size, b->value),
				      "a refused realloc changed the block");
				refused++;
				continue;
			}
			CHECK(errno == MARK, "a realloc that succeeded set errno %d", errno);
			b->p = p;
			CHECK(intact(b, b->size < size ? b->size : size, b->value),
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
				CHECK(intact(b, size, 0), "calloc(%zu) is not zero", size);
		}
		fill(b, size, (unsigned char)(n + 1));
		if (n % 100 == 0)
			ash_rounds_all();
	}
	return refused;
}

static void free_all(void)
{
	for (unsigned i = 0; i < LIVE; i++) {
		errno = MARK;
		m.free(live[i].p);
		CHECK(errno == MARK, "free set errno %d", errno);
		live[i].p = NULL;
	}
}

/* What is held when everything was given back. */
static size_t at_rest(void)
{
	ash_rounds_all();
	return ash_account_held(&ash_heap);
}

static void every_kth(void)
{
	size_t before, after;
	unsigned refused = 0;

	ash_heap.rounds.background = false;
	ash_heap.rounds.pressure = true; /* files, too */
	work();
	free_all();
	before = at_rest();
	for (every = 1; every <= 200; every++) {
		__atomic_store_n(&ash_os_fault_hook, fail_kth, __ATOMIC_RELAXED);
		refused += work();
		free_all();
		__atomic_store_n(&ash_os_fault_hook, NULL, __ATOMIC_RELAXED);
	}
	after = at_rest();
	tap_note("%u of %u calls failed, %u of %u requests refused; %zu KiB held before, %zu "
		 "after",
		 failed, asked, refused, 200 * OPERATIONS, before >> 10, after >> 10);
	CHECK(failed > 500 && refused > 20, "%u calls failed, %u requests refused", failed,
	      refused);
	/* Metadata stays, and slabs that caches of this thread keep alive. */
	CHECK(after <= before + 4 * MIB, "%zu KiB held before, %zu after", before >> 10,
	      after >> 10);
	CHECK(ash_account_cached(&ash_heap) == 0, "%zu bytes wait to be unmapped",
	      ash_account_cached(&ash_heap));
	CHECK(work() == 0, "requests are refused though nothing fails any more");
	free_all();
}

static void *work_apart(void *arg)
{
	unsigned random = (unsigned)(uintptr_t)arg;
	unsigned char *block[32] = {0};
	size_t size[32] = {0};

	for (unsigned n = 0; n < 20000; n++) {
		unsigned i;

		random = random * 1664525u + 1013904223u;
		i = random >> 27;
		if (block[i])
			CHECK(block[i][0] == (unsigned char)i &&
				      block[i][size[i] - 1] == (unsigned char)i,
			      "block of %zu changed", size[i]);
		errno = MARK;
		m.free(block[i]);
		CHECK(errno == MARK, "free set errno %d", errno);
		size[i] = size_of(random >> 5);
		block[i] = m.malloc(size[i]);
		CHECK(errno == (block[i] ? MARK : ENOMEM), "errno %d", errno);
		if (block[i])
			block[i][0] = block[i][size[i] - 1] = (unsigned char)i;
	}
	for (unsigned i = 0; i < 32; i++)
		m.free(block[i]);
	return NULL;
}

/* The same with threads, that are born and end meanwhile. */
static void with_threads(void)
{
	static const unsigned ks[] = {1, 2, 3, 5, 10, 50};

	m.free(m.malloc(100));
	for (unsigned i = 0; i < sizeof(ks) / sizeof(ks[0]); i++) {
		pthread_t thread[4];

		every = ks[i];
		for (uintptr_t t = 0; t < 4; t++)
			NEED(!pthread_create(&thread[t], NULL, work_apart, (void *)(t + 1)),
			     "no thread");
		__atomic_store_n(&ash_os_fault_hook, fail_kth, __ATOMIC_RELAXED);
		for (unsigned t = 0; t < 4; t++)
			pthread_join(thread[t], NULL);
		__atomic_store_n(&ash_os_fault_hook, NULL, __ATOMIC_RELAXED);
	}
	for (size_t n = 1; n < 4 * MIB; n = n * 2 + 1) {
		void *p = m.malloc(n);

		CHECK(p, "malloc(%zu) though nothing fails any more", n);
		m.free(p);
	}
}

int main(void)
{
	tap_start();
	family_start();
	tap_case("every k-th request to the kernel fails, k = 1 to 200", every_kth);
	tap_case("the same with four threads", with_threads);
	return tap_finish();
}
