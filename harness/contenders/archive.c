#include "harness/contenders/archive.h"

#include <errno.h>
#include <glob.h>
#include <gnu/libc-version.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/tool.h"
#include "harness/contenders/release.h"

#define SOURCES "sources.list"
#define LOG "log"
#define MAX_WORDS 64

/* --- the mirror -------------------------------------------------------------------- */

static bool has_word(const char *list, size_t length, const char *word)
{
	size_t wanted = strlen(word);

	for (const char *p = list, *end = list + length; p < end;) {
		size_t n = 0;

		p += strspn(p, " \t");
		while (p + n < end && p[n] != ' ' && p[n] != '\t')
			n++;
		if (n == wanted && strncmp(p, word, n) == 0)
			return true;
		p += n + (n == 0);
	}
	return false;
}

/* deb [options] URI suite component... */
static char *mirror_of_line(const char *line, size_t length, const char *suite)
{
	const char *end = line + length, *uri;
	size_t n;

	line += strspn(line, " \t");
	if (strncmp(line, "deb", 3) != 0 || (line[3] != ' ' && line[3] != '\t'))
		return NULL;
	line += 3 + strspn(line + 3, " \t");
	if (*line == '[') {
		line += strcspn(line, "]\n");
		line += *line == ']';
		line += strspn(line, " \t");
	}
	uri = line;
	n = strcspn(uri, " \t\n");
	line = uri + n + strspn(uri + n, " \t");
	if (uri >= end || line >= end)
		return NULL;
	return has_word(line, strcspn(line, " \t\n"), suite) ? text_format("%.*s", (int)n, uri)
							     : NULL;
}

struct stanza {
	const char *types, *uris, *suites;
	size_t ntypes, nuris, nsuites;
	bool disabled;
};

static void take_key(struct stanza *s, const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length), *value;
	size_t key, n;

	if (!colon)
		return;
	key = (size_t)(colon - line);
	value = colon + 1 + strspn(colon + 1, " \t");
	n = value < line + length ? (size_t)(line + length - value) : 0;
	if (key == 5 && strncasecmp(line, "Types", key) == 0) {
		s->types = value;
		s->ntypes = n;
	} else if (key == 4 && strncasecmp(line, "URIs", key) == 0) {
		s->uris = value;
		s->nuris = n;
	} else if (key == 6 && strncasecmp(line, "Suites", key) == 0) {
		s->suites = value;
		s->nsuites = n;
	} else if (key == 7 && strncasecmp(line, "Enabled", key) == 0) {
		s->disabled = n >= 2 && strncasecmp(value, "no", 2) == 0;
	}
}

static char *mirror_of_stanza(const struct stanza *s, const char *suite)
{
	if (s->disabled || !s->uris || !s->types || !s->suites ||
	    !has_word(s->types, s->ntypes, "deb") || !has_word(s->suites, s->nsuites, suite))
		return NULL;
	return text_format("%.*s", (int)strcspn(s->uris, " \t\n"), s->uris);
}

char *archive_mirror_in(const char *text, const char *suite)
{
	struct stanza s = {0};
	char *found = NULL;

	while (*text && !found) {
		size_t length = strcspn(text, "\n");

		if (text[strspn(text, " \t")] == '\n') { /* ends a stanza */
			found = mirror_of_stanza(&s, suite);
			memset(&s, 0, sizeof(s));
		} else if (*text != '#') {
			take_key(&s, text, length);
			found = mirror_of_line(text, length, suite);
		}
		text += length + (text[length] == '\n');
	}
	return found ? found : mirror_of_stanza(&s, suite);
}

static char *mirror_in_files(const char *suite)
{
	static const char *const patterns[] = {"/etc/apt/sources.list",
					       "/etc/apt/sources.list.d/*.list",
					       "/etc/apt/sources.list.d/*.sources"};
	char *found = NULL;
	glob_t files;

	for (size_t k = 0; k < 3 && !found; k++) {
		if (glob(patterns[k], 0, NULL, &files) != 0)
			continue;
		for (size_t i = 0; i < files.gl_pathc && !found; i++) {
			char *text = file_read(files.gl_pathv[i]);

			found = text ? archive_mirror_in(text, suite) : NULL;
			free(text);
		}
		globfree(&files);
	}
	return found;
}

/* apt itself knows best; before its first update it knows no release names, and then its
 * source files are read. */
static char *find_mirror(const char *suite, const char *log)
{
	char *code = text_format("Codename: %s", suite), why[200], *text;
	const char *const argv[] = {
		"apt-get",        "indextargets", "--format", "$(SITE)", "Created-By: Packages",
		"Origin: Debian", code,           NULL};

	text = tool_output(argv, log, why, sizeof(why));
	free(code);
	if (text && strncmp(text, "http", 4) == 0) {
		text[strcspn(text, "\n")] = '\0';
		return text;
	}
	free(text);
	text = mirror_in_files(suite);
	return text ? text : mirror_in_files("stable");
}

/* --- apt, with a world of its own ---------------------------------------------------- */

struct words {
	char *list[MAX_WORDS + 1];
	int count;
};

static void word(struct words *w, char *text)
{
	if (w->count < MAX_WORDS)
		w->list[w->count++] = text;
	w->list[w->count] = NULL;
}

static void option(struct words *w, const char *name, const char *folder, const char *value)
{
	word(w, text_format("-o"));
	word(w, text_format("%s=%s%s", name, folder, value));
}

static void free_words(struct words *w)
{
	for (int i = 0; i < w->count; i++)
		free(w->list[i]);
}

static void apt_words(struct words *w, const char *tool, const char *folder)
{
	w->count = 0;
	word(w, text_format("%s", tool));
	option(w, "Dir::State", folder, "");
	option(w, "Dir::State::lists", folder, "/lists");
	option(w, "Dir::State::status", folder, "/status");
	option(w, "Dir::Cache", folder, "");
	option(w, "Dir::Cache::archives", folder, "/archives");
	option(w, "Dir::Etc::sourcelist", folder, "/" SOURCES);
	option(w, "Dir::Etc::sourceparts", folder, "/parts");
	option(w, "Dir::Etc::preferencesparts", folder, "/parts");
	option(w, "Dir::Etc::preferences", folder, "/none");
	option(w, "APT::Update::Post-Invoke", "", "");
	option(w, "APT::Update::Post-Invoke-Success", "", "");
	option(w, "Acquire::Languages", "none", "");
	option(w, "Acquire::GzipIndexes", "false", "");
	option(w, "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled", "false", "");
	option(w, "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled", "false", "");
	/* Root's apt hands downloads to a user that may not write here. */
	if (geteuid() == 0)
		option(w, "APT::Sandbox::User", "root", "");
}

static int run_apt(const char *folder, const char *const *arguments, const char *in, char *why,
		   size_t why_size)
{
	char *log = text_format("%s/" LOG, folder);
	struct words w;
	int result;

	apt_words(&w, "apt-get", folder);
	for (; *arguments; arguments++)
		word(&w, text_format("%s", *arguments));
	result = tool_run((const char *const *)w.list, in, log, why, why_size);
	free_words(&w);
	free(log);
	return result;
}

static int make_folders(const char *folder, char *why, size_t why_size)
{
	static const char *const parts[] = {"/lists/partial", "/archives/partial", "/parts"};
	char *path;
	int result = 0;

	for (size_t i = 0; i < 3 && result == 0; i++) {
		path = text_format("%s%s", folder, parts[i]);
		if (file_make_folder(path) < 0)
			result = because(why, why_size, "the folder %s cannot be made: %s",
					 path, strerror(errno));
		free(path);
	}
	path = text_format("%s/status", folder);
	if (result == 0 && file_write(path, "") < 0)
		result = because(why, why_size, "%s: %s", path, strerror(errno));
	free(path);
	return result;
}

static const char *find_keyring(void)
{
	static const char *const files[] = {"/usr/share/keyrings/debian-archive-keyring.gpg",
					    "/usr/share/keyrings/debian-archive-keyring.pgp"};

	for (size_t i = 0; i < 2; i++)
		if (access(files[i], R_OK) == 0)
			return files[i];
	return NULL;
}

/* What apt says of the indexes that it has, a line each: suite, code name, file. */
static char *list_indexes(const struct archive *a, char *why, size_t why_size)
{
	static const char *const arguments[] = {"indextargets", "--format",
						"$(RELEASE) $(CODENAME) $(FILENAME)",
						"Created-By: Packages", NULL};
	char *log = text_format("%s/" LOG, a->folder), *text = NULL;

	if (run_apt(a->folder, arguments, NULL, why, why_size) == 0)
		text = file_read(log);
	free(log);
	return text;
}

/* Cuts a line of that list into its three words; false: it is none. */
static bool cut(char *line, char **suite, char **code, char **file)
{
	char *at = NULL;

	*suite = strtok_r(line, " ", &at);
	*code = *suite ? strtok_r(NULL, " ", &at) : NULL;
	*file = *code ? at : NULL;
	return *file && **file;
}

/* An alias like stable-backports moves to another release now and then, and a mirror may hold
 * an old copy under it; the release's own name has the newest.  Adds those. */
static int add_code_names(const struct archive *a, const char *mirror, const char *keyring,
			  char **list)
{
	char why[200], *text = list_indexes(a, why, sizeof(why)), *at = NULL, *suite, *code,
		       *file;
	int added = 0;

	for (char *line = text ? strtok_r(text, "\n", &at) : NULL; line;
	     line = strtok_r(NULL, "\n", &at))
		if (cut(line, &suite, &code, &file) && strncmp(suite, "stable", 6) == 0 &&
		    strcmp(suite, code) != 0) {
			text_append(list, "deb [signed-by=%s] %s %s main\n", keyring, mirror,
				    code);
			added++;
		}
	free(text);
	return added;
}

static bool is_wanted(const struct archive *a, const char *const *suites, const char *suite,
		      const char *code)
{
	for (const char *const *s = suites; *s; s++) {
		const char *one = **s ? *s : a->own_suite;

		/* By its own name only where the alias was asked for. */
		if (strcmp(one, suite) == 0 ||
		    (strcmp(suite, code) == 0 && strncmp(one, "stable", 6) == 0))
			return true;
	}
	return false;
}

static int read_indexes(struct archive *a, const char *const *suites, char *why,
			size_t why_size)
{
	char *at = NULL, *suite, *code, *file;

	a->index_list = list_indexes(a, why, why_size);
	if (!a->index_list)
		return -1;
	for (char *line = strtok_r(a->index_list, "\n", &at); line;
	     line = strtok_r(NULL, "\n", &at)) {
		char *index;

		if (!cut(line, &suite, &code, &file) || !is_wanted(a, suites, suite, code))
			continue;
		index = file_read(file);
		if (index)
			packages_read(&a->packages, index, suite);
	}
	for (const char *const *s = suites; *s; s++) {
		const char *one = **s ? *s : a->own_suite;
		bool there = false;

		for (int i = 0; i < a->packages.count && !there; i++)
			there = strcmp(a->packages.list[i].suite, one) == 0;
		if (!there)
			snprintf(a->missing + strlen(a->missing),
				 sizeof(a->missing) - strlen(a->missing), "%s%s",
				 *a->missing ? ", " : "", one);
	}
	return 0;
}

static int update(struct archive *a, const char *list, char *said, size_t said_size)
{
	static const char *const arguments[] = {"-q", "update", NULL};
	char *path = text_format("%s/" SOURCES, a->folder);
	int result = 0;

	if (file_write(path, list) < 0)
		result = because(said, said_size, "%s: %s", path, strerror(errno));
	else /* its failure may be that of one suite alone */
		run_apt(a->folder, arguments, NULL, said, said_size);
	free(path);
	return result;
}

static int open_suites(struct archive *a, const char *const *suites, char *why, size_t why_size)
{
	char *log = text_format("%s/" LOG, a->folder), *mirror = find_mirror(a->own_suite, log),
	     *list = NULL, said[300] = "";
	const char *keyring = find_keyring();
	int result = -1;

	if (!mirror) {
		because(why, why_size,
			"this machine's apt has no source of Debian's suite %s: no "
			"mirror to download from",
			a->own_suite);
	} else if (!keyring) {
		because(why, why_size,
			"no keyring of the Debian archive: install debian-archive-keyring");
	} else {
		for (const char *const *s = suites; *s; s++)
			text_append(&list, "deb [signed-by=%s] %s %s main\n", keyring, mirror,
				    **s ? *s : a->own_suite);
		if (update(a, list, said, sizeof(said)) < 0)
			because(why, why_size, "%s", said);
		else if (add_code_names(a, mirror, keyring, &list) > 0 &&
			 update(a, list, said, sizeof(said)) < 0)
			because(why, why_size, "%s", said);
		else
			result = read_indexes(a, suites, why, why_size);
	}
	if (result == 0 && a->packages.count == 0)
		result = because(why, why_size,
				 "no suite can be read from this machine's mirror: %s",
				 *said ? said : "apt has no index");
	free(list);
	free(mirror);
	free(log);
	return result;
}

/* Of the package, with its revision; else libc's own word. */
static char *libc_version(const char *folder)
{
	static const char *const query[] = {"dpkg-query",   "-W",    "-f",
					    "${Version}\n", "libc6", NULL};
	char *log = text_format("%s/" LOG, folder), why[200],
	     *text = tool_output(query, log, why, sizeof(why));

	free(log);
	if (!text)
		return text_format("%s", gnu_get_libc_version());
	text[strcspn(text, "\n")] = '\0';
	return text;
}

int archive_open(struct archive *a, const char *folder, const char *const *suites, char *why,
		 size_t why_size)
{
	static const char *const architecture[] = {"dpkg", "--print-architecture", NULL};
	char *log;

	memset(a, 0, sizeof(*a));
	if (make_folders(folder, why, why_size) < 0)
		return -1;
	a->folder = text_format("%s", folder);
	log = text_format("%s/" LOG, folder);
	a->architecture = tool_output(architecture, log, why, why_size);
	free(log);
	if (a->architecture)
		a->architecture[strcspn(a->architecture, "\n")] = '\0';
	a->own_suite = release_codename();
	a->libc = libc_version(folder);
	if (a->architecture && !a->own_suite)
		because(why, why_size, "/etc/os-release names no release of Debian");
	if (a->architecture && a->own_suite && open_suites(a, suites, why, why_size) == 0)
		return 0;
	archive_close(a);
	return -1;
}

void archive_close(struct archive *a)
{
	packages_free(&a->packages);
	free(a->folder);
	free(a->architecture);
	free(a->own_suite);
	free(a->libc);
	free(a->index_list);
	memset(a, 0, sizeof(*a));
}

bool archive_date(const struct archive *a, const char *suite, char date[RELEASE_TEXT])
{
	char *lists = text_format("%s/lists", a->folder);
	bool told = release_date(lists, suite, false, date);

	free(lists);
	return told;
}

/* --- packages ------------------------------------------------------------------------- */

/* The file's hash is the one of the index. */
static bool is_whole(const struct archive *a, const struct package *p, const char *path)
{
	const char *const argv[] = {"sha256sum", path, NULL};
	char why[200],
		*log = text_format("%s/hash", a->folder),
		*text = file_exists(path) ? tool_output(argv, log, why, sizeof(why)) : NULL;
	bool whole = text && strlen(p->sha256) == 64 && strncmp(text, p->sha256, 64) == 0;

	free(text);
	free(log);
	return whole;
}

/* As apt names what it downloads: a colon is no character for a file's name. */
static char *file_of(const struct archive *a, const struct package *p)
{
	const char *colon = strchr(p->version, ':');

	return colon ? text_format("%s/archives/%s_%.*s%%3a%s_%s.deb", a->folder, p->name,
				   (int)(colon - p->version), p->version, colon + 1,
				   p->architecture)
		     : text_format("%s/archives/%s_%s_%s.deb", a->folder, p->name, p->version,
				   p->architecture);
}

int archive_unpack(const struct archive *a, const struct package *p, const char *folder,
		   char *why, size_t why_size)
{
	char *path = file_of(a, p), *in = text_format("%s/archives", a->folder),
	     *log = text_format("%s/" LOG, a->folder),
	     *wanted = text_format("%s=%s", p->name, p->version), said[300];
	const char *const download[] = {"-q", "download", wanted, NULL};
	const char *const unpack[] = {"dpkg-deb", "-x", path, folder, NULL};
	int result = 0;

	if (!is_whole(a, p, path)) {
		unlink(path);
		result = run_apt(a->folder, download, in, said, sizeof(said));
		if (result < 0)
			because(why, why_size, "%s %s cannot be downloaded: %s", p->name,
				p->version, said);
		else if (!is_whole(a, p, path))
			result = because(why, why_size,
					 "%s %s: what was downloaded has not the hash of the "
					 "signed index",
					 p->name, p->version);
	}
	if (result == 0 && file_make_folder(folder) < 0)
		result = because(why, why_size, "%s: %s", folder, strerror(errno));
	if (result == 0 && tool_run(unpack, NULL, log, said, sizeof(said)) < 0)
		result = because(why, why_size, "%s %s cannot be unpacked: %s", p->name,
				 p->version, said);
	free(path);
	free(in);
	free(log);
	free(wanted);
	return result;
}
