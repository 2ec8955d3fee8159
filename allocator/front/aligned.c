/* Allocation with an alignment beyond 16. */
#include "front/front.h"

#include "front/boot.h"
#include "front/failure.h"
#include "conf/conf.h"
#include "os/os.h"
#include "util/bits.h"

/* The smallest class that is a multiple of the alignment: a slab starts at a granule, so each
 * of its regions is then aligned, and free needs to know nothing of it. */
void *ash_aligned(size_t align, size_t size)
{
	unsigned class;

	if (!ash_is_pow2(align)) {
		errno = EINVAL;
		return NULL;
	}
	if (ASH_UNLIKELY(!ash_boot()))
		return ash_boot_alloc(size, align);
	if (size > PTRDIFF_MAX || align > PTRDIFF_MAX / 2 ||
	    (ash_conf.max_alloc != 0 && size > ash_conf.max_alloc))
		return ash_failure(size);
	class = ash_size_class_aligned(size, align);
	return class != 0 ? ash_front_malloc(ash_class_size(class))
			  : ash_malloc_large(size, align, NULL);
}

void *ash_aligned_upward(size_t align, size_t size)
{
	if (align > SIZE_MAX / 2 + 1) {
		errno = EINVAL;
		return NULL;
	}
	return ash_aligned(align <= ASH_SMALL_STEP ? ASH_SMALL_STEP : ash_pow2_ceil(align),
			   size);
}

/* errno says ENOMEM, too, as it does after glibc's. */
int ash_aligned_posix(void **out, size_t align, size_t size)
{
	void *p;

	if (!ash_is_pow2(align) || align % sizeof(void *) != 0)
		return EINVAL;
	p = ash_aligned(align, size);
	if (p == NULL)
		return ENOMEM;
	*out = p;
	return 0;
}

size_t ash_aligned_page(void)
{
	ash_boot(); /* which finds out how long a page is */
	return ash_os_page;
}

size_t ash_aligned_whole(size_t size)
{
	size_t page = ash_aligned_page();

	if (size > PTRDIFF_MAX) {
		ash_failure(size);
		return 0;
	}
	return ash_align_up(size + (size == 0), page);
}
