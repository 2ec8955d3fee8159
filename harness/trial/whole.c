/* Instructions of a whole process that is not ours, from its start to its end, counted by
 * callgrind.  No probe and no mark is in it: what callgrind wrote is all that is known of the
 * run, and the proof of which allocator served. */
#include "harness/trial/parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/machine/callgrind.h"

int trial_callgrind_words(const struct trial_place *place, const char *dump, char **words)
{
	char *out = text_format("--callgrind-out-file=%s", dump);
	const char *const own[] = {CALLGRIND_ARGS(place->valgrind, out)};
	int n = 0;

	static_assert(sizeof(own) / sizeof(own[0]) + CALLGRIND_SIMULATION <=
			      TRIAL_CALLGRIND_WORDS,
		      "who calls has room for all");
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		words[n++] = text_format("%s", own[i]);
	for (int i = 0;
	     i < CALLGRIND_SIMULATION && counter_sets_have(place->counters, COUNTERS_CALLGRIND);
	     i++)
		words[n++] = text_format("%s", callgrind_simulation[i]);
	free(out);
	return n;
}

void trial_forget_figures(struct sample *s)
{
	s->cpu_ns = s->user_ns = s->sys_ns = s->wall_ns = 0;
	s->peak_rss_bytes = s->minor_faults = s->major_faults = 0;
	s->voluntary_switches = s->involuntary_switches = s->runqueue_delay_ns = 0;
}

void trial_take_dump(const struct trial_place *place, struct sample *s, const char *dump)
{
	const struct world *world = s->contender->world;
	char *text = file_read(dump);
	bool saw_libc = text && world && strstr(text, world->libc);

	if (text) {
		s->instructions = callgrind_total(text);
		s->allocator_instructions = callgrind_allocator(text, s->contender->path,
								&s->usable_size_instructions);
		s->counters = (struct counters_reading){.tier = "none"}; /* perf saw valgrind */
		callgrind_simulated(text, &s->counters);
		trial_keep_dump(place, s, text);
	}
	free(text);
	if (s->instructions < 0)
		sample_fail(s, SAMPLE_FAILED, "callgrind left no count");
	else if (world && !saw_libc)
		sample_fail(s, SAMPLE_FAILED, "callgrind saw nothing of %s", world->libc);
	else if (s->allocator_instructions <= 0)
		sample_fail(s, SAMPLE_FAILED, "callgrind saw no call into %s",
			    s->contender->path);
	else /* the proof here */
		snprintf(s->allocator_file, sizeof(s->allocator_file), "%s",
			 s->contender->path);
}
