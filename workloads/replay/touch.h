/* Which bytes of an object a replay touches, for the player, which touches them, and
 * for the page floor and the locality model, which only want to know.
 *
 *	none   nothing
 *	first  the first 8 bytes are written; the first line is read before the free
 *	pages  the first 64 bytes and one byte in each further OS page that the program
 *	       used of it; the first line is read before the free
 *	all    everything is written, and everything is read before the free
 *
 * A realloc touches what it added. */
#ifndef REPLAY_TOUCH_H
#define REPLAY_TOUCH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "workloads/lib/calls.h"
#include "workloads/replay/script.h"

#define TOUCH_LINE 64

/* Calls visit(argument, address, bytes) for each run of bytes in [from, size) of the
 * object that the policy writes. */
#define TOUCH_EACH(p, from, size, pages, how, visit, argument)                       \
	do {                                                                         \
		uintptr_t touch_at = (uintptr_t)(p) + (from);                        \
		uintptr_t touch_end = (uintptr_t)(p) + (size);                       \
		size_t touch_most = (how) == WL_TOUCH_ALL     ? (size) - (from)      \
				    : (how) == WL_TOUCH_FIRST ? 8                    \
							      : TOUCH_LINE;          \
                                                                                     \
		if ((how) == WL_TOUCH_NONE || touch_at >= touch_end)                 \
			break;                                                       \
		if (touch_most > touch_end - touch_at)                               \
			touch_most = touch_end - touch_at;                           \
		visit(argument, touch_at, touch_most);                               \
		if ((how) != WL_TOUCH_PAGES)                                         \
			break;                                                       \
		/* The page after the one that the first bytes end in, and so on. */ \
		touch_at = (touch_at + touch_most - 1) | (WL_OS_PAGE - 1);           \
		for (touch_at++; touch_at < touch_end; touch_at += WL_OS_PAGE) {     \
			if ((touch_at - (uintptr_t)(p)) / WL_OS_PAGE >= (pages))     \
				break;                                               \
			visit(argument, touch_at, 1);                                \
		}                                                                    \
	} while (0)

static inline void touch_write(void *unused, uintptr_t at, size_t bytes)
{
	(void)unused;
	memset((void *)at, 0x5a, bytes);
	__asm__ volatile("" : : "r"(at) : "memory");
}

/* What is looked at before a free. */
static inline size_t touch_read_bytes(size_t size, enum wl_touch how)
{
	return how == WL_TOUCH_NONE || !size ? 0 : how == WL_TOUCH_ALL ? size : 1;
}

static inline void touch_read(const void *p, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += TOUCH_LINE)
		wl_look((const char *)p + at);
}

#endif
