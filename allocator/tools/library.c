#include "tools/library.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/presence.h"

#define NOTES_MOST 65536
#define SEGMENTS_MOST 64
#define DELETED " (deleted)"

/* An ELF image: a file, or what a process has mapped of one. */
struct image {
	const struct process *process; /* NULL for a file */
	int file;
	uint64_t base; /* address that its addresses are counted from */
};

static bool get(const struct image *image, uint64_t at, void *to, size_t n)
{
	if (image->process != NULL)
		return process_read(image->process, image->base + at, to, n);
	return at <= INT64_MAX && pread(image->file, to, n, (off_t)at) == (ssize_t)n;
}

/* The note's text and where it lies; false where there is none among these. */
static bool read_notes(const char *notes, uint64_t size, uint64_t align, struct library *l,
		       uint64_t *where)
{
	const size_t name_size = sizeof(ASH_PRESENCE_OWNER);
	Elf64_Nhdr head;
	uint64_t text;

	for (uint64_t at = 0; at + sizeof(head) <= size;) {
		memcpy(&head, notes + at, sizeof(head));
		text = at + sizeof(head) + ((head.n_namesz + align - 1) & ~(align - 1));
		if (text + head.n_descsz > size)
			return false;
		if (head.n_type == ASH_PRESENCE_NOTE && head.n_namesz == name_size &&
		    memcmp(notes + at + sizeof(head), ASH_PRESENCE_OWNER, name_size) == 0 &&
		    head.n_descsz > sizeof(int64_t)) {
			snprintf(l->version, sizeof(l->version), "%.*s",
				 (int)(head.n_descsz - sizeof(int64_t)),
				 notes + text + sizeof(int64_t));
			*where = text;
			return true;
		}
		at = text + ((head.n_descsz + align - 1) & ~(align - 1));
	}
	return false;
}

/* The note in that segment, and in a process what it leads to. */
static bool read_segment(const struct image *image, const Elf64_Phdr *segment,
			 struct library *l)
{
	uint64_t from = image->process != NULL ? segment->p_vaddr : segment->p_offset,
		 where = 0;
	char *notes = segment->p_filesz <= NOTES_MOST ? malloc(segment->p_filesz) : NULL;
	struct ash_presence presence;
	int64_t distance;
	bool found =
		notes != NULL && get(image, from, notes, segment->p_filesz) &&
		read_notes(notes, segment->p_filesz, segment->p_align == 8 ? 8 : 4, l, &where);

	if (found && image->process != NULL) {
		memcpy(&distance, notes + where, sizeof(distance));
		l->known = get(image, from + where + (uint64_t)distance, &presence,
			       sizeof(presence)) &&
			   presence.layout == ASH_PRESENCE_LAYOUT;
		l->state = l->known ? presence.state : ASH_PRESENCE_LOADED;
	}
	free(notes);
	return found;
}

static bool read_image(struct image *image, struct library *l)
{
	Elf64_Phdr segments[SEGMENTS_MOST];
	Elf64_Ehdr head;
	unsigned n;

	if (!get(image, 0, &head, sizeof(head)) || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
	    head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_phentsize != sizeof(segments[0]))
		return false;
	n = head.e_phnum < SEGMENTS_MOST ? head.e_phnum : SEGMENTS_MOST;
	if (n == 0 || !get(image, head.e_phoff, segments, n * sizeof(segments[0])))
		return false;
	/* Its addresses count from where the beginning of the file would have address 0. */
	for (unsigned i = 0; i < n && image->process != NULL; i++)
		if (segments[i].p_type == PT_LOAD && segments[i].p_offset == 0)
			image->base -= segments[i].p_vaddr;
	for (unsigned i = 0; i < n; i++)
		if (segments[i].p_type == PT_NOTE && read_segment(image, &segments[i], l))
			return true;
	return false;
}

/* By the file's own note, as the process would open it now. */
static bool read_file(const struct process *p, const char *path, struct library *l)
{
	char *whole = process_path(p, path);
	struct image image = {.file = whole != NULL ? open(whole, O_RDONLY | O_CLOEXEC) : -1};
	bool found = image.file >= 0 && read_image(&image, l);

	if (image.file >= 0)
		close(image.file);
	free(whole);
	return found;
}

static unsigned rank(const struct library *l)
{
	if (!l->known)
		return 1;
	return l->state == ASH_PRESENCE_SERVES   ? 4
	       : l->state == ASH_PRESENCE_OFF    ? 3
	       : l->state == ASH_PRESENCE_BESIDE ? 2
						 : 1;
}

static bool has_our_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && strncmp(slash, "/libashlar.so", 13) == 0;
}

/* What is mapped from the beginning of the file at `path`, at that address. */
static bool look_at(const struct process *p, uint64_t address, char *path, struct library *l)
{
	struct image image = {.process = p, .base = address};
	size_t n = strlen(path), m = sizeof(DELETED) - 1;
	struct library file = {0};
	char first;

	*l = (struct library){0};
	if (n > m && strcmp(path + n - m, DELETED) == 0) {
		l->replaced = true;
		path[n - m] = '\0';
	}
	if (process_read(p, address, &first, 1)) {
		if (!read_image(&image, l))
			return false;
	} else if (l->replaced ? !has_our_name(path) : !read_file(p, path, l)) {
		return false; /* memory that may not be read, and no word from the file */
	}
	if (l->replaced && read_file(p, path, &file))
		memcpy(l->now, file.version, sizeof(l->now));
	l->path = strdup(path);
	return l->path != NULL;
}

bool library_find(const struct process *p, struct library *found)
{
	struct library one;
	bool any = false;

	*found = (struct library){0};
	for (const char *line = p->maps; line != NULL && *line != '\0';) {
		const char *end = strchr(line, '\n');
		char *copy = strndup(line, end != NULL ? (size_t)(end - line) : strlen(line));
		uint64_t address, offset;
		int at = -1;

		line = end != NULL ? end + 1 : NULL;
		if (copy != NULL &&
		    sscanf(copy, "%" SCNx64 "-%*x %*s %" SCNx64 " %*s %*s %n", &address,
			   &offset, &at) == 2 &&
		    at > 0 && copy[at] == '/' && offset == 0 &&
		    look_at(p, address, copy + at, &one)) {
			if (!any || rank(&one) > rank(found)) {
				library_free(found);
				*found = one;
			} else {
				library_free(&one);
			}
			any = true;
		}
		free(copy);
	}
	return any;
}

void library_free(struct library *found)
{
	free(found->path);
	found->path = NULL;
}
