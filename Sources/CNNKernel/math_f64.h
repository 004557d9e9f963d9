/// What exp, log and the square root for double are made of.
#ifndef NNK_MATH_F64_H
#define NNK_MATH_F64_H

#include "exp_log.h"
#include "log_table.h"
#include "strict_float.h"
#include <stdint.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static inline uint64_t nnk_bits_f64(double x) {
    const union {
        double x;
        uint64_t bits;
    } both = {.x = x};
    return both.bits;
}

static inline double nnk_from_bits_f64(uint64_t bits) {
    const union {
        uint64_t bits;
        double x;
    } both = {.bits = bits};
    return both.x;
}

/// Returns the upper half of the product of two 64-bit numbers.
static inline uint64_t nnk_high_product(uint64_t a, uint64_t b) {
    const uint32_t a0 = (uint32_t)a, a1 = (uint32_t)(a >> 32), b0 = (uint32_t)b, b1 = (uint32_t)(b >> 32);
    const uint64_t one = (uint64_t)a1 * b0 + ((uint64_t)a0 * b0 >> 32),
                   other = (uint64_t)a0 * b1 + (uint32_t)one;
    return (uint64_t)a1 * b1 + (one >> 32) + (other >> 32);
}

/// 2^k for -1022 <= k <= 1023.
static inline double nnk_power_of_two_f64(int32_t k) { return nnk_from_bits_f64((uint64_t)(k + 1023) << 52); }

#define NNK_EXP_MOST_F64  0x1.62e42fefa39efp+9  // above it, exp overflows
#define NNK_EXP_LEAST_F64 -0x1.74910d52d3052p+9 // below it, exp rounds to 0
#define NNK_LOG2_E_F64    0x1.71547652b82fep+0
#define NNK_LN2_HIGH_F64  0x1.62e42fefa3800p-1
#define NNK_LN2_LOW_F64   0x1.ef35793c76730p-45
#define NNK_ROUND_F64     0x1.8p+52 // x + this has no bits for a fraction: it is rounded to the nearest integer

#if defined(__FP_FAST_FMA) || defined(NNK_HAS_FMA)
#define nnk_fused __builtin_fma
#else
#define nnk_fused nnk_soft_fused
#endif

/// Returns the table's point: 1/c and log(c).
static inline nnk_log_point nnk_log_point_at(uint32_t entry) {
#if NNK_SMALL_LOG
    // log(c) = -2 (s + s^3/3 + s^5/5 + ...), s = (1/c - 1) / (1/c + 1). In the table it is a multiple of
    // 2^-43, and this sum is within a hundredth of that.
    double middle = nnk_from_bits_f64(0x3fe6100000000000 + ((uint64_t)entry << 45));
    double inverse = 1.0 / middle + (double)nnk_log_offsets[entry] * 0x1p-53;
    double s = (inverse - 1.0) / (inverse + 1.0), sum = 0.0;
    for (int32_t n = 15; n > 0; n -= 2) sum = sum * (s * s) + 1.0 / (double)n;
    return (nnk_log_point){inverse, -2.0 * s * sum + 0x1.8p9 - 0x1.8p9};
#else
    return nnk_log_points[entry];
#endif
}

/// log(2^k x) for a positive normal x: the bits of the C library on Linux with fused multiply-add
/// (log_table.h).
///
/// x = 2^n z, 0.6875 <= z < 1.375; c is from the table; r = z/c - 1, |r| < 2^-7.8, is rounded once;
/// log(x) = (n ln 2 + log(c)) + r - r^2 / 2 + r^3 p(r). The first sum is exact, the second is kept as a pair
/// of doubles. Close to 1, where n and log(c) are 0, r = x - 1 is exact, the pair holds r - r^2 / 2, and p is
/// longer.
static inline double nnk_log_scaled_f64(double x, int32_t k) {
    static const double near_terms[] = {0x1.5555555555577p-2,  -0x1.ffffffffffdcbp-3, 0x1.999999995dd0cp-3,
                                        -0x1.55555556745a7p-3, 0x1.24924a344de30p-3,  -0x1.fffffa4423d65p-4,
                                        0x1.c7184282ad6cap-4,  -0x1.999eb43b068ffp-4, 0x1.78182f7afd085p-4,
                                        -0x1.5521375d145cdp-4};
    static const double far_terms[] = {0x1.555555551305bp-2, -0x1.fffffffeb4590p-3, 0x1.999b324f10111p-3,
                                       -0x1.55575e506c89fp-3};
    const uint64_t bits = nnk_bits_f64(x);
    // log(x) = first + second + left * right + r^3 p(r); p is summed in groups of `size` terms, 2 or 3.
    double r, twos = 0.0, first, second, left, right;
    const double *terms = far_terms;
    int32_t size = 2, group = 1;
    if (bits - 0x3fee000000000000 < 0x0003090000000000) { // 1 - 2^-4 <= x < 1 + 1.035 * 2^-4
        r = x - 1.0;
        double upper = r * 0x1p27 + r - r * 0x1p27; // 26 bits, so that its square is exact
        first = r;
        second = -0.5 * (upper * upper);
        left = -0.5 * (r - upper); // the rest of -r^2 / 2
        right = r + upper;
        terms = near_terms;
        size = 3;
        group = 2;
    } else {
        uint64_t above = bits - 0x3fe6000000000000; // 0.6875
        const nnk_log_point at = nnk_log_point_at((uint32_t)(above >> 45) & 127);
        r = nnk_fused(nnk_from_bits_f64(bits - (above & 0xfff0000000000000)), at.inverse, -1.0);
        twos = (double)(k + ((int32_t)(above >> 32) >> 20));
        first = twos * 0x1.62e42fefa3800p-1 + at.log;
        second = r;
        left = r * r;
        right = -0x1.0000000000001p-1;
    }
    double high = first + second, low = first - high + second;
    low = nnk_fused(left, right, nnk_fused(twos, 0x1.ef35793c76730p-45, low));
    double r2 = r * r, r3 = r * r2, p = size == 3 ? near_terms[9] : 0.0;
    for (const double *c = terms + group * size; group >= 0; group--, c -= size) {
        double sum = nnk_fused(r, c[1], c[0]);
        if (size == 3) sum = nnk_fused(r2, c[2], sum);
        p = nnk_fused(p, size == 3 ? r3 : r2, sum);
    }
    return high + nnk_fused(p, r3, low);
}

/// The square root of a positive normal x, rounded to nearest.
static inline double nnk_sqrt_f64(double x) {
#if defined(__SSE2__)
    return _mm_cvtsd_f64(_mm_sqrt_sd(_mm_setzero_pd(), _mm_set_sd(x)));
#else
    return nnk_soft_sqrt(x);
#endif
}

#endif
