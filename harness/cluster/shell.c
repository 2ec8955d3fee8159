#include "harness/cluster/shell.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>
#include "harness/base/message.h"

char *shell_quoted(const char *word)
{
	char *text = text_format("'");

	for (const char *p = word; *p; p++)
		if (*p == '\'')
			text_append(&text, "'\\''");
		else
			text_append(&text, "%c", *p);
	text_append(&text, "'");
	return text;
}

char *shell_absolute(const char *path)
{
	char folder[PATH_MAX];

	if (*path == '/' || !getcwd(folder, sizeof(folder)))
		return text_format("%s", path);
	return text_format("%s/%s", folder, path);
}
