/* Three tiers of assertions, compiled in by --enable-debug=1..3, and the way out when
 * the library finds its own state broken.
 *
 *   ash_assert            1  one comparison of what is at hand
 *   ash_assert_internal   2  follows a pointer or takes a look-up
 *   ash_assert_expensive  3  predicates that walk a whole structure
 */
#ifndef ASH_UTIL_ASSERT_H
#define ASH_UTIL_ASSERT_H

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
#else
#define ash_assert_expensive(x) ASH_NO_CHECK(x)
#endif

#endif
