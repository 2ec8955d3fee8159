#include "os/os.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>

#include "os/lock_rank.h"
#include "os/memory_call.h"
#include "os/vdso.h"
#include "util/atomic.h"
#include "util/bits.h"

/* The kernel's own headers are not there with every libc. */
#ifndef FUTEX_WAIT_PRIVATE
#define FUTEX_WAIT_PRIVATE 128
#define FUTEX_WAKE_PRIVATE 129
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

size_t ash_os_page = 4096;
unsigned ash_os_page_shift = 12;

/* What giving back a range may take, and half a nanosecond a byte: several times what it takes
 * on a machine of 2020. */
#define RANGE_NS 8000u

__thread struct ash_os_given ash_os_given;
__thread uint64_t ash_os_plausible_ns;

#define YIELD_NS 10000u /* and what the kernel adds to it */

/* Asks for memory or gives some back, which no lock but two is held over. */
static bool faulted(enum ash_os_call call)
{
	ash_lock_rank_assert_system_call();
	return ash_os_faulted(call);
}

void ash_os_init(void)
{
	/* From the auxiliary vector: no system call, no lock, right even before libc's own
	 * initialisation. */
	size_t page = getauxval(AT_PAGESZ);

	ash_vdso_init(getauxval(AT_SYSINFO_EHDR));

	if (page != 0) {
		ash_os_page = page;
		ash_os_page_shift = ash_log2_floor(page);
	}
}

static void *map(void *address, size_t size, int protection, int flags)
{
	void *p;

	if (faulted(ASH_OS_MMAP))
		return NULL;
	p = ash_memory_call_mmap(address, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags,
				 -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

static bool unmap(void *address, size_t size)
{
	return !faulted(ASH_OS_MUNMAP) && ash_memory_call_munmap(address, size) == 0;
}

void *ash_os_map(size_t size, size_t align)
{
	char *p = map(NULL, size, PROT_READ | PROT_WRITE, 0);
	size_t head;

	if (p == NULL || align <= ash_os_page || ((uintptr_t)p & (align - 1)) == 0)
		return p;
	/* Map more and cut off what is too much at both ends. */
	unmap(p, size);
	if (size + align < size) {
		errno = ENOMEM;
		return NULL;
	}
	p = map(NULL, size + align, PROT_READ | PROT_WRITE, 0);
	if (p == NULL)
		return NULL;
	head = ash_align_up((uintptr_t)p, align) - (uintptr_t)p;
	/* At the limit of mappings a cut may fail; what is left over then stays untouched
	 * address space. */
	if (head != 0)
		unmap(p, head);
	if (align - head != 0)
		unmap(p + head + size, align - head);
	return p + head;
}

bool ash_os_map_at_with(void *address, size_t size, int flags)
{
	void *p = map(address, size, PROT_READ | PROT_WRITE, MAP_FIXED_NOREPLACE | flags);

	if (p == address)
		return true;
	if (p != NULL) { /* a kernel before 4.17 takes the flag for a hint */
		unmap(p, size);
		errno = EEXIST;
	}
	return false;
}

bool ash_os_map_at(void *address, size_t size)
{
	return ash_os_map_at_with(address, size, 0);
}

void *ash_os_map_shared(size_t size)
{
	void *p;

	if (faulted(ASH_OS_MMAP))
		return NULL;
	p = ash_memory_call_mmap(NULL, size, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

void *ash_os_map_readonly(size_t size)
{
	return map(NULL, size, PROT_READ, MAP_NORESERVE);
}

bool ash_os_protect(void *address, size_t size, int protection)
{
	return !faulted(ASH_OS_MPROTECT) &&
	       ash_memory_call_mprotect(address, size, protection) == 0;
}

bool ash_os_make_writable(void *address, size_t size)
{
	return ash_os_protect(address, size, PROT_READ | PROT_WRITE);
}

static void count_given(size_t size)
{
	ash_os_given.ranges++;
	ash_os_given.bytes += size;
	ash_os_plausible_ns += RANGE_NS + size / 2;
}

bool ash_os_unmap(void *address, size_t size)
{
	if (!unmap(address, size))
		return false;
	count_given(size);
	return true;
}

/* Whether pages that were given back read as zero: emulators have been seen that take the
 * advice for a hint.  Tried on a page of our own, until the kernel once took it. */
static bool purge_zeroes(void)
{
	enum { UNKNOWN, YES, NO };
	static uint32_t known;
	uint32_t answer = ash_load_relaxed(&known);

	if (answer == UNKNOWN) {
		volatile char *page = map(NULL, ash_os_page, PROT_READ | PROT_WRITE, 0);

		if (page == NULL)
			return false;
		*page = 1;
		if (!faulted(ASH_OS_MADVISE) &&
		    ash_memory_call_madvise((void *)page, ash_os_page, MADV_DONTNEED) == 0)
			answer = *page == 0 ? YES : NO;
		unmap((void *)page, ash_os_page);
		ash_store_relaxed(&known, answer);
	}
	return answer == YES;
}

bool ash_os_purge(void *address, size_t size)
{
	if (faulted(ASH_OS_MADVISE) || !purge_zeroes() ||
	    ash_memory_call_madvise(address, size, MADV_DONTNEED) != 0)
		return false;
	count_given(size);
	return true;
}

bool ash_os_purge_lazily(void *address, size_t size)
{
	if (faulted(ASH_OS_MADVISE) || ash_memory_call_madvise(address, size, MADV_FREE) != 0)
		return false;
	count_given(size);
	return true;
}

void *ash_os_remap(void *address, size_t old_size, size_t new_size, bool may_move)
{
	void *p;

	if (faulted(ASH_OS_MREMAP))
		return NULL;
#ifdef __SANITIZE_THREAD__
	/* ThreadSanitizer knows mmap and munmap, not mremap: addresses that grow into what
	 * another thread has unmapped would look like a race on its old content. */
	if (!may_move)
		return NULL;
	p = map(NULL, new_size, PROT_READ | PROT_WRITE, 0);
	if (p != NULL) {
		memcpy(p, address, old_size < new_size ? old_size : new_size);
		unmap(address, old_size);
	}
	return p;
#else
	p = ash_memory_call_mremap(address, old_size, new_size, may_move ? MREMAP_MAYMOVE : 0);
	return p == MAP_FAILED ? NULL : p;
#endif
}

bool ash_os_is_mapped(const void *page)
{
	int saved = errno;
	/* A page that is to become as long as it is: looked for, and left as it is. */
	bool is = faulted(ASH_OS_MREMAP) ||
		  ash_memory_call_mremap((void *)page, ash_os_page, ash_os_page, 0) !=
			  MAP_FAILED ||
		  errno != EFAULT;

	errno = saved;
	return is;
}

bool ash_os_could_map(size_t size)
{
	int saved = errno;
	void *p = map(NULL, ash_os_page, PROT_READ | PROT_WRITE, 0);
	/* Of locked memory nothing can be given back. */
	bool can = p != NULL && (faulted(ASH_OS_MADVISE) ||
				 ash_memory_call_madvise(p, ash_os_page, MADV_DONTNEED) != 0);

	if (p != NULL)
		unmap(p, ash_os_page);
	if (!can) {
		p = map(NULL, size, PROT_READ | PROT_WRITE, 0);
		can = p != NULL;
		if (can)
			unmap(p, size);
	}
	errno = saved;
	return can;
}

static struct timespec in_seconds(uint64_t ns)
{
	return (struct timespec){(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
}

void ash_os_futex_wait_for(uint32_t *word, uint32_t value, uint64_t ns)
{
	struct timespec most = in_seconds(ns);
	int saved = errno;

	if (!ash_os_faulted(ASH_OS_FUTEX_WAIT))
		ash_system_call(SYS_futex, word, FUTEX_WAIT_PRIVATE, value,
				ns != UINT64_MAX ? &most : NULL);
	errno = saved;
}

void ash_os_futex_wait(uint32_t *word, uint32_t value)
{
	ash_os_futex_wait_for(word, value, UINT64_MAX);
}

static void wake(uint32_t *word, int most)
{
	int saved = errno;

	ash_system_call(SYS_futex, word, FUTEX_WAKE_PRIVATE, most);
	errno = saved;
}

void ash_os_futex_wake(uint32_t *word)
{
	wake(word, 1);
}

void ash_os_futex_wake_all(uint32_t *word)
{
	wake(word, INT_MAX);
}

/* Waits for a word that nobody wakes: programs that confine themselves leave their allocator
 * the futex, not always other ways to sleep. */
static void wait_alone(uint64_t ns, enum ash_os_call call)
{
	struct timespec most = in_seconds(ns);
	uint32_t word = 0;
	int saved = errno;

	if (!ash_os_faulted(call))
		ash_system_call(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &most);
	errno = saved;
}

void ash_os_sleep(uint64_t ns)
{
	wait_alone(ns, ASH_OS_SLEEP);
}

void ash_os_yield(void)
{
	wait_alone(YIELD_NS, ASH_OS_YIELD);
}
