#include "slab/bin_lists.h"

static bool is_on_list(const struct ash_run *slab, unsigned i)
{
	return slab->state == ASH_RUN_SLAB && slab->nfree > 0 && slab->nfree <= slab->regions &&
	       !slab->detached && slab->fullness == i && ash_bin_fullness(slab) == i &&
	       ash_list_is_linked(&slab->link);
}

bool ash_bin_is_valid(const struct ash_bin *bin)
{
	uint64_t least = bin->detached; /* slabs */

	for (unsigned i = 0; i < ASH_BIN_LISTS; i++) {
		const struct ash_list *list = &bin->list[i];

		if ((bin->filled >> i & 1) == ash_list_empty(list))
			return false;
		if (ash_list_empty(list))
			continue;
		if (!is_on_list(ASH_LIST_ENTRY(list->next, struct ash_run, link), i))
			return false;
		least++;
	}
	return bin->filled >> ASH_BIN_LISTS == 0 && bin->nslabs >= least &&
	       bin->uncarved <= (uint64_t)bin->nslabs * ASH_BITMAP_WORDS * 64 &&
	       bin->empty_slabs == ash_list_length(&bin->list[ASH_BIN_LISTS - 1]) &&
	       bin->regions_out <= (uint64_t)bin->nslabs * ASH_BITMAP_WORDS * 64 &&
	       bin->taken >= bin->regions_out && bin->made >= bin->nslabs;
}

bool ash_bin_lists_are_valid(const struct ash_bin *bin)
{
	const struct ash_run *slab = NULL;
	uint64_t slabs = 0, nfree = 0, uncarved = 0;

	for (unsigned i = 0; i < ASH_BIN_LISTS; i++) {
		const struct ash_list *list = &bin->list[i];

		for (const struct ash_list *l = list->next; l != list; l = l->next) {
			const struct ash_run *next = ASH_LIST_ENTRY(l, struct ash_run, link);

			if (!is_on_list(next, i) ||
			    (slab != NULL &&
			     (next->class != slab->class || next->shard != slab->shard)))
				return false;
			slab = next;
			slabs++;
			nfree += slab->nfree;
			uncarved += (uint64_t)slab->regions - slab->bump;
		}
	}
	if (bin->nslabs < slabs + bin->detached)
		return false;
	if (slab == NULL) /* none tells of how many regions they are */
		return bin->nslabs != 0 || bin->regions_out == 0;
	/* Of detached ones, full or not, the lists do not tell. */
	if (bin->uncarved < uncarved || (bin->detached == 0 && bin->uncarved != uncarved))
		return false;
	nfree += bin->regions_out;
	return nfree <= (uint64_t)bin->nslabs * slab->regions &&
	       nfree >= (uint64_t)(bin->nslabs - bin->detached) * slab->regions;
}
