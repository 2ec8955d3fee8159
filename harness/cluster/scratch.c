#include "harness/cluster/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/sample_fields.h"
#include "harness/machine/environment.h"
#include "harness/trial/sample.h"

#define LOCK ".lock"

/* A lock whose file goes when it is given back: who waited at a file that is gone tries again.
 * Returns a descriptor, or -1 with errno, EWOULDBLOCK where another has it. */
static int lock_file(const char *path)
{
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666), error;
		struct stat held, named;

		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			error = errno;
			close(fd);
			errno = error;
			return -1;
		}
		if (fstat(fd, &held) == 0 && stat(path, &named) == 0 &&
		    held.st_ino == named.st_ino && held.st_dev == named.st_dev)
			return fd;
		close(fd);
	}
}

static void unlock_file(const char *path, int fd)
{
	unlink(path);
	close(fd);
}

/* Removes other folders whose names begin alike. */
static void remove_others(const char *base, const char *begin, const char *own, int shard)
{
	DIR *list = opendir(base);
	struct dirent *entry;

	while (list && (entry = readdir(list))) {
		char *folder, *lock;
		int fd;

		if (strncmp(entry->d_name, begin, strlen(begin)) != 0 ||
		    strcmp(entry->d_name, own) == 0 || strstr(entry->d_name, LOCK))
			continue;
		folder = text_format("%s/%s", base, entry->d_name);
		lock = text_format("%s" LOCK, folder);
		fd = lock_file(lock);
		if (fd >= 0) {
			printf("shard %d: what another machine left in %s, or this one before "
			       "it was started anew, is dropped\n",
			       shard, folder);
			file_remove_tree(folder);
			unlock_file(lock, fd);
		}
		free(lock);
		free(folder);
	}
	if (list)
		closedir(list);
}

int cluster_scratch_take(struct cluster_scratch *s, const char *base, const char *plan_id,
			 int shard, const struct cluster_node *node)
{
	const char *tmp = base ? base : getenv("TMPDIR");
	/* '+' is in no node's name: n1 is not taken for n1-2's. */
	char *begin = text_format("ashlar-shard-%s-%d-%s+", plan_id, shard, node->name),
	     *own = text_format("%s%.8s", begin, node->boot);
	int status = STATUS_FAILED;

	if (!tmp || !*tmp)
		tmp = "/tmp";
	s->folder = text_format("%s/%s", tmp, own);
	s->lock_path = text_format("%s" LOCK, s->folder);
	s->lock = -1;
	if (file_make_folder(tmp) < 0) {
		complain("shard %d: the folder %s cannot be made: %s", shard, tmp,
			 strerror(errno));
	} else if ((s->lock = lock_file(s->lock_path)) >= 0) {
		remove_others(tmp, begin, own, shard);
		status = STATUS_OK;
	} else if (errno == EWOULDBLOCK) {
		status = complain_usage("shard %d: %s: another ashlar-bench is writing it",
					shard, s->folder);
	} else {
		complain("shard %d: %s: %s", shard, s->lock_path, strerror(errno));
	}
	free(begin);
	free(own);
	return status;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* Why what lies there cannot be gone on with; NULL when it can. */
static const char *stale(const json_t *manifest, const struct cluster_node *node)
{
	const json_t *shard = json_object_get(manifest, "shard"),
		     *by = json_object_get(shard, "node"),
		     *then = json_object_get(manifest, "environment");
	struct cluster_node was;
	const char *why = NULL;
	json_t *now;

	snprintf(was.name, sizeof(was.name), "%s", text_of(by, "name"));
	snprintf(was.boot, sizeof(was.boot), "%s", text_of(by, "boot"));
	if (!cluster_node_same(&was, node))
		return "another machine, or this one before it was started anew";
	if (strcmp(text_of(manifest, "suite_version"), SUITE_VERSION) != 0 ||
	    json_integer_value(json_object_get(manifest, "schema")) != SAMPLE_SCHEMA)
		return "another version of ashlar-bench";
	now = environment_take();
	if (strcmp(text_of(then, "machine_class"), text_of(now, "machine_class")) != 0)
		why = "this machine, which has changed since,";
	else if (strcmp(text_of(then, "worker_build_id"), text_of(now, "worker_build_id")) != 0)
		why = "this machine with workloads that were built anew since";
	json_decref(now);
	return why;
}

void cluster_scratch_clear(const struct cluster_scratch *s, int shard,
			   const struct cluster_node *node)
{
	char *path = text_format("%s/manifest.json", s->folder);
	json_t *manifest = json_load_file(path, 0, NULL);
	const char *whose = file_exists(path) ? stale(manifest, node) : NULL;

	if (whose) {
		printf("shard %d: what %s left in %s is dropped\n", shard, whose, s->folder);
		file_remove_tree(s->folder);
	}
	json_decref(manifest);
	free(path);
}

void cluster_scratch_release(struct cluster_scratch *s)
{
	if (s->lock >= 0)
		unlock_file(s->lock_path, s->lock);
	free(s->lock_path);
	free(s->folder);
}
