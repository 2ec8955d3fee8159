/* A plugin that is opened with RTLD_DEEPBIND, the program that opens it (PROGRAM), and a
 * library that opens it for others (OPENER), by a name that only that library's own path leads
 * to; or as the first thing that is done (AT_START, in either).
 *
 * Blocks cross the border in both directions, also those of the plugin's constructor; and what
 * the flag is for, names of the plugin's own, must go on. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *pvalloc(size_t size);

const char *whose(void);
void *opener_open(const char *name, int mode);
void *opener_opened(void) __attribute__((weak));

#ifdef AT_START
/* What the loader calls, in the program before all constructors, gets main's arguments. */
static void *opened;
static void open_at_start(int count, char **arguments)
{
	opened = count > 1 ? dlopen(arguments[1], RTLD_NOW | RTLD_DEEPBIND) : NULL;
}
#if defined(OPENER)
__attribute__((section(".init_array"), used))
#else
__attribute__((section(".preinit_array"), used))
#endif
static void (*const first)(int, char **) = open_at_start;

void *opener_opened(void)
{
	return opened;
}
#endif

/* What the plugin shows of itself. */
struct calls {
	void *(*make)(unsigned how, size_t size);
	void (*take)(void *p);
	void *(*change)(void *p, size_t size);
	char *early;
	const char *(*asked)(void);
};

#if defined(OPENER)
void *opener_open(const char *name, int mode)
{
	void *p = dlopen(name, mode);

	__asm__ volatile("" : "+r"(p)); /* no tail call: it is we who ask */
	return p;
}
#elif !defined(PROGRAM)
extern struct calls plugin_calls;

const char *whose(void)
{
	return "plugin";
}

static void *make(unsigned how, size_t size)
{
	void *p = NULL;

	switch (how % 6) {
	case 0:
		return malloc(size);
	case 1:
		return calloc(1, size);
	case 2:
		return realloc(NULL, size);
	case 3:
		return aligned_alloc(64, (size + 63) / 64 * 64);
	case 4:
		return posix_memalign(&p, 4096, size) == 0 ? p : NULL;
	default:
		return strndup("a text", size);
	}
}

static void *change(void *p, size_t size)
{
	return realloc(p, size);
}

static void take(void *p)
{
	free(p);
}

/* By the loader, as a call. */
static const char *asked(void)
{
	const char *(*volatile call)(void) = whose;

	return call();
}

struct calls plugin_calls = {make, take, change, NULL, asked};

__attribute__((constructor)) static void begin(void)
{
	plugin_calls.early = malloc(1000);
	strcpy(plugin_calls.early, "of the constructor");
}
#else
const char *whose(void)
{
	return "program";
}

static int wrong(const char *what)
{
	puts(what);
	return 1;
}

/* plugin NAME MODE [opener] */
int main(int count, char **arguments)
{
	static const size_t sizes[] = {1, 100, 3000, 40000, 300000, 3000000};
	int mode = RTLD_NOW | (int)strtol(arguments[2], NULL, 0);
	void *(*open)(const char *, int) = dlopen;
	struct calls *calls;
	void *handle;

	if (count > 3) {
		handle = dlopen(arguments[3], RTLD_NOW);
		open = handle ? (void *(*)(const char *, int))dlsym(handle, "opener_open")
			      : NULL;
		if (open == NULL)
			return wrong(dlerror());
	}
	handle = opener_opened ? opener_opened() : open(arguments[1], mode);
	if (handle == NULL)
		return wrong(dlerror());
	calls = dlsym(handle, "plugin_calls");
	if (calls == NULL)
		return wrong("no such plugin");
	if (strcmp(calls->early, "of the constructor") != 0)
		return wrong("the constructor did not run");
	free(calls->early);
	for (unsigned round = 0; round < 200; round++)
		for (unsigned i = 0; i < 6; i++) {
			void *p = malloc(sizes[i]), *q = calls->make(round + i, sizes[i]);

			if (p == NULL || q == NULL)
				return wrong("no memory");
			p = calls->change(p, sizes[i] + round);
			q = realloc(q, sizes[i] + 3 * round);
			calls->take(p);
			free(q);
			calls->take(calls->make(round + i, sizes[i]));
		}
	if ((mode & RTLD_DEEPBIND) != 0 && strcmp(calls->asked(), "plugin") != 0)
		return wrong("the plugin's own names are the program's");
	puts("blocks cross in both directions");
	return 0;
}
#endif
