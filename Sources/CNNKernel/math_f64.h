/// exp, log and square root for double, from + - * / and bit moves alone.
#ifndef NNK_MATH_F64_H
#define NNK_MATH_F64_H

#include "freestanding.h"
#include "log_table.h"
#include "strict_float.h"
#include <stdint.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static inline uint64_t nnk_bits_f64(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double nnk_from_bits_f64(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/// 2^k for -1022 <= k <= 1023.
static inline double nnk_power_of_two_f64(int32_t k) { return nnk_from_bits_f64((uint64_t)(k + 1023) << 52); }

#define NNK_EXP_MOST_F64  0x1.62e42fefa39efp+9  // above it, exp overflows
#define NNK_EXP_LEAST_F64 -0x1.74910d52d3052p+9 // below it, exp rounds to 0
#define NNK_LOG2_E_F64    0x1.71547652b82fep+0
#define NNK_LN2_HIGH_F64  0x1.62e42fefa3800p-1
#define NNK_LN2_LOW_F64   0x1.ef35793c76730p-45
#define NNK_ROUND_F64     0x1.8p+52 // adding it leaves no bits for a fraction: rounds to the nearest integer

/// p's coefficients, the highest power first.
static const double nnk_exp_terms_f64[] = {0x1.1f730349868cep-29,
                                           0x1.af4de97ca4194p-26,
                                           0x1.27e4db646b17ep-22,
                                           0x1.71de0231960ebp-19,
                                           0x1.a01a01a6d889cp-16,
                                           0x1.a01a01abe7fe1p-13,
                                           0x1.6c16c16c162d4p-10,
                                           0x1.11111111100dcp-7,
                                           0x1.5555555555556p-5,
                                           0x1.5555555555557p-3,
                                           0x1.0p-1};
enum { NNK_EXP_TERMS_F64 = 11 };

/// exp(x), as nnk_exp_f32 does it: k times the upper 42 bits of ln 2 is exact for |k| < 2^11, p is within
/// 2^-61 of exp(r).
/// Bounds: below 1 ulp; +inf above 709.78, 0 below -745.14; a NaN comes back.
static inline double nnk_exp_f64(double x) {
    if (!(x <= NNK_EXP_MOST_F64)) return x != x ? x : nnk_from_bits_f64(0x7ff0000000000000);
    if (x < NNK_EXP_LEAST_F64) return 0;
    double k = x * NNK_LOG2_E_F64 + NNK_ROUND_F64 - NNK_ROUND_F64;
    double high = x - k * NNK_LN2_HIGH_F64, low = k * NNK_LN2_LOW_F64, r = high - low;
    double p = nnk_exp_terms_f64[0];
    for (int32_t i = 1; i < NNK_EXP_TERMS_F64; i++) p = p * r + nnk_exp_terms_f64[i];
    double sum = 1 + high, lost = 1 - sum + high;
    double y = sum + (lost + (r * r * p - low));
    // In two steps, as 2^k itself may be out of range; the first is exact.
    int32_t n = (int32_t)k, half = n / 2;
    return y * nnk_power_of_two_f64(half) * nnk_power_of_two_f64(n - half);
}

#if defined(__FP_FAST_FMA) || defined(NNK_HAS_FMA)
#define nnk_fused __builtin_fma
#else
/// A 128-bit number, for nnk_fused on machines without one.
typedef struct nnk_wide {
    uint64_t high, low;
} nnk_wide;

static inline nnk_wide nnk_wide_product(uint64_t a, uint64_t b) {
    uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
    uint64_t ll = al * bl, lh = al * bh, hl = ah * bl, middle = (ll >> 32) + (uint32_t)lh + (uint32_t)hl;
    return (nnk_wide){ah * bh + (lh >> 32) + (hl >> 32) + (middle >> 32), middle << 32 | (uint32_t)ll};
}

static inline nnk_wide nnk_wide_left(nnk_wide x, int32_t by) { // 0 < by < 128
    if (by >= 64) return (nnk_wide){x.low << (by - 64), 0};
    return (nnk_wide){x.high << by | x.low >> (64 - by), x.low << by};
}

/// Shifted right; what falls off leaves a 1 in the last bit.
static inline nnk_wide nnk_wide_right(nnk_wide x, int32_t by) {
    if (by <= 0) return x;
    if (by >= 128) return (nnk_wide){0, (x.high | x.low) != 0};
    if (by >= 64) {
        uint64_t lost = x.low | (by > 64 ? x.high << (128 - by) : 0);
        return (nnk_wide){0, x.high >> (by - 64) | (lost != 0)};
    }
    uint64_t lost = x.low << (64 - by);
    return (nnk_wide){x.high >> by, x.high << (64 - by) | x.low >> by | (lost != 0)};
}

/// a b + c, rounded once, to even. For zero or normal a, b and c, and a normal or zero result.
static inline double nnk_fused(double a, double b, double c) {
    const uint64_t one = 1ull << 52, mask = one - 1;
    if (a == 0.0 || b == 0.0 || c == 0.0) return a * b + c;
    uint64_t ua = nnk_bits_f64(a), ub = nnk_bits_f64(b), uc = nnk_bits_f64(c);
    // Both terms as 128-bit integers, top bit at 126 or 125, times 2^exponent.
    nnk_wide p = nnk_wide_left(nnk_wide_product((ua & mask) | one, (ub & mask) | one), 21);
    nnk_wide q = nnk_wide_left((nnk_wide){0, (uc & mask) | one}, 74);
    int32_t p_exponent = (int32_t)(ua >> 52 & 0x7ff) + (int32_t)(ub >> 52 & 0x7ff) - 2 * 1075 - 21;
    int32_t q_exponent = (int32_t)(uc >> 52 & 0x7ff) - 1075 - 74;
    int32_t exponent = p_exponent > q_exponent ? p_exponent : q_exponent;
    uint64_t sign = (ua ^ ub) & ~(mask | 0x7ffull << 52), q_sign = uc & ~(mask | 0x7ffull << 52);
    // Where bits fall off here, the other term is larger by so much that the result keeps its top bits.
    p = nnk_wide_right(p, exponent - p_exponent);
    q = nnk_wide_right(q, exponent - q_exponent);
    if (sign != q_sign) {
        int32_t q_larger = q.high > p.high || (q.high == p.high && q.low > p.low);
        nnk_wide large = q_larger ? q : p, small = q_larger ? p : q;
        if (q_larger) sign = q_sign;
        p = (nnk_wide){large.high - small.high - (large.low < small.low), large.low - small.low};
        if ((p.high | p.low) == 0) return 0.0;
    } else {
        uint64_t low = p.low + q.low;
        p = (nnk_wide){p.high + q.high + (low < q.low), low};
    }
    int32_t zeros = p.high ? __builtin_clzll(p.high) : 64 + __builtin_clzll(p.low);
    if (zeros) p = nnk_wide_left(p, zeros);
    // The top bit is at 127 now: 53 bits stay, 75 go.
    uint64_t kept = p.high >> 11, rest = p.high << 53 | (p.low != 0), tie = 1ull << 63;
    kept += rest > tie || (rest == tie && (kept & 1));
    // `kept` may have become 2^53, which carries into the exponent as it should.
    return nnk_from_bits_f64(sign | (((uint64_t)(exponent - zeros + 75 + 1074) << 52) + kept));
}
#endif

/// log(x), to the bit as the C library on Linux computes it with fused multiply-add (see log_table.h).
///
/// x = 2^k z, z between 0.6875 and 1.375; c from the table; r = z/c - 1, |r| < 2^-7.8, rounded once;
/// log(x) = (k ln 2 + log(c)) + r - r^2 / 2 + r^3 p(r), the first sum exact, the second kept as a pair.
/// Close to 1, where k and log(c) vanish, r = x - 1 is exact and p is longer.
/// Bounds: 0.52 ulp; -inf for 0, NaN below 0.
static inline double nnk_log_f64(double x) {
    uint64_t bits = nnk_bits_f64(x);
    if (bits - 0x3fee000000000000 < 0x0003090000000000) { // 1 - 2^-4 <= x < 1 + 1.035 * 2^-4
        double r = x - 1.0, r2 = r * r, r3 = r * r2;
        double p1 =
            nnk_fused(r2, 0x1.999999995dd0cp-3, nnk_fused(r, -0x1.ffffffffffdcbp-3, 0x1.5555555555577p-2));
        double p4 =
            nnk_fused(r2, -0x1.fffffa4423d65p-4, nnk_fused(r, 0x1.24924a344de30p-3, -0x1.55555556745a7p-3));
        double p7 =
            nnk_fused(r2, 0x1.78182f7afd085p-4, nnk_fused(r, -0x1.999eb43b068ffp-4, 0x1.c7184282ad6cap-4));
        double p = nnk_fused(nnk_fused(nnk_fused(r3, -0x1.5521375d145cdp-4, p7), r3, p4), r3, p1);
        double upper = r * 0x1p27 + r - r * 0x1p27; // 26 bits, so that its square is exact
        double square = -0.5 * (upper * upper), high = r + square, low = r - high + square;
        low = nnk_fused(-0.5 * (r - upper), r + upper, low); // the rest of -r^2 / 2
        return high + nnk_fused(p, r3, low);
    }
    double k = 0.0;
    if (bits - 0x0010000000000000 >= 0x7fe0000000000000) { // zero, subnormal, negative, infinite or NaN
        if (x == 0.0) return nnk_from_bits_f64(0xfff0000000000000);
        if (!(x > 0.0)) return nnk_from_bits_f64(0x7ff8000000000000);
        if (bits == 0x7ff0000000000000) return x;
        bits = nnk_bits_f64(x * 0x1p52);
        k = -52.0;
    }
    uint64_t above = bits - 0x3fe6000000000000; // 0.6875
    uint32_t entry = (uint32_t)(above >> 45) & 127;
    k += (double)((int32_t)(above >> 32) >> 20);
    double z = nnk_from_bits_f64(bits - (above & 0xfff0000000000000));
    double r = nnk_fused(z, nnk_log_table[entry].inverse, -1.0), r2 = r * r;
    double whole = k * 0x1.62e42fefa3800p-1 + nnk_log_table[entry].log;
    double high = whole + r, low = nnk_fused(k, 0x1.ef35793c76730p-45, whole - high + r);
    low = nnk_fused(r2, -0x1.0000000000001p-1, low);
    double p = nnk_fused(nnk_fused(r, -0x1.55575e506c89fp-3, 0x1.999b324f10111p-3), r2,
                         nnk_fused(r, -0x1.fffffffeb4590p-3, 0x1.555555551305bp-2));
    return nnk_fused(r * r2, p, low) + high;
}

/// The square root of a positive normal x, rounded to nearest.
static inline double nnk_sqrt_f64(double x) {
#if defined(__SSE2__)
    return _mm_cvtsd_f64(_mm_sqrt_sd(_mm_setzero_pd(), _mm_set_sd(x)));
#else
    // x = m 2^(2e), m an integer of 106 or 107 bits: the 54-bit integer root, digit by digit. Its last bit
    // and what remains decide the rounding; a tie can't occur, as a 54-bit number's square is no 107-bit m.
    uint64_t bits = nnk_bits_f64(x), mantissa = (bits & ((1ull << 52) - 1)) | 1ull << 52;
    int32_t exponent = (int32_t)(bits >> 52) - 1075;
    int32_t odd = exponent & 1;
    mantissa <<= odd;
    // Two bits of m enter at each step: m = mantissa * 2^54.
    uint64_t root = 0, rest = 0;
    for (int32_t step = 0; step < 54; step++) {
        rest = rest << 2 | (mantissa >> 52 & 3);
        mantissa = (mantissa << 2) & ((1ull << 54) - 1);
        uint64_t trial = root << 2 | 1;
        root <<= 1;
        if (rest >= trial) rest -= trial, root |= 1;
    }
    return nnk_from_bits_f64(((uint64_t)((exponent - odd) / 2 + 1023 + 26) << 52) +
                             ((root >> 1) + (root & 1) - (1ull << 52)));
#endif
}

#endif
