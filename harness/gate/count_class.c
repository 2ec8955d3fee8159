#include "harness/gate/count_class.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "harness/base/build_id.h"
#include "harness/base/elf_file.h"
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/trial/sample.h"

#define ABSENT "(absent)"

void gate_class_add(struct gate_class *class, const char *key, const char *value)
{
	if (class->count == GATE_CLASS_FIELDS)
		return;
	class->list[class->count++] =
		(struct gate_field){text_format("%s", key), text_format("%s", value)};
}

void gate_class_free(struct gate_class *class)
{
	for (size_t i = 0; i < class->count; i++) {
		free(class->list[i].key);
		free(class->list[i].value);
	}
	class->count = 0;
}

static void add_build_id(struct gate_class *class, const char *key, const char *path)
{
	char build_id[BUILD_ID_TEXT], why[64];

	if (!path || build_id_read(path, build_id, why, sizeof(why)) < 0)
		snprintf(build_id, sizeof(build_id), "unknown");
	gate_class_add(class, key, build_id);
}

/* The C library that this process and every sample stand on. */
static void add_libc(struct gate_class *class)
{
	struct contender libc = {.reuses = true};

	libc.name = text_format("libc");
	libc.library = text_format("libc.so.6");
	contender_resolve(&libc);
	add_build_id(class, "libc", libc.path);
	contender_free(&libc);
}

/* The tool that valgrind becomes, which does the counting: valgrind itself may be a script.  It
 * lies in a folder of lib or libexec beside valgrind's own. */
static void add_valgrind(struct gate_class *class)
{
	char *program = paths_find_program("valgrind"), *pattern = NULL;
	glob_t found = {0};

	if (program) {
		char *slash = strstr(program, "/bin/valgrind");

		pattern = text_format("%.*s/lib*{/,/*/}valgrind/callgrind-{amd64,arm64}-linux",
				      slash ? (int)(slash - program) : 0, program);
		glob(pattern, GLOB_BRACE, NULL, &found);
	}
	add_build_id(class, "valgrind", found.gl_pathc ? found.gl_pathv[0] : NULL);
	globfree(&found);
	free(pattern);
	free(program);
}

/* "6.18" of "6.18.3-amd64". */
static void add_kernel(struct gate_class *class, const char *release)
{
	size_t first = strcspn(release, "."), length = first;

	if (release[first])
		length = first + 1 + strspn(release + first + 1, "0123456789");
	char *series = text_format("%.*s", (int)length, release);

	gate_class_add(class, "kernel", series);
	free(series);
}

static void add_huge_pages(struct gate_class *class)
{
	char line[128], *word = line, *end;

	file_line("/sys/kernel/mm/transparent_hugepage/enabled", line, sizeof(line));
	word = strchr(line, '[');
	end = word ? strchr(word, ']') : NULL;
	if (end)
		*end = '\0';
	gate_class_add(class, "huge_pages", end ? word + 1 : "none");
}

/* The C library copies by the widest registers that the CPU has and that valgrind knows. */
static void add_architecture(struct gate_class *class, const char *machine)
{
	bool wide = false;

#ifdef __x86_64__
	wide = __builtin_cpu_supports("avx2");
#endif
	char *text = text_format("%s%s", machine, wide ? " avx2" : "");

	gate_class_add(class, "architecture", text);
	free(text);
}

void gate_class_take(struct gate_class *class, const struct contender *build,
		     enum gate_class_of of)
{
	char *compilers = elf_compilers(build->path), number[24];
	struct utsname system = {0};

	*class = (struct gate_class){.count = 0};
	uname(&system);
	add_architecture(class, system.machine);
	gate_class_add(class, "compiler", *compilers ? compilers : "unknown");
	add_libc(class);
	add_valgrind(class);
	gate_class_add(class, "suite_version", SUITE_VERSION);
	free(compilers);
	if (of == GATE_CLASS_COUNTS)
		return;
	snprintf(number, sizeof(number), "%ld", sysconf(_SC_PAGESIZE));
	gate_class_add(class, "page_size", number);
	add_huge_pages(class);
	add_kernel(class, system.release);
}

static const char *value_of(const struct gate_class *class, const char *key)
{
	for (size_t i = 0; i < class->count; i++)
		if (strcmp(class->list[i].key, key) == 0)
			return class->list[i].value;
	return ABSENT;
}

static void add_difference(char **text, size_t *count, const char *key, const char *a,
			   const char *here)
{
	text_append(text, "%s%s (%s, here %s)", *count ? ", " : "", key, a, here);
	++*count;
}

char *gate_class_difference(const struct gate_class *a, const struct gate_class *here,
			    size_t *count)
{
	char *text = text_format("%s", "");

	*count = 0;
	for (size_t i = 0; i < here->count; i++) {
		const struct gate_field *field = &here->list[i];
		const char *other = value_of(a, field->key);

		if (strcmp(other, field->value) != 0)
			add_difference(&text, count, field->key, other, field->value);
	}
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(value_of(here, a->list[i].key), ABSENT) == 0)
			add_difference(&text, count, a->list[i].key, a->list[i].value, ABSENT);
	if (*count)
		return text;
	free(text);
	return NULL;
}
