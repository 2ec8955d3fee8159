/* Address space that somebody else has taken: mapped without access, which costs no memory. */
#ifndef ASH_TEST_ADDRESSES_H
#define ASH_TEST_ADDRESSES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

#define ADDRESSES_PIECES 60000 /* a process may have 65,530 mappings */
#define ADDRESSES_GRAIN ((uintptr_t)2 << 20)

static struct {
	uintptr_t address;
	size_t size;
} addresses_piece[ADDRESSES_PIECES];
static size_t addresses_pieces;

/* `where` 0 = at the kernel's choice.  NULL where there is no room, or something lies there. */
static inline void *addresses_map(uintptr_t where, size_t size)
{
	void *p = mmap((void *)where, size, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			       (where != 0 ? MAP_FIXED_NOREPLACE : 0),
		       -1, 0);

	if (p == MAP_FAILED || addresses_pieces == ADDRESSES_PIECES)
		return NULL;
	addresses_piece[addresses_pieces].address = (uintptr_t)p;
	addresses_piece[addresses_pieces++].size = size;
	return p;
}

/* Takes what is free of [from, to), but for gaps of less than 2 MiB beside what is not; both
 * are multiples of that.  Returns the bytes taken. */
static inline size_t addresses_take(uintptr_t from, uintptr_t to)
{
	uintptr_t half = (to - from) / 2 & ~(ADDRESSES_GRAIN - 1);

	if (from >= to)
		return 0;
	if (addresses_map(from, to - from) != NULL)
		return to - from;
	if (half == 0)
		return 0;
	return addresses_take(from, from + half) + addresses_take(from + half, to);
}

/* The same of `reach` bytes before p and behind it. */
static inline size_t addresses_take_around(const void *p, uintptr_t reach)
{
	uintptr_t at = (uintptr_t)p & ~(ADDRESSES_GRAIN - 1), lowest = ADDRESSES_GRAIN;

	return addresses_take(at > reach + lowest ? at - reach : lowest, at + reach);
}

/* The same, and has `allocate` use up what lies within reach of its first block, so that later
 * ones of any size lie farther off. */
static inline void addresses_leave(void *(*allocate)(size_t size), uintptr_t reach)
{
	uintptr_t first = (uintptr_t)allocate(1);

	addresses_take_around((void *)first, reach);
	for (size_t size = 100000; size > 32768; size -= 33000)
		while ((uintptr_t)allocate(size) - first + reach <= 2 * reach)
			;
	for (size_t size = 16; size <= 32768; size *= 2)
		while ((uintptr_t)allocate(size) - first + reach <= 2 * reach)
			;
}

/* Gives back every `nth` of the pieces. */
static inline void addresses_give(size_t nth)
{
	size_t kept = 0;

	for (size_t i = 0; i < addresses_pieces; i++) {
		if (i % nth == 0)
			munmap((void *)addresses_piece[i].address, addresses_piece[i].size);
		else
			addresses_piece[kept++] = addresses_piece[i];
	}
	addresses_pieces = kept;
}

#endif
