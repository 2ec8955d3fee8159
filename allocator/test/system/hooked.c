/* A program with threads and a child, for those who bring functions of libc of their own
 * (hooks.c, or a library that is preloaded): it says "fine".  "hooked N": the hooks must have
 * been called at least so often. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/prng.h"

#define BLOCKS 1000
#define ROUNDS 6

static void die(const char *why)
{
	puts(why);
	fflush(stdout);
	_exit(1);
}

/* Sizes from slabs to mappings, which grow, move and go. */
static void *work(void *seed)
{
	struct ash_prng prng = ash_prng_seeded((uintptr_t)seed);
	static __thread unsigned char *block[BLOCKS];
	static __thread size_t size[BLOCKS];

	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < BLOCKS; i++) {
			size_t n = 1 + ash_prng_below(&prng, i % 50 == 0 ? 2000000 : 2000);

			if (block[i] != NULL &&
			    (block[i][0] != (i & 255) || block[i][size[i] - 1] != (i & 255)))
				die("a block changed");
			if (ash_prng_below(&prng, 3) == 0) {
				free(block[i]);
				block[i] = NULL;
			}
			block[i] = realloc(block[i], n);
			if (block[i] == NULL)
				die("no memory");
			size[i] = n;
			block[i][0] = block[i][n - 1] = (unsigned char)i;
		}
		for (unsigned i = round % 2; i < BLOCKS; i += 2) {
			free(block[i]);
			block[i] = NULL;
		}
	}
	for (unsigned i = 0; i < BLOCKS; i++) {
		free(block[i]);
		block[i] = NULL;
	}
	return NULL;
}

/* The library passes these on. */
static void open_program(void)
{
	void *handle = dlopen(NULL, RTLD_NOW);

	if (handle == NULL || dlclose(handle) != 0)
		die("the program cannot be opened");
#ifdef __GLIBC__
	handle = dlmopen(LM_ID_BASE, NULL, RTLD_NOW);
	if (handle == NULL || dlclose(handle) != 0)
		die("the program cannot be opened in its namespace");
#endif
}

int main(int count, char **arguments)
{
	void (*begin)(void);
	unsigned long (*calls)(void);
	unsigned (*wrong)(void);
	pthread_t thread[3];
	int status = 0;
	pid_t child;

	open_program();
	*(void **)&begin = dlsym(RTLD_DEFAULT, "hooks_begin");
	*(void **)&calls = dlsym(RTLD_DEFAULT, "hooks_calls");
	*(void **)&wrong = dlsym(RTLD_DEFAULT, "hooks_wrong");
	if (begin != NULL)
		begin();
	for (uintptr_t i = 0; i < 3; i++)
		if (pthread_create(&thread[i], NULL, work, (void *)(i + 1)) != 0)
			die("no thread");
	work((void *)9);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	child = fork();
	if (child == 0) {
		work((void *)10);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		die("the child failed");
	if (count > 1 && (calls == NULL || calls() < strtoul(arguments[1], NULL, 10)))
		die("the hooks were not called");
	if (wrong != NULL && wrong() != 0)
		die("what a hook allocated was wrong");
	puts("fine");
	return 0;
}
