/* What hooks.c says of its hooks; found by dlsym where it is preloaded. */
#ifndef ASH_TEST_HOOKS_H
#define ASH_TEST_HOOKS_H

__attribute__((visibility("default"))) void hooks_begin(void);
__attribute__((visibility("default"))) unsigned long hooks_calls(void);
__attribute__((visibility("default"))) unsigned
hooks_wrong(void); /* what went wrong, so often */

#endif
