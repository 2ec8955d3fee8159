#include "harness/base/clock.h"

#include <stdlib.h>
#include <time.h>

#define READINGS 2001

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

bool cpu_ns_of(pid_t pid, uint64_t *ns)
{
	struct timespec t;
	clockid_t id;

	if (clock_getcpuclockid(pid, &id) != 0 || clock_gettime(id, &t) < 0)
		return false;
	*ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	return true;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t clock_reading_cost(void)
{
	static uint64_t cost[READINGS];

	/* Sixteen readings between two marks: the marks' own cost is shared out. */
	for (int i = 0; i < READINGS; i++) {
		uint64_t begin = now_ns();

		for (int k = 0; k < 15; k++)
			now_ns();
		cost[i] = (now_ns() - begin) / 16;
	}
	qsort(cost, READINGS, sizeof(cost[0]), ascending);
	return cost[READINGS / 2];
}

uint64_t clock_step(void)
{
	uint64_t smallest = UINT64_MAX;

	for (int i = 0; i < READINGS; i++) {
		uint64_t a = now_ns(), b;

		do
			b = now_ns();
		while (b == a);
		if (b - a < smallest)
			smallest = b - a;
	}
	return smallest;
}

const char *clock_utc(char *text, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return text;
}
