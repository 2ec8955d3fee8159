/* What a file holds, as a fingerprint that sha256sum prints too. */
#ifndef HARNESS_SHA256_H
#define HARNESS_SHA256_H

#define SHA256_TEXT 65 /* 64 digits in hexadecimal, and the end */

/* SHA-256 (FIPS 180-4) of a file's bytes.  Returns 0, or -1 with errno when it cannot be read.
 */
int sha256_file(const char *path, char text[SHA256_TEXT]);

#endif
