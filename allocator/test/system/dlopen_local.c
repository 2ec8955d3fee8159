/*
 * A program on libc's malloc opens the library with RTLD_LOCAL and uses it beside:
 * threads that are older than the library, and younger, and threads that die after it
 * was closed.
 *
 *	dlopen_local LIBRARY PREFIX
 */
#include "test/support/tap.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

static const char *library, *prefix;
static void *handle;
static void *(*their_malloc)(size_t);
static void *(*their_calloc)(size_t, size_t);
static void *(*their_realloc)(void *, size_t);
static void (*their_free)(void *);
static atomic_bool opened, closed;

static void *find(const char *name)
{
	char full[200];
	void *p;

	snprintf(full, sizeof(full), "%s%s", prefix, name);
	p = dlsym(handle, full);
	NEED(p, "no %s in %s", full, library);
	return p;
}

static void open_library(void)
{
	handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	NEED(handle, "%s", dlerror());
	their_malloc = (void *(*)(size_t))find("malloc");
	their_calloc = (void *(*)(size_t, size_t))find("calloc");
	their_realloc = (void *(*)(void *, size_t))find("realloc");
	their_free = (void (*)(void *))find("free");
}

/* Blocks of both allocators, alive side by side. */
static void work(unsigned salt)
{
	enum { N = 200 };
	unsigned char *ours[N], *theirs[N];

	for (unsigned i = 0; i < N; i++) {
		size_t n = (size_t)i * i * 3 + 1;

		theirs[i] = i % 2 ? their_malloc(n) : their_calloc(n, 1);
		ours[i] = malloc(n);
		NEED(ours[i] && theirs[i], "no memory");
		memset(theirs[i], (int)(salt + i), n);
		memset(ours[i], ~(int)(salt + i), n);
	}
	for (unsigned i = 0; i < N; i++) {
		theirs[i] = their_realloc(theirs[i], 2 * i + 1);
		NEED(theirs[i], "realloc");
		CHECK(theirs[i][0] == (unsigned char)(salt + i), "block %u", i);
		CHECK(ours[i][i] == (unsigned char)~(salt + i), "libc's block %u", i);
		their_free(theirs[i]);
		free(ours[i]);
	}
}

static void *older_thread(void *arg)
{
	while (!atomic_load(&opened))
		usleep(1000);
	work((unsigned)(uintptr_t)arg);
	while (!atomic_load(&closed))
		usleep(1000);
	return NULL; /* its thread-exit code runs after dlclose */
}

static void *younger_thread(void *arg)
{
	work((unsigned)(uintptr_t)arg);
	return NULL;
}

static void open_and_use(void)
{
	pthread_t older[4], younger;
	Dl_info from;

	for (uintptr_t i = 0; i < 4; i++)
		NEED(!pthread_create(&older[i], NULL, older_thread, (void *)i), "no thread");
	open_library();
	NEED(dladdr(dlsym(RTLD_DEFAULT, "malloc"), &from) && strstr(from.dli_fname, "libc.so"),
	     "the program's malloc is no longer libc's");
	NEED(dladdr((void *)their_malloc, &from) && !strstr(from.dli_fname, "libc.so"),
	     "the library's malloc is libc's");
	atomic_store(&opened, true);
	work(1);
	for (uintptr_t i = 0; i < 100; i++) {
		NEED(!pthread_create(&younger, NULL, younger_thread, (void *)i), "no thread");
		pthread_join(younger, NULL);
	}
	NEED(dlclose(handle) == 0, "dlclose");
	atomic_store(&closed, true);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(older[i], NULL);
}

static void many_times(void)
{
	for (unsigned i = 0; i < 20; i++) {
		pthread_t thread;

		open_library();
		NEED(!pthread_create(&thread, NULL, younger_thread, NULL), "no thread");
		pthread_join(thread, NULL);
		NEED(dlclose(handle) == 0, "dlclose");
	}
}

static void forked_child_uses_it(void)
{
	pid_t child;
	int status;

	open_library();
	work(1);
	child = fork();
	if (child == 0) {
		work(2);
		_exit(tap_shared->failures != 0);
	}
	NEED(waitpid(child, &status, 0) == child && status == 0, "the child's status is %#x",
	     status);
}

int main(int argc, char **argv)
{
	tap_start();
	if (argc != 3) {
		tap_line("Bail out! usage: dlopen_local LIBRARY PREFIX");
		return 99;
	}
	library = argv[1];
	prefix = argv[2];
	tap_case("dlopen RTLD_LOCAL, older and younger threads, dlclose", open_and_use);
	tap_case("opened and closed many times", many_times);
	tap_case("opened, then fork", forked_child_uses_it);
	return tap_finish();
}
