/*
 * A server's day in ten minutes: threads replace blocks of all sizes at a steady pace, more
 * of them in the first half of each minute than in the second, and threads come and go.
 * Nothing may creep: neither mappings, nor memory beside what is live, nor the CPU time of
 * the thread that gives memory back.
 *
 *	steady [SECONDS]
 */
#include "test/support/family.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "test/stress/background.h"

#define THREADS 4
#define SLOTS 24000
#define MAPPINGS_MOST 2000
#define MIB ((size_t)1 << 20)

static unsigned seconds = 600;
static atomic_bool ended;
static atomic_uint busy_share; /* of 16: slots in use */
static _Atomic size_t live;

struct block {
	unsigned char *p;
	size_t size;
};

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static size_t random_size(uint64_t *random)
{
	uint64_t r = next_random(random);
	unsigned kind = r % 10000, most = kind < 9000   ? 10
					  : kind < 9950 ? 15
					  : kind < 9995 ? 19
							: 22;
	size_t top = (size_t)1 << (4 + (r >> 20) % (most - 3));

	return top / 2 + (r >> 32) % (top / 2) + 1;
}

static void replace(struct block *b, uint64_t *random, bool keep)
{
	if (b->p) {
		CHECK(b->p[0] == (unsigned char)b->size &&
			      b->p[b->size - 1] == (unsigned char)b->size,
		      "block of %zu changed", b->size);
		atomic_fetch_sub(&live, b->size);
	}
	m.free(b->p);
	b->p = NULL;
	if (!keep)
		return;
	b->size = random_size(random);
	b->p = m.malloc(b->size);
	NEED(b->p, "malloc(%zu)", b->size);
	memset(b->p, (int)b->size, b->size);
	atomic_fetch_add(&live, b->size);
}

static void *serve(void *arg)
{
	struct block *slots = arg;
	uint64_t random = (uint64_t)(uintptr_t)arg + (uint64_t)time(NULL);

	/* A life of some seconds; the next thread inherits the blocks. */
	for (unsigned turn = 0; turn < 400 && !atomic_load(&ended); turn++) {
		for (unsigned k = 0; k < 600; k++) {
			unsigned i = next_random(&random) % SLOTS;

			replace(&slots[i], &random, i < SLOTS / 16 * atomic_load(&busy_share));
		}
		usleep(10000);
	}
	return NULL;
}

static void *lead(void *arg)
{
	while (!atomic_load(&ended)) {
		pthread_t thread;

		NEED(!pthread_create(&thread, NULL, serve, arg), "no thread");
		pthread_join(thread, NULL);
	}
	return NULL;
}

static size_t count_mappings(void)
{
	static char text[1 << 16];
	FILE *file = fopen("/proc/self/maps", "re");
	size_t lines = 0, n;

	NEED(file, "no /proc/self/maps");
	while ((n = fread(text, 1, sizeof(text), file)) > 0)
		for (size_t i = 0; i < n; i++)
			lines += text[i] == '\n';
	fclose(file);
	return lines;
}

static size_t resident(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long all, pages = 0;

	NEED(file && fscanf(file, "%lu %lu", &all, &pages) == 2, "no /proc/self/statm");
	fclose(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void steady(void)
{
	static struct block slots[THREADS][SLOTS];
	pthread_t thread[THREADS];
	size_t most_mappings = 0;
	double ratio[3] = {0}, cpu = 0;
	unsigned samples[3] = {0};

	atomic_store(&busy_share, 16);
	for (unsigned i = 0; i < THREADS; i++)
		NEED(!pthread_create(&thread[i], NULL, lead, slots[i]), "no thread");
	for (unsigned second = 0; second < seconds; second++) {
		unsigned third = second * 3 / seconds;
		size_t mappings = count_mappings(), now = atomic_load(&live);

		most_mappings = mappings > most_mappings ? mappings : most_mappings;
		cpu = background_cpu();
		/* Memory beside what is live, in the first half of each minute's second half.
		 */
		if (second % 60 >= 20 && second % 60 < 30) {
			ratio[third] += (double)resident() / (double)(now + MIB);
			samples[third]++;
		}
		if (second % 15 == 14)
			tap_note("%u s: %zu MiB live, %zu resident, %zu mappings", second + 1,
				 now / MIB, resident() / MIB, mappings);
		atomic_store(&busy_share, second % 60 < 30 ? 16 : 6);
		sleep(1);
	}
	atomic_store(&ended, true);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (unsigned i = 0; i < 3; i++)
		ratio[i] = samples[i] ? ratio[i] / samples[i] : 0;
	tap_note("%u s: at most %zu mappings; resident to live %.2f, %.2f, %.2f by thirds; "
		 "background thread %.2f s of CPU",
		 seconds, most_mappings, ratio[0], ratio[1], ratio[2], cpu);
	CHECK(most_mappings <= MAPPINGS_MOST, "%zu mappings", most_mappings);
	CHECK(seconds < 180 || ratio[2] <= ratio[1] * 1.1, "resident to live rose to %.2f",
	      ratio[2]);
	/* A credit of a quarter second, and 1 % of the time. */
	CHECK(cpu <= 0.25 + seconds * 0.01, "%.2f s of CPU in %u s", cpu, seconds);
	for (unsigned t = 0; t < THREADS; t++)
		for (unsigned i = 0; i < SLOTS; i++)
			m.free(slots[t][i].p);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		seconds = (unsigned)strtoul(argv[1], NULL, 10);
	if (seconds < 3) {
		fprintf(stderr, "usage: steady [SECONDS], 3 at least\n");
		return 2;
	}
	tap_watchdog = seconds + 120;
	tap_start();
	family_start();
	tap_case("nothing creeps", steady);
	return tap_finish();
}
