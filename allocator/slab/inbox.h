/* A shard's inbox: batches of its objects that other threads freed while its bins were
 * locked.  Many push, whoever takes takes all; an inbox holds its own shard's objects only.
 *
 * A batch is an array of pointers aligned to 512 bytes whose slot 0 holds a number below 512
 * and, while it lies here, the link, too; the inbox looks at nothing else.
 * Ordering: push is a release, take an acquire, so that the taker sees the batch filled. */
#ifndef ASH_SLAB_INBOX_H
#define ASH_SLAB_INBOX_H

#include "os/delay.h"
#include "slab/shard.h"
#include "util/assert.h"
#include "util/atomic.h"

#define ASH_INBOX_ALIGN 512

/* Of what an inbox holds, the first batch or NULL: what lies behind belongs to the taker. */
static inline bool ash_inbox_is_valid(const void *first)
{
	return ((uintptr_t)first & (ASH_INBOX_ALIGN - 1)) == 0;
}

static inline void ash_inbox_push(struct ash_shard *shard, void **batch)
{
	void *head = ash_load_relaxed(&shard->inbox);
	uintptr_t number;

	ash_assert(batch != NULL && ash_inbox_is_valid(batch));
	number = (uintptr_t)batch[0];
	ash_assert(number < ASH_INBOX_ALIGN);
	do {
		ash_assert_internal(ash_inbox_is_valid(head));
		batch[0] = (void *)((uintptr_t)head | number);
		ash_delay();
	} while (!ash_cas_release(&shard->inbox, &head, (void *)batch));
}

/* All batches, linked by slot 0; NULL where there is none. */
static inline void **ash_inbox_take(struct ash_shard *shard)
{
	void **batches;

	if (ash_load_relaxed(&shard->inbox) == NULL)
		return NULL;
	ash_delay();
	batches = (void **)ash_exchange_acquire(&shard->inbox, NULL);
	ash_assert_internal(ash_inbox_is_valid(batches));
	return batches;
}

#endif
