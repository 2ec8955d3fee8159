#include "reclaim/decay.h"

#include "util/assert.h"

#define FLOOR_BYTES ((size_t)2 << 20)
#define TAU_NS 250000000u
#define NEGLIGIBLE ((size_t)64 << 10)
#define SILENCE_NS 1000000000u /* the background thread looks more often */
#define CREDIT_MOST 250000000

/* excess * 2^(-elapsed / half-life): whole half-lives by shifting, the remainder by the series
 * of 2^-x to its third power, which is at most 2 % off. */
static size_t fallen(size_t excess, uint64_t elapsed_ns, uint64_t tau_ns)
{
	uint64_t half_life = tau_ns / 1000 * 693 + 1; /* tau * ln 2 */
	uint64_t halvings = elapsed_ns / half_life, remainder = elapsed_ns % half_life;

	if (halvings >= 40)
		return 0;
	double x = (double)remainder / (double)half_life;

	return (size_t)((double)(excess >> halvings) *
			(1 - x * (0.6931 - x * (0.2402 - x * 0.0555))));
}

uint64_t ash_decay_window(const struct ash_decay *decay)
{
	return decay->tau_ns != 0 ? decay->tau_ns : TAU_NS;
}

bool ash_decay_is_valid(const struct ash_decay *decay)
{
	return decay->window_ns <= decay->last_ns && decay->credit_ns <= CREDIT_MOST;
}

size_t ash_decay_limit(struct ash_decay *decay, uint64_t now_ns, size_t dirty, uint64_t retaken)
{
	uint64_t elapsed, window = ash_decay_window(decay);
	size_t allowance, excess, old = 0;

	if (now_ns < decay->last_ns) /* a thread that came late with its look at the clock */
		now_ns = decay->last_ns;
	elapsed = now_ns - decay->last_ns;
	if (decay->last_ns == 0) {
		decay->last_ns = decay->window_ns = now_ns;
		decay->retaken_seen = retaken;
		decay->credit_ns = CREDIT_MOST;
		elapsed = 0;
	}
	decay->last_ns = now_ns;
	decay->credit_ns += (int64_t)(elapsed / 100);
	if (decay->credit_ns > CREDIT_MOST)
		decay->credit_ns = CREDIT_MOST;
	allowance = ash_decay_retaken(decay, retaken);
	if (now_ns - decay->window_ns >= window) {
		/* Where nobody looked for several windows, what was retaken is spread over
		 * them. */
		decay->retaken = (size_t)((retaken - decay->retaken_seen) /
					  ((now_ns - decay->window_ns) / window));
		decay->retaken_seen = retaken;
		decay->window_ns = now_ns;
	}
	ash_assert_internal(ash_decay_is_valid(decay));
	if (allowance < FLOOR_BYTES)
		allowance = FLOOR_BYTES;
	if (dirty <= allowance)
		return dirty;
	if (elapsed > window && elapsed > SILENCE_NS) {
		/* What was freed just now gets its time, what lay there has had it. */
		if (decay->old > allowance)
			old = (decay->old < dirty ? decay->old : dirty) - allowance;
		excess = fallen(old, elapsed, window) +
			 fallen(dirty - allowance - old, window, window);
	} else {
		excess = fallen(dirty - allowance, elapsed, window);
	}
	ash_assert(excess <= dirty - allowance);
	return allowance + (excess > NEGLIGIBLE ? excess : 0);
}

size_t ash_decay_retaken(const struct ash_decay *decay, uint64_t retaken)
{
	size_t now = (size_t)(retaken - decay->retaken_seen);

	return now > decay->retaken ? now : decay->retaken;
}

bool ash_decay_may_work(const struct ash_decay *decay)
{
	return decay->credit_ns > 0;
}

void ash_decay_worked(struct ash_decay *decay, uint64_t ns)
{
	decay->credit_ns -= (int64_t)ns;
	if (decay->credit_ns > CREDIT_MOST) /* a clock that the kernel refuses runs backwards */
		decay->credit_ns = CREDIT_MOST;
	ash_assert_internal(ash_decay_is_valid(decay));
}
