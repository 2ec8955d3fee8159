/* The annex: hugeblocks that lie outside the window, where the kernel found room for them.
 *
 * They are found by a tree of two levels over all addresses of 48 bits, whose parts are made
 * as they are needed and never go.  Reading takes no lock.  Free finds objects of the annex by
 * its slow path: the window's byte map does not reach here. */
#ifndef ASH_META_ANNEX_H
#define ASH_META_ANNEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "meta/descriptor.h"
#include "util/atomic.h"
#include "util/compiler.h"

#define ASH_ANNEX_ADDRESS_BITS 48
/* Places of 2 MiB in a leaf: 16 GiB, in 64 KiB of which few pages are touched. */
#define ASH_ANNEX_LEAF_BITS 13
#define ASH_ANNEX_LEAF_SHIFT (ASH_HUGE_SHIFT + ASH_ANNEX_LEAF_BITS)

struct ash_annex_leaf {
	struct ash_hugeblock *block[1 << ASH_ANNEX_LEAF_BITS];
};

/* A NULL here or there, or no root at all: nothing lies there. */
struct ash_annex_root {
	struct ash_annex_leaf *leaf[1 << (ASH_ANNEX_ADDRESS_BITS - ASH_ANNEX_LEAF_SHIFT)];
};

extern struct ash_annex_root *ash_annex_root ASH_HIDDEN;

/* The entry for the place that the address lies in; NULL where there is no leaf. */
ASH_INLINE struct ash_hugeblock **ash_annex_entry(uintptr_t address)
{
	struct ash_annex_root *root = ash_load_acquire(&ash_annex_root);
	struct ash_annex_leaf *leaf;

	if (root == NULL || address >> ASH_ANNEX_ADDRESS_BITS != 0)
		return NULL;
	leaf = ash_load_acquire(&root->leaf[address >> ASH_ANNEX_LEAF_SHIFT]);
	if (leaf == NULL)
		return NULL;
	return &leaf->block[address >> ASH_HUGE_SHIFT & ((1 << ASH_ANNEX_LEAF_BITS) - 1)];
}

/* The hugeblock whose place p lies in; NULL where there never was one.  It may be unmapped by
 * now.  Not inlined: the paths that look the window's up need their registers. */
struct ash_hugeblock *ash_annex_block(const void *p);

/* Makes the tree's parts for `count` places from `address` on, a multiple of 2 MiB outside the
 * window.  False with ENOMEM where there is no memory for them, or the address has more bits
 * than the tree. */
bool ash_annex_open(uintptr_t address, uint32_t count);

/* Says which hugeblock lies at `address`, in a part that was opened.  One caller at a time. */
void ash_annex_set(uintptr_t address, struct ash_hugeblock *block);

#endif
