#include "workloads/replay/workload.h"

#include <stdio.h>
#include <string.h>
#include "workloads/shared/channel.h"
#include "workloads/lib/page_floor.h"
#include "workloads/shared/procfs.h"
#include "workloads/replay/decode.h"
#include "workloads/replay/player.h"
#include "workloads/replay/touch.h"
#include "workloads/lib/turns.h"

enum { OPS, MODE, WINDOW, WINDOW_MS, SCALE, TOUCH, ROUNDS, COPIES, PARAMS };

/* More than any trace holds: all of it. */
#define ALL_EVENTS 1000000000000

static const struct wl_param params[PARAMS + 1] = {
	[OPS] = {"ops", "events of the trace, from its start", "all of them", ALL_EVENTS, 1,
		 ALL_EVENTS},
	[MODE] = {"mode",
		  "what holds threads back: max, windowed or paced; single: all in one thread",
		  "the curve of live bytes keeps its shape", REPLAY_WINDOWED, REPLAY_MAX,
		  REPLAY_SINGLE},
	[WINDOW] = {"window",
		    "windowed: events that a thread may be ahead of the slowest; blocks that "
		    "are large beside the peak count more",
		    "the peak of live bytes within 1 %", 1000, 8, 1000000},
	[WINDOW_MS] = {"window_ms", "windowed: recorded ms that it may be ahead; 0 = any",
		       "events alone", 0, 0, 1000000},
	[SCALE] = {"scale", "paced: duration as percent of the recorded one", "as recorded",
		   100, 1, 100000},
	[TOUCH] = {"touch", "bytes of an object that are used: none, first, pages or all",
		   "what is known of the program", WL_TOUCH_PAGES, WL_TOUCH_NONE, WL_TOUCH_ALL},
	[ROUNDS] = {"rounds",
		    "times that the trace is replayed in one process; what lives at its end is "
		    "freed between them",
		    "the heap that the program had", 1, 1, 10000},
	[COPIES] = {"copies",
		    "times that the trace is replayed side by side, by threads of its own each "
		    "and with objects of its own",
		    "the program", 1, 1, WL_MAX_THREADS},
	[PARAMS] = {NULL, NULL, NULL, 0, 0, 0},
};

static const struct wl_word words[] = {
	{"mode", "max", REPLAY_MAX},
	{"mode", "windowed", REPLAY_WINDOWED},
	{"mode", "paced", REPLAY_PACED},
	{"mode", "single", REPLAY_SINGLE},
	{"touch", "none", WL_TOUCH_NONE},
	{"touch", "first", WL_TOUCH_FIRST},
	{"touch", "pages", WL_TOUCH_PAGES},
	{"touch", "all", WL_TOUCH_ALL},
	{NULL, NULL, 0},
};

/* A copy, and the thread that plays its first one; that of the first copy is the run's own. */
struct copy {
	struct player player;
	struct wl_worker worker;
};

struct state {
	unsigned copies;
	struct copy copy[];
};

static const struct replay_workload *made_of(const struct workload *workload)
{
	return (const struct replay_workload *)(const void *)workload;
}

static int setup(struct wl_run *run)
{
	struct replay_settings settings = {
		.events = (uint64_t)run->values[OPS],
		.window = (uint64_t)run->values[WINDOW],
		.merged = (wl_repeats(run) && run->mode != WL_SHARING) ||
			  run->values[MODE] == REPLAY_SINGLE,
		.paced = run->values[MODE] == REPLAY_PACED,
	};
	const unsigned copies = (unsigned)run->values[COPIES];
	const struct replay_script *script;
	struct state *s;
	uint64_t available;

	if (copies > 1 && (run->mode == WL_LOCALITY || run->mode == WL_FOOTPRINT)) {
		wl_fail(run,
			"%s: copies=%u: modes locality and footprint make all calls in one "
			"thread; mode sharing takes several",
			run->workload->name, copies);
		return -1;
	}
	snprintf(settings.path, sizeof(settings.path), "%s", made_of(run->workload)->path);
	script = decode(run, &settings);
	if (!script)
		return -1;
	available = procfs_memory_available();
	if (copies > WL_MAX_THREADS / script->ncontexts) {
		wl_fail(run,
			"%s: copies=%u: with %u threads each these are more than %d; up to %u "
			"are accepted",
			run->workload->name, copies, script->ncontexts, WL_MAX_THREADS,
			WL_MAX_THREADS / script->ncontexts);
		return -1;
	}
	if (copies * script->peak_live_bytes > available) {
		wl_fail(run,
			"%s: too large for this machine's memory: %llu MiB are alive at its "
			"peak, %llu MiB are available",
			run->workload->name,
			(unsigned long long)(copies * script->peak_live_bytes >> 20),
			(unsigned long long)(available >> 20));
		return -1;
	}
	/* The number of threads is the trace's, and only now known. */
	wl_threads_setup(run, copies * script->ncontexts - 1);
	s = run->state = wl_table(sizeof(*s) + copies * sizeof(s->copy[0]));
	s->copies = copies;
	for (unsigned i = 0; i < copies; i++) {
		s->copy[i].player = (struct player){
			.run = run,
			.script = script,
			.base = i * script->ncontexts,
			.mode = (enum replay_mode)run->values[MODE],
			.touch = (enum wl_touch)run->values[TOUCH],
			.window = (uint64_t)run->values[WINDOW],
			.window_ns = (uint64_t)run->values[WINDOW_MS] * 1000000u,
			.scale = (double)run->values[SCALE] / 100,
			.rounds = wl_repeats(run) ? 1 : (uint64_t)run->values[ROUNDS],
			.marks = copies == 1,
		};
		player_setup(&s->copy[i].player);
	}
	run->expected_allocs =
		copies * s->copy[0].player.rounds * (script->allocs + script->reallocs);
	return 0;
}

static void play_copy(struct wl_thread *t, void *argument)
{
	struct copy *copy = argument;

	(void)t;
	player_run(&copy->player);
}

/* All of them side by side; in mode sharing by turns. */
static int run_it(struct wl_run *run)
{
	struct state *s = run->state;

	if (run->turns)
		turns_add(run->turns, 0);
	for (unsigned i = 1; i < s->copies; i++)
		wl_worker_start(&s->copy[i].worker, &run->threads[s->copy[i].player.base],
				play_copy, &s->copy[i]);
	if (run->turns) {
		turns_begin(run->turns);
		turns_wait(run->turns, 0);
	}
	player_run(&s->copy[0].player);
	while (run->turns && turns_count(run->turns) > 1)
		turns_yield(run->turns, 0);
	for (unsigned i = 1; i < s->copies; i++)
		wl_worker_join(&s->copy[i].worker);
	wl_phase(run, "end");
	return 0;
}

static void report(struct wl_run *run)
{
	const struct state *s = run->state;
	struct channel_replay *r = &run->channel->replay;

	r->validated = 1;
	for (unsigned i = 0; i < s->copies; i++) {
		const struct player *p = &s->copy[i].player;

		if (r->validated)
			r->validated = player_same(p, r->invalid, sizeof(r->invalid));
		r->events += p->script->events;
		r->threads += p->script->nparts;
		r->contexts += p->script->ncontexts;
		r->peak_live_bytes += (uint64_t)player_peak(p);
		r->recorded_peak_live_bytes += p->script->peak_live_bytes;
		r->recorded_ns = p->script->duration_ns;
		for (uint32_t k = 0; k < p->script->ncontexts; k++) {
			struct channel_thread *t = &run->channel->threads[p->base + k];

			t->wait_ns = p->contexts[k].wait_ns;
			t->idle_ns = p->contexts[k].idle_ns;
			t->alive_ns = p->contexts[k].alive_ns;
		}
	}
	r->used = 1;
}

/* What lives at the end of the recording is given back after the timed part. */
static void teardown(struct wl_run *run)
{
	struct state *s = run->state;

	report(run);
	for (unsigned i = 0; i < s->copies; i++)
		player_free_rest(&s->copy[i].player);
}

static void visit_floor(struct page_floor *floor, uintptr_t at, size_t bytes)
{
	page_floor_add(floor, (const void *)at, bytes);
}

static void live_of(const struct player *p, struct page_floor *floor)
{
	const struct replay_script *s = p->script;
	const struct replay_object *o =
		REPLAY_AT(s, struct replay_object, p->at_peak ? s->peak_at : s->final_at);
	uint64_t n = p->at_peak ? s->npeak : s->nfinal;
	enum wl_touch how = p->run->mode == WL_VERIFY ? WL_TOUCH_ALL : p->touch;

	for (uint64_t i = 0; i < n; i++, o++) {
		floor->objects++;
		TOUCH_EACH(p->objects[o->slot].p, 0, o->size, o->pages, how, visit_floor,
			   floor);
	}
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	for (unsigned i = 0; i < s->copies; i++)
		live_of(&s->copy[i].player, floor);
}

static uint64_t total_bytes(const struct wl_run *run)
{
	const struct replay_facts *f = &made_of(run->workload)->facts;
	uint64_t events = (uint64_t)run->values[OPS];

	double part = f->events && events < f->events ? (double)events / (double)f->events : 1;

	return (uint64_t)((double)f->total_bytes * part * (double)run->values[ROUNDS] *
			  (double)run->values[COPIES]);
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return made_of(run->workload)->facts.peak_live_bytes * (uint64_t)run->values[COPIES];
}

bool replay_workload_make(struct replay_workload *made, const char *name, const char *path,
			  const struct replay_facts *facts)
{
	static const struct replay_facts nothing;

	memset(made, 0, sizeof(*made));
	if (strlen(name) >= sizeof(made->name) || strlen(path) >= sizeof(made->path))
		return false;
	strcpy(made->name, name);
	strcpy(made->path, path);
	made->facts = facts ? *facts : nothing;
	memcpy(made->params, params, sizeof(params));
	if (made->facts.events)
		made->params[OPS].value = (int64_t)made->facts.events;
	snprintf(made->summary, sizeof(made->summary), "a recorded program, replayed");
	made->workload = (struct workload){
		.name = made->name,
		.summary = made->summary,
		.isolates = "how an allocator serves the calls of one real program, in their "
			    "order and with their lifetimes",
		.cannot_tell =
			"what the program does between its calls: no cache misses, locks or "
			"waiting of its own; sizes that it chose by malloc_usable_size stay as "
			"they were",
		.source = "a recording: `ashlar-bench trace info` tells of what",
		.touch = "as the parameter says: by default the first 64 bytes and one byte in "
			 "each further OS page that the program used are written, the first is "
			 "read before the free",
		.params = made->params,
		.words = words,
		.takes_turns = true,
		.threaded = made->facts.threads > 1,
		.setup = setup,
		.run = run_it,
		.teardown = teardown,
		.total_bytes = total_bytes,
		.peak_bytes = peak_bytes,
		.ops_unit = "allocations",
		.live = live,
	};
	return true;
}

size_t replay_name_length(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._+-";
	size_t length = strspn(text, allowed);

	return text[length] == '=' ? length : 0;
}

const char *replay_workload_path(const struct workload *workload)
{
	return workload->setup == setup ? made_of(workload)->path : NULL;
}
