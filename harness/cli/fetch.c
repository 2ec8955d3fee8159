#include "harness/cli/verbs.h"

#include <argp.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/contenders/fetch.h"

#define MAX_NAMES 64

struct options {
	const char *names[MAX_NAMES], *world;
	int count;
	bool refresh;
};

enum { KEY_WORLD = 256, KEY_REFRESH };

static error_t take(int key, char *argument, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case KEY_WORLD:
		o->world = argument;
		break;
	case KEY_REFRESH:
		o->refresh = true;
		break;
	case ARGP_KEY_ARG:
		if (o->count == MAX_NAMES)
			exit(complain_usage("fetch: more than %d allocators", MAX_NAMES));
		o->names[o->count++] = argument;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void tell(const char *contender, bool good, const char *text)
{
	printf("%-12s %s%s\n", contender, good ? "" : "left out: ", text);
	fflush(stdout);
}

static int check_names(const struct options *o, const struct contenders *all)
{
	for (int n = 0; n < o->count; n++) {
		char *known = NULL;
		bool any = false;

		for (int i = 0; i < all->count; i++) {
			const struct contender *c = &all->list[i];

			any |= !c->configuration && fnmatch(o->names[n], c->name, 0) == 0;
			if (!c->configuration && c->package)
				text_append(&known, "%s%s", known ? ", " : "", c->name);
		}
		if (!any)
			return complain_usage(
				"fetch: unknown allocator '%s': %s can be fetched", o->names[n],
				known ? known : "none");
		free(known);
	}
	return STATUS_OK;
}

static bool is_named(const struct options *o, const struct contender *c)
{
	for (int n = 0; n < o->count; n++)
		if (fnmatch(o->names[n], c->name, 0) == 0)
			return true;
	return false;
}

/* What is wanted, as far as it is not here: the archive is read for that alone. */
static int wanted(const struct options *o, struct contenders *all)
{
	char *folder;
	int n = 0;

	for (int i = 0; i < all->count; i++) {
		struct contender *c = &all->list[i];

		c->selected = false;
		if (c->configuration || (o->count ? !is_named(o, c) : !c->package))
			continue;
		contender_resolve(c);
		folder = text_format("%s/", paths_find()->fetched);
		c->selected = !c->usable || (o->refresh && c->path &&
					     strncmp(c->path, folder, strlen(folder)) == 0);
		free(folder);
		if (c->selected)
			n++;
		else
			printf("%-12s %s is there: %s\n", c->name,
			       *c->version ? c->version : "it", c->path);
	}
	return n;
}

static void say_missing(const struct archive *a)
{
	if (*a->missing)
		fprintf(stderr, "not in this machine's mirror: %s\n", a->missing);
}

static int fetch_named(const struct options *o, struct contenders *all)
{
	char *folder = text_format("%s/apt", paths_find()->cache), why[400];
	struct archive archive = {.folder = NULL};
	int status = STATUS_OK;

	if (wanted(o, all) > 0 &&
	    archive_open(&archive, folder, fetch_suites, why, sizeof(why)) < 0) {
		complain("fetch: %s", why);
		status = STATUS_FAILED;
	} else if (archive.folder) {
		say_missing(&archive);
		for (int i = 0; i < all->count; i++) {
			struct contender *c = &all->list[i];
			bool good;

			if (!c->selected)
				continue;
			good = fetch_contender(&archive, c, why, sizeof(why)) == 0;
			tell(c->name, good, why);
			/* Where all were meant, some that this system cannot run are no
			 * failure. */
			if (!good && o->count)
				status = STATUS_FAILED;
		}
		archive_close(&archive);
	}
	free(folder);
	return status;
}

static int fetch_one_world(const struct options *o, const struct contenders *all)
{
	char *folder = text_format("%s/apt", paths_find()->cache), why[600], name[80],
	     line[300];
	struct archive archive;
	struct world world;
	int status = STATUS_FAILED;
	bool there = world_open(&world, paths_find()->worlds, o->world, why, sizeof(why)) == 0;

	if (there && !o->refresh) {
		status = STATUS_OK;
	} else if (archive_open(&archive, folder, fetch_world_suites(o->world), why,
				sizeof(why)) == 0) {
		say_missing(&archive);
		if (there)
			world_close(&world);
		if (fetch_world(&archive, o->world, all, tell, why, sizeof(why)) == 0 &&
		    world_open(&world, paths_find()->worlds, o->world, why, sizeof(why)) == 0) {
			there = true;
			status = STATUS_OK;
		}
		archive_close(&archive);
	}
	if (status == STATUS_OK) {
		snprintf(name, sizeof(name), "world %s", o->world);
		printf("%s: %s and %d packages in %s\n", name, world.version,
		       world.npackages - 1, world.folder);
		for (int i = 0; i < all->count && there && !o->refresh; i++)
			if (*world_refusal(&world, all->list[i].name, line, sizeof(line)))
				tell(all->list[i].name, false, line);
		world_close(&world);
	} else {
		complain("fetch: %s", why);
	}
	free(folder);
	return status;
}

int fetch_main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"world", KEY_WORLD, "NAME", 0,
		 "unpack the C library and the allocators of another suite (unstable) beside "
		 "this "
		 "system's, for `run --world NAME`",
		 0},
		{"refresh", KEY_REFRESH, NULL, 0, "look for newer versions of what is there",
		 0},
		{0}};
	static const struct argp parser = {
		options,
		take,
		"[NAME...]",
		"Download allocators that this system does not hold, without installing "
		"anything."
		"\v"
		"NAME is an allocator of `ashlar-bench list` or a glob; without any, all that "
		"are "
		"not here.  Of each the greatest version is taken that runs on this system's C "
		"library, over Debian's suites: this system's own, the backports of stable, "
		"unstable and experimental.  The mirror is that of this machine's apt; "
		"signatures "
		"and hashes are checked.  All lies in $XDG_CACHE_HOME/ashlar-bench "
		"(~/.cache/ashlar-bench), and an interrupted fetch goes on where it was.",
		NULL,
		NULL,
		NULL};
	struct options o = {.count = 0};
	struct contenders all;
	char why[600];
	int lock, status;

	argp_parse(&parser, argc, argv, 0, NULL, &o);
	if (o.world && !fetch_world_suites(o.world))
		return complain_usage(
			"fetch: unknown world '%s': unstable can be fetched, " WORLD_SYSTEM
			" is this system's own",
			o.world);
	if (o.world && o.count)
		return complain_usage(
			"fetch: a world has all allocators that run in it: --world "
			"goes without '%s'",
			o.names[0]);
	if (contenders_read(&all, paths_find()->contenders, why, sizeof(why)) < 0) {
		complain("fetch: %s", why);
		return STATUS_FAILED;
	}
	status = check_names(&o, &all);
	if (status != STATUS_OK)
		return status;
	lock = fetch_lock(why, sizeof(why));
	if (lock < 0) {
		complain("fetch: %s", why);
		return STATUS_FAILED;
	}
	status = o.world ? fetch_one_world(&o, &all) : fetch_named(&o, &all);
	close(lock);
	for (int i = 0; i < all.count; i++)
		contender_free(&all.list[i]);
	free(all.list);
	return status;
}
