/* The always exported names. */
#include <ashlar/ashlar.h>

#include "front/front.h"
#include "api/names.h"

ASH_EXPORT const char *ASH_API(version)(void)
{
	return PACKAGE_VERSION;
}

ASH_EXPORT size_t ASH_API(malloc_usable_size)(const void *p)
{
	return ash_usable_size(p);
}

ASH_EXPORT void *ASH_API(mallocx_arena)(size_t size, unsigned arena, int flags)
{
	return ash_mallocx_arena(size, arena, flags);
}

ASH_DEFINE_FAMILY(ASH_API)
ASH_DEFINE_EXTENDED(ASH_API)

static_assert(MALLOCX_ZERO == ASH_FLAG_ZERO &&
		      MALLOCX_TCACHE_NONE == 1 << ASH_FLAG_TCACHE_SHIFT &&
		      MALLOCX_TCACHE(0) == 2 << ASH_FLAG_TCACHE_SHIFT &&
		      MALLOCX_ARENA(0) == 1 << ASH_FLAG_ARENA_SHIFT &&
		      MALLOCX_LG_ALIGN(6) == 6 &&
		      sizeof(extent_hooks_t) == 9 * sizeof(void (*)(void)),
	      "the flags are jemalloc's");
