#include "harness/base/tarball.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include "harness/base/file.h"
#include "harness/base/message.h"

#define LEVEL 19 /* a set is packed once, and read many times */

static void *need(void *memory)
{
	if (!memory)
		out_of_memory();
	return memory;
}

/* Bytes that become more. */
struct bytes {
	char *data;
	size_t size, room;
};

static void append(struct bytes *to, const void *data, size_t size)
{
	if (to->room - to->size < size) {
		to->room = (to->size + size) * 2;
		to->data = need(realloc(to->data, to->room));
	}
	if (size)
		memcpy(to->data + to->size, data, size);
	to->size += size;
}

void tarball_add(struct tarball *t, const char *name, const void *data, size_t size)
{
	struct tarball_file *file;

	t->files = need(realloc(t->files, (t->count + 1) * sizeof(*t->files)));
	file = &t->files[t->count++];
	file->name = text_format("%s", name);
	file->data = need(malloc(size + 1));
	if (size)
		memcpy(file->data, data, size);
	file->size = size;
}

void tarball_free(struct tarball *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->files[i].name);
		free(t->files[i].data);
	}
	free(t->files);
	*t = (struct tarball){0};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct tarball_file *)a)->name,
		      ((const struct tarball_file *)b)->name);
}

static void sort(struct tarball *t)
{
	if (t->count)
		qsort(t->files, t->count, sizeof(*t->files), by_name);
}

const struct tarball_file *tarball_find(const struct tarball *t, const char *name)
{
	const struct tarball_file wanted = {.name = (char *)name};

	return t->count ? bsearch(&wanted, t->files, t->count, sizeof(*t->files), by_name)
			: NULL;
}

/* ---- reading ------------------------------------------------------------------- */

/* The tar within the frame.  All of it is unpacked before any of it is looked at: the
 * checksum stands at the end. */
static int unpack(const char *packed, size_t size, struct bytes *tar, char *why,
		  size_t why_size)
{
	ZSTD_DStream *stream = need(ZSTD_createDStream());
	ZSTD_inBuffer in = {packed, size, 0};
	size_t room = ZSTD_DStreamOutSize(), left = 1;
	char *buffer = need(malloc(room));
	int result = 0;

	while (result == 0 && left != 0) {
		ZSTD_outBuffer out = {buffer, room, 0};

		left = ZSTD_decompressStream(stream, &out, &in);
		if (ZSTD_isError(left))
			result = because(why, why_size, "it is damaged, or not zstd: %s",
					 ZSTD_getErrorName(left));
		else if (left != 0 && in.pos == in.size && out.pos == 0)
			result = because(why, why_size, "it is cut short");
		else if (tar->size + out.pos > TARBALL_MOST)
			result = because(why, why_size, "it holds more than %zu MiB",
					 TARBALL_MOST >> 20);
		else
			append(tar, buffer, out.pos);
	}
	if (result == 0 && in.pos < in.size)
		result = because(why, why_size, "%zu bytes follow its end", in.size - in.pos);
	ZSTD_freeDStream(stream);
	free(buffer);
	return result;
}

/* Is it a relative path that stays below where it starts? */
static bool stays_inside(const char *name)
{
	if (!*name || *name == '/')
		return false;
	while (*name) {
		size_t n = strcspn(name, "/");

		if (n == 2 && name[0] == '.' && name[1] == '.')
			return false;
		name += n;
		name += *name == '/';
	}
	return true;
}

static int take_entry(struct tarball *t, struct archive *reader, struct archive_entry *entry,
		      char *why, size_t why_size)
{
	const char *name = archive_entry_pathname(entry);
	la_int64_t size = archive_entry_size(entry);
	char *data;

	while (name && !strncmp(name, "./", 2)) /* as `tar -C folder .` writes them */
		name += 2;
	if (archive_entry_filetype(entry) == AE_IFDIR && name && !*name)
		return 0;
	if (!name || !stays_inside(name))
		return because(why, why_size, "the name '%s' in it leaves its folder",
			       name ? name : "");
	if (archive_entry_filetype(entry) == AE_IFDIR)
		return 0;
	if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
		return because(why, why_size, "'%s' in it is no regular file", name);
	if (size < 0 || (size_t)size > TARBALL_MOST)
		return because(why, why_size, "'%s' in it says it has %lld bytes", name,
			       (long long)size);
	data = need(malloc((size_t)size + 1));
	if (archive_read_data(reader, data, (size_t)size) != size) {
		const char *text = archive_error_string(reader);

		free(data);
		return because(why, why_size, "'%s' in it: %s", name,
			       text ? text : "it is cut short");
	}
	tarball_add(t, name, data, (size_t)size);
	free(data);
	return 0;
}

static int take_all(struct tarball *t, const struct bytes *tar, char *why, size_t why_size)
{
	struct archive *reader = need(archive_read_new());
	struct archive_entry *entry;
	int status, result = 0;

	archive_read_support_format_tar(reader);
	status = archive_read_open_memory(reader, tar->data, tar->size);
	while (result == 0 && status == ARCHIVE_OK) {
		status = archive_read_next_header(reader, &entry);
		if (status == ARCHIVE_OK)
			result = take_entry(t, reader, entry, why, why_size);
	}
	if (result == 0 && status != ARCHIVE_EOF)
		result = because(why, why_size, "no tar archive: %s",
				 archive_error_string(reader));
	archive_read_free(reader);
	return result;
}

int tarball_read(struct tarball *t, const char *path, char *why, size_t why_size)
{
	struct bytes tar = {0};
	char reason[256];
	size_t size;
	char *packed = file_read_bytes(path, &size);
	int result;

	*t = (struct tarball){0};
	if (!packed)
		return because(why, why_size, "%s: %s", path, strerror(errno));
	result = unpack(packed, size, &tar, reason, sizeof(reason));
	if (result == 0)
		result = take_all(t, &tar, reason, sizeof(reason));
	sort(t);
	for (size_t i = 1; i < t->count && result == 0; i++)
		if (!strcmp(t->files[i - 1].name, t->files[i].name))
			result = because(reason, sizeof(reason), "it holds '%s' twice",
					 t->files[i].name);
	if (result < 0) {
		because(why, why_size, "%s: %s", path, reason);
		tarball_free(t);
	}
	free(tar.data);
	free(packed);
	return result;
}

/* ---- writing ------------------------------------------------------------------- */

static la_ssize_t take_bytes(struct archive *writer, void *tar, const void *data, size_t size)
{
	(void)writer;
	append(tar, data, size);
	return (la_ssize_t)size;
}

static int put_entry(struct archive *writer, struct archive_entry *entry,
		     const struct tarball_file *file)
{
	archive_entry_clear(entry);
	archive_entry_set_pathname(entry, file->name);
	archive_entry_set_size(entry, (la_int64_t)file->size);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_mtime(entry, 0, 0);
	if (archive_write_header(writer, entry) != ARCHIVE_OK ||
	    archive_write_data(writer, file->data, file->size) != (la_ssize_t)file->size)
		return -1;
	return 0;
}

static int put_all(const struct tarball *t, struct bytes *tar, char *why, size_t why_size)
{
	struct archive *writer = need(archive_write_new());
	struct archive_entry *entry = need(archive_entry_new());
	int result = 0;

	archive_write_set_format_ustar(writer);
	if (archive_write_open(writer, tar, NULL, take_bytes, NULL) != ARCHIVE_OK)
		result = -1;
	for (size_t i = 0; i < t->count && result == 0; i++)
		result = put_entry(writer, entry, &t->files[i]);
	if (result == 0 && archive_write_close(writer) != ARCHIVE_OK)
		result = -1;
	if (result < 0)
		because(why, why_size, "%s", archive_error_string(writer));
	archive_entry_free(entry);
	archive_write_free(writer);
	return result;
}

static int pack(const struct bytes *tar, struct bytes *packed, char *why, size_t why_size)
{
	ZSTD_CCtx *context = need(ZSTD_createCCtx());
	size_t size;

	packed->room = ZSTD_compressBound(tar->size);
	packed->data = need(malloc(packed->room));
	ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	size = ZSTD_compress2(context, packed->data, packed->room, tar->data, tar->size);
	ZSTD_freeCCtx(context);
	if (ZSTD_isError(size))
		return because(why, why_size, "%s", ZSTD_getErrorName(size));
	packed->size = size;
	return 0;
}

int tarball_write(struct tarball *t, const char *path, char *why, size_t why_size)
{
	struct bytes tar = {0}, packed = {0};
	char reason[256];
	int result;

	sort(t);
	result = put_all(t, &tar, reason, sizeof(reason));
	if (result == 0)
		result = pack(&tar, &packed, reason, sizeof(reason));
	if (result == 0 && file_write_bytes(path, packed.data, packed.size) < 0)
		result = because(reason, sizeof(reason), "%s", strerror(errno));
	if (result < 0)
		because(why, why_size, "%s: %s", path, reason);
	free(tar.data);
	free(packed.data);
	return result;
}
