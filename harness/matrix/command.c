#include "harness/matrix/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/base/message.h"

#define LONGEST_NAME 60 /* files are named by it */
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-"

const char *const command_keys[COMMAND_KEYS] = {
	[COMMAND_LINE] = "command",    [COMMAND_NAME] = "name",
	[COMMAND_PREPARE] = "prepare", [COMMAND_CLEANUP] = "cleanup",
	[COMMAND_SERVER] = "server",   [COMMAND_READY] = "ready",
	[COMMAND_LOAD] = "load",       [COMMAND_MEASURE] = "measure",
	[COMMAND_OUTPUT] = "output",   [COMMAND_DIRECTORY] = "directory",
};

static struct command **list;
static int count;

enum command_key command_key_find(const char *name)
{
	int k = 0;

	while (k < COMMAND_KEYS && strcmp(name, command_keys[k]) != 0)
		k++;
	return (enum command_key)k;
}

int command_set(struct command *c, enum command_key key, const char *value, char *why,
		size_t why_size)
{
	const char *name = command_keys[key];

	if (c->text[key])
		return because(why, why_size, "%s is given twice for one command: '%s', '%s'",
			       name, c->text[key], value);
	if (!*value)
		return because(why, why_size, "%s is empty", name);
	if (key == COMMAND_OUTPUT && strcmp(value, "compare") != 0 &&
	    strcmp(value, "ignore") != 0)
		return because(why, why_size, "output '%s': compare and ignore are accepted",
			       value);
	if (key == COMMAND_SERVER && strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return because(why, why_size, "server '%s': yes and no are accepted", value);
	if (key == COMMAND_NAME &&
	    (strlen(value) > LONGEST_NAME || value[strspn(value, NAME_CHARACTERS)]))
		return because(why, why_size,
			       "name '%s': up to %d letters, digits and . _ + - are accepted",
			       value, LONGEST_NAME);
	if (key == COMMAND_MEASURE && strchr(value, '/'))
		return because(why, why_size,
			       "measure '%s': the name of a process is needed, without its "
			       "folder",
			       value);
	c->text[key] = text_format("%s", value);
	return 0;
}

bool command_begun(const struct command *c)
{
	for (int k = 0; k < COMMAND_KEYS; k++)
		if (c->text[k])
			return true;
	return false;
}

/* The first character that only a shell understands, or 0. */
static char needs_shell(const char *line)
{
	size_t word = strcspn(line, " \t=");
	char quote = 0;

	/* NAME=VALUE before a command. */
	if (line[word] == '=' && word > 0)
		return '=';
	for (const char *p = line; *p; p++) {
		if (quote == '\'') {
			quote = *p == quote ? 0 : quote;
		} else if (*p == '\\' && p[1]) {
			p++;
		} else if (*p == '$' || *p == '`') {
			return *p;
		} else if (quote) {
			quote = *p == quote ? 0 : quote;
		} else if (*p == '\'' || *p == '"') {
			quote = *p;
		} else if (strchr("|&;<>()*?[]{}~#\n!", *p)) {
			return *p;
		}
	}
	return 0;
}

/* The words of a line that needs no shell.  NULL with `why`: a quotation that does not end. */
static const char **split(const char *line, char *why, size_t why_size)
{
	const char **argv = calloc(strlen(line) + 2, sizeof(argv[0]));
	char *text = text_format("%s", line), *to = text, quote = 0;
	int n = 0;

	if (!argv)
		out_of_memory();
	for (const char *p = line;;) {
		p += strspn(p, " \t");
		if (!*p)
			break;
		argv[n++] = to;
		for (; *p && (quote || !strchr(" \t", *p)); p++) {
			if (!quote && (*p == '\'' || *p == '"'))
				quote = *p;
			else if (quote && *p == quote)
				quote = 0;
			else if (*p == '\\' && p[1] &&
				 (!quote || (quote == '"' && strchr("\\\"$`", p[1]))))
				*to++ = *++p;
			else
				*to++ = *p;
		}
		if (quote) {
			because(why, why_size, "command '%s': a quotation does not end", line);
			free(argv);
			free(text);
			return NULL;
		}
		/* `to` is behind p at most: there is room for the end of each word. */
		*to++ = '\0';
	}
	if (n)
		return argv;
	because(why, why_size, "command is empty");
	free(argv);
	free(text);
	return NULL;
}

static int check_server(const struct command *c, char *why, size_t why_size)
{
	const char *const *t = c->text;

	if (c->server && (!t[COMMAND_READY] || !t[COMMAND_LOAD]))
		return because(why, why_size,
			       "a server needs ready, which exits with 0 once it serves, and "
			       "load, its work: %s is missing",
			       t[COMMAND_READY] ? "load" : "ready");
	if (!c->server && (t[COMMAND_READY] || t[COMMAND_LOAD]))
		return because(why, why_size, "%s belongs to a server: server is not given",
			       t[COMMAND_READY] ? "ready" : "load");
	return 0;
}

/* A name from the program that is measured. */
static int name_it(struct command *c, char *why, size_t why_size)
{
	const char *word = c->text[COMMAND_NAME], *slash;
	char clean[LONGEST_NAME + 1];
	size_t n = 0;

	if (!word) {
		word = c->text[COMMAND_MEASURE] ? c->text[COMMAND_MEASURE] : c->argv[0];
		slash = strrchr(word, '/');
		word = slash ? slash + 1 : word;
	}
	for (; *word && n < LONGEST_NAME; word++)
		clean[n++] = strchr(NAME_CHARACTERS, *word) ? *word : '_';
	clean[n] = '\0';
	c->name = text_format(COMMAND_PREFIX "%s", clean);
	if (command_find(c->name))
		return because(why, why_size,
			       "two commands are called '%s': name tells them apart", clean);
	return 0;
}

static const char *no_need(char *why, size_t why_size)
{
	(void)why;
	(void)why_size;
	return ""; /* that its program is missing is a failed sample, not a gap */
}

int command_add(const struct command *draft, char *why, size_t why_size)
{
	struct command *c;
	const char *line = draft->text[COMMAND_LINE], *server = draft->text[COMMAND_SERVER],
		   *output = draft->text[COMMAND_OUTPUT];
	char shell;

	if (!line) {
		int k = 0;

		while (!draft->text[k])
			k++;
		return because(why, why_size, "%s belongs to a command: command is not given",
			       command_keys[k]);
	}
	list = list_grown(list, (size_t)count, sizeof(list[0]));
	c = list_grown(NULL, 0, sizeof(*c));
	*c = *draft;
	c->server = server && strcmp(server, "yes") == 0;
	c->ignore_output = output && strcmp(output, "ignore") == 0;
	if (!c->text[COMMAND_DIRECTORY])
		c->text[COMMAND_DIRECTORY] = getcwd(NULL, 0);
	shell = needs_shell(line);
	if (shell && !c->text[COMMAND_MEASURE])
		because(why, why_size,
			"command '%s': a shell runs it, for its '%c', and measure must say "
			"which of its processes is measured",
			line, shell == '\n' ? ' ' : shell);
	else if (!c->text[COMMAND_DIRECTORY])
		because(why, why_size, "the folder that this runs in is gone");
	else if (check_server(c, why, why_size) == 0 &&
		 (c->text[COMMAND_MEASURE] || (c->argv = split(line, why, why_size))) &&
		 name_it(c, why, why_size) == 0) {
		c->program = (struct program){
			.name = c->name,
			.summary = line,
			.isolates = c->server ? "a server and its load as the user gave them"
					      : "a command as the user gave it",
			.cannot_tell = "anything about other inputs",
			.source = "the command line or job file of this run",
			.allocation_share = "not known",
			.available = no_need,
		};
		list[count++] = c;
		return 0;
	}
	free(c->argv);
	free(c);
	return -1;
}

const struct command *command_find(const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(list[i]->name, name) == 0)
			return list[i];
	return NULL;
}

int command_check_folders(char *why, size_t why_size)
{
	for (int i = 0; i < count; i++) {
		const char *folder = list[i]->text[COMMAND_DIRECTORY];
		struct stat st;
		int error = stat(folder, &st) < 0      ? errno
			    : !S_ISDIR(st.st_mode)     ? ENOTDIR
			    : access(folder, X_OK) < 0 ? errno
						       : 0;

		if (error)
			return because(why, why_size,
				       "directory '%s' of %s: %s: a folder that is there is "
				       "needed",
				       folder, list[i]->name, strerror(error));
	}
	return 0;
}

bool command_named(const char *name)
{
	return strncmp(name, COMMAND_PREFIX, strlen(COMMAND_PREFIX)) == 0;
}

const struct command *command_at(int i)
{
	return i < count ? list[i] : NULL;
}
