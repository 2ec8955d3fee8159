/* The shards of a plan on hosts that are reached by ssh, one shard a host at a time. */
#ifndef HARNESS_CLUSTER_HOSTS_H
#define HARNESS_CLUSTER_HOSTS_H

#include <stdbool.h>

/* A tty, so that the end of the connection ends the shard there; and who is silent for a minute
 * is lost. */
#define CLUSTER_SSH                                                        \
	"ssh -tt -o BatchMode=yes -o LogLevel=ERROR -o ConnectTimeout=30 " \
	"-o ServerAliveInterval=15 -o ServerAliveCountMax=4"
#define CLUSTER_HOSTS 1000

/* Hosts on which a shard fails before it is given up. */
#define CLUSTER_TRIES 2

struct cluster_hosts_request {
	const char *dir; /* of the plan, on a file system that all hosts have */
	char *const *hosts;
	int nhosts;
	const char *ssh;     /* as a shell reads it; called with a host and a command */
	const char *bench;   /* this program on the hosts; NULL = its path here */
	const char *scratch; /* of the shards; NULL = their default */
	bool quiet;
};

/* Each host takes the next shard that is not finished until there is none.  A host that is lost
 * or fails a shard takes no more, and the shard goes to another; one that failed on two is
 * given up.  Each of it is told in one line.  Returns STATUS_OK when all are finished,
 * STATUS_FAILED, STATUS_INTERRUPTED or STATUS_USAGE after its message. */
int cluster_hosts_run(const struct cluster_hosts_request *request);

#endif
