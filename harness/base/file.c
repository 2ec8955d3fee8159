#include "harness/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/base/message.h"

char *file_read_bytes(const char *path, size_t *length)
{
	size_t used = 0, size = 4096;
	char *text;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	text = malloc(size);
	while (text) {
		ssize_t n = read(fd, text + used, size - used - 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int error = errno;

			free(text);
			close(fd);
			errno = error;
			return NULL;
		}
		used += (size_t)n;
		text[used] = '\0';
		if (n == 0)
			break;
		if (size - used < 2) {
			char *bigger = realloc(text, size *= 2);

			if (!bigger)
				free(text);
			text = bigger;
		}
	}
	close(fd);
	*length = used;
	return text;
}

char *file_read(const char *path)
{
	size_t length;

	return file_read_bytes(path, &length);
}

const char *file_line(const char *path, char *line, size_t size)
{
	char *text = file_read(path);

	line[0] = '\0';
	if (text) {
		text[strcspn(text, "\n")] = '\0';
		snprintf(line, size, "%s", text);
		free(text);
	}
	return line;
}

int file_write_bytes(const char *path, const void *data, size_t left)
{
	char *part = text_format("%s.part", path);
	const char *next = data;
	int fd, error;

	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		goto failed;
	while (left) {
		ssize_t n = write(fd, next, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			error = errno;
			close(fd);
			errno = error;
			goto failed;
		}
		next += n;
		left -= (size_t)n;
	}
	if (fsync(fd) < 0 && errno != EINVAL && errno != EROFS) {
		error = errno;
		close(fd);
		errno = error;
		goto failed;
	}
	if (close(fd) < 0 || rename(part, path) < 0)
		goto failed;
	free(part);
	return 0;
failed:
	error = errno;
	unlink(part);
	free(part);
	errno = error;
	return -1;
}

int file_write(const char *path, const char *text)
{
	return file_write_bytes(path, text, strlen(text));
}

int file_unwritable(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	char *folder;
	int error;

	if (!*path)
		return ENOENT;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? EISDIR : ENOTSUP;
	folder = slash ? text_format("%.*s", (int)(slash > path ? slash - path : 1), path)
		       : text_format(".");
	error = access(folder, W_OK | X_OK) < 0 ? errno : 0;
	free(folder);
	return error;
}

int file_make_folder(const char *path)
{
	char *copy = text_format("%s", path);
	int result = 0;

	for (char *p = copy + 1; *copy && result == 0; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, 0777) < 0 && errno != EEXIST)
			result = -1;
		*p = c;
		if (c == '\0')
			break;
	}
	if (result == 0) {
		struct stat st;

		if (stat(path, &st) < 0)
			result = -1;
		else if (!S_ISDIR(st.st_mode)) {
			errno = ENOTDIR;
			result = -1;
		}
	}
	free(copy);
	return result;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	remove(path);
	return 0; /* what cannot be removed stays; the rest still goes */
}

void file_remove_tree(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

char *file_folder_name(const char *path)
{
	char *real = realpath(path, NULL), *name;
	const char *whole = real ? real : path;
	size_t end = strlen(whole), begin;

	while (end > 1 && whole[end - 1] == '/')
		end--;
	begin = end;
	while (begin > 0 && whole[begin - 1] != '/')
		begin--;
	name = begin < end ? text_format("%.*s", (int)(end - begin), whole + begin)
			   : text_format("%s", whole);
	free(real);
	return name;
}

const char *file_last_line(const char *path, char *line, size_t size)
{
	char *text = file_read(path), *end, *begin;

	line[0] = '\0';
	if (!text)
		return line;
	end = text + strlen(text);
	while (end > text && (unsigned char)end[-1] <= ' ')
		end--;
	*end = '\0';
	begin = strrchr(text, '\n');
	snprintf(line, size, "%s", begin ? begin + 1 : text);
	free(text);
	return line;
}
