#include "harness/trial/preloadable.h"

#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "harness/base/message.h"

/* A program that is linked dynamically names its loader. */
static bool names_loader(FILE *file, const Elf64_Ehdr *head)
{
	Elf64_Phdr segment;

	if (head->e_phentsize != sizeof(segment) ||
	    fseek(file, (long)head->e_phoff, SEEK_SET) < 0)
		return true; /* an odd file: nothing is known */
	for (unsigned i = 0; i < head->e_phnum; i++)
		if (fread(&segment, sizeof(segment), 1, file) != 1 ||
		    segment.p_type == PT_INTERP)
			return true;
	return false;
}

int preloadable(const char *path, char *why, size_t why_size)
{
	Elf64_Ehdr head;
	FILE *file = fopen(path, "re");
	const char *problem = NULL;
	struct stat st;

	if (!file)
		return 0;
	if (fread(&head, sizeof(head), 1, file) == 1 &&
	    memcmp(head.e_ident, ELFMAG, SELFMAG) == 0) {
		if (head.e_ident[EI_CLASS] != ELFCLASS64)
			problem = "is a program of 32 bits: nothing of ours fits into it";
		else if (!names_loader(file, &head))
			problem = "is linked statically: nothing can be preloaded into it";
		else if (fstat(fileno(file), &st) == 0 && st.st_mode & (S_ISUID | S_ISGID))
			problem = "is setuid or setgid: the loader preloads nothing into it";
	}
	fclose(file);
	return problem ? because(why, why_size, "%s %s", path, problem) : 0;
}
