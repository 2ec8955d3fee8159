/* The second free comes from another thread. */
#include "test/misuse/misuse.h"

static void *free_it(void *p)
{
	free(p);
	return NULL;
}

static void wrong(void)
{
	void *p = malloc(200);
	pthread_t thread;

	free(p);
	if (pthread_create(&thread, NULL, free_it, hidden(p)) == 0)
		pthread_join(thread, NULL);
}
