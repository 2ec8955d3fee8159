/* Eight bytes per step from eight tables (Kounavis and Berry's slicing, 2005): the format
 * must not need an instruction that some CPU lacks, and unpacking costs more anyway. */
#include <pthread.h>
#include "workloads/trace/bytes.h"

#define POLYNOMIAL UINT32_C(0x82f63b78)

static uint32_t table[8][256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
		table[0][i] = crc;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (unsigned k = 1; k < 8; k++)
			table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 0xff];
}

uint32_t trace_crc32c(uint32_t crc, const void *bytes, size_t length)
{
	const uint8_t *p = bytes;

	pthread_once(&once, fill);
	crc = ~crc;
	for (; length >= 8; p += 8, length -= 8) {
		uint64_t word = get_fixed(p, 8) ^ crc;

		crc = 0;
		for (unsigned k = 0; k < 8; k++)
			crc ^= table[7 - k][word >> (8 * k) & 0xff];
	}
	while (length-- > 0)
		crc = crc >> 8 ^ table[0][(crc ^ *p++) & 0xff];
	return ~crc;
}
