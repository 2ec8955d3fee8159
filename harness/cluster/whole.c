#include "harness/cluster/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/set_files.h"
#include "harness/base/sha256.h"

static const char *const parts[] = {"manifest.json", "samples.jsonl", SET_PACKED};

/* Waits until it is on disk; a file system that cannot is used all the same. */
static void sync_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

static int copy(const char *from, const char *to, json_t *seal, const char *name, char *why,
		size_t why_size)
{
	char hash[SHA256_TEXT];
	size_t size;
	char *data = file_read_bytes(from, &size);
	int result = 0;

	if (!data)
		result = because(why, why_size, "%s: %s", from, strerror(errno));
	else if (file_write_bytes(to, data, size) < 0 || sha256_file(to, hash) < 0)
		result = because(why, why_size, "%s: %s", to, strerror(errno));
	else
		json_object_set_new(
			seal, name,
			json_pack("{s:I, s:s}", "bytes", (json_int_t)size, "sha256", hash));
	if (result == 0)
		sync_file(to);
	free(data);
	return result;
}

int whole_copy(const char *set, const char *partial, char *why, size_t why_size)
{
	char *seal_path = text_format("%s/" WHOLE_SEAL, partial), *text;
	json_t *seal = json_object();
	int result = 0;

	file_remove_tree(partial);
	if (file_make_folder(partial) < 0)
		result = because(why, why_size, "%s: %s", partial, strerror(errno));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && result == 0; i++) {
		char *from = text_format("%s/%s", set, parts[i]),
		     *to = text_format("%s/%s", partial, parts[i]);

		/* A set without side files has no archive. */
		if (i < 2 || file_exists(from))
			result = copy(from, to, seal, parts[i], why, why_size);
		free(from);
		free(to);
	}
	text = json_dumps(seal, JSON_INDENT(1));
	if (result == 0 && (!text || file_write(seal_path, text) < 0))
		result = because(why, why_size, "%s: %s", seal_path, strerror(errno));
	if (result == 0) {
		sync_file(seal_path);
		sync_file(partial);
	}
	free(text);
	json_decref(seal);
	free(seal_path);
	return result;
}

int whole_check(const char *folder, char *why, size_t why_size)
{
	char *path = text_format("%s/" WHOLE_SEAL, folder), hash[SHA256_TEXT];
	json_error_t error;
	json_t *seal = json_load_file(path, 0, &error), *part;
	const char *name;
	int result = 0;

	if (!json_object_get(seal, parts[0]) || !json_object_get(seal, parts[1]))
		result = because(why, why_size, WHOLE_SEAL ", which is written last, is %s",
				 file_exists(path) ? "damaged" : "not there");
	free(path);
	json_object_foreach(seal, name, part) {
		json_int_t bytes = json_integer_value(json_object_get(part, "bytes"));
		const char *wanted = json_string_value(json_object_get(part, "sha256"));
		struct stat st;

		if (result < 0)
			break;
		path = text_format("%s/%s", folder, name);
		if (strchr(name, '/') || !wanted)
			result = because(why, why_size, WHOLE_SEAL " is damaged");
		else if (stat(path, &st) < 0)
			result = because(why, why_size, "%s: %s", name, strerror(errno));
		else if (st.st_size != bytes)
			result = because(why, why_size, "%s has %lld of %lld bytes", name,
					 (long long)st.st_size, (long long)bytes);
		else if (sha256_file(path, hash) < 0 || strcmp(hash, wanted) != 0)
			result = because(why, why_size, "%s is not what was handed over", name);
		free(path);
	}
	json_decref(seal);
	return result;
}
