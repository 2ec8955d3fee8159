/* The unit in which memory ages: an epoch, of which the clock has ten a second. */
#ifndef ASH_UTIL_EPOCH_H
#define ASH_UTIL_EPOCH_H

#include <stdint.h>

#define ASH_EPOCH_MS 100u
#define ASH_EPOCH_NS (ASH_EPOCH_MS * 1000000u)

/* In how many ms freed memory is gone, where no option says otherwise. */
#define ASH_DECAY_MS 2000

/* Epochs that ms milliseconds last, begun ones counted, at most 2^30: differences of epoch
 * numbers are signed. */
static inline uint32_t ash_epochs_of_ms(uint64_t ms)
{
	uint64_t epochs = (ms + ASH_EPOCH_MS - 1) / ASH_EPOCH_MS, most = (uint64_t)1 << 30;

	return (uint32_t)(epochs < most ? epochs : most);
}

#endif
