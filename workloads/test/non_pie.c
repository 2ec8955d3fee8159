/* Linked at a fixed address, and takes malloc's: the dynamic linker then gives every
 * object an entry of this program as the address of malloc.  Prints which file the
 * identity names all the same, and its version. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "workloads/shared/identity.h"

static void *(*volatile taken)(size_t);

int main(void)
{
	static char malloc_file[512], usable_file[512], version[128], own_file[512];

	taken = malloc; /* in code: as data it would be a relocation, and true */
	identity_take(malloc_file, sizeof(malloc_file), usable_file, sizeof(usable_file),
		      version, sizeof(version));
	identity_file_of((const void *)(uintptr_t)taken, own_file, sizeof(own_file));
	printf("%s\n%s\n%s\n%s\n", malloc_file, usable_file, version, own_file);
	return 0;
}
