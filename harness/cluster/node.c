#include "harness/cluster/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/base/file.h"

void cluster_node_here(struct cluster_node *node, const char *name)
{
	char host[80];

	if (!name || !*name)
		name = getenv("SLURMD_NODENAME");
	if (!name || !*name) {
		if (gethostname(host, sizeof(host)) < 0 || !*host)
			snprintf(host, sizeof(host), "host");
		host[sizeof(host) - 1] = '\0';
		name = host;
	}
	snprintf(node->name, sizeof(node->name), "%s", name);
	for (char *p = node->name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-",
			    *p))
			*p = '_';
	file_line("/proc/sys/kernel/random/boot_id", node->boot, sizeof(node->boot));
}

bool cluster_node_same(const struct cluster_node *a, const struct cluster_node *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->boot, b->boot) == 0;
}
