#include "workloads/lib/turns.h"

#include <dlfcn.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "workloads/shared/held_clock.h"
#include "workloads/shared/rng.h"

/* Operations in a row: from 1 to so many, evenly. */
#define TURN_MOST 64

/* All but `granted` is of who has the turn. */
struct turns {
	struct rng rng;
	uint32_t left; /* operations of this turn */
	unsigned count;
	void (*reap)(void *ended); /* of who ended and is not joined; or NULL */
	void *ended;
	held_cpu_set_fn *be_on; /* or NULL */
	unsigned cpus;
	unsigned list[WL_MAX_THREADS]; /* who is among them, in no order */
	_Atomic uint32_t empty;        /* nobody is */
	struct {
		_Atomic uint32_t granted;
	} __attribute__((aligned(128))) of[WL_MAX_THREADS];
};

struct turns *turns_make(const struct wl_run *run)
{
	struct turns *turns = wl_table(sizeof(*turns));

	/* A stream that no thread has. */
	rng_seed(&turns->rng, run->seed, UINT64_MAX);
	*(void **)&turns->be_on = dlsym(RTLD_DEFAULT, HELD_CPU_SET);
	turns->cpus = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	atomic_store(&turns->empty, 1);
	return turns;
}

static void set(_Atomic uint32_t *word, uint32_t value)
{
	atomic_store_explicit(word, value, memory_order_release);
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

static void until_set(_Atomic uint32_t *word)
{
	while (!atomic_load_explicit(word, memory_order_acquire))
		syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

unsigned turns_count(const struct turns *turns)
{
	return turns->count;
}

void turns_add(struct turns *turns, unsigned index)
{
	turns->list[turns->count++] = index;
	atomic_store(&turns->empty, 0);
}

/* Draws who is next and for how long. */
static unsigned draw(struct turns *turns)
{
	turns->left = 1 + (uint32_t)rng_below(&turns->rng, TURN_MOST);
	return turns->list[rng_below(&turns->rng, turns->count)];
}

void turns_begin(struct turns *turns)
{
	set(&turns->of[draw(turns)].granted, 1);
}

static void reap_ended(struct turns *turns)
{
	void (*reap)(void *) = turns->reap;

	turns->reap = NULL;
	if (reap)
		reap(turns->ended);
}

/* Each thread is on a CPU of its own, as far as there are any. */
void turns_wait(struct turns *turns, unsigned index)
{
	until_set(&turns->of[index].granted);
	if (turns->be_on)
		turns->be_on(index % turns->cpus);
	reap_ended(turns);
}

static void hand_over(struct turns *turns, unsigned from)
{
	unsigned to = draw(turns);

	if (to == from)
		return;
	atomic_store_explicit(&turns->of[from].granted, 0, memory_order_relaxed);
	set(&turns->of[to].granted, 1);
	turns_wait(turns, from);
}

void turns_step(struct turns *turns, unsigned index)
{
	if (--turns->left == 0)
		hand_over(turns, index);
}

void turns_yield(struct turns *turns, unsigned index)
{
	hand_over(turns, index);
}

void turns_leave(struct turns *turns, unsigned index, void (*reap)(void *ended), void *ended)
{
	unsigned at = 0;

	while (turns->list[at] != index)
		at++;
	turns->list[at] = turns->list[--turns->count];
	atomic_store_explicit(&turns->of[index].granted, 0, memory_order_relaxed);
	turns->reap = reap;
	turns->ended = ended;
	if (turns->count)
		set(&turns->of[draw(turns)].granted, 1);
	else
		set(&turns->empty, 1);
}

void turns_drain(struct turns *turns)
{
	until_set(&turns->empty);
	reap_ended(turns);
}
