/* The functions behind the recorder: those that the program would have called. */
#ifndef RECORDER_NEXT_H
#define RECORDER_NEXT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct next {
	bool ready;
	bool measurable; /* malloc_usable_size is of the same library as malloc */
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void (*free)(void *);
	void *(*reallocarray)(void *, size_t, size_t);
	void *(*memalign)(size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
	size_t (*malloc_usable_size)(void *);
	void (*free_sized)(void *, size_t);                 /* NULL before C23 */
	void (*free_aligned_sized)(void *, size_t, size_t); /* NULL before C23 */
	int (*pthread_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	int (*pthread_join)(pthread_t, void **);
	int (*pthread_tryjoin_np)(pthread_t, void **);
	int (*pthread_timedjoin_np)(pthread_t, void **, const struct timespec *);
	int (*pthread_clockjoin_np)(pthread_t, void **, clockid_t, const struct timespec *);
};

extern struct next next;

/* Finds them all; returns at once when that is done or under way. */
void next_resolve(void);

/* Memory for dlsym's own needs meanwhile; never given back. */
void *boot_malloc(size_t size);
bool boot_owns(const void *p);
size_t boot_size(const void *p);

#endif
