#include "harness/cli/cluster_number.h"

#include <errno.h>
#include <stdlib.h>
#include "harness/base/message.h"
#include "harness/cluster/plan.h"

int cluster_number(const char *option, const char *argument, int least)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(argument, &end, 10);
	if (errno || end == argument || *end || n < least || n > CLUSTER_MOST)
		exit(complain_usage("%s %s: a number from %d to %d is needed", option, argument,
				    least, CLUSTER_MOST));
	return (int)n;
}
