/* One thing done wrong, by name; the tables end with a name that is NULL. */
#ifndef ASH_TEST_MISUSE_H
#define ASH_TEST_MISUSE_H

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct misuse {
	const char *name;
	void (*wrong)(void);
};
extern const struct misuse misuse_at_exit[], misuse_double_free[], misuse_free_sized[],
	misuse_invalid_free[], misuse_other_calls[], misuse_whole[];

/* Of both the call that is met at once and the one that is left to the end: frees a pointer 16
 * bytes into a block. */
void free_inside_in_use(void);

/* Large blocks freed by each size that they may have: nothing wrong. */
void sized_frees_that_are_right(void);

void say(const char *text);
void honest_use(size_t n); /* blocks of that size, written and freed */

/* The compiler must neither see through nor complain about what is done to it. */
static inline void *hidden(void *p)
{
	__asm__ volatile("" : "+r"(p) : : "memory");
	return p;
}

#endif
