#include "workloads/lib/cdf.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>
#include "workloads/shared/rng.h"

#define STEPS 8 /* of a doubling */
#define BUCKETS (62 * STEPS)

struct entry {
	uint64_t at, size, birth; /* at 0 = empty place */
};

struct shares {
	uint64_t count[BUCKETS], bytes[BUCKETS];
};

/* Objects that are booked when a run makes more. */
#define WANTED ((uint64_t)1 << 21)
#define FILTER_BITS 24

/* Open addressing with linear probing, never more than half full; removal moves later
 * entries back. */
static struct entry *book;
static uint64_t mask, used;
static struct shares sizes, lifetimes;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* One birth in `every` is booked, by a number that depends on nothing but its turn. */
static _Atomic uint64_t now;
static uint64_t every;
/* How many booked objects have an address of this hash: 0 says without the lock that an
 * object is not booked.  A count that is full stays so. */
static _Atomic uint8_t *filter;

static unsigned bucket_of(uint64_t value)
{
	unsigned doubling;

	if (value < STEPS)
		return (unsigned)value;
	doubling = 63 - (unsigned)__builtin_clzll(value);
	return (doubling - 2) * STEPS + (unsigned)(value >> (doubling - 3) & (STEPS - 1));
}

/* The largest value of a bucket: shares are of what is at most that. */
static uint64_t top_of(unsigned bucket)
{
	if (bucket < STEPS)
		return bucket;
	return ((uint64_t)(STEPS + bucket % STEPS + 1) << (bucket / STEPS - 1)) - 1;
}

static struct entry *find(uint64_t at)
{
	uint64_t i = rng_mix(at) & mask;

	while (book[i].at && book[i].at != at)
		i = (i + 1) & mask;
	return &book[i];
}

static void grow(void)
{
	struct entry *old = book;
	uint64_t places = mask + 1;

	mask = places * 2 - 1;
	book = wl_table(places * 2 * sizeof(*book));
	for (uint64_t i = 0; i < places; i++)
		if (old[i].at)
			*find(old[i].at) = old[i];
	wl_table_free(old, places * sizeof(*book));
}

static void remove_entry(struct entry *entry)
{
	uint64_t hole = (uint64_t)(entry - book), i = hole;

	for (;;) {
		book[hole].at = 0;
		do {
			i = (i + 1) & mask;
			if (!book[i].at) {
				used--;
				return;
			}
		} while (((i - (rng_mix(book[i].at) & mask)) & mask) < ((i - hole) & mask));
		book[hole] = book[i];
		hole = i;
	}
}

void cdf_start(uint64_t births)
{
	mask = (1u << 16) - 1;
	book = wl_table((mask + 1) * sizeof(*book));
	every = births / WANTED + 1;
	filter = wl_table((size_t)1 << FILTER_BITS);
}

static _Atomic uint8_t *filter_of(const void *p)
{
	return &filter[rng_mix((uint64_t)(uintptr_t)p) >> (64 - FILTER_BITS)];
}

/* Under the lock. */
static void filter_count(const void *p, int by)
{
	uint8_t is = atomic_load_explicit(filter_of(p), memory_order_relaxed);

	if (is < UINT8_MAX)
		atomic_store_explicit(filter_of(p), (uint8_t)(is + by), memory_order_relaxed);
}

static void add(struct shares *s, uint64_t value, uint64_t bytes)
{
	s->count[bucket_of(value)]++;
	s->bytes[bucket_of(value)] += bytes;
}

void cdf_born(const void *p, size_t size)
{
	uint64_t birth = atomic_fetch_add_explicit(&now, 1, memory_order_relaxed);

	if (every > 1 && rng_mix(birth) % every)
		return;
	pthread_mutex_lock(&lock);
	if ((used + 1) * 2 > mask)
		grow();
	*find((uint64_t)(uintptr_t)p) = (struct entry){(uint64_t)(uintptr_t)p, size, birth};
	used++;
	filter_count(p, 1);
	add(&sizes, size, size);
	pthread_mutex_unlock(&lock);
}

/* Whoever frees an object has it from who made it, and so sees its count. */
void cdf_died(const void *p)
{
	uint64_t moment = atomic_load_explicit(&now, memory_order_relaxed);
	struct entry *entry;

	if (!atomic_load_explicit(filter_of(p), memory_order_relaxed))
		return;
	pthread_mutex_lock(&lock);
	entry = find((uint64_t)(uintptr_t)p);
	if (entry->at) {
		add(&lifetimes, moment - entry->birth - 1, entry->size);
		remove_entry(entry);
		filter_count(p, -1);
	}
	pthread_mutex_unlock(&lock);
}

static void write_shares(int fd, const char *workload, const char *quantity,
			 const struct shares *s)
{
	uint64_t all = 0, all_bytes = 0, count = 0, bytes = 0;

	for (unsigned i = 0; i < BUCKETS; i++) {
		all += s->count[i];
		all_bytes += s->bytes[i];
	}
	for (unsigned i = 0; i < BUCKETS; i++) {
		if (!s->count[i])
			continue;
		count += s->count[i];
		bytes += s->bytes[i];
		dprintf(fd, "%s\t%s\t%llu\t%.6f\t%.6f\n", workload, quantity,
			(unsigned long long)top_of(i), (double)count / (double)all,
			all_bytes ? (double)bytes / (double)all_bytes : 0);
	}
}

int cdf_write(const struct wl_run *run, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return -1;
	dprintf(fd, "# cumulative shares of objects and of their bytes up to a size (bytes) or "
		    "lifetime (allocation calls)\nworkload\tquantity\tvalue\tcount\tbytes\n");
	write_shares(fd, run->workload->name, "size", &sizes);
	write_shares(fd, run->workload->name, "lifetime", &lifetimes);
	return close(fd);
}
