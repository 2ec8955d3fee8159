/* What the requests of kv-server are, settled before the run: which key, read or
 * write, how large a value, and what has expired meanwhile.  Time is counted in
 * requests, so that expiry falls on the same request whatever the machine's speed. */
#ifndef WORKLOADS_KV_SCHEDULE_H
#define WORKLOADS_KV_SCHEDULE_H

#include <stdint.h>
#include "workloads/shared/rng.h"

#define KV_FIRST_BUCKETS 1024 /* of the hash table; doubles when items outnumber buckets */

enum kv_flags {
	KV_HIT = 1,    /* a read that finds its key */
	KV_WRITE = 2,  /* stores an item: a write, or the fill after a missed read */
	KV_OLD = 4,    /* the write replaces an item */
	KV_EXPIRE = 8, /* first the item written `ttl` requests ago goes */
};

enum kv_sizes { KV_ETC, KV_META, KV_TWITTER };

struct kv_request {
	uint32_t key;
	uint32_t value_size; /* of what is stored, or of what the read returns */
	uint8_t flags;
};

struct kv_plan {
	uint64_t requests, keys, ttl; /* ttl 0 = nothing expires */
	double zipf;
	unsigned write_percent;
	enum kv_sizes sizes;
	unsigned cluster; /* Twitter's number of it, with KV_TWITTER */
};

struct kv_schedule {
	struct kv_request *request;
	uint8_t *key_size; /* per key */
	uint64_t allocs;   /* allocation calls that it implies, tables included */
	uint64_t items;    /* left at the end */
};

/* Makes the schedule in table memory. */
void kv_schedule_make(struct kv_schedule *s, const struct kv_plan *plan, struct rng *r);

/* Of the table memory that kv_schedule_make() takes. */
uint64_t kv_schedule_bytes(const struct kv_plan *plan);

/* Mean bytes of key and value together, for estimates and tests. */
double kv_mean_item(const struct kv_plan *plan);

#endif
