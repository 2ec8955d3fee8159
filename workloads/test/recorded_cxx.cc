// The operators, each with a size of its own.
#include <cstdlib>
#include <new>

struct alignas(128) wide {
	char bytes[1280];
};

static void *volatile sink;

int main()
{
	char *p = static_cast<char *>(::operator new(7001));
	sink = p;
	::operator delete (p, std::size_t{7001});
	p = new char[7003];
	sink = p;
	delete[] p;
	p = new (std::nothrow) char[7013];
	sink = p;
	delete[] p;
	wide *w = new wide;
	sink = w;
	delete w;
	try {
		sink = ::operator new (std::size_t{1} << 46);
		return 3;
	} catch (const std::bad_alloc &) {
	}
	// After an exception went through it, the recorder must still count.
	p = static_cast<char *>(::operator new(7019));
	sink = p;
	::operator delete(p);
	return 0;
}
