#include "harness/base/sha256.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A message is taken in blocks of 16 words of 32 bits, the first byte of a word on top. */
#define BLOCK 64

/* The first 32 bits behind the point: of the cube roots of the first 64 primes, and of the
 * square roots of the first eight (FIPS 180-4, 4.2.2 and 5.3.3). */
static const uint32_t roots[BLOCK] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2};
static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
				  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static uint32_t turned(uint32_t word, int bits)
{
	return word >> bits | word << (32 - bits);
}

/* The names a to h and w are those of the standard's section 6.2.2. */
static void mix(uint32_t state[8], const unsigned char block[BLOCK])
{
	uint32_t w[BLOCK], s[8];

	for (int t = 0; t < 16; t++)
		w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
		       (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
	for (int t = 16; t < BLOCK; t++) {
		uint32_t near = w[t - 2], far = w[t - 15];

		w[t] = (turned(near, 17) ^ turned(near, 19) ^ near >> 10) + w[t - 7] +
		       (turned(far, 7) ^ turned(far, 18) ^ far >> 3) + w[t - 16];
	}
	memcpy(s, state, sizeof(s));
	for (int t = 0; t < BLOCK; t++) {
		uint32_t a = s[0], e = s[4];
		uint32_t one = s[7] + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) +
			       ((e & s[5]) ^ (~e & s[6])) + roots[t] + w[t];
		uint32_t two = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) +
			       ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));

		memmove(s + 1, s, 7 * sizeof(s[0]));
		s[4] += one;
		s[0] = one + two;
	}
	for (int i = 0; i < 8; i++)
		state[i] += s[i];
}

/* The rest of the message, a bit that is 1, zeros, and the message's length in bits. */
static void finish(uint32_t state[8], const unsigned char *rest, size_t length, uint64_t bytes)
{
	unsigned char last[2 * BLOCK] = {0};
	size_t end = length + 9 <= BLOCK ? BLOCK : 2 * BLOCK;

	memcpy(last, rest, length);
	last[length] = 0x80;
	for (int i = 0; i < 8; i++)
		last[end - 1 - (size_t)i] = (unsigned char)(bytes * 8 >> 8 * i);
	for (size_t at = 0; at < end; at += BLOCK)
		mix(state, last + at);
}

int sha256_file(const char *path, char text[SHA256_TEXT])
{
	unsigned char buffer[1024 * BLOCK];
	uint32_t state[8];
	uint64_t bytes = 0;
	FILE *file = fopen(path, "re");
	size_t n, whole;
	int error;

	if (!file)
		return -1;
	memcpy(state, start, sizeof(state));
	/* fread falls short at the end alone. */
	do {
		n = fread(buffer, 1, sizeof(buffer), file);
		whole = n - n % BLOCK;
		for (size_t at = 0; at < whole; at += BLOCK)
			mix(state, buffer + at);
		bytes += n;
	} while (n == sizeof(buffer));
	error = ferror(file) ? EIO : 0;
	fclose(file);
	if (error) {
		errno = error;
		return -1;
	}
	finish(state, buffer + whole, n - whole, bytes);
	for (int i = 0; i < 8; i++)
		snprintf(text + 8 * i, 9, "%08x", state[i]);
	return 0;
}
