/* Wrong frees that no later call meets, because the process ends: of all that it cached nothing
 * has gone back to where a late check would see it. */
#include "test/misuse/misuse.h"

#define MANY 5000

/* Frees a block, so many others of its size, and the block again. */
static void free_around(size_t size, unsigned others)
{
	static void *q[MANY];
	void *p;

	for (unsigned i = 0; i < MANY / 2; i++)
		q[i] = malloc(size);
	p = malloc(size);
	for (unsigned i = MANY / 2; i < MANY; i++)
		q[i] = malloc(size);
	free(p);
	for (unsigned i = 0; i < others; i++)
		free(q[i]);
	free(hidden(p));
}

/* Two other frees lie between, which is one more than is compared at the call. */
static void exit_two_between(void)
{
	void *p = malloc(8), *q = malloc(8), *r = malloc(8);

	free(p);
	free(q);
	free(r);
	free(hidden(p));
}

/* 60 frees lie between, of a larger size: the first is in the same magazine. */
static void exit_60_between(void)
{
	free_around(1000, 60);
}

/* 4,000 frees lie between: the first is in a magazine that went from one hand to the next. */
static void exit_4000_between(void)
{
	free_around(48, 4000);
}

/* The same with 2,000 bytes, more in all than magazines hold: it is in its slab. */
static void exit_4000_between_larger(void)
{
	free_around(2000, 4000);
}

static pthread_barrier_t freed;

static void *free_and_stay(void *p)
{
	free(p);
	pthread_barrier_wait(&freed);
	for (;;)
		pause();
	return NULL;
}

/* The first free came from a thread that is still there when the process ends. */
static void exit_other_thread(void)
{
	void *p, *q[3];
	pthread_t thread;

	honest_use(200);
	p = malloc(200);
	for (unsigned i = 0; i < 3; i++)
		q[i] = malloc(200);
	pthread_barrier_init(&freed, NULL, 2);
	if (pthread_create(&thread, NULL, free_and_stay, hidden(p)) != 0)
		_exit(77);
	pthread_barrier_wait(&freed);
	free(hidden(p));
	for (unsigned i = 0; i < 3; i++)
		free(q[i]);
}

static void *free_all_and_stay(void *argument)
{
	void **p = argument;

	for (unsigned i = 0; i < 40; i++)
		free(p[i]);
	pthread_barrier_wait(&freed);
	for (;;)
		pause();
	return NULL;
}

/* The same among forty of 24 bytes, so that they lie in a magazine of that thread's. */
static void exit_other_thread_of_many(void)
{
	static void *p[40];
	pthread_t thread;

	honest_use(24);
	for (unsigned i = 0; i < 40; i++)
		p[i] = malloc(24);
	pthread_barrier_init(&freed, NULL, 2);
	if (pthread_create(&thread, NULL, free_all_and_stay, p) != 0)
		_exit(77);
	pthread_barrier_wait(&freed);
	free(hidden(p[20]));
}

const struct misuse misuse_at_exit[] = {
	{"exit_4000_between", exit_4000_between},
	{"exit_4000_between_larger", exit_4000_between_larger},
	{"exit_60_between", exit_60_between},
	{"exit_inside", free_inside_in_use},
	{"exit_other_thread", exit_other_thread},
	{"exit_other_thread_of_many", exit_other_thread_of_many},
	{"exit_two_between", exit_two_between},
	{NULL, NULL},
};
