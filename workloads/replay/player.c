#include "workloads/replay/player.h"

#include <errno.h>
#include <string.h>
#include "workloads/lib/clock.h"
#include "workloads/replay/touch.h"

/* A thread at its work. */
struct hand {
	struct player *player;
	struct player_part *part;
	struct player_context *context;
	struct wl_thread *thread;
};

/* --- waiting ---------------------------------------------------------------------------- */

static void publish(const struct hand *h, uint64_t place)
{
	struct player_context *c = h->context;

	atomic_store_explicit(&c->live, h->thread->count->live_bytes, memory_order_relaxed);
	atomic_store_explicit(&c->place, place, memory_order_release);
	bell_ring(&c->bell, place);
}

/* A wait that the recorded thread had, too, says nothing of how this replay is scheduled. */
static void count_wait(const struct hand *h, const struct replay_step *step, uint64_t from)
{
	uint64_t ns = clock_ns(CLOCK_MONOTONIC) - from;

	if (step->op == REPLAY_JOIN || step->idle)
		h->context->idle_ns += ns;
	else
		h->context->wait_ns += ns;
}

/* Until another thread has done so many of its steps. */
static void await(const struct hand *h, const struct replay_step *step, uint64_t wanted)
{
	struct player_part *other = &h->player->parts[step->slot];
	struct turns *turns = h->player->run->turns;
	uint64_t from;

	if (atomic_load_explicit(&other->done, memory_order_acquire) >= wanted)
		return;
	from = clock_ns(CLOCK_MONOTONIC);
	/* It holds nobody back meanwhile: all that the recording has before this step may
	 * come first. */
	publish(h, step->size);
	if (turns) {
		while (atomic_load_explicit(&other->done, memory_order_acquire) < wanted)
			turns_yield(turns, h->thread->index);
		return;
	}
	for (int i = 0; atomic_load_explicit(&other->done, memory_order_acquire) < wanted;
	     i++) {
		if (i < BELL_SPINS) {
			bell_pause();
		} else {
			uint32_t rung = bell_listen(&other->bell, wanted);

			if (atomic_load_explicit(&other->done, memory_order_acquire) < wanted)
				bell_sleep(&other->bell, rung, i - BELL_SPINS);
		}
	}
	count_wait(h, step, from);
}

/* The context farthest behind, and whether this place is within the window of it. */
static bool within(const struct player *p, const struct replay_step *step,
		   struct player_context **slowest)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < p->script->ncontexts; i++) {
		uint64_t place =
			atomic_load_explicit(&p->contexts[i].place, memory_order_acquire);

		if (place < least) {
			least = place;
			*slowest = &p->contexts[i];
		}
	}
	if (least >= step->size) /* it is the slowest itself */
		return true;
	return step->size - least <= p->window &&
	       (!p->window_ns ||
		step->other <= p->window_ns + atomic_load_explicit(&(*slowest)->time,
								   memory_order_relaxed));
}

static void stay_within(const struct hand *h, const struct replay_step *step)
{
	struct player_context *slowest = h->context;
	const struct player *p = h->player;
	uint64_t from;

	if (within(p, step, &slowest))
		return;
	if (p->run->turns) {
		while (!within(p, step, &slowest))
			turns_yield(p->run->turns, h->thread->index);
		return;
	}
	from = clock_ns(CLOCK_MONOTONIC);
	for (int i = 0; !within(p, step, &slowest); i++) {
		if (i < BELL_SPINS) {
			bell_pause();
		} else {
			/* Recorded times come with places, but not which. */
			uint64_t place = p->window_ns ? 0 : step->size - p->window;
			uint32_t rung = bell_listen(&slowest->bell, place);
			struct player_context *now = slowest;

			if (!within(p, step, &now) && now == slowest)
				bell_sleep(&slowest->bell, rung, i - BELL_SPINS);
			slowest = now;
		}
	}
	count_wait(h, step, from);
}

static void until_due(const struct player *p, uint64_t recorded_ns)
{
	uint64_t due = p->start_ns + (uint64_t)((double)recorded_ns * p->scale);
	struct timespec at = {(time_t)(due / 1000000000u), (long)(due % 1000000000u)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		continue;
}

/* Sums of the others are of moments a little earlier: at most a window's bytes off. */
static void watch_peak(const struct hand *h)
{
	const struct player *p = h->player;
	int64_t sum = 0;

	for (uint32_t i = 0; i < p->script->ncontexts; i++)
		sum += atomic_load_explicit(&p->contexts[i].live, memory_order_relaxed);
	if (sum > h->context->peak)
		h->context->peak = sum;
}

static void pace(const struct hand *h, const struct replay_step *step)
{
	atomic_store_explicit(&h->context->time, step->other, memory_order_relaxed);
	publish(h, step->size);
	if (h->player->script->ncontexts > 1)
		watch_peak(h);
	if (h->player->mode == REPLAY_WINDOWED)
		stay_within(h, step);
	else if (h->player->mode == REPLAY_PACED && !h->player->run->turns)
		until_due(h->player, step->other);
}

/* --- threads ---------------------------------------------------------------------------- */

static void play(const struct hand *hand);

static void body(struct wl_thread *thread, void *argument)
{
	struct player_part *part = argument;
	struct player *p = part->player;
	struct hand h = {p, part, &p->contexts[thread->index - p->base], thread};
	uint64_t from = clock_ns(CLOCK_MONOTONIC);

	play(&h);
	h.context->alive_ns += clock_ns(CLOCK_MONOTONIC) - from;
	publish(&h, UINT64_MAX);
	atomic_store_explicit(&part->done, UINT64_MAX, memory_order_release);
	bell_ring(&part->bell, UINT64_MAX);
}

static void start_thread(const struct hand *h, uint32_t number)
{
	struct player *p = h->player;
	const struct replay_part *plan =
		REPLAY_AT(p->script, struct replay_part, p->script->parts_at) + number;

	/* In the window from now on, before its first step. */
	atomic_store_explicit(&p->contexts[plan->context].place, plan->place,
			      memory_order_release);
	wl_worker_start(&p->parts[number].worker, &p->run->threads[p->base + plan->context],
			body, &p->parts[number]);
}

static void join(const struct hand *h, const struct replay_step *step)
{
	struct player_part *other = &h->player->parts[step->slot];

	await(h, step, UINT64_MAX);
	if (!atomic_exchange(&other->joining, 1))
		wl_worker_join(&other->worker);
}

/* --- steps ------------------------------------------------------------------------------ */

static void model_touch(void *thread, uintptr_t at, size_t bytes)
{
	const struct wl_thread *t = thread;

	locality_touch(t->run->locality, t->index, at, bytes, true);
}

static void model_operation(const struct wl_thread *t)
{
	locality_operation(t->run->locality);
	if (t->run->turns)
		turns_step(t->run->turns, t->index);
}

static _Noreturn __attribute__((noinline)) void out_of_order(const struct hand *h,
							     const struct replay_step *step)
{
	const struct replay_part *plan =
		REPLAY_AT(h->player->script, struct replay_part, h->player->script->parts_at) +
		h->part->number;
	const struct replay_step *first =
		REPLAY_AT(h->player->script, struct replay_step, h->player->script->steps_at) +
		plan->first;

	wl_die(h->player->run, "step %llu of thread %u: object %u is used %s",
	       (unsigned long long)(step - first), h->part->number, step->slot,
	       step->op < REPLAY_REALLOC ? "while it lives" : "before its allocation");
}

static inline void *allocate(struct wl_thread *t, const struct replay_step *step)
{
	if (step->op == REPLAY_MALLOC)
		return wl_malloc(t, step->size);
	if (step->op == REPLAY_CALLOC)
		return wl_calloc(t, 1, step->size);
	return wl_posix_memalign(t, (size_t)1 << step->align_log2, step->size);
}

/* A realloc to 0 bytes that the recorded allocator answered with an object, where most
 * would have freed it: this one has 1 byte, and counts as 0. */
static __attribute__((noinline)) void odd_byte(struct wl_thread *t, struct player_object *o,
					       bool odd)
{
	o->odd = odd;
	t->count->live_bytes += odd ? -1 : 1;
}

static inline void *resize(struct wl_thread *t, struct player_object *o,
			   const struct replay_step *step)
{
	size_t old = step->other;
	void *p;

	if (__builtin_expect(!old && o->odd, 0)) {
		odd_byte(t, o, false);
		old = 1;
	}
	p = wl_realloc(t, o->p, old, step->size ? step->size : 1);
	if (__builtin_expect(!step->size, 0))
		odd_byte(t, o, true);
	return p;
}

static inline void give_back(struct wl_thread *t, struct player_object *o, size_t size)
{
	if (__builtin_expect(!size && o->odd, 0)) {
		odd_byte(t, o, false);
		size = 1;
	}
	wl_free(t, o->p, size);
}

/* The policy is a constant in each copy of this function, and so is whether there is a
 * model to feed instead. */
static inline __attribute__((always_inline)) void
play_as(const struct hand *h, const enum wl_touch how, const bool model)
{
	struct player *p = h->player;
	const struct replay_part *plan =
		REPLAY_AT(p->script, struct replay_part, p->script->parts_at) + h->part->number;
	const struct replay_step *first =
		REPLAY_AT(p->script, struct replay_step, p->script->steps_at) + plan->first;
	const struct replay_step *end = first + plan->steps;
	struct wl_thread *t = h->thread;
	const uint32_t context = t->index - p->base;
	uint64_t *had = p->cross[context];
	const bool alone = p->script->ncontexts == 1, verify = t->verify;
	int64_t peak = 0;

	for (const struct replay_step *step = first; step < end; step++) {
		struct player_object *o = &p->objects[step->slot];
		size_t from = 0, look;

		switch ((enum replay_op)step->op) {
		case REPLAY_MALLOC:
		case REPLAY_CALLOC:
		case REPLAY_ALIGNED:
			if (__builtin_expect(o->p != NULL, 0))
				out_of_order(h, step);
			o->p = allocate(t, step);
			o->owner = context;
			break;
		case REPLAY_REALLOC:
			if (__builtin_expect(o->p == NULL, 0))
				out_of_order(h, step);
			had[o->owner]++;
			o->p = resize(t, o, step);
			o->owner = context;
			from = step->other;
			break;
		case REPLAY_FREE:
			if (__builtin_expect(o->p == NULL, 0))
				out_of_order(h, step);
			had[o->owner]++;
			look = touch_read_bytes(step->size, how);
			if (model)
				locality_touch(t->run->locality, t->index, (uintptr_t)o->p,
					       look, false);
			else
				touch_read(o->p, look);
			give_back(t, o, step->size);
			o->p = NULL;
			goto posted;
		case REPLAY_CREATE:
			start_thread(h, step->slot);
			continue;
		case REPLAY_JOIN:
			join(h, step);
			continue;
		case REPLAY_REAP:
			await(h, step, UINT64_MAX);
			continue;
		case REPLAY_AWAIT:
			await(h, step, step->other);
			continue;
		case REPLAY_PACE:
			pace(h, step);
			continue;
		case REPLAY_MARK:
			if (p->round < p->rounds || !p->marks)
				continue;
			p->at_peak = true;
			wl_phase(p->run, "peak");
			p->at_peak = false;
			continue;
		}
		if (model) {
			TOUCH_EACH(o->p, from, step->size, step->pages, how, model_touch, t);
		} else if (!verify) {
			TOUCH_EACH(o->p, from, step->size, step->pages, how, touch_write, NULL);
		}
		if (alone && t->count->live_bytes > peak)
			peak = t->count->live_bytes;
	posted:
		if (step->post) {
			uint64_t done = (uint64_t)(step - first) + 1;

			atomic_store_explicit(&h->part->done, done, memory_order_release);
			bell_ring(&h->part->bell, done);
		}
		if (model)
			model_operation(t);
	}
	if (peak > h->context->peak)
		h->context->peak = peak;
}

static void play(const struct hand *h)
{
	bool model = h->player->run->locality != NULL;

	switch (h->player->touch) {
	case WL_TOUCH_NONE:
		return model ? play_as(h, WL_TOUCH_NONE, true)
			     : play_as(h, WL_TOUCH_NONE, false);
	case WL_TOUCH_FIRST:
		return model ? play_as(h, WL_TOUCH_FIRST, true)
			     : play_as(h, WL_TOUCH_FIRST, false);
	case WL_TOUCH_PAGES:
		return model ? play_as(h, WL_TOUCH_PAGES, true)
			     : play_as(h, WL_TOUCH_PAGES, false);
	case WL_TOUCH_ALL:
		return model ? play_as(h, WL_TOUCH_ALL, true) : play_as(h, WL_TOUCH_ALL, false);
	}
}

/* --- the whole -------------------------------------------------------------------------- */

void player_setup(struct player *p)
{
	const struct replay_script *s = p->script;

	p->objects = wl_table((s->slots + 1) * sizeof(*p->objects));
	p->parts = wl_table(s->nparts * sizeof(*p->parts));
	p->contexts = wl_table(s->ncontexts * sizeof(*p->contexts));
	p->cross = wl_table(s->ncontexts * sizeof(*p->cross));
	for (uint32_t i = 0; i < s->nparts; i++) {
		p->parts[i].number = i;
		p->parts[i].player = p;
		bell_init(&p->parts[i].bell);
	}
	for (uint32_t i = 0; i < s->ncontexts; i++) {
		atomic_store(&p->contexts[i].place, UINT64_MAX);
		bell_init(&p->contexts[i].bell);
	}
}

static void play_once(struct player *p)
{
	struct hand h = {p, &p->parts[0], &p->contexts[0], &p->run->threads[p->base]};
	const struct replay_part *plan =
		REPLAY_AT(p->script, struct replay_part, p->script->parts_at);

	p->start_ns = clock_ns(CLOCK_MONOTONIC);
	for (uint32_t i = 0; i < p->script->nparts; i++) {
		atomic_store(&p->parts[i].done, 0);
		atomic_store(&p->parts[i].joining, 0);
	}
	atomic_store(&p->contexts[0].place, 0);
	play(&h);
	publish(&h, UINT64_MAX);
	atomic_store(&p->parts[0].done, UINT64_MAX);
	bell_ring(&p->parts[0].bell, UINT64_MAX);
	/* Those that nobody joined in the recording. */
	for (uint32_t i = 1; i < p->script->nparts; i++) {
		struct replay_step step = {
			.op = REPLAY_JOIN, .slot = i, .size = REPLAY_SIZE_MAX};

		if (plan[i].context)
			join(&h, &step);
	}
	p->contexts[0].alive_ns += clock_ns(CLOCK_MONOTONIC) - p->start_ns;
}

void player_run(struct player *p)
{
	for (p->round = 1; p->round < p->rounds; p->round++) {
		play_once(p);
		player_free_rest(p);
	}
	play_once(p);
}

int64_t player_peak(const struct player *p)
{
	int64_t peak = 0;

	for (uint32_t i = 0; i < p->script->ncontexts; i++)
		if (p->contexts[i].peak > peak)
			peak = p->contexts[i].peak;
	return peak;
}

void player_free_rest(struct player *p)
{
	const struct replay_script *s = p->script;
	const struct replay_object *final = REPLAY_AT(s, struct replay_object, s->final_at);

	for (uint64_t i = 0; i < s->nfinal; i++) {
		give_back(&p->run->threads[p->base], &p->objects[final[i].slot], final[i].size);
		p->objects[final[i].slot].p = NULL;
	}
}
