#include "os/thp.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include "os/memory_call.h"
#include "os/os.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif
#define PAGE_SIZE_SHIFT 26 /* where mmap's flags say which pool */
#ifndef PR_GET_THP_DISABLE
#define PR_GET_THP_DISABLE 42
#endif

#define PAGES_MOST 512
#define COLLAPSE_NS 50000000u /* where the kernel has to compact memory for it */

bool (*ash_os_pool_hook)(void *address, size_t size);

enum ash_os_thp_policy ash_os_thp_policy(void)
{
	int saved = errno;
	char text[64];
	size_t length = ash_os_read_file("/sys/kernel/mm/transparent_hugepage/enabled", text,
					 sizeof(text));

	errno = saved;
	if (length == 0 || strstr(text, "[never]") != NULL)
		return ASH_OS_THP_NEVER;
	return strstr(text, "[always]") != NULL ? ASH_OS_THP_ALWAYS : ASH_OS_THP_ADVISED;
}

bool ash_os_thp_disabled(void)
{
	int saved = errno;
	bool disabled = !ash_os_faulted(ASH_OS_PRCTL) &&
			ash_system_call(SYS_prctl, PR_GET_THP_DISABLE) > 0;

	errno = saved;
	return disabled;
}

bool ash_os_thp_allowed(size_t size, enum ash_os_thp_policy policy)
{
	/* A huge page is what one entry of the next level maps: a page full of pointers. */
	return policy != ASH_OS_THP_NEVER &&
	       ash_os_page / sizeof(void *) * ash_os_page == size && !ash_os_thp_disabled();
}

static bool advise(void *address, size_t size, int advice)
{
	return !ash_os_faulted(ASH_OS_MADVISE) &&
	       ash_memory_call_madvise(address, size, advice) == 0;
}

bool ash_os_collapse(void *address, size_t size)
{
	ash_os_plausible_ns += COLLAPSE_NS;
	return advise(address, size, MADV_COLLAPSE);
}

/* Of an empty range the kernel says only whether it knows the word. */
bool ash_os_can_collapse(void *address)
{
	int saved = errno;
	bool can = advise(address, 0, MADV_COLLAPSE) || errno != EINVAL;

	errno = saved;
	return can;
}

bool ash_os_advise_huge(void *address, size_t size, bool huge)
{
	return advise(address, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

bool ash_os_map_pool_at(void *address, size_t size, unsigned shift)
{
	if (ash_os_pool_hook != NULL)
		return ash_os_pool_hook(address, size);
	return ash_os_map_at_with(address, size, MAP_HUGETLB | (int)(shift << PAGE_SIZE_SHIFT));
}

unsigned ash_os_resident(void *address, size_t size)
{
	unsigned char there[PAGES_MOST];
	unsigned n = 0;
	size_t pages = size / ash_os_page;

	if (pages > PAGES_MOST || ash_os_faulted(ASH_OS_MINCORE) ||
	    ash_system_call(SYS_mincore, address, size, there) != 0)
		return 0;
	for (size_t i = 0; i < pages; i++)
		n += there[i] & 1;
	return n;
}
