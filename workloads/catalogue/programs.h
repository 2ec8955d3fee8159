/* The list of real programs, each planned in the file of its name. */
#ifndef WORKLOADS_PROGRAMS_H
#define WORKLOADS_PROGRAMS_H

#include "workloads/shared/program.h"

extern const struct program *const programs_all[]; /* ends with NULL */
/* The program of that name, or NULL. */
const struct program *program_find(const char *name);

extern const struct program program_redis;
extern const struct program program_cc1plus;
extern const struct program program_python_json;
extern const struct program program_python_pymalloc;
extern const struct program program_sqlite;
extern const struct program program_git;
extern const struct program program_gs;
extern const struct program program_z3;
extern const struct program program_ruby;
extern const struct program program_perl;
extern const struct program program_nginx;

#endif
