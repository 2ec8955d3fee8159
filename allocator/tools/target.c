#include "tools/target.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SCRIPTS_DEEP 5 /* scripts that run scripts, as far as the kernel goes */
#define FIRST_LINE 256 /* of which it looks at so much */
#define SEGMENTS_MOST 64
#define USUAL_PATH "/usr/local/bin:/usr/bin:/bin"

/* --- where it is
 * ------------------------------------------------------------------------------ */
/* 0, or why it cannot be run. */
static int cannot_run(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return errno;
	if (S_ISDIR(status.st_mode))
		return EISDIR;
	if (!S_ISREG(status.st_mode))
		return EACCES; /* as exec says of it */
	return access(path, X_OK) == 0 ? 0 : errno;
}

static char *give_up(const char *name, int error, int *status)
{
	if (error == ENOENT || error == ENOTDIR) {
		fprintf(stderr, "ashlar-run: %s: %s\n", name,
			strchr(name, '/') != NULL ? strerror(error)
						  : "no such command in PATH");
		*status = TARGET_NOT_FOUND;
	} else {
		fprintf(stderr, "ashlar-run: %s: %s\n", name, strerror(error));
		*status = TARGET_REFUSED;
	}
	return NULL;
}

char *target_find(const char *name, int *status)
{
	const char *path = getenv("PATH");
	int error, first = ENOENT;

	if (strchr(name, '/') != NULL || name[0] == '\0') {
		error = name[0] != '\0' ? cannot_run(name) : ENOENT;
		return error == 0 ? strdup(name) : give_up(name, error, status);
	}
	if (path == NULL)
		path = USUAL_PATH;
	for (;;) {
		size_t n = strcspn(path, ":");
		char *file;

		/* An empty folder is the current one. */
		if (asprintf(&file, "%.*s/%s", n > 0 ? (int)n : 1, n > 0 ? path : ".", name) <
		    0)
			return give_up(name, ENOMEM, status);
		error = cannot_run(file);
		if (error == 0)
			return file;
		free(file);
		if (error == EACCES) /* there may be another one that can be run */
			first = error;
		if (path[n] == '\0')
			return give_up(name, first, status);
		path += n + 1;
	}
}

/* --- whether it takes what is preloaded -----------------------------------------------------
 */
struct image {
	unsigned char class, data;
	unsigned machine;
	char loader[256]; /* empty: none is asked for */
};

/* False where the file is no ELF image of a class that we know. */
static bool read_image(int file, struct image *image)
{
	ElfW(Phdr) segments[SEGMENTS_MOST];
	ElfW(Ehdr) head;
	size_t n, length;

	*image = (struct image){0};
	if (pread(file, &head, sizeof(head), 0) < (ssize_t)EI_NIDENT + 4 ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
		return false;
	image->class = head.e_ident[EI_CLASS];
	image->data = head.e_ident[EI_DATA];
	image->machine = head.e_machine; /* at the same place in all classes */
	if (image->class != sizeof(void *) / 4 || head.e_phentsize != sizeof(segments[0]))
		return true;
	n = head.e_phnum < SEGMENTS_MOST ? head.e_phnum : SEGMENTS_MOST;
	if (pread(file, segments, n * sizeof(segments[0]), (off_t)head.e_phoff) !=
	    (ssize_t)(n * sizeof(segments[0])))
		return true;
	for (size_t i = 0; i < n; i++) {
		if (segments[i].p_type != PT_INTERP)
			continue;
		length = segments[i].p_filesz < sizeof(image->loader) - 1
				 ? segments[i].p_filesz
				 : sizeof(image->loader) - 1;
		if (pread(file, image->loader, length, (off_t)segments[i].p_offset) < 0)
			image->loader[0] = '\0';
	}
	return true;
}

static bool read_own(struct image *own)
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	bool good = file >= 0 && read_image(file, own);

	if (file >= 0)
		close(file);
	return good;
}

static const char *machine_name(unsigned machine, char *text, size_t size)
{
	static const struct {
		unsigned machine;
		const char *name;
	} known[] = {{EM_386, "i386"},      {EM_X86_64, "x86-64"}, {EM_ARM, "arm"},
		     {EM_AARCH64, "arm64"}, {EM_RISCV, "riscv"},   {EM_S390, "s390"},
		     {EM_PPC64, "ppc64"},   {EM_MIPS, "mips"}};

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].machine == machine)
			return known[i].name;
	snprintf(text, size, "machine %u", machine);
	return text;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Loaders are not told from other programs without a loader but by being ours. */
static bool is_loader(const char *path, const struct image *own)
{
	struct stat one, other;

	return own->loader[0] != '\0' && stat(path, &one) == 0 &&
	       stat(own->loader, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

/* Whether the kernel raises the privileges of who runs it, and the loader then takes no library
 * from the environment (AT_SECURE). */
static bool raises_privileges(int file)
{
	struct statvfs system;
	struct stat status;

	if (fstat(file, &status) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ||
	    (fstatvfs(file, &system) == 0 && (system.f_flag & ST_NOSUID) != 0))
		return false;
	if ((status.st_mode & S_ISUID) != 0 && status.st_uid != getuid())
		return true;
	if ((status.st_mode & S_ISGID) != 0 && (status.st_mode & S_IXGRP) != 0 &&
	    status.st_gid != getgid())
		return true;
	return getuid() != 0 && fgetxattr(file, "security.capability", NULL, 0) > 0;
}

static bool image_takes(int file, const char *path, const struct image *image, char *why,
			size_t size)
{
	struct image own;
	char one[32], other[32];

	if (!read_own(&own))
		return true;
	if (image->class != own.class || image->data != own.data ||
	    image->machine != own.machine) {
		snprintf(why, size, "it is for %s%s, and the library for %s",
			 machine_name(image->machine, one, sizeof(one)),
			 image->machine == own.machine ? " in another form" : "",
			 machine_name(own.machine, other, sizeof(other)));
		return false;
	}
	if (image->loader[0] == '\0' && !is_loader(path, &own)) {
		snprintf(why, size,
			 "it is a static program, into which nothing can be loaded: link it "
			 "with libashlar.a");
		return false;
	}
	if (image->loader[0] != '\0' && own.loader[0] != '\0' &&
	    strcmp(last_part(image->loader), last_part(own.loader)) != 0) {
		snprintf(why, size,
			 "it is of another C library: its loader is %s, the library's %s",
			 last_part(image->loader), last_part(own.loader));
		return false;
	}
	if (raises_privileges(file)) {
		snprintf(why, size,
			 "it raises its privileges (setuid, setgid or capabilities), and takes "
			 "no library from the environment: /etc/ld.so.preload is for such");
		return false;
	}
	return true;
}

/* The interpreter that a script's first line names; false where that is none. */
static bool read_script(int file, char *interpreter, size_t size)
{
	char line[FIRST_LINE + 1];
	ssize_t n = pread(file, line, FIRST_LINE, 0);
	char *from;

	if (n < 2 || line[0] != '#' || line[1] != '!')
		return false;
	line[n] = '\0';
	from = line + 2 + strspn(line + 2, " \t");
	snprintf(interpreter, size, "%.*s", (int)strcspn(from, " \t\r\n"), from);
	return interpreter[0] != '\0';
}

/* To read, or -1 with errno.  (To open a FIFO waits for who writes into it.) */
static int open_regular(const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;

	if (file < 0 || (fstat(file, &status) == 0 && S_ISREG(status.st_mode)))
		return file;
	close(file);
	errno = EACCES;
	return -1;
}

bool target_takes_preload(const char *path, char *why, size_t size)
{
	char at[4096], next[FIRST_LINE + 1];
	struct image image;
	bool takes = true;

	snprintf(at, sizeof(at), "%s", path);
	for (unsigned depth = 0; takes && depth < SCRIPTS_DEEP; depth++) {
		int file = open_regular(at);
		bool script;

		if (file < 0) { /* may be run and not read, or not run: exec will tell */
			if (depth == 0 || errno == EACCES)
				return true;
			snprintf(why, size, "its interpreter %s: %s", at, strerror(errno));
			return false;
		}
		if (read_image(file, &image)) {
			takes = image_takes(file, at, &image, why, size);
			close(file);
			break;
		}
		script = read_script(file, next, sizeof(next));
		close(file);
		if (!script)
			break; /* what the shell or binfmt_misc makes of it */
		snprintf(at, sizeof(at), "%s", next);
	}
	if (!takes && strcmp(at, path) != 0) { /* it is the interpreter that was spoken of */
		char *copy = strdup(why);

		if (copy != NULL)
			snprintf(why, size, "it is run by %s: %s", at, copy);
		free(copy);
	}
	return takes;
}
