#include "workloads/lib/page_floor.h"

#include <sys/mman.h>
#include "workloads/shared/rng.h"

#define FIRST_PLACES 1024 /* 2 GiB of scattered address space before it must grow */

static struct page_floor_piece *map_pieces(size_t places)
{
	void *p = mmap(NULL, places * sizeof(struct page_floor_piece), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int page_floor_start(struct page_floor *floor)
{
	*floor =
		(struct page_floor){.pieces = map_pieces(FIRST_PLACES), .places = FIRST_PLACES};
	return floor->pieces ? 0 : -1;
}

static struct page_floor_piece *place_of(struct page_floor *floor, uint64_t number)
{
	size_t i = rng_mix(number) & (floor->places - 1);

	while (floor->pieces[i].number && floor->pieces[i].number != number)
		i = (i + 1) & (floor->places - 1);
	return &floor->pieces[i];
}

static void grow(struct page_floor *floor)
{
	struct page_floor old = *floor;

	floor->places *= 2;
	floor->pieces = map_pieces(floor->places);
	if (!floor->pieces)
		wl_die(NULL, "no memory for the set of touched pages");
	for (size_t i = 0; i < old.places; i++)
		if (old.pieces[i].number)
			*place_of(floor, old.pieces[i].number) = old.pieces[i];
	munmap(old.pieces, old.places * sizeof(*old.pieces));
}

void page_floor_add(struct page_floor *floor, const void *at, size_t bytes)
{
	uint64_t page = (uintptr_t)at / PAGE_FLOOR_PAGE;
	uint64_t last = ((uintptr_t)at + bytes - 1) / PAGE_FLOOR_PAGE;
	const uint64_t per_piece = PAGE_FLOOR_PIECE / PAGE_FLOOR_PAGE;

	if (!bytes)
		return;
	while (page <= last) {
		uint64_t number = page / per_piece + 1;
		struct page_floor_piece *piece = place_of(floor, number);

		if (!piece->number) {
			if ((floor->used + 1) * 2 > floor->places) {
				grow(floor);
				continue;
			}
			piece->number = number;
			floor->used++;
		}
		do
			piece->pages[page % per_piece / 64] |= (uint64_t)1 << (page % 64);
		while (++page <= last && page % per_piece);
	}
}

void page_floor_owner(struct page_floor *floor, unsigned thread)
{
	if (!floor->owner && coherence_start(&floor->lines) < 0)
		wl_die(NULL, "no memory for the set of cache lines");
	floor->owner = thread + 1;
}

static __attribute__((noinline)) void add_lines(struct page_floor *floor, uintptr_t at,
						size_t size)
{
	for (uintptr_t line = at / COHERENCE_LINE; line <= (at + size - 1) / COHERENCE_LINE;
	     line++)
		if (coherence_access(&floor->lines, floor->owner - 1, line * COHERENCE_LINE,
				     false) < 0)
			wl_die(NULL, "no memory for the set of cache lines");
}

void page_floor_lines(const struct page_floor *floor, uint64_t *lines, uint64_t *shared)
{
	*lines = floor->owner ? floor->lines.used : 0;
	*shared = floor->owner ? floor->lines.shared : 0;
}

void page_floor_object(struct page_floor *floor, const void *at, size_t size, enum wl_touch how)
{
	floor->objects++;
	if (floor->owner && size)
		add_lines(floor, (uintptr_t)at, size);
	if (how == WL_TOUCH_FIRST)
		page_floor_add(floor, at, 1);
	else if (how != WL_TOUCH_NONE)
		page_floor_add(floor, at, size); /* PAGES leaves no page of it untouched */
}

uint64_t page_floor_end(struct page_floor *floor)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < floor->places; i++)
		if (floor->pieces[i].number)
			for (size_t w = 0; w < PAGE_FLOOR_PIECE / PAGE_FLOOR_PAGE / 64; w++)
				pages += (uint64_t)__builtin_popcountll(
					floor->pieces[i].pages[w]);
	munmap(floor->pieces, floor->places * sizeof(*floor->pieces));
	floor->pieces = NULL;
	if (floor->owner)
		coherence_end(&floor->lines);
	return pages * PAGE_FLOOR_PAGE;
}
