/* Numbers as bytes: fixed little endian, varint, zigzag; and CRC32C. */
#ifndef TRACE_BYTES_H
#define TRACE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VARINT_MAX 10 /* bytes of the longest */

static inline uint8_t *put_fixed(uint8_t *to, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		*to++ = (uint8_t)(value >> (8 * i));
	return to;
}

static inline uint64_t get_fixed(const uint8_t *from, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)from[i] << (8 * i);
	return value;
}

static inline uint8_t *put_varint(uint8_t *to, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*to++ = (uint8_t)(value | 0x80);
	*to++ = (uint8_t)value;
	return to;
}

/* Moves *from on.  False when the number goes beyond `end` or 64 bits. */
static inline bool get_varint(const uint8_t **from, const uint8_t *end, uint64_t *value)
{
	const uint8_t *p = *from;
	uint64_t sum = 0;

	for (unsigned shift = 0; p < end; shift += 7) {
		uint8_t byte = *p++;

		if (shift == 63 && byte > 1)
			return false;
		sum |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*from = p;
			*value = sum;
			return true;
		}
	}
	return false;
}

/* The difference to - from, for any two numbers, as one whose small values are small
 * differences in either direction; and back. */
static inline uint64_t zigzag(uint64_t to, uint64_t from)
{
	uint64_t d = to - from;

	return d << 1 ^ (0 - (d >> 63));
}

static inline uint64_t unzigzag(uint64_t code, uint64_t from)
{
	return from + (code >> 1 ^ (0 - (code & 1)));
}

/* Castagnoli's CRC (polynomial 0x1edc6f41, reflected).  Starts with 0; parts chain. */
uint32_t trace_crc32c(uint32_t crc, const void *bytes, size_t length);

#endif
