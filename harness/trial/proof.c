#include "harness/trial/proof.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* What a program starts, it starts by the system's own loader. */
static void prove_world(struct sample *sample, const struct channel *channel)
{
	const struct world *world = sample->contender->world;
	char file[CHANNEL_PATH];

	snprintf(file, sizeof(file), "%.*s", CHANNEL_PATH - 1, channel->libc_file);
	if (!*file)
		sample_fail(sample, SAMPLE_FAILED,
			    "the process did not say which C library it stands on");
	else if (!same_file(file, world->libc))
		sample_fail(sample, SAMPLE_FAILED, "the C library was %s, the world %s has %s",
			    file, world->name, world->libc);
	else if (channel->children)
		sample_fail(sample, SAMPLE_FAILED,
			    "it started other processes, which are not of the world %s",
			    world->name);
}

void proof_take(struct sample *sample, const struct channel *channel)
{
	const struct contender *c = sample->contender;
	const char *version = channel->version_text;
	char why[CHANNEL_PATH + 128];

	/* The channel is written by the process under test: its strings may lack an end. */
	snprintf(sample->allocator_file, sizeof(sample->allocator_file), "%.*s",
		 CHANNEL_PATH - 1, channel->malloc_file);
	snprintf(sample->usable_size_file, sizeof(sample->usable_size_file), "%.*s",
		 CHANNEL_PATH - 1, channel->usable_size_file);
	if (*version && c->version && *c->version)
		snprintf(sample->version, sizeof(sample->version), "%.60s (%.60s)", version,
			 c->version);
	else
		snprintf(sample->version, sizeof(sample->version), "%.127s",
			 *version     ? version
			 : c->version ? c->version
				      : "");
	snprintf(sample->libc, sizeof(sample->libc), "%.*s",
		 (int)sizeof(channel->libc_version) - 1, channel->libc_version);
	if (!*sample->allocator_file) {
		sample_fail(sample, SAMPLE_FAILED,
			    "the process did not say which file holds its malloc");
		return;
	}
	build_id_read(sample->allocator_file, sample->build_id, why, sizeof(why));
	if (!same_file(sample->allocator_file, c->path))
		sample_fail(sample, SAMPLE_FAILED, "malloc served by %s, wanted %s",
			    sample->allocator_file, c->path);
	else if (*sample->usable_size_file && !same_file(sample->usable_size_file, c->path))
		sample_fail(sample, SAMPLE_FAILED, "malloc_usable_size served by %s, wanted %s",
			    sample->usable_size_file, c->path);
	if (c->world)
		prove_world(sample, channel);
}
