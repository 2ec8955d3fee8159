/* misuse NAME does one thing wrong, after some honest use of the heap.
 *
 * It says what it saw: "wrong call returned" when the misuse went through, "end" when the
 * program came to its end.  Between the two everything that was cached is pushed to where a
 * late check would see it; but a process whose misuse is called exit_SOMETHING ends at once.
 * Without a name it lists them.  With MISUSE_TAKEN in the environment what lies within 16 TiB
 * of the first block is somebody else's. */
#include "test/misuse/misuse.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>

#include "test/support/addresses.h"

static const struct misuse *const all[] = {misuse_at_exit,     misuse_double_free,
					   misuse_free_sized,  misuse_invalid_free,
					   misuse_other_calls, misuse_whole};
#define GROUPS (sizeof(all) / sizeof(all[0]))

void say(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		_exit(3);
}

void honest_use(size_t n)
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

static void *die_at_once(void *arg)
{
	return arg;
}

static void with_honest_use(void (*wrong)(void), bool at_once)
{
	struct rlimit none = {0, 0};
	pthread_t thread;

	setrlimit(RLIMIT_CORE, &none);
	alarm(60);
	if (getenv("MISUSE_TAKEN") != NULL)
		addresses_leave(malloc, (uintptr_t)1 << 44);
	honest_use(40);
	wrong();
	say("wrong call returned\n");
	for (unsigned i = 0; i < 20 && !at_once; i++)
		for (size_t n = 8; n <= 4096; n *= 2)
			honest_use(n);
	if (!at_once && pthread_create(&thread, NULL, die_at_once, NULL) == 0)
		pthread_join(thread, NULL);
	if (!at_once)
		malloc_trim(0);
	say("end\n");
}

int main(int argc, char **argv)
{
	for (unsigned g = 0; g < GROUPS; g++)
		for (const struct misuse *m = all[g]; m->name != NULL; m++) {
			if (argc < 2) {
				say(m->name);
				say("\n");
			} else if (strcmp(argv[1], m->name) == 0) {
				with_honest_use(m->wrong, strncmp(m->name, "exit_", 5) == 0);
				return 0;
			}
		}
	if (argc >= 2)
		say("no such misuse\n");
	return argc < 2 ? 0 : 2;
}
