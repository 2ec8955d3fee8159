/*
 * Threads that exchange nothing share no cache line: which part of the lines that hold live
 * objects holds some of two threads or more?  Each write to such a line is a transfer between
 * cores, and two cores show little of it in time, so the lines are counted.
 *
 *	lines [SEED]
 *
 * One thread runs at a time, in an order and for numbers of operations drawn from the seed; so
 * a run is the same each time, but for what the allocator does by the clock.
 */
#include "test/support/family.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "test/support/memory.h"

#define LINE 64
#define THREADS_MOST 64u
#define LIVE_MOST 2048u
#define TURN_MOST 64u /* operations in a row */

static uint64_t seed = 1;

static uint64_t draw(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

struct player {
	pthread_t thread;
	sem_t turn;
	uint64_t random;
	unsigned operations; /* in this turn; 0 = end */
	unsigned live;       /* objects that it has */
	bool grows;
	char *object[LIVE_MOST];
	size_t size[LIVE_MOST];
};

/* What a thread does; `step` is one operation. */
struct shape {
	unsigned threads, live, turns;
	size_t least, most; /* of an object: evenly, or mostly small */
	bool mostly_small;
	void (*step)(struct player *);
	unsigned ends_every; /* turns, after which a thread ends and another takes its place */
	unsigned leaves;     /* objects, when it ends */
};

/* Of the lines.  With threads that end, or more than have shards of their own, it depends on
 * how often idle magazines were halved meanwhile: that is told, not demanded. */
#define SHARED_MOST 0.001
#define MANY 32u

static struct player *player;
static const struct shape *shape;
static sem_t done;

static size_t size_of_next(struct player *p)
{
	double u = (double)(draw(&p->random) >> 11) / 9007199254740992.0;
	double least = (double)shape->least, most = (double)shape->most;

	if (!shape->mostly_small)
		return (size_t)(least + u * (most - least + 1));
	return (size_t)(1 / (1 / least - u * (1 / least - 1 / most)));
}

static void put(struct player *p, unsigned at)
{
	p->size[at] = size_of_next(p);
	p->object[at] = m.malloc(p->size[at]);
	NEED(p->object[at], "no memory");
	memset(p->object[at], 1, p->size[at]);
}

/* One object of the thread's, drawn at random, for another one. */
static void replace(struct player *p)
{
	if (p->live < shape->live) {
		put(p, p->live++);
	} else {
		unsigned at = (unsigned)(draw(&p->random) % p->live);

		m.free(p->object[at]);
		put(p, at);
	}
}

static void take(struct player *p)
{
	unsigned at = (unsigned)(draw(&p->random) % p->live--);

	m.free(p->object[at]);
	p->object[at] = p->object[p->live];
	p->size[at] = p->size[p->live];
}

/* Up to all of them, and down to a quarter. */
static void swing(struct player *p)
{
	if (p->live == shape->live)
		p->grows = false;
	if (p->live <= shape->live / 4)
		p->grows = true;
	if (p->grows)
		put(p, p->live++);
	else
		take(p);
}

static void *play(void *argument)
{
	struct player *p = argument;

	for (;;) {
		while (sem_wait(&p->turn) != 0)
			;
		if (p->operations == 0)
			break;
		for (unsigned i = 0; i < p->operations; i++)
			shape->step(p);
		sem_post(&done);
	}
	/* What it leaves is nobody's, and counted no more. */
	while (p->live > shape->leaves)
		take(p);
	return NULL;
}

static void begin(struct player *p)
{
	p->live = 0;
	p->grows = true;
	NEED(pthread_create(&p->thread, NULL, play, p) == 0, "no thread");
}

static void let(struct player *p, unsigned operations)
{
	p->operations = operations;
	sem_post(&p->turn);
	if (operations == 0)
		pthread_join(p->thread, NULL);
	else
		while (sem_wait(&done) != 0)
			;
}

struct line {
	uintptr_t at;
	unsigned thread;
};

static int by_address(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return x->at != y->at ? (x->at > y->at) - (x->at < y->at)
			      : (x->thread > y->thread) - (x->thread < y->thread);
}

/* Of all lines with live objects, those that hold some of two threads or more. */
static size_t count_shared(size_t *lines)
{
	size_t most = 0, n = 0, shared = 0;
	struct line *line;

	for (unsigned t = 0; t < shape->threads; t++)
		for (unsigned i = 0; i < player[t].live; i++)
			most += player[t].size[i] / LINE + 2;
	line = memory_table(most * sizeof(*line));
	for (unsigned t = 0; t < shape->threads; t++)
		for (unsigned i = 0; i < player[t].live; i++) {
			uintptr_t p = (uintptr_t)player[t].object[i];

			for (uintptr_t at = p / LINE; at <= (p + player[t].size[i] - 1) / LINE;
			     at++)
				line[n++] = (struct line){at, t};
		}
	qsort(line, n, sizeof(*line), by_address);
	*lines = 0;
	for (size_t i = 0, j; i < n; i = j) {
		bool two = false;

		for (j = i + 1; j < n && line[j].at == line[i].at; j++)
			two |= line[j].thread != line[i].thread;
		shared += two;
		++*lines;
	}
	return shared;
}

static void run(const struct shape *of)
{
	uint64_t random = seed;
	size_t shared = 0, lines = 0;

	if (SANITIZED)
		tap_skip("a sanitizer's allocator serves, or its clock counts");
	shape = of;
	player = memory_table(THREADS_MOST * sizeof(*player));
	sem_init(&done, 0, 0);
	for (unsigned t = 0; t < of->threads; t++) {
		sem_init(&player[t].turn, 0, 0);
		player[t].random = draw(&random);
		begin(&player[t]);
	}
	/* Looked at eight times: what is right at the end by chance is not so each time. */
	for (unsigned turn = 0; turn < of->turns; turn++) {
		struct player *p = &player[draw(&random) % of->threads];

		let(p, (unsigned)(draw(&random) % TURN_MOST + 1));
		if (of->ends_every != 0 && turn % of->ends_every == of->ends_every - 1) {
			struct player *old = &player[draw(&random) % of->threads];

			let(old, 0);
			begin(old);
		}
		if (turn % (of->turns / 8) == of->turns / 8 - 1) {
			size_t here, n = count_shared(&here);

			shared += n;
			lines += here;
		}
	}
	tap_note("%u threads, seed %llu: %zu lines hold live objects, %.2f %% of them of two "
		 "threads",
		 of->threads, (unsigned long long)seed, lines,
		 100 * (double)shared / (double)lines);
	CHECK(of->threads > MANY || of->ends_every != 0 ||
		      (double)shared <= SHARED_MOST * (double)lines,
	      "%zu of %zu lines", shared, lines);
	for (unsigned t = 0; t < of->threads; t++)
		let(&player[t], 0);
}

#define MIXED(n, rounds)                                                                   \
	{                                                                                  \
		.threads = (n), .live = 1024, .turns = (rounds), .least = 8, .most = 4096, \
		.mostly_small = true, .step = replace                                      \
	}

static void two_mixed(void)
{
	static const struct shape of = MIXED(2, 8000);

	run(&of);
}

static void eight_mixed(void)
{
	static const struct shape of = MIXED(8, 16000);

	run(&of);
}

static void many_mixed(void)
{
	static const struct shape of = MIXED(64, 32000);

	run(&of);
}

static void evenly(void)
{
	static const struct shape of = {.threads = 4,
					.live = 1024,
					.turns = 8000,
					.least = 1,
					.most = 512,
					.step = replace};

	run(&of);
}

static void swinging_16(void)
{
	static const struct shape of = {.threads = 4,
					.live = 2048,
					.turns = 8000,
					.least = 16,
					.most = 16,
					.step = swing};

	run(&of);
}

static void swinging_48(void)
{
	static const struct shape of = {.threads = 8,
					.live = 2048,
					.turns = 8000,
					.least = 33,
					.most = 96,
					.step = swing};

	run(&of);
}

static void ending(void)
{
	static const struct shape of = {.threads = 8,
					.live = 1024,
					.turns = 8000,
					.least = 8,
					.most = 4096,
					.mostly_small = true,
					.step = replace,
					.ends_every = 200,
					.leaves = 16};

	run(&of);
}

int main(int argc, char **argv)
{
	tap_start();
	family_start();
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	tap_case("2 threads, mostly small objects replaced at random: at most 0.1 % of their "
		 "lines "
		 "are shared",
		 two_mixed);
	tap_case("the same of 8", eight_mixed);
	tap_case("the same of 64, told", many_mixed);
	tap_case("4 threads, 1 to 512 bytes", evenly);
	tap_case("4 threads, 16 bytes, that grow and shrink", swinging_16);
	tap_case("8 threads, 33 to 96 bytes, that grow and shrink", swinging_48);
	tap_case("8 threads, of which some end and others come, told", ending);
	return tap_finish();
}
