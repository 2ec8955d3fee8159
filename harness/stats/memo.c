#include "harness/stats/memo.h"

#include <stdlib.h>
#include <string.h>

#include "workloads/shared/rng.h"

#define SLOTS (2 * MEMO_MOST) /* a power of two; at most half of them are taken */

struct kept {
	struct memo_key key; /* no bytes: free */
	struct interval interval;
};

static struct kept slots[SLOTS];
static size_t taken, found_so_far;

void memo_add(struct memo_key *key, const void *bytes, size_t length)
{
	if (length > key->room - key->length) {
		key->room = 2 * (key->length + length);
		key->bytes = realloc(key->bytes, key->room);
		if (!key->bytes)
			abort();
	}
	if (length)
		memcpy(key->bytes + key->length, bytes, length);
	key->length += length;
}

void memo_key_free(struct memo_key *key)
{
	free(key->bytes);
	*key = (struct memo_key){0};
}

static uint64_t hash_of(const struct memo_key *key)
{
	uint64_t h = key->length;

	for (size_t at = 0; at < key->length; at += sizeof(h)) {
		uint64_t word = 0;
		size_t left = key->length - at;

		memcpy(&word, key->bytes + at, left < sizeof(word) ? left : sizeof(word));
		h = rng_mix(h ^ word);
	}
	return h;
}

/* The slot of this key, or the free one where it belongs. */
static struct kept *place_of(const struct memo_key *key)
{
	size_t at = hash_of(key) % SLOTS;

	while (slots[at].key.bytes && (slots[at].key.length != key->length ||
				       memcmp(slots[at].key.bytes, key->bytes, key->length)))
		at = (at + 1) % SLOTS;
	return &slots[at];
}

bool memo_find(const struct memo_key *key, struct interval *found)
{
	const struct kept *place = place_of(key);

	if (!place->key.bytes)
		return false;
	*found = place->interval;
	found_so_far++;
	return true;
}

static void forget_all(void)
{
	for (size_t i = 0; i < SLOTS; i++)
		memo_key_free(&slots[i].key);
	taken = 0;
}

void memo_keep(struct memo_key *key, const struct interval *interval)
{
	struct kept *place;

	if (taken == MEMO_MOST)
		forget_all();
	place = place_of(key);
	if (place->key.bytes)
		memo_key_free(&place->key);
	else
		taken++;
	*place = (struct kept){*key, *interval};
	*key = (struct memo_key){0};
}

size_t memo_found(void)
{
	return found_so_far;
}
