/* Three tiers of assertions, compiled in by --enable-debug=1..3, and the way out when
 * the library finds its own state broken.
 *
 *   ash_assert            1  one comparison of what is at hand: what a function asks of its
 *                            arguments and promises of its result
 *   ash_assert_internal   2  follows pointers; the predicate of a structure (ash_x_is_valid:
 *                            the equations that stand above it) after each change of it
 *   ash_assert_expensive  3  walks a structure as a whole, after each change
 *   ash_assert_walk       3  the same where it may be long: now and then, so that all changes
 *                            together take a time that is linear in their number
 *
 * A predicate that needs a lock says which, and is called by whoever holds it. */
#ifndef ASH_UTIL_ASSERT_H
#define ASH_UTIL_ASSERT_H

#include <stdbool.h>
#include <stddef.h>
#include "util/compiler.h"

/* One line on stderr, then SIGABRT.  Allocates nothing, takes no lock. */
ASH_NORETURN ASH_COLD void ash_fatal(const char *format, ...) ASH_PRINTF(1, 2);
ASH_NORETURN ASH_COLD void ash_assert_failed(const char *expression, const char *file,
					     int line);

#define ASH_CHECK(x) (ASH_LIKELY(x) ? (void)0 : ash_assert_failed(#x, __FILE__, __LINE__))
/* Off, the expression is still compiled (no unused warnings), never run. */
#define ASH_NO_CHECK(x) ((void)sizeof(x))

#if ASH_DEBUG >= 1
#define ash_assert(x) ASH_CHECK(x)
#else
#define ash_assert(x) ASH_NO_CHECK(x)
#endif
#if ASH_DEBUG >= 2
#define ash_assert_internal(x) ASH_CHECK(x)
#else
#define ash_assert_internal(x) ASH_NO_CHECK(x)
#endif
#if ASH_DEBUG >= 3
#define ash_assert_expensive(x) ASH_CHECK(x)
/* Whether a walk over `length` elements is due in this thread: always where they are few. */
bool ash_assert_is_due(size_t length);
#define ash_assert_walk(x, length) (ash_assert_is_due(length) ? ASH_CHECK(x) : (void)0)
#else
#define ash_assert_expensive(x) ASH_NO_CHECK(x)
#define ash_assert_walk(x, length) (ASH_NO_CHECK(x), ASH_NO_CHECK(length))
#endif

#endif
