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
#include "harness/run/json_file.h"

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

/* Is it the manifest of a shard that was measured to its end? */
static int check_finished(const char *folder, char *why, size_t why_size)
{
	char *path = text_format("%s/%s", folder, parts[0]);
	json_t *manifest = json_load_file(path, 0, NULL),
	       *node = json_object_get(json_object_get(manifest, "shard"), "node");
	int result = 0;

	if (!json_is_string(json_object_get(manifest, "finished")) ||
	    !json_is_string(json_object_get(node, "name")))
		result = because(why, why_size, "%s is not that of a finished shard", path);
	json_decref(manifest);
	free(path);
	return result;
}

int whole_copy(const char *set, const char *partial, char *why, size_t why_size)
{
	char *seal_path = text_format("%s/" WHOLE_SEAL, partial);
	json_t *seal = json_object();
	int result = 0;

	file_remove_tree(partial);
	if (check_finished(set, why, why_size) < 0)
		result = -1;
	else if (file_make_folder(partial) < 0)
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
	if (result == 0)
		result = json_file_write(seal_path, seal, why, why_size);
	if (result == 0) {
		sync_file(seal_path);
		sync_file(partial);
	}
	json_decref(seal);
	free(seal_path);
	return result;
}

/* A part against the seal. */
static int check_part(const char *folder, const char *name, const json_t *part, char *why,
		      size_t why_size)
{
	char *path = text_format("%s/%s", folder, name), hash[SHA256_TEXT];
	json_int_t bytes = json_integer_value(json_object_get(part, "bytes"));
	const char *wanted = json_string_value(json_object_get(part, "sha256"));
	struct stat st;
	int result = 0;

	if (strchr(name, '/') || !wanted) {
		result = because(why, why_size, WHOLE_SEAL " is damaged");
	} else if (stat(path, &st) < 0) {
		result = errno == ENOENT ? -1 : WHOLE_UNREADABLE;
		because(why, why_size, "%s: %s", name, strerror(errno));
	} else if (st.st_size != bytes) {
		result = because(why, why_size, "%s has %lld of %lld bytes", name,
				 (long long)st.st_size, (long long)bytes);
	} else if (sha256_file(path, hash) < 0) {
		result = WHOLE_UNREADABLE;
		because(why, why_size, "%s: %s", name, strerror(errno));
	} else if (strcmp(hash, wanted) != 0) {
		result = because(why, why_size, "%s is not what was handed over", name);
	}
	free(path);
	return result;
}

int whole_check(const char *folder, char *why, size_t why_size)
{
	char *path = text_format("%s/" WHOLE_SEAL, folder), *text = file_read(path);
	json_t *seal = text ? json_loads(text, 0, NULL) : NULL, *part;
	const char *name;
	int result = 0;

	if (!text && errno != ENOENT) {
		result = WHOLE_UNREADABLE;
		because(why, why_size, WHOLE_SEAL ": %s", strerror(errno));
	} else if (!json_object_get(seal, parts[0]) || !json_object_get(seal, parts[1])) {
		result = because(why, why_size, WHOLE_SEAL ", which is written last, is %s",
				 text ? "damaged" : "not there");
	}
	json_object_foreach(seal, name, part)
		if (result == 0)
			result = check_part(folder, name, part, why, why_size);
	if (result == 0)
		result = check_finished(folder, why, why_size);
	json_decref(seal);
	free(text);
	free(path);
	return result;
}
