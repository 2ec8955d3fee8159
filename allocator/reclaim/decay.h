/* How much free memory may stay dirty (resident) at a time: pure arithmetic over a clock that
 * is handed in.
 *
 * Free memory that is about to be used again should stay; the rest should go, smoothly.  What
 * was retaken from the free memory in the last quarter of a second says how much is in use in
 * turns; that, and at least 2 MiB, may stay.  What lies above falls as exp(-t / 0.25 s), which
 * leaves a three-thousandth after two seconds.  Another time scale changes both quarters. */
#ifndef ASH_PAGE_DECAY_H
#define ASH_PAGE_DECAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What ages does so in epochs. */
#define ASH_EPOCH_MS 100u
#define ASH_EPOCH_NS (ASH_EPOCH_MS * 1000000u)

/* Epochs that ms milliseconds last, begun ones counted, at most 2^30: differences of epoch
 * numbers are signed. */
static inline uint32_t ash_epochs_of_ms(uint64_t ms)
{
	uint64_t epochs = (ms + ASH_EPOCH_MS - 1) / ASH_EPOCH_MS, most = (uint64_t)1 << 30;

	return (uint32_t)(epochs < most ? epochs : most);
}

struct ash_decay {
	uint64_t tau_ns;       /* time in which the excess falls to 1/e; 0 = a quarter second */
	uint64_t last_ns;      /* of the last step */
	uint64_t window_ns;    /* start of the present quarter second */
	uint64_t retaken_seen; /* the caller's running count when the window began */
	size_t retaken;        /* bytes retaken in the window before */
	int64_t credit_ns;     /* CPU time that purging may still use */
};

/* Bytes that may stay dirty now.  `retaken` is a running count of bytes taken out of the dirty
 * memory.  Also earns credit for the time that has passed. */
size_t ash_decay_limit(struct ash_decay *decay, uint64_t now_ns, size_t dirty,
		       uint64_t retaken);

/* Bytes that are taken out of the dirty memory in turns, by the last quarter of a second. */
size_t ash_decay_in_turns(const struct ash_decay *decay, uint64_t retaken);

/* Purging may use 1 % of one CPU in the long run, with a credit of 250 ms for a sudden drain.
 * Whether it may go on, and the account of what it used. */
bool ash_decay_may_work(const struct ash_decay *decay);
void ash_decay_worked(struct ash_decay *decay, uint64_t ns);

#endif
