/*
 * How folly, HHVM and RocksDB find out whether jemalloc serves them: all of its names are
 * there, and a counter of the thread moves when it allocates a byte.  And what a C++ program
 * then does.
 */
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

extern "C" {
void *mallocx(size_t, int) __attribute__((__weak__));
void *rallocx(void *, size_t, int) __attribute__((__weak__));
size_t xallocx(void *, size_t, size_t, int) __attribute__((__weak__));
size_t sallocx(const void *, int) __attribute__((__weak__));
void dallocx(void *, int) __attribute__((__weak__));
void sdallocx(void *, size_t, int) __attribute__((__weak__));
size_t nallocx(size_t, int) __attribute__((__weak__));
int mallctl(const char *, void *, size_t *, void *, size_t) __attribute__((__weak__));
int mallctlnametomib(const char *, size_t *, size_t *) __attribute__((__weak__));
int mallctlbymib(const size_t *, size_t, void *, size_t *, void *, size_t)
	__attribute__((__weak__));
}

static bool detected()
{
	uint64_t *counter = nullptr, before;
	size_t length = sizeof(counter);

	if (mallocx == nullptr || rallocx == nullptr || xallocx == nullptr ||
	    sallocx == nullptr || dallocx == nullptr || sdallocx == nullptr ||
	    nallocx == nullptr || mallctl == nullptr || mallctlnametomib == nullptr ||
	    mallctlbymib == nullptr)
		return false;
	if (mallctl("thread.allocatedp", static_cast<void *>(&counter), &length, nullptr, 0) !=
		    0 ||
	    length != sizeof(counter))
		return false;
	before = *counter;
	{
		static void *volatile sink;

		sink = malloc(1);
		if (sink == nullptr)
			return false;
		free(sink);
	}
	return before != *counter;
}

/* Sizes that are good: what is asked for is what there is; growing in place. */
static bool grows()
{
	for (size_t size = 100; size < 2000000; size = size * 2 + 13) {
		size_t good = nallocx(size, 0);
		void *p = malloc(good);
		size_t now;

		if (good < size || p == nullptr || sallocx(p, 0) != good)
			return false;
		now = xallocx(p, good * 2, 0, 0);
		if (now < good || sallocx(p, 0) != now)
			return false;
		p = rallocx(p, good * 3, 0);
		if (p == nullptr || sallocx(p, 0) < good * 3)
			return false;
		sdallocx(p, good * 3, 0);
	}
	return true;
}

static bool counts_containers()
{
	uint64_t *taken = nullptr, *given = nullptr, before;
	size_t length = sizeof(taken);

	if (mallctl("thread.allocatedp", &taken, &length, nullptr, 0) != 0 ||
	    mallctl("thread.deallocatedp", &given, &length, nullptr, 0) != 0)
		return false;
	before = *taken - *given;
	{
		std::vector<long> v(100000, 1);

		if (*taken - *given < before + 100000 * sizeof(long) || v[99999] != 1)
			return false;
	}
	return *taken - *given == before;
}

int main(int argc, char **argv)
{
	bool found = detected();

	if (argc > 1 && std::strcmp(argv[1], "none") == 0)
		return found ? 1 : 0;
	std::printf("%s 1 - jemalloc's names are found, and the counter moves\n",
		    found ? "ok" : "not ok");
	std::printf("%s 2 - sizes are good, and objects grow\n",
		    found && grows() ? "ok" : "not ok");
	std::printf("%s 3 - containers are counted\n",
		    found && counts_containers() ? "ok" : "not ok");
	std::printf("1..3\n");
	return found && grows() && counts_containers() ? 0 : 1;
}
