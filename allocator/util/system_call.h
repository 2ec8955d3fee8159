/* System calls by the instruction itself.
 *
 * Each function of libc that makes one, syscall() among them, may be another library's by
 * preload or the program's own, and theirs may allocate, take locks, or not be set up yet.  The
 * allocator runs before all of them and holds locks of its own: it asks the kernel directly.
 * (Nor are these points where a thread can be cancelled.) */
#ifndef ASH_UTIL_SYSTEM_CALL_H
#define ASH_UTIL_SYSTEM_CALL_H

#include <errno.h>
#include <sys/syscall.h>

/* Returns what the kernel says: from -4095 to -1 an error, negated. */
static inline long ash_system_call_raw(long number, long a, long b, long c, long d, long e,
				       long f)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ __volatile__("syscall"
			     : "=a"(result)
			     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			     : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ __volatile__("svc 0"
			     : "+r"(x0)
			     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			     : "memory");
	return x0;
#else
#error "which instruction makes a system call here?"
#endif
}

/* -1 with errno set for an error, as libc's functions have it. */
static inline long ash_system_call_checked(long number, long a, long b, long c, long d, long e,
					   long f)
{
	long result = ash_system_call_raw(number, a, b, c, d, e, f);

	if (result < 0 && result >= -4095) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

/* ash_system_call(NUMBER, up to six numbers or pointers). */
#define ash_system_call(...) ASH_SYSTEM_CALL(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define ASH_SYSTEM_CALL(number, a, b, c, d, e, f, ...)                                \
	ash_system_call_checked((number), (long)(a), (long)(b), (long)(c), (long)(d), \
				(long)(e), (long)(f))

#endif
