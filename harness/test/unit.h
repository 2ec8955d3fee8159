/* What cmocka needs before its own header. */
#ifndef HARNESS_TEST_UNIT_H
#define HARNESS_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#endif
