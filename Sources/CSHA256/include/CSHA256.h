// SHA-256 (FIPS 180-4) for Swift, with the processor's instructions for it where it has them.
#ifndef NN_SHA256_H
#define NN_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Writes the SHA-256 of `count` bytes. `portable`: without the processor's own instructions, which tests
// compare.
void nn_sha256(const uint8_t *bytes, size_t count, bool portable, uint8_t digest[32]);

#endif
