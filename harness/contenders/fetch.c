#include "harness/contenders/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"

const char *const fetch_suites[] = {"", "stable-backports", "unstable", "experimental", NULL};

const char *const fetch_worlds[] = {"unstable", NULL};

const char *const *fetch_world_suites(const char *world)
{
	static const char *const unstable[] = {"unstable", "experimental", "stable-backports",
					       NULL};

	return strcmp(world, unstable[0]) == 0 ? unstable : NULL;
}

int fetch_lock(char *why, size_t why_size)
{
	const char *cache = paths_find()->cache;
	char *path = text_format("%s/lock", cache);
	int fd = -1;

	if (file_make_folder(cache) < 0) {
		because(why, why_size, "the folder %s cannot be made: %s", cache,
			strerror(errno));
	} else if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666)) < 0) {
		because(why, why_size, "%s: %s", path, strerror(errno));
	} else if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		because(why, why_size, "another `ashlar-bench fetch` is at work in %s", cache);
		close(fd);
		fd = -1;
	}
	free(path);
	return fd;
}

/* A new folder takes the place of an old one, which is gone only when the new one is there. */
static int replace(const char *made, const char *folder, char *why, size_t why_size)
{
	char *old = text_format("%s.old", folder);
	int result = 0;

	file_remove_tree(old);
	rename(folder, old);
	if (rename(made, folder) < 0)
		result = because(why, why_size, "%s: %s", folder, strerror(errno));
	file_remove_tree(old);
	free(old);
	return result;
}

static void note(const char *folder, const char *suffix, const char *text)
{
	char *path = text_format("%s%s", folder, suffix), *line = text_format("%s\n", text);

	if (file_write(path, line) < 0)
		complain("%s: %s", path, strerror(errno));
	free(line);
	free(path);
}

/* From which suite it is, and of what day that was. */
static void note_archive(const struct archive *a, const struct package *p, const char *folder)
{
	char date[RELEASE_TEXT], *text, *path;

	if (archive_date(a, p->suite, date)) {
		text = text_format("%s %s", p->suite, date);
		note(folder, ".archive", text);
		free(text);
	} else {
		path = text_format("%s.archive", folder);
		unlink(path);
		free(path);
	}
}

int fetch_contender(const struct archive *a, const struct contender *c, char *said, size_t size)
{
	char *folder = text_format("%s/%s", paths_find()->fetched, c->name),
	     *made = text_format("%s.new", folder), *path;
	const struct package *p = NULL;
	struct contender tried = *c;
	int result = -1;

	if (!c->package)
		because(said, size, "no package is known that holds it");
	else
		p = packages_greatest(&a->packages, c->package, NULL, a->libc, said, size);
	file_remove_tree(made);
	if (p && archive_unpack(a, p, made, said, size) == 0 &&
	    replace(made, folder, said, size) == 0) {
		snprintf(said, size, "%s %s (%s)", p->name, p->version, p->suite);
		note(folder, ".version", said);
		note_archive(a, p, folder);
		path = text_format("%s.reason", folder);
		unlink(path);
		free(path);
		tried.path = tried.version = NULL;
		contender_resolve(&tried);
		if (tried.usable)
			result = 0;
		else
			because(said, size, "%s", tried.reason);
		free(tried.path);
		free(tried.version);
	}
	/* What is there from before stays, if a newer one cannot be had. */
	if (result < 0 && file_make_folder(paths_find()->fetched) == 0)
		note(folder, ".reason", said);
	file_remove_tree(made);
	free(made);
	free(folder);
	return result;
}

/* --- worlds -------------------------------------------------------------------------- */

#define ROOM WORLD_PACKAGES

struct making {
	const struct archive *archive;
	const struct package *chosen[ROOM];
	int count;
	char *folder;
	char **refused; /* why the suites have nothing, per contender; NULL = they have */
};

static bool is_chosen(const struct making *m, const struct package *p)
{
	for (int i = 0; i < m->count; i++)
		if (m->chosen[i] == p)
			return true;
	return false;
}

/* The C library, then each contender's package. */
static int choose(struct making *m, const char *suite, const struct contenders *contenders,
		  char *why, size_t why_size)
{
	const struct packages *all = &m->archive->packages;
	const struct package *libc =
		packages_greatest(all, "libc6 libc6.1", suite, "", why, why_size);
	char reason[300];

	if (!libc)
		return -1;
	m->chosen[m->count++] = libc;
	for (int i = 0; i < contenders->count; i++) {
		const struct contender *c = &contenders->list[i];
		const struct package *p;

		if (!c->package || c->configuration ||
		    package_is_one_of(libc->name, c->package))
			continue;
		p = packages_greatest(all, c->package, NULL, libc->version, reason,
				      sizeof(reason));
		if (!p)
			m->refused[i] = text_format("%s", reason);
		else if (!is_chosen(m, p) && m->count < ROOM)
			m->chosen[m->count++] = p;
	}
	packages_closure(all, suite, m->chosen, &m->count, ROOM);
	return 0;
}

static int unpack(struct making *m, char *why, size_t why_size)
{
	char *list = text_format("%s/packages", m->folder), *text = NULL;
	int result = 0;

	for (int i = 0; i < m->count && result == 0; i++) {
		const struct package *p = m->chosen[i];

		result = archive_unpack(m->archive, p, m->folder, why, why_size);
		text_append(&text, "%s %s %s %s\n", p->name, p->version, p->suite, p->sha256);
	}
	if (result == 0 && file_write(list, text) < 0)
		result = because(why, why_size, "%s: %s", list, strerror(errno));
	free(text);
	free(list);
	return result;
}

/* Whether the world's loader takes each of them, what this system has of the others included.
 * What is left out is noted with its reason. */
static int try_all(struct making *m, const struct world *world,
		   const struct contenders *contenders,
		   void (*tell)(const char *, bool, const char *), char *why, size_t why_size)
{
	char *path = text_format("%s/refused", m->folder), *text = text_format("%s", "");
	int result = 0;

	for (int i = 0; i < contenders->count; i++) {
		struct contender c = contenders->list[i];
		const char *reason = m->refused[i];

		if (c.configuration)
			continue;
		c.path = c.version = NULL;
		contender_resolve_in(&c, world);
		if (!c.usable) {
			reason = reason ? reason : c.reason;
			text_append(&text, "%s: %s\n", c.name, reason);
		}
		tell(c.name, c.usable, !c.usable ? reason : *c.version ? c.version : c.path);
		free(c.path);
		free(c.version);
	}
	if (file_write(path, text) < 0)
		result = because(why, why_size, "%s: %s", path, strerror(errno));
	free(text);
	free(path);
	return result;
}

int fetch_world(const struct archive *a, const char *name, const struct contenders *contenders,
		void (*tell)(const char *contender, bool good, const char *text), char *why,
		size_t why_size)
{
	const char *worlds = paths_find()->worlds;
	char *folder = text_format("%s/%s", worlds, name),
	     *making = text_format("%s.new", name);
	struct making m = {.archive = a, .folder = text_format("%s/%s", worlds, making)};
	struct world world;
	int result = -1;

	m.refused = calloc((size_t)contenders->count + 1, sizeof(m.refused[0]));
	file_remove_tree(m.folder);
	if (!m.refused)
		because(why, why_size, "out of memory");
	else if (file_make_folder(m.folder) < 0)
		because(why, why_size, "the folder %s cannot be made: %s", m.folder,
			strerror(errno));
	else if (choose(&m, name, contenders, why, why_size) == 0 &&
		 unpack(&m, why, why_size) == 0 &&
		 world_open(&world, worlds, making, why, why_size) == 0) {
		if (try_all(&m, &world, contenders, tell, why, why_size) == 0)
			result = replace(m.folder, folder, why, why_size);
		world_close(&world);
	}
	for (int i = 0; i < contenders->count && m.refused; i++)
		free(m.refused[i]);
	file_remove_tree(m.folder);
	free(m.refused);
	free(m.folder);
	free(making);
	free(folder);
	return result;
}
