/* libashlar-still.so, preloaded in modes locality, footprint, sharing and instructions: the
 * clock stands still, what the kernel gives as random is always the same, and the CPU is always
 * the first, or where threads take turns the one that each is told.
 *
 * What an allocator does by the clock (giving memory back, upkeep of its caches) depends
 * on how fast the machine was, and what it does by chance (mimalloc 3) on nothing at all;
 * both decide where the next objects go, and addresses would not repeat.  With a clock
 * that does not move it never comes to the first, and the second is one fixed draw, in
 * any allocator that asks the C library for time and for random bytes.  libashlar, which reads
 * the kernel's clock by itself, asks ashlar_clock_gettime where somebody defines it.
 *
 * With ASHLAR_CLOCK_STEP_NS the clock moves by so much with each call of the workload, thus by
 * the same for every allocator: what is done by the clock is done then, and repeats too. */
#include <dlfcn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>
#include "workloads/shared/held_clock.h"

#define EXPORT __attribute__((visibility("default")))
#define STILL_S 1000000000 /* some moment */

EXPORT int clock_gettime(clockid_t clock, struct timespec *now);
EXPORT int ashlar_clock_gettime(clockid_t clock, struct timespec *now);
EXPORT int gettimeofday(struct timeval *now, void *zone);
EXPORT time_t time(time_t *now);
EXPORT ssize_t getrandom(void *buffer, size_t length, unsigned flags);
EXPORT int getentropy(void *buffer, size_t length);
EXPORT int sched_getcpu(void);
EXPORT int getcpu(unsigned *cpu, unsigned *node);
EXPORT long syscall(long number, ...);
EXPORT void held_clock_follow(uint64_t (*of)(void), uint64_t each_ns);
EXPORT void held_cpu_set(unsigned cpu);

static uint64_t step_ns, (*calls)(void);

void held_clock_follow(uint64_t (*of)(void), uint64_t each_ns)
{
	step_ns = each_ns;
	calls = of;
}

static uint64_t moved_ns(void)
{
	return calls ? calls() * step_ns : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	uint64_t moved = moved_ns();

	(void)clock;
	*now = (struct timespec){STILL_S + (time_t)(moved / 1000000000u),
				 (long)(moved % 1000000000u)};
	return 0;
}

/* libashlar does not ask libc. */
int ashlar_clock_gettime(clockid_t clock, struct timespec *now)
{
	return clock_gettime(clock, now);
}

int gettimeofday(struct timeval *now, void *zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	*now = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
	return 0;
}

time_t time(time_t *now)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (now)
		*now = t.tv_sec;
	return t.tv_sec;
}

/* Bytes that look random, since an allocator may draw again until it likes what it got;
 * each call goes on where the one before ended.  The mode runs all in one thread. */
static void draw(uint8_t *bytes, size_t length)
{
	static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 0; i < length; i++) {
		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		bytes[i] = (uint8_t)(state >> 56);
	}
}

ssize_t getrandom(void *buffer, size_t length, unsigned flags)
{
	(void)flags;
	draw(buffer, length);
	return (ssize_t)length;
}

int getentropy(void *buffer, size_t length)
{
	draw(buffer, length);
	return 0;
}

/* An allocator may choose a heap by the CPU, which is chance as well.  The library is loaded at
 * the start, so that a place of the static kind is there, which nobody allocates. */
static __thread unsigned held_cpu __attribute__((tls_model("initial-exec")));

void held_cpu_set(unsigned cpu)
{
	held_cpu = cpu;
}

int sched_getcpu(void)
{
	return (int)held_cpu;
}

int getcpu(unsigned *cpu, unsigned *node)
{
	if (cpu)
		*cpu = held_cpu;
	if (node)
		*node = 0;
	return 0;
}

/* The way that mimalloc takes to the kernel.  All other calls go on to the C library, with
 * as many arguments as any has. */
long syscall(long number, ...)
{
	static long (*next)(long, ...);
	long with[6];
	va_list arguments;

	va_start(arguments, number);
	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++)
		with[i] = va_arg(arguments, long);
	va_end(arguments);
	if (number == SYS_getrandom)
		return getrandom((void *)with[0], (size_t)with[1], (unsigned)with[2]);
	if (number == SYS_getcpu)
		return getcpu((unsigned *)with[0], (unsigned *)with[1]);
	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "syscall");
	return next(number, with[0], with[1], with[2], with[3], with[4], with[5]);
}
