/* Sizes: none, too large, absurd, products that overflow; and calloc's zeroes. */
#include "test/conformance/conformance.h"

static void a01_zero_sizes(void)
{
	enum { N = 2000 };
	static void *p[N];

	for (int i = 0; i < N; i++) {
		switch (i % 6) {
		case 0:
			p[i] = m.malloc(0);
			break;
		case 1:
			p[i] = m.calloc(0, 5);
			break;
		case 2:
			p[i] = m.calloc(5, 0);
			break;
		case 3:
			p[i] = m.realloc(NULL, 0);
			break;
		case 4:
			p[i] = m.aligned_alloc(64, 0);
			CHECK(aligned(p[i], 64), "aligned_alloc(64, 0) gave %p", p[i]);
			break;
		default:
			p[i] = m.reallocarray(NULL, 0, 8);
		}
		CHECK(p[i] != NULL, "case %d of a zero size gave NULL", i % 6);
	}
	qsort(p, N, sizeof(p[0]), compare_pointers);
	for (int i = 1; i < N; i++)
		CHECK(p[i] != p[i - 1], "%p is live twice", p[i]);
	for (int i = 0; i < N; i++)
		m.free(p[i]);
}

/* Every function of the family with a size that can never be had. */
static void refuse(size_t n, void *block, size_t align)
{
	void *p = block;
	int error;

	errno = MARK;
	expect_enomem(m.malloc(n), "malloc", n);
	expect_enomem(m.calloc(1, n), "calloc 1,", n);
	expect_enomem(m.calloc(n, 1), "calloc n,", n);
	expect_enomem(m.realloc(block, n), "realloc", n);
	expect_enomem(m.realloc(NULL, n), "realloc of NULL", n);
	expect_enomem(m.reallocarray(block, n, 1), "reallocarray", n);
	expect_enomem(m.aligned_alloc(align, n), "aligned_alloc", n);
	expect_enomem(m.memalign(align, n), "memalign", n);
	expect_enomem(m.valloc(n), "valloc", n);
	expect_enomem(m.pvalloc(n), "pvalloc", n);
	error = m.posix_memalign(&p, align, n);
	CHECK(error == ENOMEM, "posix_memalign(%zu, %#zx) returned %d", align, n, error);
	CHECK(p == block, "posix_memalign(%zu, %#zx) changed the pointer", align, n);
	CHECK(errno == ENOMEM, "posix_memalign(%zu, %#zx) left errno %d", align, n, errno);
}

static void a02_too_large(void)
{
	unsigned char *block = m.malloc(100);
	size_t usable;

	NEED(block, "no block");
	usable = m.usable(block);
	memset(block, 0x5a, 100);
	for (size_t k = 0; k < (size_t)1 << 14; k += sparse() ? 15 : 1) {
		refuse(SIZE_MAX - k, block, 64);
		refuse((size_t)PTRDIFF_MAX + 1 + k, block, 64);
		if (k > 0)
			refuse(k << 50, block, 64);
	}
	/* Alignment and size must not wrap together. */
	for (size_t align = 8; align != 0; align *= 2)
		for (size_t k = 0; k < 70; k++) {
			expect_enomem(m.memalign(align, SIZE_MAX - k), "memalign",
				      SIZE_MAX - k);
			expect_enomem(m.memalign(align, SIZE_MAX - align - k), "memalign",
				      SIZE_MAX - align - k);
			expect_enomem(m.memalign(align, (size_t)PTRDIFF_MAX + 1 + k),
				      "memalign", (size_t)PTRDIFF_MAX + 1 + k);
		}
	CHECK(all_bytes(block, 100, 0x5a), "a refused realloc changed the block");
	CHECK(m.usable(block) == usable, "a refused realloc changed the usable size");
	m.free(block);
}

static int overcommit_mode(void)
{
	FILE *file = fopen("/proc/sys/vm/overcommit_memory", "re");
	int mode = -1;

	if (file) {
		if (fscanf(file, "%d", &mode) != 1)
			mode = -1;
		fclose(file);
	}
	return mode;
}

static void a03_absurd(void)
{
	const size_t sizes[] = {(size_t)1 << 43, (size_t)1 << 46, ((size_t)1 << 46) + 1,
				(size_t)1 << 47, (size_t)1 << 49};
	bool strict = overcommit_mode() == 2;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned char *p;

		errno = MARK;
		p = m.malloc(sizes[i]);
		if (!p) {
			CHECK(errno == ENOMEM, "malloc(%#zx) left errno %d", sizes[i], errno);
			continue;
		}
		CHECK(!strict, "malloc(%#zx) succeeded under strict overcommit", sizes[i]);
		CHECK(sizes[i] < (size_t)1 << 47, "malloc(%#zx) cannot be true", sizes[i]);
		CHECK(m.usable(p) >= sizes[i], "usable size %#zx of %#zx", m.usable(p),
		      sizes[i]);
		p[0] = 1;
		p[sizes[i] - 1] = 1;
		errno = MARK;
		m.free(p);
		CHECK(errno == MARK, "free left errno %d", errno);
	}
}

static void a04_product_overflow(void)
{
	static const size_t factors[][2] = {
		{(size_t)1 << 32, (size_t)1 << 32}, /* wraps to 0 */
		{(size_t)1 << 63, 2},
		{((size_t)1 << 32) + 1, ((size_t)1 << 32) + 1}, /* wraps to 2^33 + 1 */
		{SIZE_MAX, SIZE_MAX},                           /* wraps to 1 */
		{SIZE_MAX, 2},
		{SIZE_MAX / 2 + 2, 2},   /* wraps to 2 */
		{SIZE_MAX / 16 + 2, 16}, /* wraps to 16 */
		{(size_t)1 << 61, 64},
	};
	unsigned char *block = m.malloc(200);
	size_t usable;

	NEED(block, "no block");
	usable = m.usable(block);
	memset(block, 0x3c, 200);
	errno = MARK;
	for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
		size_t a = factors[i][0], b = factors[i][1];

		expect_enomem(m.calloc(a, b), "calloc a,", b);
		expect_enomem(m.calloc(b, a), "calloc b,", a);
		expect_enomem(m.reallocarray(block, a, b), "reallocarray p,a,", b);
		expect_enomem(m.reallocarray(block, b, a), "reallocarray p,b,", a);
		expect_enomem(m.reallocarray(NULL, a, b), "reallocarray NULL,a,", b);
	}
	CHECK(all_bytes(block, 200, 0x3c), "a refused reallocarray changed the block");
	CHECK(m.usable(block) == usable, "a refused reallocarray changed the usable size");
	block = m.reallocarray(block, 25, 16);
	NEED(block && m.usable(block) >= 400, "reallocarray(p, 25, 16) gave %p", (void *)block);
	CHECK(all_bytes(block, 200, 0x3c), "reallocarray lost the contents");
	m.free(block);
}

/* calloc over memory that was dirty in every usable byte, whatever path it returns by: all that
 * malloc_usable_size tells of is zero. */
static void a05_calloc_clears(void)
{
	enum { N = 16 };
	unsigned char *p[N];

	for (int round = 0; round < 3; round++)
		for (size_t n = 1; n <= 8 * MIB; n = next_size(n)) {
			int count = n <= 64 * KIB ? N : 3;

			for (int i = 0; i < count; i++) {
				p[i] = m.malloc(n);
				NEED(p[i], "malloc(%zu)", n);
				fill_usable(p[i], 0xa5);
			}
			for (int i = 0; i < count; i++)
				m.free(p[i]);
			if (round == 1 && n > 16 * KIB)
				m.trim(0); /* a zero flag outlives a purge or goes */
			for (int i = 0; i < count; i++) {
				p[i] = i % 2 ? m.calloc(n, 1) : m.calloc(1, n);
				NEED(p[i], "calloc(%zu)", n);
				CHECK(all_bytes(p[i], m.usable(p[i]), 0),
				      "calloc(%zu) is not all zero", n);
				fill_usable(p[i], 0x5a);
			}
			for (int i = 0; i < count; i++)
				m.free(p[i]);
		}
}

/* Growth in place takes memory whose history the block's zero flag does not know. */
static void a05_calloc_after_growth(void)
{
	for (size_t n = 16; n <= 4 * MIB; n = n * 3 / 2) {
		unsigned char *p = m.calloc(1, n), *q;

		NEED(p, "calloc(%zu)", n);
		fill_usable(p, 0x77);
		q = m.realloc(p, 2 * n + 1);
		NEED(q, "realloc to %zu", 2 * n + 1);
		CHECK(all_bytes(q, n, 0x77), "realloc from %zu lost bytes", n);
		fill_usable(q, 0x78);
		q = m.realloc(q, n / 2 + 1);
		NEED(q, "realloc to %zu", n / 2 + 1);
		CHECK(all_bytes(q, n / 2 + 1, q[0]), "shrinking to %zu lost bytes", n / 2 + 1);
		m.free(q);
		for (int i = 0; i < 4; i++) {
			size_t want = i % 2 ? n : 2 * n + 1;

			q = m.calloc(1, want);
			NEED(q, "calloc(%zu)", want);
			CHECK(all_bytes(q, m.usable(q), 0), "calloc(%zu) after growth is dirty",
			      want);
			fill_usable(q, 0x79);
			m.free(q);
		}
	}
}

int main(void)
{
	tap_start();
	family_start();
	tap_case("A01 size 0: unique, not NULL, can be freed", a01_zero_sizes);
	tap_case("A02 sizes beyond all memory: NULL, ENOMEM, the old block intact",
		 a02_too_large);
	tap_case("A03 absurd sizes that a pointer can still span", a03_absurd);
	tap_case("A04 products that overflow", a04_product_overflow);
	tap_case("A05 calloc clears dirty memory of every size", a05_calloc_clears);
	tap_case("A05 calloc clears what realloc grew into", a05_calloc_after_growth);
	return tap_finish();
}
