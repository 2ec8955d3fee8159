/*
 * A21: operator new and delete in every form a C++17 program has, with the handler
 * that new must call when memory is short.  Run with the library preloaded.
 */
#include <new>
#include <cstdint>
#include <pthread.h>
#include <vector>
#include <string>
#include <memory>
#include <thread>

#include "test/support/tap.h"

#include <dlfcn.h>
#include <malloc.h>

namespace
{

constexpr std::size_t huge = SIZE_MAX / 2 - 4096;

/* The compiler may join a new with its delete and remove both; not through here. */
template <typename T> T *opaque(T *p)
{
	__asm__ volatile("" : "+r"(p) : : "memory");
	return p;
}

bool aligned(const void *p, std::size_t align)
{
	return (reinterpret_cast<std::uintptr_t>(p) & (align - 1)) == 0;
}

void fill(void *p, std::size_t n)
{
	memset(opaque(p), 0x5a, n);
}

struct alignas(128) wide {
	char bytes[300];
};

struct counted {
	static int alive;
	std::string text;
	counted() : text("more than the short string optimisation keeps inside itself")
	{
		alive++;
	}
	~counted()
	{
		alive--;
	}
};
int counted::alive;

void plain_forms()
{
	for (std::size_t n = 0; n < 3000000; n += n / 8 + 1) {
		void *p = opaque(::operator new(n)), *a = opaque(::operator new[](n));
		void *pn = opaque(::operator new(n, std::nothrow));
		void *an = opaque(::operator new[](n, std::nothrow));

		for (void *q : {p, a, pn, an}) {
			CHECK(q && aligned(q, 16), "new(%zu) = %p", n, q);
			CHECK(malloc_usable_size(q) >= n, "new(%zu) is short", n);
			fill(q, n);
		}
		::operator delete(p);
		::operator delete[](a);
		::operator delete(pn, std::nothrow);
		::operator delete[](an, std::nothrow);
	}
}

void sized_forms()
{
	for (int round = 0; round < 3; round++)
		for (std::size_t n = 0; n < 3000000; n += n / 8 + 1) {
			void *p = opaque(::operator new(n)), *a = opaque(::operator new[](n));

			fill(p, n);
			fill(a, n);
			::operator delete(p, n);
			::operator delete[](a, n);
		}
}

void aligned_forms()
{
	for (std::size_t align = 1; align <= 1 << 21; align *= 2)
		for (std::size_t n = 0; n < 200000; n = n * 7 + 1) {
			auto al = static_cast<std::align_val_t>(align);
			void *p[8] = {::operator new(n, al),
				      ::operator new[](n, al),
				      ::operator new(n, al, std::nothrow),
				      ::operator new[](n, al, std::nothrow),
				      ::operator new(n, al),
				      ::operator new[](n, al),
				      ::operator new(n, al),
				      ::operator new[](n, al)};

			for (void *q : p) {
				CHECK(opaque(q) && aligned(q, align),
				      "new(%zu, align %zu) = %p", n, align, q);
				fill(q, n);
			}
			::operator delete(p[0], al);
			::operator delete[](p[1], al);
			::operator delete(p[2], al, std::nothrow);
			::operator delete[](p[3], al, std::nothrow);
			::operator delete(p[4], n, al);
			::operator delete[](p[5], n, al);
			::operator delete(p[6], al);
			::operator delete[](p[7], al);
		}
}

void expressions()
{
	auto *w = opaque(new wide);
	auto *ws = opaque(new wide[9]);
	auto *cs = opaque(new counted[100]);

	CHECK(aligned(w, 128) && aligned(ws, 128), "over-aligned types: %p %p",
	      static_cast<void *>(w), static_cast<void *>(ws));
	CHECK(counted::alive == 100, "%d alive", counted::alive);
	delete w;
	delete[] ws;
	delete[] cs;
	CHECK(counted::alive == 0, "%d alive", counted::alive);

	std::vector<std::thread> threads;
	for (int t = 0; t < 4; t++)
		threads.emplace_back([] {
			for (int i = 0; i < 200; i++) {
				std::vector<std::shared_ptr<std::string>> v;
				for (int k = 0; k < 100; k++)
					v.push_back(std::make_shared<std::string>(k * 3, 'x'));
				for (int k = 0; k < 100; k++)
					CHECK(v[k]->size() == static_cast<std::size_t>(k * 3),
					      "string %d has %zu", k, v[k]->size());
			}
		});
	for (auto &t : threads)
		t.join();
}

void zero_is_unique()
{
	std::vector<void *> p;

	for (int i = 0; i < 1000; i++) {
		p.push_back(opaque(i % 2 ? ::operator new(0) : ::operator new[](0)));
		CHECK(p.back() != nullptr, "new(0) = NULL");
	}
	for (std::size_t i = 0; i < p.size(); i++)
		for (std::size_t k = 0; k < i; k++)
			CHECK(p[i] != p[k], "%p is live twice", p[i]);
	for (std::size_t i = 0; i < p.size(); i++)
		if (i % 2)
			::operator delete(p[i]);
		else
			::operator delete[](p[i]);
}

void delete_null()
{
	static void *volatile nothing; /* the compiler must not know that it is NULL */
	auto al = static_cast<std::align_val_t>(64);

	errno = 77;
	::operator delete(nothing);
	::operator delete[](nothing);
	::operator delete(nothing, std::nothrow);
	::operator delete[](nothing, std::nothrow);
	::operator delete(nothing, std::size_t(0));
	::operator delete[](nothing, std::size_t(8));
	::operator delete(nothing, al);
	::operator delete[](nothing, al);
	::operator delete(nothing, std::size_t(64), al);
	::operator delete[](nothing, std::size_t(64), al);
	CHECK(errno == 77, "errno is %d", errno);
}

/* Calls one throwing form with a size that cannot be had. */
void *throwing(int form)
{
	auto al = static_cast<std::align_val_t>(256);

	switch (form) {
	case 0:
		return opaque(::operator new(huge));
	case 1:
		return opaque(::operator new[](huge));
	case 2:
		return opaque(::operator new(huge, al));
	default:
		return opaque(::operator new[](huge, al));
	}
}

void *nothrow(int form)
{
	auto al = static_cast<std::align_val_t>(256);

	switch (form) {
	case 0:
		return opaque(::operator new(huge, std::nothrow));
	case 1:
		return opaque(::operator new[](huge, std::nothrow));
	case 2:
		return opaque(::operator new(huge, al, std::nothrow));
	default:
		return opaque(::operator new[](huge, al, std::nothrow));
	}
}

void no_handler()
{
	for (int form = 0; form < 4; form++) {
		bool caught = false;
		void *p = nullptr;

		try {
			p = throwing(form);
		} catch (const std::bad_alloc &) {
			caught = true;
		}
		CHECK(caught, "form %d of new returned %p and threw no bad_alloc", form, p);
		CHECK(nothrow(form) == nullptr, "form %d of nothrow new is not NULL", form);
	}
}

/* Sizes that wrap where they are rounded up to an alignment, by all forms. */
void sizes_beyond()
{
	unsigned served = 0, thrown = 0, tried = 0;

	for (std::size_t align = 1; align <= 1 << 21; align *= 2)
		for (std::size_t below = 0; below < 5000000; below = below * 5 + 1)
			for (std::size_t most : {SIZE_MAX, std::size_t(PTRDIFF_MAX) + 2}) {
				auto al = static_cast<std::align_val_t>(align);
				volatile std::size_t n = most - below;

				for (int form = 0; form < 4; form++, tried++)
					try {
						served +=
							opaque(form == 0   ? ::operator new(n)
							       : form == 1 ? ::operator new[](n)
							       : form == 2
								       ? ::operator new(n, al)
								       : ::operator new[](
										 n, al)) !=
							nullptr;
					} catch (const std::bad_alloc &) {
						thrown++;
					}
				served += ::operator new(n, std::nothrow) != nullptr;
				served += ::operator new[](n, std::nothrow) != nullptr;
				served += ::operator new(n, al, std::nothrow) != nullptr;
				served += ::operator new[](n, al, std::nothrow) != nullptr;
			}
	CHECK(served == 0, "%u requests served", served);
	CHECK(thrown == tried, "%u of %u threw", thrown, tried);
}

int calls;

void clears_itself()
{
	if (++calls == 5)
		std::set_new_handler(nullptr);
}

void handler_until_cleared()
{
	for (int form = 0; form < 8; form++) {
		bool caught = false;
		void *p = nullptr;

		calls = 0;
		std::set_new_handler(clears_itself);
		try {
			p = form < 4 ? throwing(form) : nothrow(form - 4);
		} catch (const std::bad_alloc &) {
			caught = true;
		}
		CHECK(calls == 5, "form %d called the handler %d times, not 5", form, calls);
		CHECK(p == nullptr, "form %d returned %p", form, p);
		CHECK(caught == (form < 4), "form %d %s", form,
		      caught ? "threw" : "did not throw");
	}
}

struct own_error : std::bad_alloc {
};

void throws_own()
{
	if (++calls == 3)
		throw own_error();
}

void throws_int()
{
	throw 42;
}

void handler_throws()
{
	for (int form = 0; form < 4; form++) {
		bool caught = false;

		calls = 0;
		std::set_new_handler(throws_own);
		try {
			throwing(form);
		} catch (const own_error &) {
			caught = true;
		}
		CHECK(caught && calls == 3, "form %d: %d calls", form, calls);

		/* The nothrow forms turn a handler's bad_alloc into NULL. */
		calls = 0;
		CHECK(nothrow(form) == nullptr && calls == 3, "nothrow form %d: %d calls", form,
		      calls);

		caught = false;
		std::set_new_handler(throws_int);
		try {
			throwing(form);
		} catch (int n) {
			caught = n == 42;
		}
		CHECK(caught, "form %d lost the handler's exception", form);
	}
	std::set_new_handler(nullptr);
}

/* A handler that makes room makes new succeed. */
struct rlimit lifted;

void makes_room()
{
	calls++;
	setrlimit(RLIMIT_AS, &lifted);
}

void handler_makes_room(void *(*make)(std::size_t))
{
	struct rlimit tight;
	void *p;

	getrlimit(RLIMIT_AS, &lifted);
	tight = lifted;
	tight.rlim_cur = 1 << 20;
	if (tight.rlim_cur > lifted.rlim_max || setrlimit(RLIMIT_AS, &tight) != 0)
		tap_skip("RLIMIT_AS cannot be set");
	calls = 0;
	std::set_new_handler(makes_room);
	p = opaque(make(std::size_t(200) << 20));
	CHECK(p != nullptr, "no memory after the handler made room");
	CHECK(calls == 1, "the handler was called %d times", calls);
	fill(p, std::size_t(200) << 20);
	::operator delete(p);
	std::set_new_handler(nullptr);
}

void room_for_one()
{
	handler_makes_room([](std::size_t n) { return ::operator new(n); });
}

void room_for_aligned()
{
	handler_makes_room([](std::size_t n) {
		return ::operator new[](n, static_cast<std::align_val_t>(4096));
	});
}

} // namespace

int main()
{
	const char *wanted = getenv("TEST_SERVED_BY");
	void *address = dlsym(RTLD_DEFAULT, "malloc");
	char real[4096];
	Dl_info from;

	tap_start();
	if (wanted && (!address || !dladdr(address, &from) || !realpath(from.dli_fname, real) ||
		       strcmp(real, wanted))) {
		tap_line("Bail out! malloc is not served by %s", wanted);
		return 99;
	}
	tap_case("A21 plain, array and nothrow forms", plain_forms);
	tap_case("A21 sized delete", sized_forms);
	tap_case("A21 aligned forms", aligned_forms);
	tap_case("A21 new and delete expressions, containers, threads", expressions);
	tap_case("A21 new(0) is unique", zero_is_unique);
	tap_case("A14 delete of NULL keeps errno", delete_null);
	tap_case("A21 without a handler: bad_alloc, or NULL from nothrow", no_handler);
	tap_case("A21 sizes near SIZE_MAX and PTRDIFF_MAX", sizes_beyond);
	tap_case("A21 the handler is called until it clears itself", handler_until_cleared);
	tap_case("A21 what the handler throws arrives", handler_throws);
	tap_case("A21 a handler that makes room makes new succeed", room_for_one);
	tap_case("A21 and new[] that is aligned", room_for_aligned);
	return tap_finish();
}
