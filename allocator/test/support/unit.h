/* What cmocka wants included before itself, in its order. */
#ifndef ASH_TEST_UNIT_H
#define ASH_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#endif
