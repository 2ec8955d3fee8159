#include "os/symbols.h"

#include <stddef.h>
#include <string.h>

/* Most loaders have added the base to the pointers of the dynamic section. */
static uintptr_t pointer(const struct ash_symbols *s, uintptr_t value)
{
	return value < s->base ? s->base + value : value;
}

bool ash_symbols_read(struct ash_symbols *s, uintptr_t base, const ElfW(Dyn) * dynamic)
{
	*s = (struct ash_symbols){.base = base};
	for (const ElfW(Dyn) *d = dynamic; d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_SYMTAB)
			s->symbols = (void *)pointer(s, d->d_un.d_ptr);
		else if (d->d_tag == DT_STRTAB)
			s->strings = (void *)pointer(s, d->d_un.d_ptr);
		else if (d->d_tag == DT_GNU_HASH)
			s->gnu_hash = (void *)pointer(s, d->d_un.d_ptr);
#if !defined(__s390x__) && !defined(__alpha__) /* whose DT_HASH has words of 64 bits */
		else if (d->d_tag == DT_HASH)
			s->hash = (void *)pointer(s, d->d_un.d_ptr);
#endif
	}
	return s->symbols != NULL && s->strings != NULL &&
	       (s->gnu_hash != NULL || s->hash != NULL);
}

static bool is_named(const struct ash_symbols *s, uint32_t i, const char *name)
{
	return strcmp(s->strings + s->symbols[i].st_name, name) == 0;
}

static void each_by_gnu_hash(const struct ash_symbols *s, const char *name,
			     void (*fn)(ElfW(Sym) * symbol, void *argument), void *argument)
{
	uint32_t buckets = s->gnu_hash[0], first = s->gnu_hash[1], filter = s->gnu_hash[2];
	const uint32_t *bucket = s->gnu_hash + 4 + filter * (sizeof(ElfW(Addr)) / 4);
	const uint32_t *chain = bucket + buckets;
	uint32_t hash = 5381, i;

	if (buckets == 0)
		return;
	for (const char *c = name; *c != '\0'; c++)
		hash = hash * 33 + (unsigned char)*c;
	i = bucket[hash % buckets];
	if (i < first) /* an empty bucket */
		return;
	for (;; i++) {
		uint32_t other = chain[i - first];

		if ((other | 1) == (hash | 1) && is_named(s, i, name))
			fn(&s->symbols[i], argument);
		if ((other & 1) != 0) /* the last of the bucket */
			return;
	}
}

void ash_symbols_each(const struct ash_symbols *s, const char *name,
		      void (*fn)(ElfW(Sym) * symbol, void *argument), void *argument)
{
	if (s->gnu_hash != NULL) {
		each_by_gnu_hash(s, name, fn, argument);
		return;
	}
	/* Its second number is that of the symbols; 0 is none. */
	for (uint32_t i = 1; i < s->hash[1]; i++)
		if (is_named(s, i, name))
			fn(&s->symbols[i], argument);
}

struct search {
	const char *name;
	uintptr_t base;
	const void *found;
};

static void find_definition(ElfW(Sym) * symbol, void *argument)
{
	struct search *search = argument;

	if (symbol->st_shndx != SHN_UNDEF && search->found == NULL)
		search->found = (const void *)(search->base + symbol->st_value);
}

/* The object's symbols, where it has a dynamic section; false where that cannot be read. */
static bool read_object(const struct dl_phdr_info *object, struct ash_symbols *symbols)
{
	*symbols = (struct ash_symbols){0};
	for (unsigned i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &object->dlpi_phdr[i];

		if (header->p_type == PT_DYNAMIC)
			return ash_symbols_read(
				symbols, object->dlpi_addr,
				(const void *)(object->dlpi_addr + header->p_vaddr));
	}
	return true;
}

static int look_into(struct dl_phdr_info *object, size_t size, void *argument)
{
	struct search *search = argument;
	struct ash_symbols symbols;

	(void)size;
	if (!read_object(object, &symbols))
		return 1;
	search->base = object->dlpi_addr;
	if (symbols.symbols != NULL)
		ash_symbols_each(&symbols, search->name, find_definition, search);
	return search->found != NULL;
}

const void *ash_symbols_first(const char *name)
{
	struct search search = {.name = name};

	dl_iterate_phdr(look_into, &search);
	return search.found;
}

bool ash_symbols_object_holds(const struct dl_phdr_info *object, const void *p)
{
	for (unsigned i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &object->dlpi_phdr[i];

		if (header->p_type == PT_LOAD &&
		    (uintptr_t)p - (object->dlpi_addr + header->p_vaddr) < header->p_memsz)
			return true;
	}
	return false;
}

struct search_next {
	const char *name;
	const void *own;
	bool behind; /* the object of `own` was met */
	uintptr_t base;
	bool has_it;
	const void *found;
};

static void find_function(ElfW(Sym) * symbol, void *argument)
{
	struct search_next *search = argument;

	if (symbol->st_shndx == SHN_UNDEF || search->has_it)
		return;
	search->has_it = true;
	if ((symbol->st_info & 0xf) == STT_FUNC)
		search->found = (const void *)(search->base + symbol->st_value);
}

static int look_behind(struct dl_phdr_info *object, size_t size, void *argument)
{
	struct search_next *search = argument;
	struct ash_symbols symbols;

	(void)size;
	if (!search->behind) {
		search->behind = ash_symbols_object_holds(object, search->own);
		return 0;
	}
	search->base = object->dlpi_addr;
	if (read_object(object, &symbols) && symbols.symbols != NULL)
		ash_symbols_each(&symbols, search->name, find_function, search);
	return search->has_it;
}

const void *ash_symbols_next(const char *name, const void *own)
{
	struct search_next search = {.name = name, .own = own};

	dl_iterate_phdr(look_behind, &search);
	return search.found;
}
