#include "meta/base.h"

#include <stdint.h>

#include "os/mutex.h"
#include "os/os.h"
#include "util/assert.h"
#include "util/bits.h"

/* Address space is taken in steps of this; pages are touched only as they are used. */
#define STEP ((size_t)1 << 20)

bool (*ash_base_fault_hook)(size_t size);

/* The piece of address space that is cut up, of which [at, end) is left, and the bytes of all
 * pieces so far.  Under the lock; `mapped` is read without it, too.
 *   at <= end
 *   at == 0  <=>  end == 0  <=>  there was no piece yet  <=>  mapped == 0
 *   end - at <= mapped
 *   end and mapped are multiples of the OS page */
static struct ash_mutex lock = ASH_MUTEX_INIT(ASH_RANK_BASE);
static uintptr_t at, end;
static size_t mapped;

bool ash_base_is_valid(void)
{
	return at <= end && end - at <= mapped && (at == 0) == (end == 0) &&
	       (end == 0) == (mapped == 0) && ((end | mapped) & (ash_os_page - 1)) == 0;
}

/* Caller holds the lock.  Returns 0 where the current piece has no room. */
static uintptr_t bump(size_t size, size_t align)
{
	uintptr_t p = ash_align_up(at, align);

	if (at == 0 || p + size > end || p + size < p)
		return 0;
	at = p + size;
	ash_assert_internal(ash_base_is_valid());
	return p;
}

void *ash_base_alloc(size_t size, size_t align)
{
	bool (*hook)(size_t) = ash_load_relaxed(&ash_base_fault_hook);
	uintptr_t p;

	ash_assert(size > 0 && ash_is_pow2(align) && align <= 4096);
	if (ASH_UNLIKELY(hook != NULL) && hook(size))
		return NULL;
	for (;;) {
		size_t step = size + align > STEP ? ash_align_up(size + align, STEP) : STEP;
		uintptr_t piece;

		ash_mutex_lock(&lock);
		p = bump(size, align);
		ash_mutex_unlock(&lock);
		if (p != 0) {
			ash_assert(p % align == 0);
			return (void *)p;
		}
		/* Not under the lock.  Threads that race here each bring a piece; the rest of
		 * the replaced one is lost, a few KiB of untouched address space. */
		piece = (uintptr_t)ash_os_map(step, 0);
		if (piece == 0 && step > ash_align_up(size + align, ash_os_page)) {
			step = ash_align_up(size + align, ash_os_page);
			piece = (uintptr_t)ash_os_map(step, 0);
		}
		if (piece == 0)
			return NULL;
		ash_mutex_lock(&lock);
		ash_owned_add(&mapped, step);
		if (piece == end) {
			end += step; /* the kernel placed it right behind: one piece */
		} else if (step > end - at) {
			at = piece;
			end = piece + step;
		}
		ash_assert_internal(ash_base_is_valid());
		ash_mutex_unlock(&lock);
	}
}

static size_t used_for[ASH_BASE_USES]; /* atomic */

void *ash_base_alloc_for(enum ash_base_use use, size_t size, size_t align)
{
	void *p = ash_base_alloc(size, align);

	if (p != NULL)
		ash_add_relaxed(&used_for[use], size);
	return p;
}

size_t ash_base_used_for(enum ash_base_use use)
{
	return ash_load_relaxed(&used_for[use]);
}

size_t ash_base_mapped(void)
{
	return ash_load_relaxed(&mapped);
}

size_t ash_base_used(void)
{
	size_t used;

	ash_mutex_lock(&lock);
	used = mapped - (end - at);
	ash_mutex_unlock(&lock);
	return used;
}

struct ash_mutex *ash_base_mutex(void)
{
	return &lock;
}
