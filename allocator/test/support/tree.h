/* Files of the kernel as a test wants them: below a root of its own, in place of /proc and
 * /sys. */
#ifndef ASH_TEST_TREE_H
#define ASH_TEST_TREE_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Writes the file root/path, with the folders that lead to it. */
static inline bool tree_put(const char *root, const char *path, const char *text)
{
	char full[600];
	FILE *file;
	bool written;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *at = full + strlen(root) + 1; (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		mkdir(full, 0700);
		*at = '/';
	}
	file = fopen(full, "w");
	if (file == NULL)
		return false;
	written = fputs(text, file) >= 0;
	return fclose(file) == 0 && written;
}

#endif
