#include "harness/machine/counter_sets.h"

#include <stdio.h>
#include <string.h>
#include "harness/base/message.h"

#define GENERAL "PERF_COUNT_HW_"

const struct counter_set counter_sets[] = {
	{"core",
	 "cycles, instructions, branches and those predicted wrongly",
	 COUNTERS_HARDWARE,
	 {{"cycles", GENERAL "CPU_CYCLES"},
	  {"instructions", GENERAL "INSTRUCTIONS"},
	  {"branches", GENERAL "BRANCH_INSTRUCTIONS"},
	  {"branch-misses", GENERAL "BRANCH_MISSES"}}},
	{"tlb",
	 "misses of address translation: of data read and written, of instructions",
	 COUNTERS_HARDWARE,
	 {{"dTLB-load-misses", GENERAL "CACHE_DTLB:READ:MISS"},
	  {"dTLB-store-misses", GENERAL "CACHE_DTLB:WRITE:MISS"},
	  {"iTLB-load-misses", GENERAL "CACHE_ITLB:READ:MISS"}}},
	{"cache",
	 "first level of data, read and missed; last level, asked and missed",
	 COUNTERS_HARDWARE,
	 {{"L1-dcache-loads", GENERAL "CACHE_L1D:READ:ACCESS"},
	  {"L1-dcache-load-misses", GENERAL "CACHE_L1D:READ:MISS"},
	  {"cache-references", GENERAL "CACHE_REFERENCES"},
	  {"cache-misses", GENERAL "CACHE_MISSES"}}},
	{"numa",
	 "memory of the nodes, read and written, and what came from another node",
	 COUNTERS_HARDWARE,
	 {{"node-loads", GENERAL "CACHE_NODE:READ:ACCESS"},
	  {"node-load-misses", GENERAL "CACHE_NODE:READ:MISS"},
	  {"node-stores", GENERAL "CACHE_NODE:WRITE:ACCESS"},
	  {"node-store-misses", GENERAL "CACHE_NODE:WRITE:MISS"}}},
	{.name = "software",
	 .what = "CPU time, faults, migrations and switches, as the kernel counts them",
	 .kind = COUNTERS_SOFTWARE},
	{.name = "callgrind",
	 .what = "instructions in cells of mode instructions, with misses of simulated caches "
		 "and "
		 "branches",
	 .kind = COUNTERS_CALLGRIND},
	{.name = "locality",
	 .what = "lines, pages and regions that are touched, in cells of mode locality",
	 .kind = COUNTERS_MODEL},
	{.name = "lackey",
	 .what = "lines and atomic operations that the allocator touches for itself, in cells "
		 "of "
		 "mode sharing",
	 .kind = COUNTERS_TRACED},
};
const int counter_sets_count = sizeof(counter_sets) / sizeof(counter_sets[0]);

counter_choice counter_sets_default(void)
{
	return 1u << 0 | 1u << 1 | 1u << 2;
}

int counter_sets_find(const char *name, size_t length)
{
	for (int i = 0; i < counter_sets_count; i++)
		if (strlen(counter_sets[i].name) == length &&
		    strncmp(counter_sets[i].name, name, length) == 0)
			return i;
	return -1;
}

int counter_sets_parse(counter_choice *choice, const char *list, char *why, size_t why_size)
{
	counter_choice found = 0;

	for (const char *p = list;; p++) {
		size_t length = strcspn(p, ",");
		int set = counter_sets_find(p, length);

		if (set < 0) {
			char known[128] = "";

			for (int i = 0; i < counter_sets_count; i++)
				snprintf(known + strlen(known), sizeof(known) - strlen(known),
					 "%s%s", i ? ", " : "", counter_sets[i].name);
			return because(why, why_size,
				       "unknown set of counters '%.*s': %s are known",
				       (int)length, p, known);
		}
		found |= 1u << set;
		p += length;
		if (!*p)
			break;
	}
	*choice = found;
	return 0;
}

int counter_sets_have(counter_choice choice, enum counter_kind kind)
{
	for (int i = 0; i < counter_sets_count; i++)
		if (choice >> i & 1 && counter_sets[i].kind == kind)
			return 1;
	return 0;
}

int counter_sets_turns(counter_choice choice)
{
	int n = 0;

	for (int i = 0; i < counter_sets_count; i++)
		n += choice >> i & 1 && counter_sets[i].kind == COUNTERS_HARDWARE;
	return n;
}

const struct counter_set *counter_sets_turn(counter_choice choice, int block)
{
	int n = counter_sets_turns(choice), turn = n ? block % n : 0;

	for (int i = 0; n && i < counter_sets_count; i++)
		if (choice >> i & 1 && counter_sets[i].kind == COUNTERS_HARDWARE && !turn--)
			return &counter_sets[i];
	return NULL;
}
