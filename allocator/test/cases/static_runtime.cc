/* A C program (PROGRAM) and a plugin in C++ whose runtime is linked in: new that fails must
 * throw what the plugin catches. */
#ifdef PROGRAM
#include <dlfcn.h>
#include <stdio.h>

int main(int, char **arguments)
{
	void *handle = dlopen(arguments[1], RTLD_NOW);
	int (*work)(void) =
		handle ? reinterpret_cast<int (*)(void)>(dlsym(handle, "work")) : nullptr;

	if (work == nullptr) {
		puts(dlerror());
		return 1;
	}
	return work();
}
#else
#include <cstdint>
#include <cstdio>
#include <new>
#include <vector>

extern "C" int work(void)
{
	volatile std::size_t most = SIZE_MAX / 2 - 100;
	unsigned thrown = 0, refused = 0;
	auto al = static_cast<std::align_val_t>(64);

	for (unsigned form = 0; form < 4; form++) {
		try {
			void *volatile p = form == 0   ? ::operator new(most)
					   : form == 1 ? ::operator new[](most)
					   : form == 2 ? ::operator new(most, al)
						       : ::operator new[](most, al);
			(void)p;
		} catch (std::bad_alloc &) {
			thrown++;
		}
		refused += (form < 2 ? ::operator new(most, std::nothrow)
				     : ::operator new(most, al, std::nothrow)) == nullptr;
	}
	try {
		std::vector<char> v(most);
	} catch (std::bad_alloc &) {
		thrown++;
	}
	std::printf("%u of 5 threw, %u of 4 were refused\n", thrown, refused);
	return thrown == 5 && refused == 4 ? 0 : 1;
}
#endif
