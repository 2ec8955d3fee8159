// shapes_cxx NAME: the same as shapes, for the five programs of that suite that are C++.
#include <cstdio>
#include <cstring>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

template <class T> static T *hidden(T *p)
{
	__asm__ volatile("" : "+r"(p) : : "memory");
	return p;
}

struct nine_words {
	size_t word[9];
};

static void delete_type_size_mismatch()
{
	void *p = hidden(new char);

	delete static_cast<nine_words *>(p);
}

static void invalid_array_delete_char()
{
	delete[] hidden(new char);
}

static void invalid_array_delete_string()
{
	delete[] hidden(new std::string);
}

static void invalid_delete_array_char()
{
	delete hidden(new char[4096]);
}

static void invalid_delete_array_string()
{
	delete hidden(new std::string[4096]);
}

static const struct {
	const char *name;
	void (*wrong)();
} shapes[] = {
	{"delete_type_size_mismatch", delete_type_size_mismatch},
	{"invalid_array_delete_char", invalid_array_delete_char},
	{"invalid_array_delete_string", invalid_array_delete_string},
	{"invalid_delete_array_char", invalid_delete_array_char},
	{"invalid_delete_array_string", invalid_delete_array_string},
};

int main(int argc, char **argv)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	for (const auto &shape : shapes) {
		if (argc < 2) {
			std::puts(shape.name);
		} else if (std::strcmp(argv[1], shape.name) == 0) {
			shape.wrong();
			if (write(STDOUT_FILENO, "went through\n", 13) < 0)
				return 3;
			return 0;
		}
	}
	return argc < 2 ? 0 : 2;
}
