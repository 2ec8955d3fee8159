#include "meta/annex.h"

#include <errno.h>

#include "meta/base.h"
#include "util/assert.h"

struct ash_annex_root *ash_annex_root;

struct ash_hugeblock *ash_annex_block(const void *p)
{
	struct ash_hugeblock **entry = ash_annex_entry((uintptr_t)p);

	return entry == NULL ? NULL : ash_load_acquire(entry);
}

bool ash_annex_open(uintptr_t address, uint32_t count)
{
	uintptr_t last = address + (count - 1) * ASH_HUGE;

	ash_assert(count > 0 && (address & (ASH_HUGE - 1)) == 0);
	if (last < address || last >> ASH_ANNEX_ADDRESS_BITS != 0) {
		errno = ENOMEM;
		return false;
	}
	if (ash_annex_root == NULL) {
		struct ash_annex_root *root =
			ash_base_alloc_for(ASH_BASE_MAPS, sizeof(*root), 64);

		if (root == NULL)
			return false;
		ash_store_release(&ash_annex_root, root);
	}
	for (uintptr_t i = address >> ASH_ANNEX_LEAF_SHIFT; i <= last >> ASH_ANNEX_LEAF_SHIFT;
	     i++) {
		struct ash_annex_leaf *leaf = ash_load_relaxed(&ash_annex_root->leaf[i]);

		if (leaf != NULL)
			continue;
		leaf = ash_base_alloc_for(ASH_BASE_MAPS, sizeof(*leaf), 64);
		if (leaf == NULL)
			return false;
		ash_store_release(&ash_annex_root->leaf[i], leaf);
	}
	return true;
}

void ash_annex_set(uintptr_t address, struct ash_hugeblock *block)
{
	struct ash_hugeblock **entry = ash_annex_entry(address);

	ash_assert(entry != NULL && (address & (ASH_HUGE - 1)) == 0);
	ash_store_release(entry, block);
}
