#include "workloads/servers/kv_schedule.h"

#include <math.h>
#include "workloads/servers/data/tables.h"
#include "workloads/lib/dist.h"
#include "workloads/shared/workload.h"

#define LARGEST_VALUE 1000000 /* memcached's limit of an item is 1 MiB */

/* ETC, Facebook's general cache: Atikoglu et al., "Workload analysis of a large-scale
 * key-value store" (SIGMETRICS 2012), section 5: key sizes follow a generalized extreme
 * value distribution; values below 15 bytes have the shares of its table of discrete
 * probabilities, larger ones are 15 + a generalized Pareto variable. */
static const double etc_small[] = {0.00536, 0.00047, 0.17820, 0.09239, 0.00018,
				   0.02740, 0.00065, 0.00606, 0.00023, 0.00837,
				   0.00837, 0.08989, 0.00092, 0.00326, 0.01980};
#define ETC_SMALL (sizeof(etc_small) / sizeof(etc_small[0]))

/* Of Twitter's clusters the mean sizes are published, not the spread; one cluster's
 * items resemble each other, so theirs is taken as narrow. */
#define TWITTER_SIGMA 0.5

struct sizes {
	enum kv_sizes kind;
	struct dist_alias alias;
	double mu; /* of the lognormal values of a cluster */
	unsigned key;
};

static void sizes_init(struct sizes *s, const struct kv_plan *plan)
{
	uint32_t n = plan->sizes == KV_META ? meta_kvcache_rows_count : ETC_SMALL + 1;
	double *weight, rest = 1;

	s->kind = plan->sizes;
	if (s->kind == KV_TWITTER) {
		const struct twitter_row *row = &twitter_rows[plan->cluster - 1];

		s->key = row->key;
		s->mu = log(row->value) - TWITTER_SIGMA * TWITTER_SIGMA / 2;
		return;
	}
	weight = wl_table(n * sizeof(*weight));
	for (uint32_t i = 0; i < n; i++) {
		weight[i] = s->kind == KV_META ? meta_kvcache_rows[i].weight
			    : i < ETC_SMALL    ? etc_small[i]
					       : rest;
		rest -= weight[i];
	}
	dist_alias_init(&s->alias, weight, n);
	wl_table_free(weight, n * sizeof(*weight));
}

static uint32_t value_size(const struct sizes *s, struct rng *r)
{
	uint32_t pick;
	double size;

	if (s->kind == KV_TWITTER) {
		size = dist_lognormal(r, s->mu, TWITTER_SIGMA);
		return size < LARGEST_VALUE ? (uint32_t)(size + 0.5) : LARGEST_VALUE;
	}
	pick = dist_alias_pick(&s->alias, r);
	if (s->kind == KV_META)
		return meta_kvcache_rows[pick].size;
	if (pick < ETC_SMALL)
		return pick;
	size = dist_pareto(r, 15, 214.476, 0.348238);
	return size < LARGEST_VALUE ? (uint32_t)size : LARGEST_VALUE;
}

static uint8_t key_size(const struct sizes *s, struct rng *r)
{
	double size;

	if (s->kind == KV_TWITTER)
		return s->key < 250 ? (uint8_t)s->key : 250;
	size = dist_extreme(r, 30.7984, 8.20449, 0.078688);
	return size < 1 ? 1 : size > 250 ? 250 : (uint8_t)size; /* memcached takes 250 */
}

double kv_mean_item(const struct kv_plan *plan)
{
	double mean = 0;

	if (plan->sizes == KV_TWITTER)
		return twitter_rows[plan->cluster - 1].key +
		       twitter_rows[plan->cluster - 1].value;
	if (plan->sizes == KV_META) {
		for (unsigned i = 0; i < meta_kvcache_rows_count; i++)
			mean += meta_kvcache_rows[i].size * 1e-9 * meta_kvcache_rows[i].weight;
		return mean + 36;
	}
	for (unsigned i = 0; i < ETC_SMALL; i++)
		mean += i * etc_small[i];
	return mean + 0.55845 * (15 + 214.476 / (1 - 0.348238)) + 36;
}

/* What the server knows of a key while the schedule is made. */
struct known {
	uint32_t written; /* request + 1 that stored it; 0 = not there */
	uint32_t value_size;
};

static void store(struct kv_schedule *s, struct known *k, uint64_t now, uint32_t size,
		  uint64_t *buckets)
{
	struct kv_request *q = &s->request[now];

	q->flags |= KV_WRITE;
	q->value_size = size;
	if (k->written)
		q->flags |= KV_OLD;
	else
		s->items++;
	k->written = (uint32_t)now + 1;
	k->value_size = size;
	s->allocs++;
	if (s->items > *buckets) {
		*buckets *= 2;
		s->allocs++;
	}
}

uint64_t kv_schedule_bytes(const struct kv_plan *plan)
{
	return plan->requests * sizeof(struct kv_request) +
	       plan->keys * (sizeof(struct known) + sizeof(uint8_t));
}

void kv_schedule_make(struct kv_schedule *s, const struct kv_plan *plan, struct rng *r)
{
	struct known *known = wl_table(plan->keys * sizeof(*known));
	uint64_t buckets = KV_FIRST_BUCKETS;
	struct dist_zipf zipf;
	struct sizes sizes;

	sizes_init(&sizes, plan);
	dist_zipf_init(&zipf, plan->keys, plan->zipf);
	s->request = wl_table(plan->requests * sizeof(*s->request));
	s->key_size = wl_table(plan->keys);
	for (uint64_t key = 0; key < plan->keys; key++)
		s->key_size[key] = key_size(&sizes, r);
	s->allocs = 1; /* the first table */
	for (uint64_t now = 0; now < plan->requests; now++) {
		struct kv_request *q = &s->request[now];
		struct known *k;

		if (plan->ttl && now >= plan->ttl) {
			k = &known[s->request[now - plan->ttl].key];
			if (k->written == now - plan->ttl + 1) {
				q->flags |= KV_EXPIRE;
				k->written = 0;
				s->items--;
			}
		}
		q->key = (uint32_t)(dist_zipf_pick(&zipf, r) - 1);
		k = &known[q->key];
		s->allocs += 2; /* request and reply */
		if (rng_below(r, 100) < plan->write_percent) {
			store(s, k, now, value_size(&sizes, r), &buckets);
		} else if (k->written) {
			q->flags |= KV_HIT;
			q->value_size = k->value_size;
		} else {
			store(s, k, now, value_size(&sizes, r), &buckets);
		}
	}
	wl_table_free(known, plan->keys * sizeof(*known));
}
