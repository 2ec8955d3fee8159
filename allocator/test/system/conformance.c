/*
 * What every function of the malloc family answers to every kind of argument, one
 * case per promise.  Where the standards leave a choice, the case states ours.
 */
#include "test/family.h"

#include <pthread.h>
#include <stddef.h>

#define MARK 77 /* an errno that no function of the family sets */
#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static bool aligned(const void *p, size_t align)
{
	return ((uintptr_t)p & (align - 1)) == 0;
}

static bool all_bytes(const unsigned char *p, size_t n, unsigned char value)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != value)
			return false;
	return true;
}

/* The next size of a sweep that is dense at first and then by steps of an eighth. */
static size_t next_size(size_t n)
{
	return n < 300 ? n + 1 : n + n / 8 + 1;
}

/* Writes a pattern to all usable bytes; a neighbour's bytes would show elsewhere. */
static void fill_usable(void *p, unsigned char value)
{
	memset(p, value, m.usable(p));
}

static int compare_pointers(const void *a, const void *b)
{
	uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;

	return x < y ? -1 : x > y;
}

/* A result that must be NULL with ENOMEM.  Anything returned is given back. */
static void expect_enomem(void *p, const char *call, size_t n)
{
	CHECK(p == NULL, "%s(%#zx) returned %p", call, n, p);
	CHECK(errno == ENOMEM, "%s(%#zx) left errno %d", call, n, errno);
	errno = MARK;
}

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
	CHECK(errno == MARK, "posix_memalign(%zu, %#zx) set errno %d", align, n, errno);
}

static void a02_too_large(void)
{
	unsigned char *block = m.malloc(100);
	size_t usable;

	NEED(block, "no block");
	usable = m.usable(block);
	memset(block, 0x5a, 100);
	for (size_t k = 0; k < (size_t)1 << 14; k++) {
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

/* calloc over memory that was dirty in every usable byte, whatever path it returns by. */
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
				CHECK(all_bytes(p[i], n, 0), "calloc(%zu) is not all zero", n);
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
			CHECK(all_bytes(q, want, 0), "calloc(%zu) after growth is dirty", want);
			fill_usable(q, 0x79);
			m.free(q);
		}
	}
}

static void a06_aligned_alloc_bad(void)
{
	static const size_t bad[] = {0, 3, 5, 24, 65, 100, 4095, SIZE_MAX, PTRDIFF_MAX};
	static const size_t sizes[] = {0, 1, 64, 4096, 1 << 20};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			void *p;

			errno = MARK;
			p = m.aligned_alloc(bad[i], sizes[j]);
			CHECK(p == NULL, "aligned_alloc(%zu, %zu) = %p", bad[i], sizes[j], p);
			CHECK(errno == EINVAL, "aligned_alloc(%zu, %zu) left errno %d", bad[i],
			      sizes[j], errno);
		}
	for (unsigned lg = 48; lg < 64; lg++) {
		size_t align = (size_t)1 << lg;
		void *p;

		errno = MARK;
		p = m.aligned_alloc(align, 64);
		CHECK(p == NULL, "aligned_alloc(2^%u, 64) = %p", lg, p);
		CHECK(errno == EINVAL || errno == ENOMEM, "aligned_alloc(2^%u, 64): errno %d",
		      lg, errno);
	}
}

static void a07_aligned_alloc_any_size(void)
{
	for (size_t align = 1; align <= 64 * KIB; align *= 2)
		for (size_t n = align + 1; n < 3 * align + 9; n += align / 3 + 1) {
			unsigned char *p = m.aligned_alloc(align, n);

			CHECK(p != NULL, "aligned_alloc(%zu, %zu) failed", align, n);
			CHECK(aligned(p, align), "aligned_alloc(%zu, %zu) = %p", align, n,
			      (void *)p);
			if (p)
				fill_usable(p, 1);
			m.free(p);
		}
}

static void a08_posix_memalign_bad(void)
{
	static const size_t bad[] = {0, 1, 2, 4, 12, 24, 7, 9, 48, SIZE_MAX, 4097};
	int here;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (size_t n = 0; n <= 4096; n = n * 8 + 1) {
			void *p = &here;
			int error;

			errno = MARK;
			error = m.posix_memalign(&p, bad[i], n);
			CHECK(error == EINVAL, "posix_memalign(%zu, %zu) returned %d", bad[i],
			      n, error);
			CHECK(p == &here, "posix_memalign(%zu, %zu) changed the pointer",
			      bad[i], n);
			CHECK(errno == MARK, "posix_memalign(%zu, %zu) set errno %d", bad[i], n,
			      errno);
		}
}

static void a09_posix_memalign_zero(void)
{
	for (size_t align = sizeof(void *); align <= MIB; align *= 2) {
		void *p[8];

		for (int i = 0; i < 8; i++) {
			int error;

			errno = MARK;
			error = m.posix_memalign(&p[i], align, 0);
			NEED(error == 0, "posix_memalign(%zu, 0) returned %d", align, error);
			CHECK(aligned(p[i], align), "posix_memalign(%zu, 0) = %p", align, p[i]);
			CHECK(errno == MARK, "posix_memalign(%zu, 0) set errno %d", align,
			      errno);
			for (int j = 0; j < i; j++)
				CHECK(p[i] != p[j], "%p is live twice", p[i]);
		}
		for (int i = 0; i < 8; i++)
			m.free(p[i]);
	}
}

static void a10_alignments(void)
{
	static const size_t sizes[] = {0, 1, 4 << 10, 1 << 20};

	for (unsigned lg = 3; lg <= 30; lg++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			size_t align = (size_t)1 << lg, n = sizes[i];
			void *p[4] = {m.aligned_alloc(align, n), NULL, m.memalign(align, n),
				      m.aligned_alloc(align, n)};

			if (m.posix_memalign(&p[1], align, n) != 0)
				p[1] = NULL;
			for (int k = 0; k < 4; k++) {
				CHECK(p[k] != NULL, "way %d: 2^%u, %zu failed", k, lg, n);
				CHECK(aligned(p[k], align), "way %d: 2^%u, %zu gave %p", k, lg,
				      n, p[k]);
				if (p[k]) {
					CHECK(m.usable(p[k]) >= n, "usable %zu of %zu",
					      m.usable(p[k]), n);
					memset(p[k], k, n);
				}
			}
			for (int k = 0; k < 4; k++)
				CHECK(!p[k] || all_bytes(p[k], n, (unsigned char)k),
				      "2^%u, %zu: block %d was overwritten", lg, n, k);
			for (int k = 0; k < 4; k++)
				m.free(p[k]);
		}
}

/* glibc rounds the alignment up; ours is the error that a bad alignment is. */
static void a11_memalign_bad(void)
{
	static const size_t bad[] = {0, 3, 5, 24, 65, 100, 4097};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		void *p;

		errno = MARK;
		p = m.memalign(bad[i], 100);
		CHECK(p == NULL, "memalign(%zu, 100) = %p", bad[i], p);
		CHECK(errno == EINVAL, "memalign(%zu, 100) left errno %d", bad[i], errno);
		m.free(p);
	}
	for (size_t align = 1; align <= 16; align *= 2) {
		void *p = m.memalign(align, 40);

		CHECK(p != NULL && aligned(p, 16), "memalign(%zu, 40) = %p", align, p);
		m.free(p);
	}
}

static void a12_valloc_pvalloc(void)
{
	size_t page = page_size();

	for (size_t n = 0; n <= 5 * page; n += n < 8 ? 1 : 509) {
		void *v = m.valloc(n), *p = m.pvalloc(n);
		size_t rounded = n == 0 ? page : (n + page - 1) / page * page;

		CHECK(v && aligned(v, page), "valloc(%zu) = %p", n, v);
		CHECK(p && aligned(p, page), "pvalloc(%zu) = %p", n, p);
		CHECK(v && m.usable(v) >= n, "valloc(%zu) is short", n);
		CHECK(p && m.usable(p) >= rounded, "pvalloc(%zu): only %zu usable", n,
		      p ? m.usable(p) : 0);
		if (p)
			memset(p, 1, rounded);
		m.free(v);
		m.free(p);
	}
	for (size_t k = 0; k <= page + 1; k++) {
		errno = MARK;
		expect_enomem(m.pvalloc(SIZE_MAX - k), "pvalloc", SIZE_MAX - k);
		expect_enomem(m.valloc(SIZE_MAX - k), "valloc", SIZE_MAX - k);
	}
}

static void a13_alignment_of_all(void)
{
	for (size_t n = 0; n <= 2 * MIB; n = next_size(n)) {
		void *p = m.malloc(n), *c = m.calloc(1, n), *r = m.realloc(NULL, n);

		CHECK(p && aligned(p, 16), "malloc(%zu) = %p", n, p);
		CHECK(c && aligned(c, 16), "calloc(1, %zu) = %p", n, c);
		r = m.realloc(r, n + 1);
		CHECK(r && aligned(r, 16), "realloc(p, %zu) = %p", n + 1, r);
		m.free(p);
		m.free(c);
		m.free(r);
	}
}

static void a14_free_null(void)
{
	errno = MARK;
	m.free(NULL);
	CHECK(errno == MARK, "free(NULL) set errno %d", errno);
	if (m.cfree)
		m.cfree(NULL);
	CHECK(errno == MARK, "cfree(NULL) set errno %d", errno);
	CHECK(m.usable(NULL) == 0, "malloc_usable_size(NULL) = %zu", m.usable(NULL));
	CHECK(m.free_sized && m.free_aligned_sized,
	      "free_sized or free_aligned_sized is missing");
	if (m.free_sized) {
		m.free_sized(NULL, 0);
		m.free_sized(NULL, 100);
	}
	if (m.free_aligned_sized) {
		m.free_aligned_sized(NULL, 64, 0);
		m.free_aligned_sized(NULL, 64, 128);
	}
	CHECK(errno == MARK, "a sized free of NULL set errno %d", errno);
}

struct handed_over {
	void *p[512];
	size_t n;
};

static void *free_all_of(void *arg)
{
	struct handed_over *over = arg;

	for (size_t i = 0; i < over->n; i++) {
		errno = MARK;
		m.free(over->p[i]);
		CHECK(errno == MARK, "a free by another thread set errno %d", errno);
	}
	return NULL;
}

/* free keeps errno: one at a time, in bulk past every cache, for other threads' blocks. */
static void a15_errno(void)
{
	static struct handed_over over;

	for (size_t n = 0; n <= 20 * MIB; n = next_size(n)) {
		size_t count = n <= 4 * KIB ? 512 : n <= 256 * KIB ? 64 : 3;

		for (int other = 0; other < 2; other++) {
			for (size_t i = 0; i < count; i++) {
				over.p[i] = m.malloc(n);
				NEED(over.p[i], "malloc(%zu)", n);
				*(volatile char *)over.p[i] = 1;
			}
			over.n = count;
			if (other) {
				pthread_t thread;

				NEED(pthread_create(&thread, NULL, free_all_of, &over) == 0,
				     "no thread");
				pthread_join(thread, NULL);
			} else {
				free_all_of(&over);
			}
			if (n > 4 * KIB && n % 5 != 0)
				break; /* threads cost more than they show here */
		}
	}
}

static void a16_realloc_to_zero(void)
{
	for (size_t n = 1; n <= 4 * MIB; n *= 4)
		for (int i = 0; i < 100; i++) {
			void *p = m.malloc(n), *q;

			NEED(p, "malloc(%zu)", n);
			errno = MARK;
			q = m.realloc(p, 0);
			CHECK(q == NULL, "realloc(p of %zu, 0) = %p", n, q);
			CHECK(errno == EINVAL, "realloc(p of %zu, 0) left errno %d", n, errno);
			if (q)
				break;
			p = m.malloc(n);
			errno = MARK;
			q = m.reallocarray(p, i % 2 ? 0 : 8, i % 2 ? 8 : 0);
			CHECK(q == NULL, "reallocarray(p of %zu, 0) = %p", n, q);
			CHECK(errno == EINVAL, "reallocarray(p of %zu, 0) left errno %d", n,
			      errno);
		}
}

static void a17_usable_size(void)
{
	for (size_t n = 0; n <= 4 * MIB; n = next_size(n)) {
		unsigned char *p = m.malloc(n), *q;
		void *others[32];
		size_t usable;

		NEED(p, "malloc(%zu)", n);
		usable = m.usable(p);
		CHECK(usable >= n, "malloc(%zu): %zu usable", n, usable);
		for (int i = 0; i < 32; i++) {
			others[i] = m.malloc(n % 3000);
			NEED(others[i], "malloc(%zu)", n % 3000);
			fill_usable(others[i], 0xee);
		}
		memset(p, 0x11, usable);
		for (int i = 0; i < 32; i++)
			m.free(others[i]);
		CHECK(m.usable(p) == usable, "usable size of %zu went from %zu to %zu", n,
		      usable, m.usable(p));
		CHECK(all_bytes(p, usable, 0x11), "%zu: usable bytes are not the block's own",
		      n);
		if (usable > 0) {
			q = m.realloc(p, usable);
			CHECK(q == p, "realloc(p, usable size %zu) moved the block", usable);
			NEED(q, "realloc(p, %zu)", usable);
			CHECK(m.usable(q) == usable, "realloc to its usable size %zu gave %zu",
			      usable, m.usable(q));
			CHECK(all_bytes(q, usable, 0x11), "realloc(p, %zu) lost bytes", usable);
			p = q;
		}
		m.free(p);
	}
}

/* The same of blocks that their alignment puts where larger ones lie. */
static void a17_usable_size_aligned(void)
{
	static const size_t sizes[] = {0, 1, 100, 5000, 40000, 600000, 1 << 20, 3 << 20};

	for (size_t align = 32768; align <= (size_t)8 << 20; align *= 2)
		for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			void *p = m.aligned_alloc(align, sizes[i]), *q;
			size_t usable;

			NEED(p, "aligned_alloc(%#zx, %zu)", align, sizes[i]);
			usable = m.usable(p);
			fill_usable(p, 3);
			q = m.realloc(p, usable);
			CHECK(q == p,
			      "realloc to the usable size %zu moved a block aligned to %#zx",
			      usable, align);
			CHECK(m.usable(q) == usable, "usable size %zu became %zu", usable,
			      m.usable(q));
			m.free(q);
		}
}

static void a18_failed_realloc(void)
{
	for (size_t n = 1; n <= 4 * MIB; n = n * 2 + 1) {
		unsigned char *p = m.malloc(n);
		size_t usable;

		NEED(p, "malloc(%zu)", n);
		usable = m.usable(p);
		memset(p, 0x42, usable);
		errno = MARK;
		expect_enomem(m.realloc(p, PTRDIFF_MAX), "realloc", PTRDIFF_MAX);
		expect_enomem(m.realloc(p, SIZE_MAX), "realloc", SIZE_MAX);
		expect_enomem(m.realloc(p, (size_t)1 << 50), "realloc", (size_t)1 << 50);
		expect_enomem(m.reallocarray(p, SIZE_MAX / 4, 8), "reallocarray", SIZE_MAX / 4);
		CHECK(m.usable(p) == usable, "%zu: usable size changed", n);
		CHECK(all_bytes(p, usable, 0x42), "%zu: contents changed", n);
		m.free(p);
	}
}

/* realloc through all sizes, up, down and across the classes, keeps what both hold. */
static void a18_realloc_contents(void)
{
	uint64_t seed = 88172645463325252u;
	unsigned char *p = NULL;
	size_t held = 0;

	for (int i = 0; i < 6000; i++) {
		size_t n, keep;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		n = (size_t)(seed >> 20) % ((size_t)1 << (4 + seed % 18)) + 1;
		keep = held < n ? held : n;
		p = m.realloc(p, n);
		NEED(p, "realloc to %zu", n);
		for (size_t k = 0; k < keep; k++)
			if (p[k] != (unsigned char)(k * 7 + k / 256)) {
				CHECK(false, "realloc %zu -> %zu: byte %zu lost", held, n, k);
				break;
			}
		for (size_t k = 0; k < n; k++)
			p[k] = (unsigned char)(k * 7 + k / 256);
		held = n;
	}
	m.free(p);
}

static void a19_sized_free(void)
{
	NEED(m.free_sized && m.free_aligned_sized, "not there");
	for (int round = 0; round < 3; round++)
		for (size_t n = 0; n <= 4 * MIB; n = next_size(n)) {
			int count = n < 64 * KIB ? 70 : 2;
			void *p[70];

			for (int i = 0; i < count; i++) {
				p[i] = i % 3 ? m.malloc(n) : m.calloc(1, n);
				NEED(p[i], "malloc(%zu)", n);
				memset(p[i], i, n);
			}
			for (int i = 0; i < count; i++)
				CHECK(all_bytes(p[i], n, (unsigned char)i), "%zu: overlap", n);
			errno = MARK;
			for (int i = 0; i < count; i++)
				m.free_sized(p[i], n);
			CHECK(errno == MARK, "free_sized set errno %d", errno);
		}
	for (size_t align = 1; align <= MIB; align *= 4)
		for (size_t n = 0; n <= 3 * MIB; n = n * 5 + 1)
			for (int i = 0; i < 4; i++) {
				void *p = m.aligned_alloc(align, n);

				NEED(p && aligned(p, align), "aligned_alloc(%zu, %zu)", align,
				     n);
				memset(p, i, n);
				m.free_aligned_sized(p, align, n);
			}
}

/* Nobody may depend on what these do, only on that they do no harm. */
static void a20_harmless(void)
{
	void *p[64];

	for (size_t i = 0; i < 64; i++) {
		p[i] = m.malloc(1000 * i);
		NEED(p[i], "malloc(%zu)", 1000 * i);
		fill_usable(p[i], (unsigned char)i);
	}
	CHECK(m.trim(0) >= 0 && m.trim(0) <= 1, "malloc_trim(0) answers neither 0 nor 1");
#ifndef TEST_PREFIXED
	void *large = m.malloc(900000);

	NEED(large, "malloc(900000)");
	fill_usable(large, 1);
	m.free(large);
	CHECK(m.trim(0) == 1, "malloc_trim(0) found nothing to give back");
#endif
	CHECK(m.trim(SIZE_MAX) <= 1, "malloc_trim(SIZE_MAX)");
#ifndef TEST_PREFIXED
	struct mallinfo2 info2 = mallinfo2();
	FILE *out = tmpfile();
	int saved = dup(STDERR_FILENO);
	int mode, parameters[] = {M_TRIM_THRESHOLD,
				  M_TOP_PAD,
				  M_MMAP_THRESHOLD,
				  M_MMAP_MAX,
				  M_ARENA_MAX,
				  M_CHECK_ACTION,
				  0,
				  1,
				  12345,
				  -12345};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	struct mallinfo info = mallinfo();
#pragma GCC diagnostic pop

	CHECK(info2.arena < (size_t)1 << 47 && info2.uordblks < (size_t)1 << 47,
	      "mallinfo2 tells %zu and %zu", info2.arena, info2.uordblks);
	CHECK(info.ordblks >= 0, "mallinfo tells %d free blocks", info.ordblks);
	NEED(out, "no temporary file");
	errno = MARK;
	CHECK(malloc_info(0, out) == 0, "malloc_info(0) failed");
	fflush(out);
	CHECK(ftell(out) > 0, "malloc_info wrote nothing");
	mode = malloc_info(1, out);
	CHECK(mode == EINVAL || mode == -1, "malloc_info with an unknown option returned %d",
	      mode);
	/* What malloc_stats says is not ours to judge, and noise in a test log. */
	dup2(fileno(out), STDERR_FILENO);
	malloc_stats();
	dup2(saved, STDERR_FILENO);
	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
		if (parameters[i] != M_CHECK_ACTION)
			mode = mallopt(parameters[i], 1 << 20);
	CHECK(mode == 0 || mode == 1, "mallopt returned %d", mode);
	fclose(out);
#endif
	for (size_t i = 0; i < 64; i++) {
		CHECK(all_bytes(p[i], 1000 * i, (unsigned char)i), "block %zu changed", i);
		m.free(p[i]);
	}
}

#ifndef TEST_PREFIXED
/* One missing name, and a program mixes two allocators. */
static void a20_symbols(void)
{
	/* clang-format off */
	static const char *const names[] = {
		"malloc", "free", "calloc", "realloc", "reallocarray", "aligned_alloc",
		"posix_memalign", "memalign", "valloc", "pvalloc", "malloc_usable_size",
		"cfree", "free_sized", "free_aligned_sized", "malloc_trim", "mallinfo",
		"mallinfo2", "malloc_info", "malloc_stats", "mallopt", "__libc_malloc",
		"__libc_free", "__libc_calloc", "__libc_realloc", "__libc_memalign",
		"__libc_valloc", "__libc_pvalloc",
		/* operator new and delete: plain, array; nothrow; aligned; sized */
		"_Znwm", "_Znam", "_ZdlPv", "_ZdaPv", "_ZnwmRKSt9nothrow_t",
		"_ZnamRKSt9nothrow_t", "_ZdlPvRKSt9nothrow_t", "_ZdaPvRKSt9nothrow_t",
		"_ZnwmSt11align_val_t", "_ZnamSt11align_val_t",
		"_ZnwmSt11align_val_tRKSt9nothrow_t", "_ZnamSt11align_val_tRKSt9nothrow_t",
		"_ZdlPvSt11align_val_t", "_ZdaPvSt11align_val_t",
		"_ZdlPvSt11align_val_tRKSt9nothrow_t",
		"_ZdaPvSt11align_val_tRKSt9nothrow_t", "_ZdlPvm", "_ZdaPvm",
		"_ZdlPvmSt11align_val_t", "_ZdaPvmSt11align_val_t",
	};
	/* clang-format on */
	void *address = dlsym(RTLD_DEFAULT, "malloc");
	Dl_info ours, theirs;

	NEED(address && dladdr(address, &ours), "malloc is nowhere");
	if (strstr(ours.dli_fname, "/libc.so") || strstr(ours.dli_fname, "/libc-"))
		tap_skip("libc itself is under test");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		address = dlsym(RTLD_DEFAULT, names[i]);
		CHECK(address != NULL, "%s is nowhere", names[i]);
		if (!address || !dladdr(address, &theirs))
			continue;
		CHECK(!strcmp(ours.dli_fname, theirs.dli_fname), "%s comes from %s", names[i],
		      theirs.dli_fname);
	}
}

/* What libc allocates with its own calls of malloc is ours to free, and the reverse. */
static void a20_libc_allocates(void)
{
	char *line = NULL, *copy = strdup("a string that libc copies"), *text = NULL;
	size_t length = 0;
	FILE *file = tmpfile();

	NEED(copy && file, "libc could not allocate");
	fputs("one line of text\n", file);
	rewind(file);
	CHECK(getline(&line, &length, file) == 17, "getline");
	CHECK(m.usable(line) >= length, "getline's buffer of %zu has %zu usable", length,
	      m.usable(line));
	CHECK(m.usable(copy) >= strlen(copy) + 1, "strdup's block has %zu usable",
	      m.usable(copy));
	CHECK(asprintf(&text, "%d %s", 42, copy) > 0, "asprintf");
	text = m.realloc(text, 10000);
	CHECK(text && !strncmp(text, "42 a string", 11), "asprintf's block after realloc");
	m.free(text);
	m.free(line);
	m.free(copy);
	line = m.malloc(20);
	length = 20;
	rewind(file);
	fprintf(file, "%5000d\n", 7);
	rewind(file);
	CHECK(getline(&line, &length, file) == 5001, "getline does not grow our block");
	m.free(line);
	fclose(file);
}
#endif

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
	tap_case("A06 aligned_alloc refuses bad alignments: EINVAL", a06_aligned_alloc_bad);
	tap_case("A07 aligned_alloc takes any size", a07_aligned_alloc_any_size);
	tap_case("A08 posix_memalign: EINVAL, pointer and errno untouched",
		 a08_posix_memalign_bad);
	tap_case("A09 posix_memalign of size 0 is aligned", a09_posix_memalign_zero);
	tap_case("A10 all alignments to 2^30", a10_alignments);
	tap_case("A11 memalign refuses bad alignments: EINVAL", a11_memalign_bad);
	tap_case("A12 valloc, pvalloc and their overflow", a12_valloc_pvalloc);
	tap_case("A13 every result is aligned to 16", a13_alignment_of_all);
	tap_case("A14 frees of NULL do nothing", a14_free_null);
	tap_case("A15 free keeps errno", a15_errno);
	tap_case("A16 realloc(p, 0) frees: NULL, EINVAL", a16_realloc_to_zero);
	tap_case("A17 usable size: constant, writable, realloc to it stays", a17_usable_size);
	tap_case("A17 the same of aligned blocks", a17_usable_size_aligned);
	tap_case("A18 a failed realloc changes nothing", a18_failed_realloc);
	tap_case("A18 realloc keeps the contents", a18_realloc_contents);
	tap_case("A19 free_sized and free_aligned_sized", a19_sized_free);
	tap_case("A20 trim, info, stats and mallopt are harmless", a20_harmless);
#ifndef TEST_PREFIXED
	tap_case("A20 the whole set of names comes from one library", a20_symbols);
	tap_case("A20 libc and program free each other's blocks", a20_libc_allocates);
#endif
	return tap_finish();
}
