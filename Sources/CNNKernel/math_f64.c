#include "math_f64.h"

/// exp(x), as nnk_exp_f32 does it: k times the upper 42 bits of ln 2 is exact for |k| < 2^11, p is within
/// 2^-61 of exp(r).
double nnk_exp_f64(double x) {
    if (!(x <= NNK_EXP_MOST_F64)) return x * nnk_from_bits_f64(0x7ff0000000000000); // a NaN stays one
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

double nnk_log_f64(double x) {
    if (x >= DBL_MIN && x <= DBL_MAX) return nnk_log_scaled_f64(x, 0);
    if (x == 0.0) return nnk_from_bits_f64(0xfff0000000000000);
    if (!(x > 0.0)) return nnk_from_bits_f64(0x7ff8000000000000);
    return x > DBL_MAX ? x : nnk_log_scaled_f64(x * 0x1p52, -52);
}

/// The upper half of a product.
static __attribute__((noinline)) uint64_t high_product(uint64_t a, uint64_t b) {
    const uint32_t a0 = (uint32_t)a, a1 = (uint32_t)(a >> 32), b0 = (uint32_t)b, b1 = (uint32_t)(b >> 32);
    const uint64_t one = (uint64_t)a1 * b0 + ((uint64_t)a0 * b0 >> 32),
                   other = (uint64_t)a0 * b1 + (uint32_t)one;
    return (uint64_t)a1 * b1 + (one >> 32) + (other >> 32);
}

/// x = 2^-n-1 y, 1 <= y < 2: -log2(x) = n + 1 - log2(y). log2(y) has the bits 0.b1 b2 b3...: b1 is 1 if
/// y^2 >= 2, and so on with y^2, halved in that case. n + 1 less that has n before and the opposite bits
/// behind the point, as many as make 64 with n's. A square is rounded down, by up to 2^-62 of it; what is
/// lost by the i-th counts 2^-i of that.
double nnk_log_by_squaring(double x) {
    const uint64_t bits = nnk_bits_f64(x), ln2 = 0xb17217f7d1cf79ab; // times 2^64
    uint64_t y = bits << 11 | 1ull << 63, sum = 1022 - (bits >> 52), exponent = 0;
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
    const double log = (double)(uint32_t)(sum >> 32) * 0x1p32 + (double)(uint32_t)sum; // rounded once
    return -nnk_from_bits_f64(nnk_bits_f64(log) - (exponent << 52));
}

/// x + y and, in *rest, what its rounding lost (Knuth).
static __attribute__((noinline)) double two_sum(double x, double y, double *rest) {
    double sum = x + y, of_y = sum - x;
    *rest = (x - (sum - of_y)) + (y - of_y);
    return sum;
}

/// x to its upper 26 bits. What remains has 26 bits too, with its sign.
static double upper(double x) {
    return nnk_from_bits_f64((nnk_bits_f64(x) + (1ull << 26)) & ~((1ull << 27) - 1));
}

/// By error-free sums and products (Boldo and Melquiond 2008).
///
/// The product is a pair, exactly; the three terms become two, and a remainder. Rounded to odd, that is to
/// the neighbour whose last bit is 1, it still shows that it was no tie when it is added.
double nnk_soft_fused(double a, double b, double c) {
    double a1 = upper(a), a2 = a - a1, b1 = upper(b), b2 = b - b1;
    double product = a * b, lost = a1 * b1 - product + a1 * b2 + a2 * b1 + a2 * b2;
    double low, lower, rest;
    double sum = two_sum(c, lost, &lower);
    sum = two_sum(product, sum, &low);
    double odd = two_sum(low, lower, &rest);
    uint64_t bits = nnk_bits_f64(odd);
    // Towards the rest: away from zero where both have one sign.
    if (rest != 0 && (bits & 1) == 0) bits += (nnk_bits_f64(rest) ^ bits) >> 63 ? UINT64_MAX : 1;
    return sum + nnk_from_bits_f64(bits);
}

double nnk_soft_sqrt(double x) {
    // x = m 4^e, m of 53 or 54 bits: the root of m 2^54 has 54 bits, found one by one. The last one rounds: a
    // tie can't occur, as the square of an odd number is no m 2^54.
    uint64_t bits = nnk_bits_f64(x), rest = (bits & ((1ull << 52) - 1)) | 1ull << 52, root = 0;
    if ((bits >> 52 & 1) == 0) rest += rest;              // the exponent has 1023 added to it
    for (uint64_t bit = 1ull << 53; bit > 0; bit >>= 1) { // rest is what remains, over `bit`
        uint64_t trial = 2 * root + bit;
        rest <<= 1;
        if (rest >= trial) rest -= trial, root += bit;
    }
    return nnk_from_bits_f64((((bits >> 52) + 1021) / 2 << 52) + ((root + 1) >> 1));
}
