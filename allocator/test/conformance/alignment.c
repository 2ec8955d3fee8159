/* Alignment: asked for, refused, and that of every result. */
#include "test/conformance/conformance.h"

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

/* As glibc does. */
static void a11_memalign_odd(void)
{
	static const size_t odd[][2] = {
		{0, 16},   {3, 16},    {5, 16},      {17, 32},       {24, 32},
		{65, 128}, {100, 128}, {4097, 8192}, {20000, 32768}, {MIB + 1, 2 * MIB}};
	static const size_t sizes[] = {0, 1, 100, 40000, 3 * MIB};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			void *p;

			errno = MARK;
			p = m.memalign(odd[i][0], sizes[j]);
			CHECK(p != NULL && aligned(p, odd[i][1]), "memalign(%zu, %zu) = %p",
			      odd[i][0], sizes[j], p);
			CHECK(errno == MARK, "memalign(%zu, %zu) left errno %d", odd[i][0],
			      sizes[j], errno);
			m.free(p);
		}
	for (size_t k = 1; k < 1000; k++) {
		void *p;

		errno = MARK;
		p = m.memalign(SIZE_MAX / 2 + 1 + k, 100);
		CHECK(p == NULL, "memalign(%#zx, 100) = %p", SIZE_MAX / 2 + 1 + k, p);
		CHECK(errno == EINVAL, "memalign(%#zx, 100) left errno %d",
		      SIZE_MAX / 2 + 1 + k, errno);
		errno = MARK;
		expect_enomem(m.memalign(SIZE_MAX / 2 + 2 - k, 100), "memalign",
			      SIZE_MAX / 2 + 2 - k);
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

int main(void)
{
	tap_start();
	family_start();
	tap_case("A06 aligned_alloc refuses bad alignments: EINVAL", a06_aligned_alloc_bad);
	tap_case("A07 aligned_alloc takes any size", a07_aligned_alloc_any_size);
	tap_case("A08 posix_memalign: EINVAL, pointer and errno untouched",
		 a08_posix_memalign_bad);
	tap_case("A09 posix_memalign of size 0 is aligned", a09_posix_memalign_zero);
	tap_case("A10 all alignments to 2^30", a10_alignments);
	tap_case("A11 memalign rounds alignments up", a11_memalign_odd);
	tap_case("A12 valloc, pvalloc and their overflow", a12_valloc_pvalloc);
	tap_case("A13 every result is aligned to 16", a13_alignment_of_all);
	return tap_finish();
}
