#include "harness/cluster/hosts.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/cluster/plan.h"
#include "harness/cluster/shard.h"
#include "harness/cluster/shell.h"
#include "harness/cluster/whole.h"
#include "harness/trial/child.h"

#define SSH_FAILED 255 /* its exit status for what is its own */
#define POLL_MS 500    /* where the kernel does not tell when a child ended */

enum shard_state { SHARD_OPEN, SHARD_TAKEN, SHARD_DONE, SHARD_GIVEN_UP };

struct shard {
	enum shard_state state;
	int failures;
};

struct host {
	const char *name;
	int shard; /* it measures; -1 = none */
	bool out;  /* takes no more */
	struct child child;
	char *log;
};

struct work {
	const struct cluster_hosts_request *request;
	char *dir, *bench; /* absolute, the latter for a shell */
	struct shard *shards;
	int nshards;
	struct host *hosts;
	int nhosts;
};

static bool is_whole(const struct work *w, int shard)
{
	char *folder = cluster_shard_folder(w->dir, shard), why[600];
	bool whole = whole_check(folder, why, sizeof(why)) == 0;

	free(folder);
	return whole;
}

/* What a host is asked, for the shell there.  exec: what ends the connection ends the bench. */
static char *command(const struct work *w, const struct host *h)
{
	const char *scratch = w->request->scratch, *at = strrchr(h->name, '@');
	char *dir = shell_quoted(w->dir), *node = shell_quoted(at ? at + 1 : h->name),
	     *quoted = scratch ? shell_quoted(scratch) : NULL,
	     *text = text_format("exec %s cluster shard --quiet --node=%s%s%s %s %d", w->bench,
				 node, quoted ? " --scratch=" : "", quoted ? quoted : "", dir,
				 h->shard);

	free(dir);
	free(node);
	free(quoted);
	return text;
}

/* Starts its shard on a host.  Returns 0, or -1 with `why`. */
static int start(const struct work *w, struct host *h, char *why, size_t why_size)
{
	char *remote = command(w, h),
	     *script = text_format("exec %s \"$@\" >>\"$0\" 2>&1", w->request->ssh);
	const char *const argv[] = {"sh", "-c", script, h->log, h->name, remote, NULL};
	const struct child_plan plan = {.path = "/bin/sh",
					.argv = argv,
					.env = (const char *const *)environ,
					.channel_fd = -1};
	int result = child_make(&h->child, &plan, why, why_size);

	if (result == 0)
		result = child_go(&h->child, plan.path, why, why_size);
	free(script);
	free(remote);
	return result;
}

static int working(const struct work *w)
{
	int n = 0;

	for (int i = 0; i < w->nhosts; i++)
		n += w->hosts[i].shard >= 0;
	return n;
}

static int count(const struct work *w, enum shard_state state)
{
	int n = 0;

	for (int k = 0; k < w->nshards; k++)
		n += w->shards[k].state == state;
	return n;
}

/* The shard was not measured there. */
static void give_back(struct work *w, struct host *h, bool lost, const char *how)
{
	struct shard *s = &w->shards[h->shard];
	char said[400];

	file_last_line(h->log, said, sizeof(said));
	s->failures += !lost;
	s->state = s->failures < CLUSTER_TRIES ? SHARD_OPEN : SHARD_GIVEN_UP;
	/* What failed on two hosts is to blame itself. */
	h->out = s->state == SHARD_OPEN;
	complain("%s %s with shard %d (%s%s%s): %s", h->name, lost ? "is lost" : "failed",
		 h->shard, how, *said ? ": " : "", said,
		 s->state == SHARD_OPEN ? "it goes to another host"
					: "it failed on two hosts and is given up");
}

static void take_end(struct work *w, struct host *h)
{
	char text[64];
	const char *how;
	int status = 0;

	child_finish(&h->child, &status, NULL);
	how = child_status_text(status, text, sizeof(text));
	cluster_shards_look(w->dir);
	if (is_whole(w, h->shard)) {
		w->shards[h->shard].state = SHARD_DONE;
		if (!w->request->quiet)
			printf("shard %d is finished by %s: %d of %d%s%s\n", h->shard, h->name,
			       count(w, SHARD_DONE), w->nshards,
			       how ? "; some of it failed, as its records say: " : "",
			       how ? how : "");
		fflush(stdout);
	} else {
		bool lost = WIFSIGNALED(status) ||
			    (WIFEXITED(status) && (WEXITSTATUS(status) == SSH_FAILED ||
						   WEXITSTATUS(status) == STATUS_INTERRUPTED));

		give_back(
			w, h, lost,
			how ? how
			    : "it says that it is finished, but it is not in the folder here: "
			      "is that the same one?");
	}
	free(h->log);
	h->log = NULL;
	h->shard = -1;
}

static int next_shard(const struct work *w)
{
	for (int k = 0; k < w->nshards; k++)
		if (w->shards[k].state == SHARD_OPEN)
			return k;
	return -1;
}

static void hand_out(struct work *w)
{
	char why[400];

	for (int i = 0; i < w->nhosts && !interrupt_wanted(); i++) {
		struct host *h = &w->hosts[i];

		if (h->shard >= 0 || h->out)
			continue;
		h->shard = next_shard(w);
		if (h->shard < 0)
			continue;
		w->shards[h->shard].state = SHARD_TAKEN;
		h->log = text_format("%s/log/%s_%d", w->dir, h->name, h->shard);
		for (char *p = h->log + strlen(w->dir) + strlen("/log/"); *p; p++)
			if (*p == '/')
				*p = '_';
		/* What an earlier attempt said is not this one's. */
		unlink(h->log);
		if (start(w, h, why, sizeof(why)) < 0) {
			give_back(w, h, true, why);
			free(h->log);
			h->log = NULL;
			h->shard = -1;
		}
	}
}

static void wait_for_some(struct work *w)
{
	struct pollfd *ends = NULL;
	size_t n = 0;

	for (int i = 0; i < w->nhosts; i++)
		if (w->hosts[i].shard >= 0) {
			ends = list_grown(ends, n, sizeof(*ends));
			ends[n++] = (struct pollfd){.fd = w->hosts[i].child.pidfd,
						    .events = POLLIN};
		}
	poll(ends, n, POLL_MS);
	free(ends);
	/* What an interrupt ends is not lost: end_all() has those. */
	for (int i = 0; i < w->nhosts && !interrupt_wanted(); i++)
		if (w->hosts[i].shard >= 0 && child_ended(&w->hosts[i].child, 0))
			take_end(w, &w->hosts[i]);
}

/* An ended connection is how a shard over there is ended. */
static void end_all(struct work *w)
{
	int status;

	for (int i = 0; i < w->nhosts; i++)
		if (w->hosts[i].shard >= 0)
			child_finish(&w->hosts[i].child, &status, NULL);
	cluster_shards_look(w->dir);
	for (int i = 0; i < w->nhosts; i++)
		if (w->hosts[i].shard >= 0) {
			if (is_whole(w, w->hosts[i].shard))
				w->shards[w->hosts[i].shard].state = SHARD_DONE;
			free(w->hosts[i].log);
			w->hosts[i].log = NULL;
			w->hosts[i].shard = -1;
		}
}

static int work_off(struct work *w)
{
	int done;

	interrupt_catch();
	for (hand_out(w); working(w) > 0 && !interrupt_wanted(); hand_out(w))
		wait_for_some(w);
	if (interrupt_wanted()) {
		end_all(w);
		complain("interrupted: %d of %d shards are finished; the same command goes on",
			 count(w, SHARD_DONE), w->nshards);
		return STATUS_INTERRUPTED;
	}
	done = count(w, SHARD_DONE);
	if (done == w->nshards) {
		printf("all %d shards are finished: `ashlar-bench cluster merge %s -o SET` "
		       "puts them together\n",
		       w->nshards, w->request->dir);
		return STATUS_OK;
	}
	complain("%d of %d shards are finished, %s; the same command goes on", done, w->nshards,
		 count(w, SHARD_OPEN) ? "and no host is left for the others"
				      : "the others failed");
	return STATUS_FAILED;
}

int cluster_hosts_run(const struct cluster_hosts_request *r)
{
	struct work w = {.request = r, .nhosts = r->nhosts};
	struct cluster_plan plan;
	char why[1400], *log;
	int status;

	if (cluster_plan_read(&plan, r->dir, why, sizeof(why)) < 0)
		return complain_usage("%s", why);
	w.nshards = plan.nshards;
	cluster_plan_free(&plan);
	w.dir = shell_absolute(r->dir);
	w.bench = shell_quoted(r->bench ? r->bench : paths_find()->self);
	cluster_shards_look(w.dir);
	for (int k = 0; k < w.nshards; k++) {
		w.shards = list_grown(w.shards, (size_t)k, sizeof(*w.shards));
		w.shards[k] = (struct shard){is_whole(&w, k) ? SHARD_DONE : SHARD_OPEN, 0};
	}
	for (int i = 0; i < w.nhosts; i++) {
		w.hosts = list_grown(w.hosts, (size_t)i, sizeof(*w.hosts));
		w.hosts[i] = (struct host){.name = r->hosts[i], .shard = -1};
	}
	log = text_format("%s/log", w.dir);
	if (file_make_folder(log) < 0) {
		complain("the folder %s cannot be made: %s", log, strerror(errno));
		status = STATUS_FAILED;
	} else {
		status = work_off(&w);
	}
	free(log);
	free(w.hosts);
	free(w.shards);
	free(w.bench);
	free(w.dir);
	return status;
}
