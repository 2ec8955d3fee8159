#include "harness/run/json_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/file.h"
#include "harness/base/message.h"

int json_file_write(const char *path, const json_t *value, char *why, size_t why_size)
{
	char *text = json_dumps(value, JSON_INDENT(1)), *whole;
	int result = 0;

	whole = text_format("%s\n", text ? text : "");
	if (!text || file_write(path, whole) < 0)
		result = because(why, why_size, "%s: %s", path,
				 text ? strerror(errno) : "cannot be written as JSON");
	free(whole);
	free(text);
	return result;
}
