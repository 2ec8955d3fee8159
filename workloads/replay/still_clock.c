/* libashlar-still.so, preloaded behind the allocator in mode locality: the clock stands
 * still.
 *
 * What an allocator does by the clock (giving memory back, upkeep of its caches) depends
 * on how fast the machine was, and decides where the next objects go; addresses would
 * not repeat.  With a clock that does not move it never comes to that, in any allocator
 * that asks the C library for the time. */
#include <stddef.h>
#include <sys/time.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))
#define STILL_S 1000000000 /* some moment */

EXPORT int clock_gettime(clockid_t clock, struct timespec *now);
EXPORT int gettimeofday(struct timeval *now, void *zone);
EXPORT time_t time(time_t *now);

int clock_gettime(clockid_t clock, struct timespec *now)
{
	(void)clock;
	*now = (struct timespec){STILL_S, 0};
	return 0;
}

int gettimeofday(struct timeval *now, void *zone)
{
	(void)zone;
	*now = (struct timeval){STILL_S, 0};
	return 0;
}

time_t time(time_t *now)
{
	if (now)
		*now = STILL_S;
	return STILL_S;
}
