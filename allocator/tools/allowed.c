#include "tools/allowed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THP "/sys/kernel/mm/transparent_hugepage/enabled"
#define GROUPS "/sys/fs/cgroup"
#define FEW_FILES 16

/* The word in brackets. */
static bool chosen(const char *text, char *to, size_t size)
{
	const char *from = strchr(text, '[');

	if (from == NULL)
		return false;
	snprintf(to, size, "%.*s", (int)strcspn(from + 1, "]"), from + 1);
	return true;
}

static void huge_pages(const char *status, bool huge, struct diagnosis *d)
{
	char *text = file_text(THP, NULL), word[32] = "";
	bool system = text != NULL && chosen(text, word, sizeof(word));
	char value[32];

	free(text);
	diagnosis_text(d, "huge pages", "%s", system ? word : "the kernel has none");
	if (huge && (!system || strcmp(word, "never") == 0))
		diagnosis_warn(d, "no huge pages: %s",
			       system ? THP " says never" : "there is no " THP);
	if (!line_value(status, "THP_enabled:", value, sizeof(value)))
		return;
	diagnosis_bool(d, "huge pages allowed to it", value[0] != '0');
	if (huge && value[0] == '0')
		diagnosis_warn(d, "no huge pages: they are forbidden to it or its parent by "
				  "prctl(PR_SET_THP_DISABLE)");
}

static void filter(const char *status, struct diagnosis *d)
{
	char value[32];

	if (!line_value(status, "Seccomp:", value, sizeof(value)))
		return;
	diagnosis_text(d, "system calls", "%s",
		       value[0] == '0' ? "no filter"
		       : value[0] == '1'
			       ? "strict: all but read, write and exit kill"
			       : "a filter; what it forbids the library goes without");
	if (value[0] == '1')
		diagnosis_warn(d,
			       "it may allocate nothing any more: seccomp is in strict mode");
}

/* In the table of /proc/PID/limits the soft one stands in the second column. */
static bool soft_limit(const char *limits, const char *name, char *to, size_t size)
{
	if (!line_value(limits, name, to, size))
		return false;
	to[strcspn(to, " ")] = '\0';
	return true;
}

static void resources(const char *limits, struct diagnosis *d)
{
	static const struct {
		const char *row, *key;
	} sizes[] = {{"Max address space", "address space"}, {"Max data size", "data"}};
	char value[64];

	for (unsigned i = 0; i < 2; i++) {
		if (!soft_limit(limits, sizes[i].row, value, sizeof(value)))
			continue;
		diagnosis_text(d, sizes[i].key, "%s", value);
		if (strcmp(value, "unlimited") != 0)
			diagnosis_warn(
				d,
				"malloc fails beyond %s bytes of %s (ulimit -%c); memory "
				"that is kept and not used counts, too",
				value, sizes[i].key, i == 0 ? 'v' : 'd');
	}
	if (!soft_limit(limits, "Max open files", value, sizeof(value)))
		return;
	diagnosis_text(d, "open files", "%s", value);
	if (strcmp(value, "unlimited") != 0 && strtoull(value, NULL, 10) < FEW_FILES)
		diagnosis_warn(
			d,
			"it may have %s files: where none is left for the library it sees "
			"neither limits nor pressure of its container",
			value);
}

/* The number in that file; UINT64_MAX where there is none, or a word. */
static uint64_t number_in(const char *folder, const char *file)
{
	uint64_t n = UINT64_MAX;
	char *path, *text, *end;

	if (asprintf(&path, "%s/%s", folder, file) < 0)
		return n;
	text = file_text(path, NULL);
	if (text != NULL) {
		n = strtoull(text, &end, 10);
		n = end != text ? n : UINT64_MAX;
	}
	free(text);
	free(path);
	return n;
}

/* The least of a group's and its parents'. */
static void group_limit(const char *root, const char *group, const char *file,
			struct diagnosis *d)
{
	uint64_t least = UINT64_MAX;
	char *folder;

	if (asprintf(&folder, "%s%s", root, strcmp(group, "/") != 0 ? group : "") < 0)
		return;
	for (;;) {
		uint64_t n = number_in(folder, file);

		least = n < least ? n : least;
		if (strlen(folder) <= strlen(root))
			break;
		*strrchr(folder, '/') = '\0';
	}
	free(folder);
	/* Version 1 has no word for none, but a number near 2^63. */
	if (least < (uint64_t)1 << 62)
		diagnosis_number(d, "memory limit of its group", least);
	else
		diagnosis_text(d, "memory limit of its group", "none");
}

static bool names_memory(const char *names, size_t length)
{
	for (const char *name = names; name < names + length;) {
		size_t n = strcspn(name, ",:");

		if (n == strlen("memory") && strncmp(name, "memory", n) == 0)
			return true;
		if (name[n] != ',')
			return false;
		name += n + 1;
	}
	return false;
}

/* Lines NUMBER:CONTROLLERS:PATH; that of version 2 names none. */
static void group(const struct process *p, struct diagnosis *d)
{
	char *text = process_text(p, "cgroup", NULL), path[4096] = "", *line, *rest = text;
	bool is_v1 = false;

	while (rest != NULL && !is_v1 && (line = strsep(&rest, "\n")) != NULL) {
		char *names = strchr(line, ':');
		char *second = names != NULL ? strchr(names + 1, ':') : NULL;

		if (second == NULL)
			continue;
		is_v1 = names_memory(names + 1, (size_t)(second - names - 1));
		if (is_v1 || strncmp(line, "0::", 3) == 0)
			snprintf(path, sizeof(path), "%s", second + 1);
	}
	free(text);
	if (path[0] != '\0')
		group_limit(is_v1 ? GROUPS "/memory" : GROUPS, path,
			    is_v1 ? "memory.limit_in_bytes" : "memory.max", d);
}

void allowed_find(const struct process *p, bool huge, struct diagnosis *d)
{
	char *status = process_text(p, "status", NULL);
	char *limits = process_text(p, "limits", NULL);

	huge_pages(status != NULL ? status : "", huge, d);
	filter(status != NULL ? status : "", d);
	resources(limits != NULL ? limits : "", d);
	group(p, d);
	free(status);
	free(limits);
}
