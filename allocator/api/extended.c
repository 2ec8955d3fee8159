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

ASH_DEFINE_FAMILY(ASH_API)
