#include "harness/cluster/merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/sample_fields.h"
#include "harness/base/set_files.h"
#include "harness/base/tarball.h"
#include "harness/cluster/gather.h"
#include "harness/cluster/merge_manifest.h"
#include "harness/cluster/merged.h"
#include "harness/run/json_file.h"

struct record {
	int id;
	json_t *sample;
};

static int by_id(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* Every record as it was, with the node's name in the set, in the order of their numbers. */
static int write_samples(const struct merge_part *part, const char *out, char *why,
			 size_t why_size)
{
	char *to = text_format("%s/samples.jsonl", out);
	struct record *records = NULL;
	FILE *file = fopen(to, "we");
	size_t n = 0;
	bool good = file != NULL;

	for (int k = 0; k < part->all->plan.nshards; k++) {
		const struct gathered_shard *shard = merge_shard(part, k);
		char *path, *text, *line;

		if (!shard)
			continue;
		path = text_format("%s/samples.jsonl", shard->folder);
		text = line = file_read(path);
		while (line && *line) {
			size_t length = strcspn(line, "\n");
			json_t *sample = json_loadb(line, length, 0, NULL);

			json_object_set_new(sample, sample_fields[FIELD_node].name,
					    json_string(shard->node.name));
			records = list_grown(records, n, sizeof(*records));
			records[n++] =
				(struct record){(int)json_integer_value(json_object_get(
							sample, sample_fields[FIELD_id].name)),
						sample};
			line += length + (line[length] == '\n');
		}
		free(text);
		free(path);
	}
	if (n > 0)
		qsort(records, n, sizeof(*records), by_id);
	for (size_t i = 0; i < n; i++) {
		good = good && json_dumpf(records[i].sample, file, JSON_COMPACT) == 0 &&
		       fputc('\n', file) != EOF;
		json_decref(records[i].sample);
	}
	free(records);
	/* A file system that cannot is used all the same, as in base/file.c. */
	if (file && (fflush(file) != 0 ||
		     (fsync(fileno(file)) < 0 && errno != EINVAL && errno != EROFS)))
		good = false;
	if (!good)
		because(why, why_size, "%s: %s", to, strerror(errno));
	if (file)
		fclose(file);
	free(to);
	return good ? 0 : -1;
}

/* Their names hold the samples' numbers; what is of a workload, its sizes and lifetimes, is the
 * same in every shard. */
static int write_side_files(const struct merge_part *part, const char *out, char *why,
			    size_t why_size)
{
	int result = 0;

	for (int k = 0; k < part->all->plan.nshards && result == 0; k++) {
		const struct gathered_shard *shard = merge_shard(part, k);
		struct tarball packed = {NULL, 0};
		char *path;

		if (!shard)
			continue;
		path = text_format("%s/" SET_PACKED, shard->folder);
		if (file_exists(path))
			result = tarball_read(&packed, path, why, why_size);
		for (size_t i = 0; i < packed.count && result == 0; i++) {
			const struct tarball_file *f = &packed.files[i];
			char *to = text_format("%s/%s", out, f->name),
			     *folder = text_format("%.*s", (int)(strrchr(to, '/') - to), to);

			if (file_make_folder(folder) < 0 ||
			    file_write_bytes(to, f->data, f->size) < 0)
				result = because(why, why_size, "%s: %s", to, strerror(errno));
			free(folder);
			free(to);
		}
		tarball_free(&packed);
		free(path);
	}
	return result;
}

static int write_manifest(const struct merge_part *part, const char *out, char *why,
			  size_t why_size)
{
	json_t *manifest = merge_manifest(part);
	char *path = text_format("%s/manifest.json", out);
	int result = json_file_write(path, manifest, why, why_size);

	free(path);
	json_decref(manifest);
	return result;
}

static char *partial_of(const char *out)
{
	return text_format("%s.part-%ld", out, (long)getpid());
}

/* Writes a set beside its place. */
static int write_partial(const struct merge_part *part, const char *out, char *why,
			 size_t why_size)
{
	char *partial = partial_of(out);
	int result = 0;

	if (file_make_folder(partial) < 0)
		result = because(why, why_size, "%s: %s", partial, strerror(errno));
	else if (write_samples(part, partial, why, why_size) < 0 ||
		 write_side_files(part, partial, why, why_size) < 0 ||
		 write_manifest(part, partial, why, why_size) < 0)
		result = -1;
	free(partial);
	return result;
}

/* Gives `n` sets that were written their names: all, or none. */
static int put_in_place(char *const *outs, int n, char *why, size_t why_size)
{
	int done = 0, result = 0;

	for (; done < n && result == 0; done += result == 0) {
		char *partial = partial_of(outs[done]);

		if (rename(partial, outs[done]) < 0)
			result = because(why, why_size, "%s: %s", outs[done], strerror(errno));
		free(partial);
	}
	while (result < 0 && done-- > 0) {
		char *partial = partial_of(outs[done]);

		rename(outs[done], partial);
		free(partial);
	}
	return result;
}

static int write_all(const struct merge_part *parts, char *const *outs, int n)
{
	char why[1200];
	int result = 0;

	for (int i = 0; i < n && result == 0; i++)
		if (file_exists(outs[i]))
			result = because(why, sizeof(why),
					 "%s is there already: -o names another folder",
					 outs[i]);
	for (int i = 0; i < n && result == 0; i++)
		result = write_partial(&parts[i], outs[i], why, sizeof(why));
	if (result == 0)
		result = put_in_place(outs, n, why, sizeof(why));
	for (int i = 0; i < n; i++) {
		char *partial = partial_of(outs[i]);
		int shards = 0;

		for (int k = 0; k < parts[i].all->plan.nshards; k++)
			shards += merge_shard(&parts[i], k) != NULL;
		if (result == 0)
			printf("merged: %s, %d of %d shards\n", outs[i], shards,
			       parts[i].all->plan.nshards);
		else
			file_remove_tree(partial);
		free(partial);
	}
	if (result < 0)
		complain("nothing was merged: %s", why);
	return result == 0 ? STATUS_OK : STATUS_FAILED;
}

/* The classes, in the order of their shards. */
static int count_classes(const struct gathered *all, const char ***classes)
{
	int n = 0;

	*classes = NULL;
	for (int k = 0; k < all->plan.nshards; k++) {
		const char *class = all->shards[k].machine_class;
		int i = 0;

		while (class && i < n && strcmp((*classes)[i], class) != 0)
			i++;
		if (!all->shards[k].folder || i < n)
			continue;
		*classes = list_grown(*classes, (size_t)n, sizeof(**classes));
		(*classes)[n++] = class;
	}
	return n;
}

static int write_sets(const struct gathered *all, const struct cluster_merge_request *r)
{
	const char **classes;
	int classes_n = count_classes(all, &classes), n = r->pool ? 1 : classes_n, status;
	struct merge_part *parts = NULL;
	char **outs = NULL;

	if (classes_n == 0) {
		complain("nothing was merged: no shard is there");
		free(classes);
		return STATUS_FAILED;
	}
	for (int i = 0; i < n; i++) {
		parts = list_grown(parts, (size_t)i, sizeof(*parts));
		parts[i] = (struct merge_part){all, r->pool ? NULL : classes[i]};
		outs = list_grown(outs, (size_t)i, sizeof(*outs));
		outs[i] = n == 1 ? text_format("%s", r->out)
				 : text_format("%s.%.8s", r->out, classes[i]);
	}
	if (n > 1)
		complain(
			"the nodes are of %d classes of machines, which are kept apart; --pool "
			"puts them together",
			n);
	status = write_all(parts, outs, n);
	for (int i = 0; i < r->ndirs && n > 1 && status == STATUS_OK; i++)
		merged_note(r->dirs[i], r->out, outs, n);
	for (int i = 0; i < n; i++)
		free(outs[i]);
	free(outs);
	free(parts);
	free(classes);
	return status;
}

int cluster_merge(const struct cluster_merge_request *r)
{
	struct gathered all;
	int status;

	if (file_exists(r->out)) {
		complain("%s is there already: -o names another folder", r->out);
		return STATUS_FAILED;
	}
	status = gather(&all, r->dirs, r->ndirs);
	if (status != STATUS_OK)
		return status;
	if (all.amiss && !r->partial) {
		complain("nothing was merged: %d of %d shards are amiss; --partial merges the "
			 "others",
			 all.amiss, all.plan.nshards);
		status = STATUS_FAILED;
	} else {
		status = write_sets(&all, r);
	}
	gathered_free(&all);
	return status;
}
