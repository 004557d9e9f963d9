#include "math_f32.h"

#include "kernels/real_f32.h"

#include "kernels/float_check.h"

bool nnk_is_strict_f32(void) { return check_float(); }

#include "kernels/end.h"

/// x = k ln 2 + r, |r| <= ln 2 / 2, exp(x) = 2^k exp(r), exp(r) = 1 + r + r^2 p(r).
///
/// ln 2 is split in two parts. The upper one has 15 bits, so that k times it is exact, as |k| < 2^8. p
/// interpolates (exp(r) - 1 - r) / r^2 at the Chebyshev nodes, which errs by 2^-26.5 of exp(r). 1 + r is kept
/// as an exact pair.
float nnk_exp_f32(float x) {
    if (!(x <= NNK_EXP_MOST_F32)) return x * nnk_from_bits_f32(0x7f800000); // a NaN stays one
    if (x < NNK_EXP_LEAST_F32) return 0;
    float k = x * NNK_LOG2_E_F32 + NNK_ROUND_F32 - NNK_ROUND_F32;
    float high = x - k * NNK_LN2_HIGH_F32, low = k * NNK_LN2_LOW_F32, r = high - low;
    float p = nnk_exp_terms_f32[0];
    for (int32_t i = 1; i < NNK_EXP_TERMS_F32; i++) p = p * r + nnk_exp_terms_f32[i];
    float sum = 1 + high, lost = 1 - sum + high;
    float y = sum + (lost + (r * r * p - low));
    // In two products, as 2^k itself may be out of range; the first is exact.
    int32_t n = (int32_t)k, half = n >> 1;
    return y * nnk_power_of_two_f32(half) * nnk_power_of_two_f32(n - half);
}

/// log(2^k x) for a positive normal x.
///
/// x = 2^n (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), s = f / (2 + f),
/// log(1 + f) = f - (h - s (h + q(s^2))), h = f^2 / 2, where q(z) = z (2/3 + 2/5 z + ...) approximates
/// log((1 + s) / (1 - s)) / s - 2 to 2^-33.
static inline __attribute__((always_inline)) float log_scaled(float x, int32_t k) {
    const uint32_t root = 0x3f3504f3; // sqrt(1/2)
    const int32_t exponent = (int32_t)(nnk_bits_f32(x) - root) >> 23;
    float f = nnk_from_bits_f32(nnk_bits_f32(x) - ((uint32_t)exponent << 23)) - 1.0f;
    float s = f / (2.0f + f), z = s * s;
    float q = z * (0x1.555556p-1f + z * (0x1.9999ecp-2f + z * (0x1.245c36p-2f + z * 0x1.ddd1d8p-3f)));
    float h = 0.5f * f * f, n = (float)(k + exponent);
    return n * 0x1.62e4p-1f - ((h - (s * (h + q) + n * 0x1.7f7d1cp-20f)) - f);
}

float nnk_log_plain_f32(float x) { return log_scaled(x, 0); }

float nnk_log_f32(float x) {
    if (x >= FLT_MIN && x <= FLT_MAX) return log_scaled(x, 0);
    if (x == 0.0f) return nnk_from_bits_f32(0xff800000);
    if (!(x > 0.0f)) return nnk_from_bits_f32(0x7fc00000);
    return x > FLT_MAX ? x : log_scaled(x * 0x1p23f, -23);
}
