#include "arena/map.h"

#include "meta/base.h"
#include "page/heap.h"
#include "util/assert.h"

struct ash_map_root *ash_map_root;

#define MASK ((1u << ASH_MAP_BITS) - 1)
#define LEAF_BYTES ((size_t)ASH_GRANULE << ASH_MAP_BITS)

static struct ash_map_leaf *leaf_of(uintptr_t address)
{
	struct ash_map_root *root = ash_load_acquire(&ash_map_root);
	struct ash_map_middle *middle;

	if (root == NULL || address >> ASH_MAP_ADDRESS_BITS != 0)
		return NULL;
	middle = ash_load_acquire(
		&root->middle[address >> (ASH_GRANULE_SHIFT + 2 * ASH_MAP_BITS)]);
	if (middle == NULL)
		return NULL;
	return ash_load_acquire(
		&middle->leaf[address >> (ASH_GRANULE_SHIFT + ASH_MAP_BITS) & MASK]);
}

struct ash_extent *ash_map_look(const void *p)
{
	struct ash_map_leaf *leaf = leaf_of((uintptr_t)p);

	return leaf == NULL ? NULL
			    : ash_load_acquire(
				      &leaf->extent[(uintptr_t)p >> ASH_GRANULE_SHIFT & MASK]);
}

/* What stands at *place, made where nothing does.  Of two threads that make it the second one's
 * is left over. */
static void *part(void **place, size_t size)
{
	void *there = ash_load_acquire(place), *made;

	if (there != NULL)
		return there;
	made = ash_base_alloc_for(ASH_BASE_MAPS, size, 64);
	if (made == NULL)
		return NULL;
	return ash_cas_acq_rel(place, &there, made) ? made : there;
}

static bool open_leaf(uintptr_t address)
{
	struct ash_map_root *root = part((void **)&ash_map_root, sizeof(*root));
	struct ash_map_middle *middle;

	if (root == NULL)
		return false;
	ash_or_seq_cst(&ash_heap.limits.wary, (uint32_t)ASH_WARY_ARENAS);
	middle = part((void **)&root->middle[address >> (ASH_GRANULE_SHIFT + 2 * ASH_MAP_BITS)],
		      sizeof(*middle));
	return middle != NULL &&
	       part((void **)&middle
			    ->leaf[address >> (ASH_GRANULE_SHIFT + ASH_MAP_BITS) & MASK],
		    sizeof(struct ash_map_leaf)) != NULL;
}

bool ash_map_open(uintptr_t address, size_t bytes)
{
	uintptr_t last = address + (bytes - 1);

	if (bytes == 0 || last < address || last >> ASH_MAP_ADDRESS_BITS != 0)
		return false;
	for (uintptr_t at = address & ~(LEAF_BYTES - 1); at <= last; at += LEAF_BYTES)
		if (!open_leaf(at))
			return false;
	return true;
}

void ash_map_set(uintptr_t address, size_t bytes, struct ash_extent *extent)
{
	struct ash_map_leaf *leaf = NULL;

	ash_assert(((address | bytes) & (ASH_GRANULE - 1)) == 0);
	for (uintptr_t at = address; at < address + bytes; at += ASH_GRANULE) {
		if (leaf == NULL || (at & (LEAF_BYTES - 1)) == 0)
			leaf = leaf_of(at);
		ash_assert(leaf != NULL);
		ash_store_release(&leaf->extent[at >> ASH_GRANULE_SHIFT & MASK], extent);
	}
}
