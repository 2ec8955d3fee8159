#include "meta/window.h"

#include "os/os.h"
#include "util/assert.h"
#include "util/bits.h"

struct ash_window ash_window ASH_CACHE_ALIGNED;
struct ash_hugeblock ash_block_elsewhere;

#define ALIAS(name, offset) \
	__asm__(".globl " #name "\n.hidden " #name "\n.set " #name ", ash_window + " #offset)
ALIAS(ash_window_base, 0);
ALIAS(ash_window_limit, 8);
ALIAS(ash_window_classes, 16);
ALIAS(ash_window_length, 40);
ALIAS(ash_window_forms, 48);
static_assert(offsetof(struct ash_window, length) == 40 &&
		      offsetof(struct ash_window, forms) == 48,
	      "aliases");
#ifndef ASH_SAFETY_CHECKS
ALIAS(ash_window_forms_small, 56);
static_assert(offsetof(struct ash_window, forms_small) == 56, "aliases");
#endif
static_assert(offsetof(struct ash_window, limit) == 8 &&
		      offsetof(struct ash_window, classes) == 16,
	      "aliases");

#define WINDOW_LEAST ((uint64_t)16 << 30)
#define WINDOW_MOST ((uint64_t)16 << 40)
/* Below this nothing can be served: a few hugeblocks. */
#define WINDOW_FLOOR ((uint64_t)16 << 20)
/* Sanitizers have their shadow memory where the window would lie. */
#ifdef ASH_SANITIZER
#define SHADOWED true
#else
#define SHADOWED false
#endif
/* The first 4 GiB are left to others. */
#define LOWEST ((uint64_t)4 << 30)

static uint64_t first_length(uint64_t largest)
{
	uint64_t length = ash_pow2_ceil(4 * ash_os_memory_bytes());
	uint64_t limit = ash_os_address_limit();

	if (length < WINDOW_LEAST)
		length = WINDOW_LEAST;
	if (length > WINDOW_MOST)
		length = WINDOW_MOST;
	if (largest != 0 && length > largest)
		length = largest;
	while (limit < UINT64_MAX / 4 && length > 4 * limit && length > WINDOW_FLOOR)
		length /= 2;
	return length;
}

/* The kernel's random number for this process's addresses, as far as it shows.  (The two may
 * lie at a distance that is always the same, so that their difference tells little.) */
static uint64_t spread(uintptr_t probe, uint64_t most)
{
	uint64_t hash = (probe + 2 * (uintptr_t)&ash_window) >> 12;

	return (hash * 0x9e3779b97f4a7c15u >> 32) % (most / ASH_HUGE + 1) * ASH_HUGE;
}

/* Whether there are such addresses: where they end differs (2^39 and 2^48 on AArch64, 2^47 on
 * x86-64), and what simulates a machine has ends of its own.  Asked of the last ones, which
 * must be free: where they are not, some kernels say no more than of those beyond the end. */
static bool reaches(uintptr_t base, uint64_t length)
{
	void *last = (void *)(base + length - ASH_HUGE);

	if (base + length < base || !ash_os_map_at(last, ASH_HUGE))
		return false;
	ash_os_unmap(last, ASH_HUGE);
	return true;
}

/* Where a window of this length goes; 0 where there is no room.  `probe` is an address that the
 * kernel chose just now: that of the window's tables.
 *
 * The kernel places mappings downward from there.  What lies below that exists,
 * wherever addresses end.  Up to a quarter of it nobody comes by before the three quarters
 * above are full: executables lie at two thirds, and where mappings are placed upward they
 * begin at a third or a quarter.  CLISP wants the second eighth for itself, so a window that is
 * not too large lies between a quarter and a third.  One that is large for its address space
 * may reach to the half. */
static uintptr_t place(uint64_t length, uint64_t probe)
{
	uint64_t space, end;

	probe = ash_align_down(probe, ASH_HUGE);
	space = ash_pow2_ceil(probe);
	if (length <= space / 32)
		end = space / 16 * 5;
	else
		end = length <= space / 8 ? space / 4 : space / 2;
	if (!SHADOWED && end >= LOWEST + length) {
		uint64_t room = end - length - LOWEST;

		return end - length - spread(probe, room < space / 32 ? room : space / 32);
	}
	/* So that mappings first fill the gap between. */
	if (probe > 2 * length + LOWEST)
		return probe - 2 * length;
	/* Under valgrind mappings are placed from low addresses upward. */
	return reaches(probe + 2 * length, length) ? probe + 2 * length : 0;
}

/* The tables, one behind the other in one mapping, and where the window goes. */
static bool map_tables(uint64_t length, struct ash_window *w)
{
	size_t class_bytes = ash_align_up(length >> ASH_GRANULE_SHIFT, ash_os_page);
	size_t block_bytes =
		ash_align_up((length >> ASH_HUGE_SHIFT) * sizeof(void *), ash_os_page);
	char *tables = ash_os_map_readonly(class_bytes + block_bytes);

	if (tables == NULL)
		return false;
	w->base = place(length, (uintptr_t)tables);
	if (w->base == 0) {
		ash_os_unmap(tables, class_bytes + block_bytes);
		return false;
	}
	w->classes = (void *)tables;
	w->blocks = (void *)(tables + class_bytes);
	return true;
}

bool ash_window_is_valid(void)
{
	const struct ash_window *w = &ash_window;

	return w->nblocks != 0 && w->length == (uintptr_t)w->nblocks << ASH_HUGE_SHIFT &&
	       w->limit == w->length >> 4 && w->base >> 32 != 0 &&
	       (w->base & (ASH_HUGE - 1)) == 0 && w->base + w->length > w->base &&
	       w->classes != NULL && w->blocks != NULL;
}

bool ash_window_init(uint64_t largest)
{
	for (uint64_t length = first_length(largest); length >= WINDOW_FLOOR; length /= 2) {
		struct ash_window w = {.base = 0};

		if (!map_tables(length, &w))
			continue;
		w.nblocks = (uint32_t)(length >> ASH_HUGE_SHIFT);
		ash_window.base = w.base;
		ash_window.classes = w.classes;
		ash_window.blocks = w.blocks;
		ash_window.nblocks = w.nblocks;
		ash_store_release(&ash_window.length, length);
		ash_store_release(&ash_window.limit, length >> 4);
		ash_assert_internal(ash_window_is_valid());
		return true;
	}
	return false;
}

void ash_window_let_forms(bool serve)
{
#ifdef ASH_SAFETY_CHECKS
	ash_window.forms = serve ? ash_window.limit : 0;
#else
	ash_window.forms = serve ? ash_window.length : 0;
	ash_window.forms_small = serve ? ASH_SMALL_STEP_MAX + 1 : 0;
#endif
}

/* Makes bytes [from, to) of a table writable, by whole pages. */
static bool open_range(void *table, size_t from, size_t to)
{
	uintptr_t start = ash_align_down((uintptr_t)table + from, ash_os_page);
	uintptr_t end = ash_align_up((uintptr_t)table + to, ash_os_page);

	return ash_os_make_writable((void *)start, end - start);
}

bool ash_window_open(uint32_t first, uint32_t count)
{
	ash_assert_internal(ash_window_is_valid());
	ash_assert(count > 0 && first < ash_window.nblocks &&
		   count <= ash_window.nblocks - first);
	return open_range(ash_window.classes, (size_t)first * ASH_HUGE_GRANULES,
			  (size_t)(first + count) * ASH_HUGE_GRANULES) &&
	       open_range(ash_window.blocks, (size_t)first * sizeof(void *),
			  (size_t)(first + count) * sizeof(void *));
}

bool ash_block_open(uintptr_t address, uint32_t count)
{
	while (count > 0) {
		bool inside = ash_window_holds((void *)address);
		uint32_t n = 1;

		while (n < count && ash_window_holds((char *)address + n * ASH_HUGE) == inside)
			n++;
		if (!(inside ? ash_window_open((uint32_t)((address - ash_window.base) >>
							  ASH_HUGE_SHIFT),
					       n)
			     : ash_annex_open(address, n)))
			return false;
		address += n * ASH_HUGE;
		count -= n;
	}
	return true;
}

void ash_block_set(uintptr_t address, struct ash_hugeblock *block)
{
	ash_assert(block == &ash_block_elsewhere || block->address == address);
	if (ash_window_holds((void *)address))
		ash_store_release(
			&ash_window.blocks[(address - ash_window.base) >> ASH_HUGE_SHIFT],
			block);
	else
		ash_annex_set(address, block);
}
