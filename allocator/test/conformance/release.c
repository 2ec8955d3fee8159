/* Giving back and resizing: free in all its forms, and realloc. */
#include "test/conformance/conformance.h"

#include <pthread.h>

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

	for (int i = 0; i < (sparse() ? 1000 : 6000); i++) {
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

int main(void)
{
	tap_start();
	family_start();
	tap_case("A14 frees of NULL do nothing", a14_free_null);
	tap_case("A15 free keeps errno", a15_errno);
	tap_case("A16 realloc(p, 0) frees: NULL, EINVAL", a16_realloc_to_zero);
	tap_case("A18 a failed realloc changes nothing", a18_failed_realloc);
	tap_case("A18 realloc keeps the contents", a18_realloc_contents);
	tap_case("A19 free_sized and free_aligned_sized", a19_sized_free);
	return tap_finish();
}
