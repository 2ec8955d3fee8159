/* Sizes by which page runs and extents are counted in statistics, jemalloc's: whole OS pages, 1
 * to 4 of them, then four for each doubling, up to 7 EiB.  (199 where pages have 4 KiB.) */
#ifndef ASH_META_PAGE_SIZE_H
#define ASH_META_PAGE_SIZE_H

#include <stddef.h>
#include "os/os.h"

#define ASH_PAGE_SIZES_MOST 199u /* for any page that there is */

ASH_INLINE unsigned ash_page_sizes(void)
{
	return 247 - 4 * ash_os_page_shift;
}

/* Bytes of the i-th, from 0 on, i < ash_page_sizes(). */
ASH_INLINE size_t ash_page_size(unsigned i)
{
	return i < 4 ? (size_t)(i + 1) << ash_os_page_shift
		     : (size_t)(5 + (i - 4) % 4) << ((i - 4) / 4 + ash_os_page_shift);
}

/* The largest that is no more than `bytes`; the first also for less than a page. */
static inline unsigned ash_page_size_below(size_t bytes)
{
	unsigned i = 0;

	while (i + 1 < ash_page_sizes() && ash_page_size(i + 1) <= bytes)
		i++;
	return i;
}

#endif
