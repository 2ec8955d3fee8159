#include "harness/cluster/state.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/run/json_file.h"

static char *path_of(const char *dir, int shard)
{
	return text_format("%s/state/%d.json", dir, shard);
}

/* Process ids are compared within one container only. */
static const char *pid_namespace(char *text, size_t size)
{
	ssize_t n = readlink("/proc/self/ns/pid", text, size - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

/* Writes who runs it, and when `ended` how that went. */
static void note(const char *dir, int shard, const struct cluster_node *node, bool ended,
		 int status)
{
	char *path = path_of(dir, shard), *folder = text_format("%s/state", dir), now[32],
	     space[64], why[600];
	json_t *state = NULL;
	struct cluster_state before;

	clock_utc(now, sizeof(now));
	if (ended && cluster_state_read(dir, shard, &before) && before.ours)
		state = json_load_file(path, 0, NULL);
	if (!state)
		state = json_pack("{s:{s:s, s:s}, s:s, s:I, s:s}", "node", "name", node->name,
				  "boot", node->boot, "namespace",
				  pid_namespace(space, sizeof(space)), "pid",
				  (json_int_t)getpid(), "since", now);
	if (ended) {
		json_object_set_new(state, "ended", json_string(now));
		json_object_set_new(state, "status", json_integer(status));
		json_object_set_new(state, "line", json_string(message_last()));
	}
	if (file_make_folder(folder) < 0)
		complain("%s: %s: nobody will see where shard %d runs", folder, strerror(errno),
			 shard);
	else if (json_file_write(path, state, why, sizeof(why)) < 0)
		complain("%s: nobody will see where shard %d runs", why, shard);
	json_decref(state);
	free(folder);
	free(path);
}

void cluster_state_begin(const char *dir, int shard, const struct cluster_node *node)
{
	note(dir, shard, node, false, 0);
}

void cluster_state_end(const char *dir, int shard, const struct cluster_node *node, int status)
{
	struct cluster_state now;

	/* Where another one measures it, which is how this one may have failed, that stays. */
	if (!cluster_state_read(dir, shard, &now) || now.ours || *now.ended || now.gone)
		note(dir, shard, node, true, status);
}

bool cluster_state_read(const char *dir, int shard, struct cluster_state *s)
{
	char *path = path_of(dir, shard), space[64];
	json_t *state = json_load_file(path, 0, NULL);
	const char *name, *boot, *since, *where, *ended = "", *line = "";
	struct cluster_node here;
	json_int_t pid;
	bool read, same;

	memset(s, 0, sizeof(*s));
	read = json_unpack(state, "{s:{s:s, s:s}, s:s, s:I, s:s, s?s, s?i, s?s}", "node",
			   "name", &name, "boot", &boot, "namespace", &where, "pid", &pid,
			   "since", &since, "ended", &ended, "status", &s->status, "line",
			   &line) == 0;
	if (read) {
		snprintf(s->node.name, sizeof(s->node.name), "%s", name);
		snprintf(s->node.boot, sizeof(s->node.boot), "%s", boot);
		snprintf(s->since, sizeof(s->since), "%s", since);
		snprintf(s->ended, sizeof(s->ended), "%s", ended);
		snprintf(s->line, sizeof(s->line), "%s", line);
		cluster_node_here(&here, NULL);
		same = *boot && strcmp(boot, here.boot) == 0 &&
		       strcmp(where, pid_namespace(space, sizeof(space))) == 0;
		s->ours = same && pid == getpid();
		s->alive = same && !*ended && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
		s->gone = same && !*ended && !s->alive;
	}
	json_decref(state);
	free(path);
	return read;
}
