/* libcount.so, preloaded before an allocator: counts the calls that come from the
 * program itself (not from the C library), and hashes each thread's sequence of calls
 * and sizes, and counts the blocks that another thread freed than allocated them.
 * Writes "allocs N frees N sequence H remote N" to descriptor 3 at exit. */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define MAX_THREADS 4096

EXPORT void *malloc(size_t size);
EXPORT void *calloc(size_t count, size_t size);
EXPORT void *realloc(void *p, size_t size);
EXPORT void *aligned_alloc(size_t alignment, size_t size);
EXPORT void free(void *p);

static void *(*next_malloc)(size_t);
static void *(*next_calloc)(size_t, size_t);
static void *(*next_realloc)(void *, size_t);
static void *(*next_aligned_alloc)(size_t, size_t);
static void (*next_free)(void *);
static uintptr_t program_from, program_to;
static _Atomic uint64_t allocs, frees;

/* Each thread's own hash; summed at the end, so that the order in which threads first
 * called does not count, and the order of one thread's calls does. */
static uint64_t sequence[MAX_THREADS];
static _Atomic unsigned threads;
static __thread unsigned me __attribute__((tls_model("initial-exec")));

/* Who allocated the block at an address; entries stay when it is freed, since a test's
 * run has few addresses. */
#define PLACES (1u << 18)
static struct owner {
	uintptr_t at;
	unsigned thread;
} owners[PLACES];
static unsigned owners_used;
static int owners_locked;
static uint64_t remote;

/* dlsym may allocate before the real functions are known. */
static char early[8192] __attribute__((aligned(16)));
static size_t early_used;

static int find_program(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_phdr[i].p_flags & PF_X) {
			program_from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			program_to = program_from + info->dlpi_phdr[i].p_memsz;
		}
	return 1; /* the program comes first */
}

__attribute__((constructor)) static void look_up(void)
{
	if (next_free)
		return;
	dl_iterate_phdr(find_program, NULL);
	next_malloc = (void *(*)(size_t))(uintptr_t)dlsym(RTLD_NEXT, "malloc");
	next_calloc = (void *(*)(size_t, size_t))(uintptr_t)dlsym(RTLD_NEXT, "calloc");
	next_realloc = (void *(*)(void *, size_t))(uintptr_t)dlsym(RTLD_NEXT, "realloc");
	next_aligned_alloc =
		(void *(*)(size_t, size_t))(uintptr_t)dlsym(RTLD_NEXT, "aligned_alloc");
	next_free = (void (*)(void *))(uintptr_t)dlsym(RTLD_NEXT, "free");
}

static void note(const void *caller, uint64_t what)
{
	if ((uintptr_t)caller < program_from || (uintptr_t)caller >= program_to)
		return;
	if (!me)
		me = atomic_fetch_add(&threads, 1) + 1;
	if (me <= MAX_THREADS)
		sequence[me - 1] = (sequence[me - 1] ^ what) * 0x9e3779b97f4a7c15u + 1;
	atomic_fetch_add(what ? &allocs : &frees, 1);
}

static int from_program(const void *caller)
{
	return (uintptr_t)caller >= program_from && (uintptr_t)caller < program_to;
}

/* The place of an address; the lock is held. */
static struct owner *owner_of(const void *p)
{
	size_t i = ((uintptr_t)p >> 4) * 0x9e3779b97f4a7c15u >> 46;

	while (owners[i].at && owners[i].at != (uintptr_t)p)
		i = (i + 1) % PLACES;
	return &owners[i];
}

static void *own(const void *caller, void *p)
{
	struct owner *owner;

	if (!from_program(caller) || !p)
		return p;
	while (__atomic_exchange_n(&owners_locked, 1, __ATOMIC_ACQUIRE))
		continue;
	owner = owner_of(p);
	if (!owner->at && ++owners_used > PLACES / 2)
		_exit(8); /* more addresses than a test should have */
	owner->at = (uintptr_t)p;
	owner->thread = me;
	__atomic_store_n(&owners_locked, 0, __ATOMIC_RELEASE);
	return p;
}

static void disown(const void *caller, const void *p)
{
	struct owner *owner;

	if (!from_program(caller) || !p)
		return;
	while (__atomic_exchange_n(&owners_locked, 1, __ATOMIC_ACQUIRE))
		continue;
	owner = owner_of(p);
	remote += owner->at && owner->thread != me;
	__atomic_store_n(&owners_locked, 0, __ATOMIC_RELEASE);
}

void *malloc(size_t size)
{
	if (!next_malloc)
		look_up();
	if (!next_malloc) {
		void *p = early + early_used;

		early_used += (size + 15) & ~(size_t)15;
		return early_used <= sizeof(early) ? p : NULL;
	}
	note(__builtin_return_address(0), size * 4 + 1);
	return own(__builtin_return_address(0), next_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	if (!next_calloc)
		return malloc(count * size); /* early memory is zero */
	note(__builtin_return_address(0), count * size * 4 + 2);
	return own(__builtin_return_address(0), next_calloc(count, size));
}

void *realloc(void *p, size_t size)
{
	note(__builtin_return_address(0), size * 4 + 3);
	/* One block ends, one begins. */
	if ((uintptr_t)__builtin_return_address(0) >= program_from &&
	    (uintptr_t)__builtin_return_address(0) < program_to)
		atomic_fetch_add(&frees, 1);
	return own(__builtin_return_address(0), next_realloc(p, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
	note(__builtin_return_address(0), size * 4 + 4);
	return own(__builtin_return_address(0), next_aligned_alloc(alignment, size));
}

void free(void *p)
{
	if ((char *)p >= early && (char *)p < early + sizeof(early))
		return;
	note(__builtin_return_address(0), 0);
	disown(__builtin_return_address(0), p);
	next_free(p);
}

__attribute__((destructor)) static void report(void)
{
	char line[128];
	uint64_t sum = 0;
	int n;

	for (unsigned i = 0; i < MAX_THREADS; i++)
		sum += sequence[i] * (sequence[i] | 1);
	n = snprintf(line, sizeof(line), "allocs %llu frees %llu sequence %llx remote %llu\n",
		     (unsigned long long)atomic_load(&allocs),
		     (unsigned long long)atomic_load(&frees), (unsigned long long)sum,
		     (unsigned long long)remote);
	/* A process that the program started has no descriptor 3. */
	if (write(3, line, (size_t)n) != n && errno != EBADF)
		_exit(9);
}
