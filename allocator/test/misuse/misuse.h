/*
 * A misuse program does one thing wrong, in wrong(), after some honest use of the heap.
 * It says what it saw: "wrong call returned" when the misuse went through, "end" when
 * the program came to its end.  Between the two everything that was cached is pushed to
 * where a late check would see it.
 */
#ifndef ASH_TEST_MISUSE_H
#define ASH_TEST_MISUSE_H

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static void wrong(void);

/* The compiler must neither see through nor complain about what is done to it. */
static inline void *hidden(void *p)
{
	__asm__ volatile("" : "+r"(p) : : "memory");
	return p;
}

static inline void say(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		_exit(3);
}

static inline void honest_use(size_t n)
{
	void *p[300];

	for (unsigned i = 0; i < 300; i++) {
		p[i] = malloc(n + i % 3);
		if (p[i])
			memset(p[i], 1, n);
	}
	for (unsigned i = 0; i < 300; i++)
		free(p[i]);
}

static inline void *die_at_once(void *arg)
{
	return arg;
}

int main(void)
{
	struct rlimit none = {0, 0};
	pthread_t thread;

	setrlimit(RLIMIT_CORE, &none);
	alarm(60);
	honest_use(40);
	wrong();
	say("wrong call returned\n");
	for (unsigned i = 0; i < 20; i++)
		for (size_t n = 8; n <= 4096; n *= 2)
			honest_use(n);
	if (pthread_create(&thread, NULL, die_at_once, NULL) == 0)
		pthread_join(thread, NULL);
	malloc_trim(0);
	say("end\n");
	return 0;
}

#endif
