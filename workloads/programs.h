/* The real programs, each planned in the file of its name. */
#ifndef WORKLOADS_PROGRAMS_H
#define WORKLOADS_PROGRAMS_H

#include "workloads/program.h"

extern const struct program program_redis;
extern const struct program program_cc1plus;
extern const struct program program_python_json;
extern const struct program program_sqlite;

#endif
