#include "meta/large_size.h"

/* The first bit says which doubling, the next two which quarter of it. */
#define OF(i)                     \
	((i) < 4    ? 0           \
	 : (i) < 8  ? (i) % 4     \
	 : (i) < 16 ? (i) / 2     \
	 : (i) < 32 ? (i) / 4 + 4 \
	 : (i) < 64 ? (i) / 8 + 8 \
		    : (i) / 16 + 12)
#define OFX8(i) \
	OF(i), OF(i + 1), OF(i + 2), OF(i + 3), OF(i + 4), OF(i + 5), OF(i + 6), OF(i + 7)

const uint8_t ash_large_size_by_8k[] = {
	OFX8(0),  OFX8(8),  OFX8(16), OFX8(24), OFX8(32), OFX8(40),  OFX8(48),  OFX8(56),
	OFX8(64), OFX8(72), OFX8(80), OFX8(88), OFX8(96), OFX8(104), OFX8(112), OFX8(120),
};
