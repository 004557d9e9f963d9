// CRC-32 by carry-less products, 64 bytes at a time. 128 bits that lie n bits before the end of the data may
// be replaced by a shorter number with the same remainder modulo the checksum's polynomial: the second half
// times the remainder of x^n, plus the first half times the remainder of x^(n + 64). All bits are in reverse
// order.
#include "vector_arithmetic.h"

#if NNK_X86
#include "freestanding.h"
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("pclmul"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("pclmul")
#endif

/// Returns x moved behind some bytes and added to `next`.   by: the remainders for that distance, of both
/// halves
static inline __m128i folded(__m128i x, __m128i by, __m128i next) {
    const __m128i first = _mm_clmulepi64_si128(x, by, 0x00), second = _mm_clmulepi64_si128(x, by, 0x11);
    return _mm_xor_si128(_mm_xor_si128(first, second), next);
}

uint32_t nnk_crc32_by_products(uint32_t crc, const uint8_t *bytes, size_t count) {
    // x^(512 + 32), x^(512 - 32); x^(128 + 32), x^(128 - 32).
    const __m128i by_64 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
    const __m128i by_16 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    if (count < 128) return nnk_crc32_by_bytes(crc, bytes, count);
    const __m128i *next = (const __m128i *)(const void *)bytes;
    __m128i x[4];
    for (int32_t i = 0; i < 4; i++) x[i] = _mm_loadu_si128(next++);
    x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128((int32_t)~crc));
    for (count -= 64; count >= 64; count -= 64)
        for (int32_t i = 0; i < 4; i++) x[i] = folded(x[i], by_64, _mm_loadu_si128(next++));
    for (int32_t i = 1; i < 4; i++) x[0] = folded(x[0], by_16, x[i]);
    // The remaining 16 bytes have the remainder of all bytes so far.
    uint8_t left[16];
    _mm_storeu_si128((__m128i *)(void *)left, x[0]);
    crc = nnk_crc32_by_bytes(UINT32_MAX, left, sizeof left);
    return nnk_crc32_by_bytes(crc, (const uint8_t *)next, count);
}

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
