#include "workloads/worker/layout.h"

#include <sys/personality.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "workloads/shared/self.h"

int layout_fix(char **argv, bool small_pages)
{
	static struct self self;
	static char *start[SELF_WORDS + 256];
	int now = personality(0xffffffff), n = 0;
	bool fixed = now >= 0 && now & ADDR_NO_RANDOMIZE;
	bool small = !small_pages || prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) > 0;

	if (now < 0)
		return -1;
	if (fixed && small)
		return 0;
	if (!fixed && personality((unsigned long)now | ADDR_NO_RANDOMIZE) < 0)
		return -1;
	if (!small && prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) < 0)
		return -1;
	if (self_find(&self) < 0)
		return -1;
	for (; n < self.count; n++)
		start[n] = self.words[n];
	for (argv++; *argv && n < SELF_WORDS + 255; argv++)
		start[n++] = *argv;
	execv(start[0], start);
	return -1;
}
