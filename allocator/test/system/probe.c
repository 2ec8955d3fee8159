/*
 * A small program for scripts to look at: what it prints tells what serves it.
 *
 *	probe hello            allocates a little of everything, frees it, says hello
 *	probe where            the file that malloc comes from
 *	probe secure           whether the kernel started it with raised privileges
 *	probe realloc-zero     what realloc(p, 0) answers
 *	probe malloc N         whether N bytes can be had
 */
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

static int hello(void)
{
	for (unsigned round = 0; round < 3; round++) {
		void *p[200];

		for (size_t i = 0; i < 200; i++) {
			p[i] = malloc(i * i * 4);
			if (!p[i])
				return 1;
			memset(p[i], 1, i * i * 4);
		}
		for (size_t i = 0; i < 200; i++)
			free(p[i]);
	}
	puts("hello");
	return 0;
}

static int where(void)
{
	char real[4096];
	Dl_info from;

	/* In a static program there is no file to name but the program itself. */
	if (!dladdr((void *)(uintptr_t)malloc, &from) || !from.dli_fname ||
	    !realpath(from.dli_fname, real))
		strcpy(real, "unknown");
	puts(real);
	return 0;
}

static int realloc_zero(void)
{
	void *volatile p = malloc(100);

	errno = 0;
	p = realloc(p, 0);
	printf("%s, errno %s\n", p ? "block" : "NULL",
	       errno == EINVAL ? "EINVAL"
	       : errno         ? "?"
			       : "0");
	return 0;
}

static int one_malloc(const char *text)
{
	void *volatile p;

	errno = 0;
	p = malloc(strtoull(text, NULL, 0));
	printf("%s, errno %s\n", p ? "block" : "NULL",
	       errno == ENOMEM ? "ENOMEM"
	       : errno         ? "?"
			       : "0");
	free(p);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "hello"))
		return hello();
	if (!strcmp(what, "where"))
		return where();
	if (!strcmp(what, "secure")) {
		puts(getauxval(AT_SECURE) ? "secure" : "ordinary");
		return hello();
	}
	if (!strcmp(what, "realloc-zero"))
		return realloc_zero();
	if (!strcmp(what, "malloc") && argc > 2)
		return one_malloc(argv[2]);
	fputs("usage: probe hello|where|secure|realloc-zero|malloc N\n", stderr);
	return 2;
}
