/* What else the family tells: usable sizes, statistics, and which library its names are of. */
#include "test/conformance/conformance.h"

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

/* Every small size, also where blocks of it lie ready. */
static void a17_usable_size_every_small(void)
{
	enum { N = 12 };
	void *p[N];

	for (size_t n = 1; n <= 33 * KIB; n++) {
		for (int i = 0; i < 2 * N; i++) {
			p[i % N] = m.malloc(n);
			NEED(p[i % N], "malloc(%zu)", n);
			CHECK(m.usable(p[i % N]) >= n, "malloc(%zu): %zu usable, block %d", n,
			      m.usable(p[i % N]), i);
			if (i % N == N - 1)
				for (int j = 0; j < N; j++)
					m.free(p[j]);
		}
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
	tap_case("A17 usable size: constant, writable, realloc to it stays", a17_usable_size);
	tap_case("A17 usable size of every small size, from slabs and from caches",
		 a17_usable_size_every_small);
	tap_case("A17 the same of aligned blocks", a17_usable_size_aligned);
	tap_case("A20 trim, info, stats and mallopt are harmless", a20_harmless);
#ifndef TEST_PREFIXED
	tap_case("A20 the whole set of names comes from one library", a20_symbols);
	tap_case("A20 libc and program free each other's blocks", a20_libc_allocates);
#endif
	return tap_finish();
}
