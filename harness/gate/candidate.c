#include "harness/gate/candidate.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "harness/base/elf_file.h"
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/contenders/choice.h"
#include "harness/contenders/search.h"

#define OWN_LIBRARY "libashlar.so"
#define OPEN_FOLDERS 16

/* Of the folder that is walked: libraries that define malloc.  The walk takes no argument. */
static char *found, *also_found;

static int look(const char *path, const struct stat *st, int type, struct FTW *place)
{
	const char *name = path + place->base;

	if (type != FTW_F || !S_ISREG(st->st_mode) || strncmp(name, "lib", 3) != 0 ||
	    !strstr(name, ".so") || !elf_defines(path, "malloc"))
		return 0;
	if (found)
		also_found = text_format("%s", path);
	else
		found = text_format("%s", path);
	return also_found != NULL;
}

/* The library that a folder of a build holds; NULL with `why`. */
static char *library_below(const char *folder, char *why, size_t why_size)
{
	static const char *const places[] = {".", ".libs", "lib"};
	char *own = NULL;

	/* A build of several configurations has more of them below. */
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		own = text_format("%s/%s/" OWN_LIBRARY, folder, places[i]);
		if (file_exists(own))
			return own;
		free(own);
	}
	own = search_below(folder, OWN_LIBRARY, false);
	if (own)
		return own;
	found = also_found = NULL;
	nftw(folder, look, OPEN_FOLDERS, FTW_PHYS);
	if (found && !also_found)
		return found;
	if (found)
		because(why, why_size,
			"%s holds several libraries with a malloc, %s and %s among them: one "
			"of them is named by its path",
			folder, found, also_found);
	else
		because(why, why_size, "%s holds no library lib*.so* with a malloc", folder);
	free(found);
	free(also_found);
	return NULL;
}

/* A name that messages and outputs can have, of a file's. */
static char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = text_format("%.60s", slash ? slash + 1 : path);

	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+"
			    "-",
			    *p))
			*p = '_';
	return name;
}

static int make_of_path(const char *path, struct contender *c, char *why, size_t why_size)
{
	char real[PATH_MAX];

	if (!realpath(path, real))
		return because(why, why_size, "%s: %s", path, strerror(errno));
	*c = (struct contender){.reuses = true, .named = true, .selected = true};
	c->name = name_of(path);
	c->library = text_format("%s", real);
	return 0;
}

/* A known one, or one with its variables. */
static int make_of_name(const char *text, struct contender *c, char *why, size_t why_size)
{
	struct contenders all;
	int taken = -1, n = 0;

	if (contenders_read(&all, paths_find()->contenders, why, why_size) < 0)
		return -1;
	if (contenders_select(&all, text, why, why_size) == 0) {
		for (int i = 0; i < all.count; i++)
			if (all.list[i].selected) {
				taken = i;
				n++;
			}
		if (n != 1)
			because(why, why_size, "'%s': %d allocators are named, one is needed",
				text, n);
	}
	for (int i = 0; i < all.count; i++)
		if (n == 1 && i == taken)
			*c = all.list[i];
		else
			contender_free(&all.list[i]);
	free(all.list);
	return n == 1 ? 0 : -1;
}

static int make(const char *text, struct contender *c, char *why, size_t why_size)
{
	struct stat st;
	char *library;
	int result;

	if (strchr(text, '=') || stat(text, &st) < 0) {
		if (strchr(text, '/') && !strchr(text, '='))
			return because(why, why_size, "%s: %s", text, strerror(errno));
		return make_of_name(text, c, why, why_size);
	}
	if (!S_ISDIR(st.st_mode) && !strchr(text, '/') && !strstr(text, ".so"))
		return make_of_name(text, c, why, why_size);
	if (!S_ISDIR(st.st_mode))
		return make_of_path(text, c, why, why_size);
	library = library_below(text, why, why_size);
	result = library ? make_of_path(library, c, why, why_size) : -1;
	free(library);
	return result;
}

int gate_candidate(const char *text, struct contender *c, char *why, size_t why_size)
{
	if (!*text)
		return because(why, why_size,
			       "a library, a folder of a build or the name of "
			       "an allocator is needed");
	if (make(text, c, why, why_size) < 0)
		return -1;
	contender_resolve(c);
	if (c->usable)
		return 0;
	because(why, why_size, "%s", c->reason);
	contender_free(c);
	return -1;
}

static void copy(char **to, const char *text)
{
	if (text && *text)
		gate_text(to, "%s", text);
}

void gate_candidate_side(const struct contender *c, struct gate_side *side)
{
	copy(&side->name, c->name);
	copy(&side->path, c->path);
	copy(&side->build_id, c->build_id);
	copy(&side->version, c->version);
}
