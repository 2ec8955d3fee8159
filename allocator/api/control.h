/* mallctl and its kin, defined once for the prefixed names and the plain ones.
 *
 * Under each set of names there is a variable of the program's that gets what is printed where
 * no function is given: malloc_message.
 *
 * FIRST(name, otherwise, argument...) stands before each: the plain names are another's where
 * malloc is (front/next.h). */
#ifndef ASH_API_CONTROL_H
#define ASH_API_CONTROL_H

#include "ctl/ctl.h"
#include "ctl/stats_print.h"
#include "util/compiler.h"

#define ASH_DEFINE_CONTROL(NAME, FIRST)                                                        \
	ASH_EXPORT int NAME(mallctl)(const char *name, void *oldp, size_t *oldlenp,            \
				     void *newp, size_t newlen)                                \
	{                                                                                      \
		FIRST(mallctl, EAGAIN, name, oldp, oldlenp, newp, newlen);                     \
		return ash_ctl(name, oldp, oldlenp, newp, newlen);                             \
	}                                                                                      \
	ASH_EXPORT int NAME(mallctlnametomib)(const char *name, size_t *mibp, size_t *miblenp) \
	{                                                                                      \
		FIRST(mallctlnametomib, EAGAIN, name, mibp, miblenp);                          \
		return ash_ctl_name_to_mib(name, mibp, miblenp);                               \
	}                                                                                      \
	ASH_EXPORT int NAME(mallctlbymib)(const size_t *mib, size_t miblen, void *oldp,        \
					  size_t *oldlenp, void *newp, size_t newlen)          \
	{                                                                                      \
		FIRST(mallctlbymib, EAGAIN, mib, miblen, oldp, oldlenp, newp, newlen);         \
		return ash_ctl_by_mib(mib, miblen, oldp, oldlenp, newp, newlen);               \
	}                                                                                      \
	ASH_EXPORT void NAME(malloc_stats_print)(void (*write)(void *, const char *),          \
						 void *opaque, const char *letters)            \
	{                                                                                      \
		FIRST(malloc_stats_print, , write, opaque, letters);                           \
		ash_stats_print(write != NULL ? write : NAME(malloc_message), opaque,          \
				letters);                                                      \
	}

#endif
