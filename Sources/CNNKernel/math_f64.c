#include "math_f64.h"

#include "kernels/real_f64.h"

#include "kernels/float_check.h"

bool nnk_is_strict_f64(void) { return check_float(); }

#include "kernels/end.h"

/// As nnk_exp_f32 does it. k times the upper 42 bits of ln 2 is exact for |k| < 2^11, and p errs by 2^-61 of
/// exp(r).
double nnk_exp_f64(double x) {
    if (!(x <= NNK_EXP_MOST_F64)) return x * nnk_from_bits_f64(0x7ff0000000000000); // a NaN stays one
    if (x < NNK_EXP_LEAST_F64) return 0;
    double k = x * NNK_LOG2_E_F64 + NNK_ROUND_F64 - NNK_ROUND_F64;
    double high = x - k * NNK_LN2_HIGH_F64, low = k * NNK_LN2_LOW_F64, r = high - low;
    double p = nnk_exp_terms_f64[0];
    for (int32_t i = 1; i < NNK_EXP_TERMS_F64; i++) p = p * r + nnk_exp_terms_f64[i];
    double sum = 1 + high, lost = 1 - sum + high;
    double y = sum + (lost + (r * r * p - low));
    // In two products, as 2^k itself may be out of range; the first is exact.
    int32_t n = (int32_t)k, half = n >> 1;
    return y * nnk_power_of_two_f64(half) * nnk_power_of_two_f64(n - half);
}

double nnk_log_plain_f64(double x) { return nnk_log_scaled_f64(x, 0); }

double nnk_log_f64(double x) {
    if (x >= DBL_MIN && x <= DBL_MAX) return nnk_log_scaled_f64(x, 0);
    if (x == 0.0) return nnk_from_bits_f64(0xfff0000000000000);
    if (!(x > 0.0)) return nnk_from_bits_f64(0x7ff8000000000000);
    return x > DBL_MAX ? x : nnk_log_scaled_f64(x * 0x1p52, -52);
}

/// Not inlined, as it is called twice.
static __attribute__((noinline)) uint64_t high_product(uint64_t a, uint64_t b) {
    return nnk_high_product(a, b);
}

/// x = 2^(-n-1) y, 1 <= y < 2, so -log2(x) = n + 1 - log2(y). Let log2(y) have the bits 0.b1 b2 b3... b1 is 1
/// if y^2 >= 2; the next bits come from y^2, halved in that case, in the same way. So n + 1 - log2(y) has n
/// before the point and the opposite bits behind it; they are computed until there are 64 bits with those of
/// n. A square is rounded down, by up to 2^-62 of itself, and the loss of the i-th square counts 2^-i of
/// that.
double nnk_log_by_squaring(double x) {
    const uint64_t bits = nnk_bits_f64(x), ln2 = 0xb17217f7d1cf79ab; // times 2^64
    uint64_t y = bits << 11 | 1ull << 63, sum = 1022 - (bits >> 52);
    uint32_t exponent = 0;
    do {
        y = high_product(y, y);
        sum = 2 * sum + 1;
        if (y >> 63)
            sum--;
        else
            y += y;
        exponent++;
    } while (sum >> 63 == 0);
    sum = high_product(sum, ln2);
    const double high = (double)(uint32_t)(sum >> 32); // not 0; times 2^32 by its exponent
    const double log = nnk_from_bits_f64(nnk_bits_f64(high) + (32ull << 52)) + (double)(uint32_t)sum;
    return -nnk_from_bits_f64(nnk_bits_f64(log) - ((uint64_t)exponent << 52));
}

/// Returns x + y and stores in *rest what the rounding lost (Knuth).
static __attribute__((noinline)) double two_sum(double x, double y, double *rest) {
    double sum = x + y, of_y = sum - x;
    *rest = (x - (sum - of_y)) + (y - of_y);
    return sum;
}

/// Returns x rounded to its upper 26 bits. x minus that fits in 26 bits and a sign.
static double upper(double x) {
    return nnk_from_bits_f64((nnk_bits_f64(x) + (1ull << 26)) & ~((1ull << 27) - 1));
}

/// By error-free sums and products (Boldo and Melquiond 2008).
///
/// The product is an exact pair; with c there are three terms, which become a sum, a lower part and a rest.
/// The lower part is rounded to odd, that is to the neighbour whose last bit is 1: so the final addition
/// still sees that it was no tie.
double nnk_soft_fused(double a, double b, double c) {
    double a1 = upper(a), a2 = a - a1, b1 = upper(b), b2 = b - b1;
    double product = a * b, lost = a1 * b1 - product + a1 * b2 + a2 * b1 + a2 * b2;
    double low, lower, rest;
    double sum = two_sum(c, lost, &lower);
    sum = two_sum(product, sum, &low);
    double odd = two_sum(low, lower, &rest);
    uint64_t bits = nnk_bits_f64(odd);
    // Towards the rest, which is away from zero if both have the same sign.
    if (rest != 0 && (bits & 1) == 0) bits += (nnk_bits_f64(rest) ^ bits) >> 63 ? UINT64_MAX : 1;
    return sum + nnk_from_bits_f64(bits);
}

double nnk_soft_sqrt(double x) {
    // x = m 4^e, m of 53 or 54 bits. The root of m 2^54 has 54 bits, which are found one by one; `twice` is
    // two times the root. The last bit decides how to round; there is no tie, as the square of an odd number
    // is not m 2^54.
    uint64_t bits = nnk_bits_f64(x), rest = (bits & ((1ull << 52) - 1)) | 1ull << 52, twice = 0;
    if ((bits >> 52 & 1) == 0) rest += rest;              // the exponent is biased by 1023
    for (uint64_t bit = 1ull << 53; bit > 0; bit >>= 1) { // rest is what remains, over `bit`
        const uint64_t trial = twice + bit;
        rest <<= 1;
        if (rest >= trial) rest -= trial, twice = trial + bit;
    }
    return nnk_from_bits_f64((((bits >> 52) + 1021) / 2 << 52) + ((twice + 2) >> 2));
}
