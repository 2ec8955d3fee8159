/* redis: an in-memory database under pipelined requests over a Unix socket.
 *
 * Debian's package redis-server starts a service when installed; redis-tools does not,
 * and its redis-check-rdb is the same executable, which is the server when called by
 * the server's name.  That build is linked to libjemalloc: whichever other allocator
 * is to serve it must be preloaded, glibc's too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "workloads/programs/tools.h"

enum { REQUESTS, VALUE_SIZE };

static const struct wl_param params[] = {
	{"requests", "requests of each of the five kinds",
	 "0.5 to 1 s of the server under glibc", 200000, 1000, 100000000},
	{"value_size", "bytes of a value",
	 "Twitter's clusters: the median of mean sizes is 224", 200, 1, 1000000},
	{NULL, NULL, NULL, 0, 0, 0},
};

#define KINDS 5 /* what `tests` below names */
static const char tests[] = "set,get,lpush,lpop,hset";

static const char *available(char *why, size_t why_size)
{
	if (!program_path("redis-benchmark", "install redis-tools", why, why_size) ||
	    !program_path("redis-cli", "install redis-tools", why, why_size))
		return NULL;
	return program_path("redis-check-rdb", "install redis-tools", why, why_size);
}

/* The last client wrote what INFO says: every command was processed, none failed. */
static int check(const struct program_plan *plan, const char *stdout_path, const char *dir,
		 char *why, size_t why_size)
{
	const char *path = program_text("%s/info", dir), *failed, *processed;
	FILE *file = fopen(path, "r");
	char text[16384];
	size_t n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	(void)stdout_path;
	if (file)
		fclose(file);
	text[n] = '\0';
	processed = strstr(text, "total_commands_processed:");
	failed = strstr(text, "total_error_replies:");
	if (!processed || !failed) {
		snprintf(why, why_size, "%s: no answer to INFO", path);
		return -1;
	}
	if (strtoull(strchr(processed, ':') + 1, NULL, 10) < plan->ops ||
	    strtoull(strchr(failed, ':') + 1, NULL, 10) != 0) {
		snprintf(why, why_size, "the server processed %.*s, with errors %.*s",
			 (int)strcspn(processed, "\r\n"), processed,
			 (int)strcspn(failed, "\r\n"), failed);
		return -1;
	}
	return 0;
}

static int plan(const int64_t *values, uint64_t seed, const char *cache_dir, const char *dir,
		struct program_plan *p, char *why, size_t why_size)
{
	const char *server = available(why, why_size),
		   *socket = program_text("%s/redis.sock", dir);
	const char *cli, *benchmark;
	const char *const serve[] = {
		/* Nothing is written to disk, and no setting favours one allocator: redis would
		 * switch on jemalloc's background threads by itself. */
		server,    "--port",
		"0",       "--unixsocket",
		socket,    "--save",
		"",        "--appendonly",
		"no",      "--daemonize",
		"no",      "--enable-debug-command",
		"no",      "--dir",
		dir,       "--loglevel",
		"warning", "--jemalloc-bg-thread",
		"no",      "--activedefrag",
		"no",      NULL,
	};

	(void)seed; /* redis-benchmark 7.0 takes none: its keys come from srandom(time) */
	(void)cache_dir;
	if (!server)
		return -1;
	cli = program_path("redis-cli", "install redis-tools", why, why_size);
	benchmark = program_path("redis-benchmark", "install redis-tools", why, why_size);
	if (strlen(socket) > 100) { /* sun_path holds 108 */
		snprintf(why, why_size, "%s is too long for a Unix socket", socket);
		return -1;
	}
	*p = (struct program_plan){.argv0 = "redis-server",
				   .ready_socket = socket,
				   .check = check,
				   .ops = (uint64_t)values[REQUESTS] * KINDS,
				   .ops_unit = "requests",
				   .timeout_s = 120};
	memcpy(p->argv, serve, sizeof(serve));
	memcpy(p->clients[0],
	       (const char *const[]){
		       benchmark, "-s", socket, "-q", "-c", "20", "-P", "16", "-n",
		       program_text("%lld", (long long)values[REQUESTS]), "-r", "100000", "-d",
		       program_text("%lld", (long long)values[VALUE_SIZE]), "-t", tests, NULL},
	       17 * sizeof(char *));
	memcpy(p->clients[1],
	       (const char *const[]){"/bin/sh", "-c", "exec \"$1\" -s \"$2\" info all >\"$3\"",
				     "sh", cli, socket, program_text("%s/info", dir), NULL},
	       8 * sizeof(char *));
	memcpy(p->stop, (const char *const[]){cli, "-s", socket, "shutdown", "nosave", NULL},
	       6 * sizeof(char *));
	return 0;
}

const struct program program_redis = {
	.name = "redis",
	.summary = "redis-server: set, get, lpush, lpop and hset, pipelined over a Unix socket",
	.isolates = "an allocation-heavy server that is not ours",
	.cannot_tell = "latency seen by clients: they share the machine with the server",
	.source = "mimalloc-bench's redis test, with more kinds of requests",
	.allocation_share =
		"21 % of the server's user-mode instructions: callgrind with glibc 2.36, "
		"inclusive cost of malloc, calloc, realloc, free and malloc_usable_size",
	.params = params,
	.available = available,
	.plan = plan,
};
