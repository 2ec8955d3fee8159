/*
 * A shadow of the heap under test, in memory of its own: which bytes belong to a live block,
 * and what each block holds.  Any failed check ends the process.
 *
 * Ownership is a bit per 16 bytes of address space, in pieces for 2 MiB each that are found by
 * hashing and never go.  A block's bits are set after the call that made it and cleared before
 * the call that frees it, so a bit that is set already is a byte that two blocks have.
 */
#ifndef ASH_TEST_SHADOW_H
#define ASH_TEST_SHADOW_H

#include <stdint.h>

#include "test/support/tap.h"

#define SHADOW_UNIT 16
#define SHADOW_PIECE_SHIFT 21
#define SHADOW_PIECE_WORDS ((((size_t)1 << SHADOW_PIECE_SHIFT) / SHADOW_UNIT) / 64)
#define SHADOW_PIECES 65536

/* How a block was made, and so how it may be freed. */
enum shadow_maker { MADE_PLAIN, MADE_ALIGNED, MADE_PAGES, MADE_NEW };

struct shadow_block {
	unsigned char *p; /* NULL = none */
	size_t size;      /* that was asked for */
	size_t filled;    /* bytes that hold the pattern: size, or all that is usable */
	size_t usable;
	size_t align;
	uint64_t mark; /* what the pattern is made from */
	enum shadow_maker maker;
};

/* Where the running thread is, for messages. */
struct shadow_place {
	unsigned thread;
	unsigned long operation;
	const char *what;
};
static __thread struct shadow_place shadow_place;

/* NEED, with the place. */
#define SOUND(cond, fmt, ...)                                                 \
	NEED(cond, "thread %u, operation %lu, %s: " fmt, shadow_place.thread, \
	     shadow_place.operation, shadow_place.what, __VA_ARGS__)

static struct {
	uint64_t key; /* address >> SHADOW_PIECE_SHIFT; 0 = empty */
	uint64_t *bits;
} * shadow_pieces;

static inline void *shadow_map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	NEED(p != MAP_FAILED, "no memory for the shadow");
	return p;
}

static inline void shadow_start(void)
{
	shadow_pieces = shadow_map(SHADOW_PIECES * sizeof(*shadow_pieces));
}

static inline uint64_t *shadow_piece(uint64_t key)
{
	size_t i = (size_t)(key * 0x9e3779b97f4a7c15u >> 48);

	for (unsigned tries = 0; tries < SHADOW_PIECES; tries++, i = (i + 1) % SHADOW_PIECES) {
		uint64_t there = __atomic_load_n(&shadow_pieces[i].key, __ATOMIC_ACQUIRE);
		uint64_t *bits, *none = NULL;

		if (there == 0 &&
		    !__atomic_compare_exchange_n(&shadow_pieces[i].key, &there, key, false,
						 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) &&
		    there != key)
			continue;
		if (there != 0 && there != key)
			continue;
		bits = __atomic_load_n(&shadow_pieces[i].bits, __ATOMIC_ACQUIRE);
		if (bits != NULL)
			return bits;
		bits = shadow_map(SHADOW_PIECE_WORDS * sizeof(*bits));
		if (__atomic_compare_exchange_n(&shadow_pieces[i].bits, &none, bits, false,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return bits;
		munmap(bits, SHADOW_PIECE_WORDS * sizeof(*bits));
		return none;
	}
	NEED(false, "the shadow is full");
	return NULL;
}

/* Sets or clears the bits of [p, p + bytes); false where one was so already. */
static inline bool shadow_change(const void *p, size_t bytes, bool set)
{
	uint64_t unit = (uintptr_t)p / SHADOW_UNIT;
	uint64_t end = ((uintptr_t)p + bytes + SHADOW_UNIT - 1) / SHADOW_UNIT;
	bool right = true;

	while (unit < end) {
		uint64_t *bits = shadow_piece(unit * SHADOW_UNIT >> SHADOW_PIECE_SHIFT);
		size_t word = unit / 64 % SHADOW_PIECE_WORDS;
		unsigned first = unit % 64, n = 64 - first;
		uint64_t mask, before;

		if (n > end - unit)
			n = (unsigned)(end - unit);
		mask = (n == 64 ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1) << first;
		before = set ? __atomic_fetch_or(&bits[word], mask, __ATOMIC_RELAXED)
			     : __atomic_fetch_and(&bits[word], ~mask, __ATOMIC_RELAXED);
		right &= (before & mask) == (set ? 0 : mask);
		unit += n;
	}
	return right;
}

/* A word per eight bytes, so that a shifted copy does not fit either. */
static inline uint64_t shadow_word(const struct shadow_block *b, size_t i)
{
	return (b->mark + i) * 0x9e3779b97f4a7c15u;
}

static inline void shadow_fill(const struct shadow_block *b)
{
	for (size_t i = 0; i < b->filled; i += 8) {
		uint64_t word = shadow_word(b, i);

		memcpy(b->p + i, &word, b->filled - i < 8 ? b->filled - i : 8);
	}
}

/* The first `n` bytes, at `p`, hold what `b` was filled with. */
static inline void shadow_compare(const struct shadow_block *b, const unsigned char *p,
				  size_t n, const char *when)
{
	for (size_t i = 0; i < n; i += 8) {
		uint64_t word = shadow_word(b, i);

		SOUND(memcmp(p + i, &word, n - i < 8 ? n - i : 8) == 0,
		      "content of %p (%zu bytes) is wrong from byte %zu on, %s",
		      (const void *)p, b->size, i, when);
	}
}

/* A block was made: it overlaps none, is aligned and as long as it must be.  `whole`: all of it
 * that is usable is filled.  (The library is asked last: of a wrong pointer it would abort.) */
static inline void shadow_add(struct shadow_block *b, size_t (*usable_size)(void *), bool whole)
{
	size_t asked = (b->size + (b->size == 0) + SHADOW_UNIT - 1) / SHADOW_UNIT * SHADOW_UNIT;

	SOUND(((uintptr_t)b->p & (b->align - 1)) == 0, "%p of %zu bytes is not aligned to %zu",
	      (void *)b->p, b->size, b->align);
	SOUND(shadow_change(b->p, asked, true),
	      "overlap: of %zu bytes at %p some are another's", b->size, (void *)b->p);
	b->usable = usable_size(b->p);
	SOUND(b->usable >= b->size, "usable size %zu of %zu bytes at %p", b->usable, b->size,
	      (void *)b->p);
	if (b->usable > asked)
		SOUND(shadow_change(b->p + asked, b->usable - asked, true),
		      "overlap: of the usable %zu bytes at %p (%zu) some are another's",
		      b->usable, (void *)b->p, b->size);
	b->filled = whole ? b->usable : b->size;
	shadow_fill(b);
}

/* All bytes that the block owns, as units: one at the least. */
static inline size_t shadow_bytes(const struct shadow_block *b)
{
	return b->usable != 0 ? b->usable : 1;
}

/* It is about to be freed, or moved: all of it is there still. */
static inline void shadow_remove(const struct shadow_block *b, size_t usable)
{
	SOUND(usable == b->usable, "usable size of %p went from %zu to %zu", (void *)b->p,
	      b->usable, usable);
	shadow_compare(b, b->p, b->filled, "before it goes");
	SOUND(shadow_change(b->p, b->usable, false),
	      "overlap: of %zu bytes at %p some are free", b->usable, (void *)b->p);
}

#endif
