/// What exp and log for float are made of.
#ifndef NNK_MATH_F32_H
#define NNK_MATH_F32_H

#include "exp_log.h"
#include "strict_float.h"
#include <stdint.h>

static inline uint32_t nnk_bits_f32(float x) {
    const union {
        float x;
        uint32_t bits;
    } both = {.x = x};
    return both.bits;
}

static inline float nnk_from_bits_f32(uint32_t bits) {
    const union {
        uint32_t bits;
        float x;
    } both = {.bits = bits};
    return both.x;
}

/// 2^k for -126 <= k <= 127.
static inline float nnk_power_of_two_f32(int32_t k) { return nnk_from_bits_f32((uint32_t)(k + 127) << 23); }

#define NNK_EXP_MOST_F32  0x1.62e42ep+6f  // above it, exp overflows
#define NNK_EXP_LEAST_F32 -0x1.9fe368p+6f // below it, exp rounds to 0
#define NNK_LOG2_E_F32    0x1.715476p+0f
#define NNK_LN2_HIGH_F32  0x1.62e4p-1f
#define NNK_LN2_LOW_F32   0x1.7f7d1cp-20f
#define NNK_ROUND_F32     0x1.8p+23f // x + this has no bits for a fraction: it is rounded to the nearest integer

#endif
