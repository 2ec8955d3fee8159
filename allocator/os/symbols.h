/* The dynamic symbols of what the loader has loaded, read where they lie in memory. */
#ifndef ASH_OS_SYMBOLS_H
#define ASH_OS_SYMBOLS_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

/* Those of one object.  The format is that of the System V ABI, chapter 5, and of GNU's hash
 * section (bucket and chain numbers behind a Bloom filter). */
struct ash_symbols {
	uintptr_t base;
	ElfW(Sym) * symbols;
	const char *strings;
	const uint32_t *gnu_hash; /* DT_GNU_HASH */
	const uint32_t *hash;     /* DT_HASH, read where the other is missing */
};

/* From an object's dynamic section, which was loaded at base.  False where it has no symbols
 * that can be found by name. */
bool ash_symbols_read(struct ash_symbols *s, uintptr_t base, const ElfW(Dyn) * dynamic);

/* Calls fn for each symbol of that name, in all its versions, undefined ones too. */
void ash_symbols_each(const struct ash_symbols *s, const char *name,
		      void (*fn)(ElfW(Sym) * symbol, void *argument), void *argument);

/* Where the first object in the loader's order that defines the name has it; NULL where none
 * does or one of them cannot be read.  What a function's address says is not always that: in a
 * program that lies at a fixed place it is the program's own jump to the function. */
const void *ash_symbols_first(const char *name);

/* The function of that name in the first object that has it behind the one which `own` lies in,
 * as dlsym(RTLD_NEXT) finds it, but without an allocation or an error to keep.  NULL where none
 * has it, and where the loader would have to ask the object which function it is
 * (STT_GNU_IFUNC). */
const void *ash_symbols_next(const char *name, const void *own);

/* Whether p lies in what the object has mapped. */
bool ash_symbols_object_holds(const struct dl_phdr_info *object, const void *p);

#endif
