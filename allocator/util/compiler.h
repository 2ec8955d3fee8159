/* Spellings of what the compiler offers beyond C11. */
#ifndef ASH_UTIL_COMPILER_H
#define ASH_UTIL_COMPILER_H

#include <assert.h> /* static_assert */

#define ASH_LIKELY(x) __builtin_expect(!!(x), 1)
#define ASH_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define ASH_INLINE static inline __attribute__((always_inline))
#define ASH_NOINLINE __attribute__((noinline))
#define ASH_COLD __attribute__((cold, noinline))
/* For data of other files on hot paths: without it the compiler goes by the GOT. */
#define ASH_HIDDEN __attribute__((visibility("hidden")))
#define ASH_EXPORT __attribute__((visibility("default")))
#define ASH_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define ASH_NORETURN __attribute__((noreturn))
/* Reads what its owner may be writing, on purpose and without harm: nothing for
 * ThreadSanitizer to tell. */
#define ASH_RACY __attribute__((no_sanitize("thread")))

#define ASH_CACHE_LINE 64
#define ASH_CACHE_ALIGNED __attribute__((aligned(ASH_CACHE_LINE)))

/* Orders the compiler, not the CPU: enough against what interrupts a thread for good
 * (fork by another thread sees memory as the CPU had it). */
#define ASH_COMPILER_FENCE() __asm__ __volatile__("" ::: "memory")

/* ashlar_malloc and the like, under the prefix chosen at configure time. */
#define ASH_PASTE2(a, b) a##b
#define ASH_PASTE(a, b) ASH_PASTE2(a, b)
#define ASH_API(name) ASH_PASTE(ASH_API_PREFIX, name)

#endif
