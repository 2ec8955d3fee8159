#include "harness/run/packing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/set_files.h"
#include "harness/base/tarball.h"

static const char *const folders[] = {SET_CALLGRIND, SET_CDF, SET_LATENCY, SET_TIMELINE};
#define FOLDERS (sizeof(folders) / sizeof(*folders))

/* A set that still grows would lose what is written while it is packed. */
static int check_finished(const char *dir, char *why, size_t why_size)
{
	char *path = text_format("%s/manifest.json", dir);
	json_error_t error;
	json_t *manifest = json_load_file(path, 0, &error);
	int result = 0;

	if (!manifest && !file_exists(path))
		result = because(why, why_size, "%s holds no run set (no manifest.json)", dir);
	else if (!json_is_object(manifest))
		result =
			because(why, why_size, "%s: line %d: %s", path, error.line, error.text);
	else if (!json_is_string(json_object_get(manifest, "finished")))
		result = because(
			why, why_size,
			"%s was not finished: `ashlar-bench run --resume` completes it", dir);
	json_decref(manifest);
	free(path);
	return result;
}

/* The lock of whoever writes the set (runset.h).  Returns a descriptor, or -1. */
static int lock_set(const char *dir, char *why, size_t why_size)
{
	char *path = text_format("%s/samples.jsonl", dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		because(why, why_size, "%s: %s", path, strerror(errno));
	} else if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		because(why, why_size, "%s: another ashlar-bench is writing it", path);
		close(fd);
		fd = -1;
	}
	free(path);
	return fd;
}

static int add_file(struct tarball *loose, const char *dir, const char *name, char *why,
		    size_t why_size)
{
	char *path = text_format("%s/%s", dir, name), *data = NULL;
	struct stat st;
	size_t size;
	int result = 0;

	if (lstat(path, &st) < 0)
		result = because(why, why_size, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		result = because(why, why_size, "%s: only regular files can be packed", path);
	else if (!(data = file_read_bytes(path, &size)))
		result = because(why, why_size, "%s: %s", path, strerror(errno));
	else
		tarball_add(loose, name, data, size);
	free(data);
	free(path);
	return result;
}

static int add_folder(struct tarball *loose, const char *dir, const char *folder, char *why,
		      size_t why_size)
{
	char *path = text_format("%s/%s", dir, folder);
	DIR *list = opendir(path);
	struct dirent *entry;
	int result = 0;

	if (!list && errno != ENOENT)
		result = because(why, why_size, "%s: %s", path, strerror(errno));
	while (list && result == 0 && (entry = readdir(list))) {
		char *name;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		name = text_format("%s/%s", folder, entry->d_name);
		result = add_file(loose, dir, name, why, why_size);
		free(name);
	}
	if (list)
		closedir(list);
	free(path);
	return result;
}

/* All of `loose`, and of the old archive what `loose` does not replace. */
static void merge(struct tarball *all, const struct tarball *loose, const struct tarball *old)
{
	for (size_t i = 0; i < old->count; i++) {
		size_t k = 0;

		while (k < loose->count && strcmp(loose->files[k].name, old->files[i].name))
			k++;
		if (k == loose->count)
			tarball_add(all, old->files[i].name, old->files[i].data,
				    old->files[i].size);
	}
	for (size_t i = 0; i < loose->count; i++)
		tarball_add(all, loose->files[i].name, loose->files[i].data,
			    loose->files[i].size);
}

/* Does the archive on disk give back every file? */
static int check_written(const struct tarball *all, const char *path, char *why,
			 size_t why_size)
{
	struct tarball back;
	int result = tarball_read(&back, path, why, why_size);

	for (size_t i = 0; i < all->count && result == 0; i++) {
		const struct tarball_file *wanted = &all->files[i],
					  *got = tarball_find(&back, wanted->name);

		if (!got || got->size != wanted->size ||
		    memcmp(got->data, wanted->data, wanted->size) != 0)
			result = because(why, why_size, "%s does not give %s back", path,
					 wanted->name);
	}
	tarball_free(&back);
	return result;
}

/* What cannot be removed stays beside its packed copy: nothing is lost by that. */
static void remove_loose(const struct tarball *loose, const char *dir)
{
	for (size_t i = 0; i < loose->count; i++) {
		char *path = text_format("%s/%s", dir, loose->files[i].name);

		unlink(path);
		free(path);
	}
	for (size_t i = 0; i < FOLDERS; i++) {
		char *path = text_format("%s/%s", dir, folders[i]);

		rmdir(path);
		free(path);
	}
}

static enum exit_status pack_into(const char *path, const char *dir, struct packing *done,
				  char *why, size_t why_size)
{
	struct tarball loose = {0}, old = {0}, all = {0};
	int result = 0;

	for (size_t i = 0; i < FOLDERS && result == 0; i++)
		result = add_folder(&loose, dir, folders[i], why, why_size);
	if (result == 0 && file_exists(path))
		result = tarball_read(&old, path, why, why_size);
	if (result == 0 && loose.count + old.count == 0) {
		done->nothing = true;
		because(why, why_size,
			"%s: nothing to pack: no file in " SET_CALLGRIND "/, " SET_CDF
			"/, " SET_LATENCY "/ or " SET_TIMELINE "/",
			dir);
		return STATUS_USAGE;
	}
	if (result == 0)
		merge(&all, &loose, &old);
	if (result == 0 && loose.count > 0) {
		result = tarball_write(&all, path, why, why_size);
		if (result == 0)
			result = check_written(&all, path, why, why_size);
	}
	if (result == 0) {
		remove_loose(&loose, dir);
		done->added = loose.count;
		done->files = all.count;
		for (size_t i = 0; i < all.count; i++)
			done->bytes += all.files[i].size;
	}
	tarball_free(&loose);
	tarball_free(&old);
	tarball_free(&all);
	return result == 0 ? STATUS_OK : STATUS_FAILED;
}

enum exit_status set_pack(const char *dir, struct packing *done, char *why, size_t why_size)
{
	char *path = text_format("%s/" SET_PACKED, dir);
	enum exit_status status = STATUS_FAILED;
	int lock = -1;

	*done = (struct packing){0};
	if (check_finished(dir, why, why_size) < 0) {
		status = STATUS_USAGE;
	} else if ((lock = lock_set(dir, why, why_size)) >= 0) {
		status = pack_into(path, dir, done, why, why_size);
		close(lock);
	}
	free(path);
	return status;
}
