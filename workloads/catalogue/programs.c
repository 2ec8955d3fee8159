#include "workloads/catalogue/programs.h"

#include <string.h>

const struct program *const programs_all[] = {
	&program_redis,  &program_cc1plus, &program_python_json, &program_python_pymalloc,
	&program_sqlite, &program_git,     &program_gs,          &program_z3,
	&program_ruby,   &program_perl,    &program_nginx,       NULL,
};

const struct program *program_find(const char *name)
{
	for (const struct program *const *p = programs_all; *p; p++)
		if (strcmp((*p)->name, name) == 0)
			return *p;
	return NULL;
}
