/* jemalloc's calls beside malloc: sizes, alignment, clearing, in place or moved, errno. */
#include "test/conformance/conformance.h"

#ifndef TEST_PREFIXED
void *mallocx(size_t size, int flags);
void *rallocx(void *p, size_t size, int flags);
size_t xallocx(void *p, size_t size, size_t extra, int flags);
size_t sallocx(const void *p, int flags);
void dallocx(void *p, int flags);
void sdallocx(void *p, size_t size, int flags);
size_t nallocx(size_t size, int flags);
#pragma weak mallocx
#pragma weak rallocx
#pragma weak xallocx
#pragma weak sallocx
#pragma weak dallocx
#pragma weak sdallocx
#pragma weak nallocx
#endif
#define X(name) FAMILY(name)

#define ZERO 0x40
#define NO_CACHE 0x100
#define LG(n) (n)

static const int all_flags[] = {0,      ZERO,          NO_CACHE, ZERO | NO_CACHE,  LG(4), LG(6),
				LG(12), LG(15) | ZERO, LG(21),   LG(25) | NO_CACHE};
#define FLAGS (sizeof(all_flags) / sizeof(all_flags[0]))

/* nallocx, sallocx and malloc_usable_size agree; alignment; every usable byte is the block's.
 */
static void sizes_agree(void)
{
	for (unsigned f = 0; f < FLAGS; f++)
		for (size_t n = 1; n <= 5 * MIB; n = next_size(n)) {
			int flags = all_flags[f];
			size_t promised = X(nallocx)(n, flags);
			unsigned char *p;

			if (n < 2000 && n % 7 != 0)
				continue;
			errno = MARK;
			p = X(mallocx)(n, flags);
			NEED(p, "mallocx(%zu, %#x)", n, flags);
			CHECK(errno == MARK, "errno %d", errno);
			CHECK(promised >= n && X(sallocx)(p, flags) == promised &&
				      m.usable(p) == promised,
			      "mallocx(%zu, %#x): nallocx %zu, sallocx %zu, usable %zu", n,
			      flags, promised, X(sallocx)(p, flags), m.usable(p));
			CHECK(aligned(p, (size_t)1 << (flags & 63)), "mallocx(%zu, %#x) = %p",
			      n, flags, (void *)p);
			if (flags & ZERO)
				CHECK(all_bytes(p, promised, 0), "mallocx(%zu, %#x): not clear",
				      n, flags);
			fill_usable(p, 0x5a);
			if (n % 3 == 0)
				X(sdallocx)(p, n, flags & ~ZERO);
			else if (n % 3 == 1)
				X(dallocx)(p, flags & ~ZERO);
			else
				m.free(p);
			CHECK(errno == MARK, "free left errno %d", errno);
		}
}

static void too_large(void)
{
	static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 4096, (size_t)PTRDIFF_MAX + 1,
				       (size_t)PTRDIFF_MAX};
	void *p = X(mallocx)(100, 0), *q[3];
	unsigned got = 0;

	NEED(p, "mallocx");
	errno = MARK;
	for (unsigned i = 0; i < 4; i++)
		for (unsigned f = 0; f < FLAGS; f++) {
			CHECK(X(nallocx)(sizes[i], all_flags[f]) == 0, "nallocx(%#zx, %#x)",
			      sizes[i], all_flags[f]);
			expect_enomem(X(mallocx)(sizes[i], all_flags[f]), "mallocx", sizes[i]);
			expect_enomem(X(rallocx)(p, sizes[i], all_flags[f]), "rallocx",
				      sizes[i]);
		}
	CHECK(X(nallocx)(1, LG(63)) == 0, "nallocx aligned to 2^63");
	expect_enomem(X(mallocx)(1, LG(63)), "mallocx", 1);
	/* The largest size that there is: nobody has three of these. */
	for (unsigned i = 0; i < 3; i++) {
		size_t largest = (size_t)PTRDIFF_MAX - page_size() + 1;

		CHECK(X(nallocx)(largest, 0) == largest, "nallocx(%#zx) = %#zx", largest,
		      X(nallocx)(largest, 0));
		q[got] = X(mallocx)(largest, 0);
		got += q[got] != NULL;
	}
	CHECK(got < 3, "three of %#zx bytes each", (size_t)PTRDIFF_MAX - page_size() + 1);
	while (got > 0)
		X(dallocx)(q[--got], 0);
	X(dallocx)(p, 0);
}

static void an_arena_that_there_is_not(void)
{
	errno = MARK;
	CHECK(X(mallocx)(100, (int)((4094u + 1) << 20)) == NULL && errno == EINVAL, "errno %d",
	      errno);
	errno = MARK;
	CHECK(X(mallocx)(100, (4000 + 2) << 8) == NULL && errno == EINVAL, "errno %d", errno);
	/* The numbers that are the heap's. */
	for (unsigned a = 0; a < 2; a++) {
		void *p = X(mallocx)(100, (int)((a + 1) << 20));

		CHECK(p != NULL, "MALLOCX_ARENA(%u)", a);
		X(dallocx)(p, 0);
	}
}

/* The grown part is clear, the rest as it was, whatever way each size takes. */
static void rallocx_keeps_and_clears(void)
{
	static const size_t sizes[] = {1,      40,      1000,    30000,   33000,
				       100000, 1 << 20, 3 << 20, 6 << 20, 50};

	for (unsigned f = 0; f < FLAGS; f++)
		for (unsigned i = 0; i < 10; i++)
			for (unsigned j = 0; j < 10; j++) {
				int flags = all_flags[f];
				unsigned char *p = X(mallocx)(sizes[i], flags), *q;
				size_t old, now;

				NEED(p, "mallocx(%zu, %#x)", sizes[i], flags);
				old = m.usable(p);
				fill_usable(p, 0x77);
				errno = MARK;
				q = X(rallocx)(p, sizes[j], flags);
				NEED(q, "rallocx(%zu, %#x)", sizes[j], flags);
				CHECK(errno == MARK, "errno %d", errno);
				now = m.usable(q);
				CHECK(now == X(nallocx)(sizes[j], flags),
				      "%zu to %zu, %#x: %zu usable, nallocx %zu", sizes[i],
				      sizes[j], flags, now, X(nallocx)(sizes[j], flags));
				CHECK(aligned(q, (size_t)1 << (flags & 63)), "%p for %#x",
				      (void *)q, flags);
				CHECK(all_bytes(q, old < sizes[j] ? old : sizes[j], 0x77),
				      "%zu to %zu, %#x: bytes are lost", sizes[i], sizes[j],
				      flags);
				if ((flags & ZERO) && now > old)
					CHECK(all_bytes(q + old, now - old, 0),
					      "%zu to %zu, %#x: not clear", sizes[i], sizes[j],
					      flags);
				X(dallocx)(q, flags);
			}
}

static void xallocx_stays(void)
{
	static const size_t sizes[] = {1, 100, 30000, 33000, 200000, 900000, 2 << 20, 9 << 20};

	for (unsigned i = 0; i < 8; i++)
		for (unsigned j = 0; j < 8; j++)
			for (unsigned e = 0; e < 3; e++) {
				size_t extra = e == 0 ? 0 : e == 1 ? sizes[j] / 2 : SIZE_MAX;
				unsigned char *p = X(mallocx)(sizes[i], 0);
				size_t old, now, least = sizes[j];

				NEED(p, "mallocx");
				old = m.usable(p);
				fill_usable(p, 0x33);
				CHECK(X(xallocx)(p, sizes[i], 0, 0) == old,
				      "to its own size %zu", sizes[i]);
				errno = MARK;
				now = X(xallocx)(p, least, e == 2 ? SIZE_MAX - least : extra,
						 ZERO);
				CHECK(errno == MARK, "errno %d", errno);
				CHECK(now == m.usable(p), "xallocx %zu, usable %zu", now,
				      m.usable(p));
				if (sizes[i] <= 32768)
					CHECK(now == old, "a small object of %zu went to %zu",
					      old, now);
				else if (e < 2)
					CHECK(now <= X(nallocx)(least + extra > 32768
									? least + extra
									: 32769,
								0) ||
						      now == old,
					      "%zu to %zu + %zu: %zu", sizes[i], least, extra,
					      now);
				CHECK(all_bytes(p, old < now ? old : now, 0x33),
				      "bytes are lost");
				if (now > old)
					CHECK(all_bytes(p + old, now - old, 0), "not clear");
				m.free(p);
			}
}

/* A large one shrinks, and grows again into what it gave up. */
static void xallocx_shrinks_and_grows(void)
{
	static const size_t sizes[] = {300000, 900000, 8 << 20};

	for (unsigned i = 0; i < 3; i++) {
		size_t n = sizes[i], half = n / 2;
		void *p = X(mallocx)(n, 0);

		NEED(p, "mallocx");
		fill_usable(p, 1);
		CHECK(X(xallocx)(p, half, 0, 0) == X(nallocx)(half, 0), "%zu to %zu: %zu", n,
		      half, m.usable(p));
		CHECK(X(xallocx)(p, n, 0, ZERO) >= n, "%zu to %zu: %zu", half, n, m.usable(p));
		CHECK(all_bytes((unsigned char *)p + X(nallocx)(half, 0),
				m.usable(p) - X(nallocx)(half, 0), 0),
		      "not clear");
		m.free(p);
	}
}

int main(void)
{
	tap_start();
	family_start();
#ifndef TEST_PREFIXED
	if (mallocx == NULL) {
		tap_line("1..0 # SKIP the library has no mallocx");
		return 0;
	}
#endif
	tap_case("nallocx, sallocx and usable size agree under all flags", sizes_agree);
	tap_case("sizes beyond PTRDIFF_MAX: 0, NULL and ENOMEM", too_large);
	tap_case("arenas and caches that there are not: EINVAL", an_arena_that_there_is_not);
	tap_case("rallocx keeps what was there and clears the rest", rallocx_keeps_and_clears);
	tap_case("xallocx never moves, and is clamped", xallocx_stays);
	tap_case("xallocx shrinks and grows in place", xallocx_shrinks_and_grows);
	return tap_finish();
}
