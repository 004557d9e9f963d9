// Compares exp and log of the core with the C library: in float on all 2^32 inputs, against double; in double
// on 10^8 random inputs and special ones, against long double. Prints the largest errors in ulp and fails if
// one reaches 1. scripts/check-math.sh runs it. Arguments: index of the part of the inputs to test, number of
// parts.
#include "math_f32.h"
#include "math_f64.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/// |found - right| in units in the last place (ulp) of the float or double nearest to `right`.
static double ulps(long double found, long double right, int fraction_bits, int least_exponent) {
    if (isnan(right)) return isnan(found) ? 0 : INFINITY;
    if (found == right) return 0;
    if (isinf(found) || isinf(right)) return INFINITY;
    int exponent = right == 0 ? least_exponent : ilogbl(right);
    if (exponent < least_exponent) exponent = least_exponent;
    return (double)fabsl(ldexpl(found - right, fraction_bits - exponent));
}

static double worst_of(double a, double b) { return a > b || isnan(b) ? a : b; }

static double error_f32(float found, double right) {
    // `right` may be above the largest float and still round to the float that was found.
    if ((float)right == found) right = isinf(found) ? found : right;
    return ulps(found, isinf((float)right) ? (float)right : right, 23, -126);
}

static double error_f64(double found, long double right) {
    return ulps(found, isinf((double)right) ? (double)right : right, 52, -1022);
}

static uint64_t next_random(uint64_t *state) { // SplitMix64 (Vigna)
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

int main(int argc, char **argv) {
    const uint64_t part = argc > 2 ? strtoull(argv[1], 0, 10) : 0,
                   parts = argc > 2 ? strtoull(argv[2], 0, 10) : 1;
    double exp_f32 = 0, log_f32 = 0, exp_f64 = 0, log_f64 = 0;
    for (uint64_t bits = part; bits < 1ull << 32; bits += parts) {
        const float x = nnk_from_bits_f32((uint32_t)bits);
        exp_f32 = worst_of(exp_f32, error_f32(nnk_exp_f32(x), exp((double)x)));
        log_f32 = worst_of(log_f32, error_f32(nnk_log_f32(x), log((double)x)));
    }
    static const double special[] = {
        0.0,    -0.0,     1.0,     -1.0,   INFINITY, -INFINITY,           NAN,
        5e-324, 2.3e-308, 1.7e308, 709.78, 709.79,   -745.13321910194110, -745.2};
    uint64_t state = part;
    for (uint64_t i = 0; i < 100000000 / parts; i++) {
        double x = nnk_from_bits_f64(next_random(&state));
        if (i < sizeof special / sizeof *special) x = special[i];
        log_f64 = worst_of(log_f64, error_f64(nnk_log_f64(x), logl(x)));
        // Near 1, log is small and hardest to compute; the normals use it there.
        const double near_one = (double)(next_random(&state) >> 11) * 0x1p-52;
        log_f64 = worst_of(log_f64, error_f64(nnk_log_f64(near_one), logl(near_one)));
        // Random bits are mostly outside the range of exp, so every other input is drawn from inside it.
        if (i % 2) x = ((double)(next_random(&state) >> 11) * 0x1p-53 - 0.5) * 1500.0;
        exp_f64 = worst_of(exp_f64, error_f64(nnk_exp_f64(x), expl(x)));
    }
    printf("part %d of %d: largest error in ulp: exp f32 %.4f, log f32 %.4f, exp f64 %.4f, log f64 %.4f\n",
           (int)part + 1, (int)parts, exp_f32, log_f32, exp_f64, log_f64);
    return exp_f32 < 1 && log_f32 < 1 && exp_f64 < 1 && log_f64 < 1 ? 0 : 1;
}
