/* Where an arena of the program's own gets its memory: the program's extent hooks, of
 * jemalloc's layout, or the default ones.
 *
 * All sizes are multiples of the OS page, and all but `alloc` may be NULL, which is a refusal.
 * A result of true is one, too: the memory is then as it was.  Whoever calls holds no lock. */
#ifndef ASH_ARENA_HOOKS_H
#define ASH_ARENA_HOOKS_H

#include <stdbool.h>
#include <stddef.h>

/* The same as in the public header; whichever comes first is the one. */
#ifndef ASHLAR_EXTENT_HOOKS
#define ASHLAR_EXTENT_HOOKS
typedef struct extent_hooks_s extent_hooks_t;
struct extent_hooks_s {
	/* `size` bytes at a multiple of `alignment`, at new_addr where that is not NULL; sets
	 * *zero and *commit to what the memory is.  NULL on failure. */
	void *(*alloc)(extent_hooks_t *hooks, void *new_addr, size_t size, size_t alignment,
		       bool *zero, bool *commit, unsigned arena);
	bool (*dalloc)(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
		       unsigned arena);
	void (*destroy)(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
			unsigned arena);
	bool (*commit)(extent_hooks_t *hooks, void *addr, size_t size, size_t offset,
		       size_t length, unsigned arena);
	bool (*decommit)(extent_hooks_t *hooks, void *addr, size_t size, size_t offset,
			 size_t length, unsigned arena);
	bool (*purge_lazy)(extent_hooks_t *hooks, void *addr, size_t size, size_t offset,
			   size_t length, unsigned arena);
	bool (*purge_forced)(extent_hooks_t *hooks, void *addr, size_t size, size_t offset,
			     size_t length, unsigned arena);
	bool (*split)(extent_hooks_t *hooks, void *addr, size_t size, size_t size_a,
		      size_t size_b, bool committed, unsigned arena);
	bool (*merge)(extent_hooks_t *hooks, void *addr_a, size_t size_a, void *addr_b,
		      size_t size_b, bool committed, unsigned arena);
};
#endif

/* What alloc may say in the low bits of an address: that the memory stays whatever is asked, so
 * that it is never purged.  The other bits mean nothing yet. */
#define ASH_HOOKS_PINNED 0x1u
#define ASH_HOOKS_FLAGS 0xffu

/* Mappings of the kernel's.  What is smaller than half a hugeblock is not unmapped but given
 * back and kept as addresses. */
extern const extent_hooks_t ash_hooks_default;

#endif
