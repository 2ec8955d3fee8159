/* Blocks that are freed twice. */
#include "test/misuse/misuse.h"

/* The old address of a block that realloc moved. */
static void double_free_after_realloc(void)
{
	void *p = malloc(100), *old = hidden(p), *q;

	q = realloc(p, 50000);
	if (q != old)
		free(hidden(old));
}

/* The same small block freed twice in a row. */
static void double_free_at_once(void)
{
	void *p = malloc(64);

	free(p);
	free(hidden(p));
}

/* Thousands of frees of the same size lie between: the first has left the thread's magazine. */
static void double_free_delayed(void)
{
	static void *q[5000];
	void *p = malloc(48);

	for (unsigned i = 0; i < 5000; i++)
		q[i] = malloc(48);
	free(p);
	for (unsigned i = 0; i < 5000; i++)
		free(q[i]);
	free(hidden(p));
}

static void hand_out(size_t size)
{
	for (unsigned i = 0; i < 200; i++)
		(void)hidden(malloc(size));
}

static void free_twice_and_hand_out(size_t size)
{
	void *p[20];

	for (unsigned i = 0; i < 20; i++)
		p[i] = malloc(size);
	for (unsigned i = 0; i < 10; i++)
		free(p[i]);
	free(hidden(p[3]));
	hand_out(size);
}

/* Freed twice, and handed out twice before anybody looks at the slab: its two new owners hold
 * it, and nothing tells that from two blocks. */
static void double_free_handed_out(void)
{
	free_twice_and_hand_out(40);
}

/* The same of 24 bytes. */
static void double_free_handed_out_24(void)
{
	free_twice_and_hand_out(24);
}

/* The same of 10,000 bytes. */
static void double_free_handed_out_10000(void)
{
	free_twice_and_hand_out(10000);
}

static void *free_and_hand_out(void *p)
{
	free(p);
	hand_out(500);
	return NULL;
}

/* Freed by two threads, and handed out in both. */
static void double_free_handed_out_by_thread(void)
{
	void *p;
	pthread_t thread;

	honest_use(500);
	p = malloc(500);
	free(p);
	if (pthread_create(&thread, NULL, free_and_hand_out, hidden(p)) == 0)
		pthread_join(thread, NULL);
	hand_out(500);
}

/* Many other frees lie between, so that no look at the last few can see it. */
static void double_free_interleaved(void)
{
	void *p[40];

	for (unsigned i = 0; i < 40; i++)
		p[i] = malloc(48);
	for (unsigned i = 0; i < 40; i++)
		free(p[i]);
	free(hidden(p[3]));
}

/* A block larger than any slab holds. */
static void double_free_large(void)
{
	void *p = malloc(200000);

	free(p);
	free(hidden(p));
}

/* The same of a length that the thread keeps for its next request. */
static void double_free_large_kept(void)
{
	void *p = NULL;

	for (unsigned turn = 0; turn < 1000; turn++) {
		p = malloc(200000);
		free(hidden(p));
	}
	free(hidden(p));
}

/* A block of 3 MiB, which is a mapping of its own. */
static void double_free_mapping(void)
{
	void *p = malloc(3 << 20);

	free(p);
	free(hidden(p));
}

/* A block of 20,000 bytes. */
static void double_free_medium(void)
{
	void *p = malloc(20000);

	free(p);
	free(hidden(p));
}

/* One other free of the same size lies between. */
static void double_free_one_between(void)
{
	void *p = malloc(100), *q = malloc(100);

	free(p);
	free(q);
	free(hidden(p));
}

static void *free_it(void *p)
{
	free(p);
	return NULL;
}

/* The second free comes from another thread. */
static void double_free_other_thread(void)
{
	void *p = malloc(200);
	pthread_t thread;

	free(p);
	if (pthread_create(&thread, NULL, free_it, hidden(p)) == 0)
		pthread_join(thread, NULL);
}

/* All blocks around it were freed, too, and their memory went back to the kernel. */
static void double_free_slab_gone(void)
{
	void *p[300];

	for (unsigned i = 0; i < 300; i++)
		p[i] = malloc(8000);
	for (unsigned i = 0; i < 300; i++)
		free(p[i]);
	malloc_trim(0);
	free(hidden(p[150]));
}

/* malloc(0) is a block like others. */
static void double_free_zero(void)
{
	void *p = malloc(0);

	free(p);
	free(hidden(p));
}

const struct misuse misuse_double_free[] = {
	{"double_free_after_realloc", double_free_after_realloc},
	{"double_free_at_once", double_free_at_once},
	{"double_free_delayed", double_free_delayed},
	{"double_free_handed_out", double_free_handed_out},
	{"double_free_handed_out_10000", double_free_handed_out_10000},
	{"double_free_handed_out_24", double_free_handed_out_24},
	{"double_free_handed_out_by_thread", double_free_handed_out_by_thread},
	{"double_free_interleaved", double_free_interleaved},
	{"double_free_large", double_free_large},
	{"double_free_large_kept", double_free_large_kept},
	{"double_free_mapping", double_free_mapping},
	{"double_free_medium", double_free_medium},
	{"double_free_one_between", double_free_one_between},
	{"double_free_other_thread", double_free_other_thread},
	{"double_free_slab_gone", double_free_slab_gone},
	{"double_free_zero", double_free_zero},
	{NULL, NULL},
};
