/* Buffers that grow: strings that are appended to, arrays of a language, connections' buffers.
 * What is resident for each byte that the program asked for, and the faults that it took. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "test/cases/cases.h"

#define LEFT_OUT 3  /* the first part of the steps fills the heap */
#define SAMPLES 100 /* of all of them */
#define CHUNK 4096

/* A buffer whose first `filled` bytes are written. */
struct buffer {
	char *p;
	size_t filled, capacity, most;
};

struct rule {
	size_t percent;     /* that the capacity exceeds what is needed by */
	size_t least, most; /* of buffers when they are full */
};

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* Bytes that were asked for, of all buffers together, change by what it returns. */
static long append(struct buffer *b, const struct rule *rule, size_t bytes)
{
	static const char chunk[CHUNK] = "what comes in";
	size_t before = b->capacity, needed = b->filled + bytes;

	if (needed > b->capacity) {
		b->capacity = needed + needed * rule->percent / 100;
		b->p = realloc(b->p, b->capacity);
		if (b->p == NULL)
			abort();
	}
	memcpy(b->p + b->filled, chunk, bytes);
	b->filled = needed;
	return (long)(b->capacity - before);
}

/* A full one is handed on as a copy of just its size, which somebody reads and drops. */
static long hand_on(struct buffer *b)
{
	char *copy = malloc(b->filled);
	long gone = (long)b->capacity;

	if (copy == NULL)
		abort();
	memcpy(copy, b->p, b->filled);
	free(copy);
	free(b->p);
	*b = (struct buffer){.most = b->most};
	return -gone;
}

/* [PERCENT STEPS BUFFERS LEAST MOST RESIDENT FAULTS]: many buffers grow at once, each by
 * chunks, and begin anew when they are full.  Right are at most RESIDENT bytes for 100 that are
 * asked for, and FAULTS faults. */
CASE(appended)
{
	struct rule rule = {.percent = (size_t)case_number(count, arguments, 0, 12),
			    .least = (size_t)case_number(count, arguments, 3, 64000),
			    .most = (size_t)case_number(count, arguments, 4, 344000)};
	long steps = case_number(count, arguments, 1, 300000), live = 0, n = 0, before;
	size_t buffers = (size_t)case_number(count, arguments, 2, 400);
	struct buffer *b = calloc(buffers, sizeof(*b));
	size_t spread = buffers > 1 ? buffers - 1 : 1, most_chunk = rule.most / 100;
	uint64_t seed = 1;
	double sum = 0;

	if (b == NULL)
		return case_cannot("memory is short");
	if (most_chunk > CHUNK - 320)
		most_chunk = CHUNK - 320;
	for (size_t i = 0; i < buffers; i++)
		b[i].most = rule.least + (rule.most - rule.least) * i / spread;
	before = case_resident();
	for (long step = 0; step < steps; step++) {
		struct buffer *one = &b[next_random(&seed) % buffers];

		live += append(one, &rule, 32 + next_random(&seed) % most_chunk);
		if (one->filled > one->most)
			live += hand_on(one);
		if (step > steps / LEFT_OUT && step % (steps / SAMPLES + 1) == 0) {
			sum += (double)(case_resident() - before) / (double)live;
			n++;
		}
	}
	sum = n > 0 ? sum / (double)n : 0;
	return case_measured(sum * 100 <= (double)case_number(count, arguments, 5, 150) &&
				     faults() <= case_number(count, arguments, 6, 100000000),
			     "%.2f bytes resident for each asked for, %ld faults", sum,
			     faults());
}
