/// The core's exp, log, sqrt and contrast against the C library's in a wider type.
#include "check.h"
#include "contrast.h"
#include "math_f32.h"
#include "math_f64.h"

// By how much the reference itself may be off, in ulps of the tested type: 2 ulps of its own type. Where that
// is no wider than double, 1 ulp more is allowed.
static const double reference_ulps =
    (double)WIDE_EPSILON < DBL_EPSILON ? 2 * (double)WIDE_EPSILON / DBL_EPSILON : 1.0;

/// Returns |got - want| in units of the last of the `bits` bits of want; that bit is never below 2^smallest.
static double ulps(double got, wide want, int bits, int smallest) {
    int exponent;
    wide_frexp(want, &exponent);
    int place = exponent - bits > smallest ? exponent - bits : smallest;
    return (double)wide_abs(wide_ldexp((wide)got - want, -place));
}

static double worst, worst_at;

static void note(double x, double error) {
    if (!(error <= worst)) {
        worst = error;
        worst_at = x;
    }
}

static void check_worst(const char *what, double bound) {
    printf("%s: at most %.4f ulp, at %a\n", what, worst, worst_at);
    CHECK(worst < bound);
    worst = 0;
}

static void exp_f64_at(double x) {
    const double got = nnk_exp_f64(x);
    if (x > 0x1.62e42fefa39efp+9)
        CHECK(got == (double)INFINITY);
    else
        note(x, ulps(got, wide_exp((wide)x), 53, -1074));
}

static void log_f64_at(double x) { note(x, ulps(nnk_log_f64(x), wide_log((wide)x), 53, -1074)); }

static void test_exp_f64(void) {
    const uint32_t rounds = check_rounds(1000000);
    for (uint32_t i = 0; i < rounds; i++) exp_f64_at(random_between(-746, 710));
    for (int exponent = -1074; exponent <= 9; exponent++)
        for (uint32_t i = 0; i < 200; i++) {
            const double x = ldexp(random_between(1, 2), exponent);
            exp_f64_at(x);
            exp_f64_at(-x);
        }
    for (int32_t k = -1075; k <= 1024; k++) // where the reduced argument changes its sign
        for (int32_t step = -2; step <= 2; step++)
            exp_f64_at((k + 0.5) * 0x1.62e42fefa39efp-1 * (1.0 + step * DBL_EPSILON));
    check_worst("exp, double", 0.80 + reference_ulps);
    CHECK(nnk_bits_f64(nnk_exp_f64(0.0)) == nnk_bits_f64(1.0));
    CHECK(nnk_bits_f64(nnk_exp_f64(-0.0)) == nnk_bits_f64(1.0));
    CHECK(nnk_exp_f64((double)INFINITY) == (double)INFINITY);
    CHECK(nnk_bits_f64(nnk_exp_f64(-(double)INFINITY)) == 0);
    CHECK(nnk_exp_f64((double)NAN) != nnk_exp_f64((double)NAN));
    CHECK(nnk_exp_f64(0x1.62e42fefa39efp+9) <= DBL_MAX);
    CHECK(nnk_exp_f64(nextafter(0x1.62e42fefa39efp+9, 1000)) == (double)INFINITY);
    CHECK(nnk_bits_f64(nnk_exp_f64(-0x1.74910d52d3051p+9)) == 1); // the smallest subnormal
    CHECK(nnk_bits_f64(nnk_exp_f64(-0x1.74910d52d3053p+9)) == 0);
    CHECK(nnk_bits_f64(nnk_exp_f64(-DBL_MAX)) == 0);
    CHECK(nnk_exp_f64(DBL_TRUE_MIN) == 1.0 && nnk_exp_f64(-DBL_TRUE_MIN) == 1.0);
}

static void log_by_squaring_at(double x) {
    // The bound is some ulps and 2^-61.
    const double log = nnk_log_by_squaring(x), ulp = ldexp(1, ilogb(log) - 52);
    note(x, ulps(log, wide_log((wide)x), 53, -1074) - 0x1p-61 / ulp);
}

static void test_log_by_squaring(void) {
    for (uint32_t round = 0; round < check_rounds(100000); round++) {
        log_by_squaring_at(random_between(0, 1));
        log_by_squaring_at(1 - ldexp(random_between(0.5, 1), -(int)random_below(52)));
        log_by_squaring_at(ldexp(random_between(1, 2), -1 - (int)random_below(105)));
    }
    for (int exponent = 1; exponent <= 106; exponent++) log_by_squaring_at(ldexp(1, -exponent));
    for (uint64_t step = 1; step <= 1000; step++)
        log_by_squaring_at(nnk_from_bits_f64(nnk_bits_f64(1.0) - step));
    check_worst("log by squaring", 0.51 + reference_ulps);
}

static void test_log_f64(void) {
    const uint32_t rounds = check_rounds(1000000);
    uint32_t differ = 0;
    for (uint32_t i = 0; i < rounds; i++) {
        const double x = nnk_from_bits_f64(1 + random_bits() % 0x7fefffffffffffff);
        log_f64_at(x);
        log_f64_at(random_between(0.5, 2));
        const double square = random_between(0, 1); // normals take logarithms of such numbers
        log_f64_at(square);
        const double libm = log(square);
        differ += nnk_bits_f64(libm) != nnk_bits_f64(nnk_log_f64(square));
    }
    for (int exponent = -1074; exponent <= 1023; exponent++)
        for (uint32_t i = 0; i < 200; i++) log_f64_at(ldexp(random_between(1, 2), exponent));
    // The borders between entries of the table, and of the interval around 1.
    for (uint64_t bits = 0x3fe6000000000000; bits <= 0x3ff6000000000000; bits += 1ull << 44)
        for (uint64_t step = 0; step < 5; step++) log_f64_at(nnk_from_bits_f64(bits + step - 2));
    for (uint64_t step = 1; step < 100; step++) {
        log_f64_at(nnk_from_bits_f64(nnk_bits_f64(1.0) + step));
        log_f64_at(nnk_from_bits_f64(nnk_bits_f64(1.0) - step));
        log_f64_at(nnk_from_bits_f64(0x3fee000000000000 + step - 50));
        log_f64_at(nnk_from_bits_f64(0x3ff1090000000000 + step - 50));
    }
    check_worst("log, double", 0.52 + reference_ulps);
    printf("log, double: %lu of %lu differ from this C library's\n", (unsigned long)differ,
           (unsigned long)rounds);
    CHECK(nnk_log_f64(0.0) == -(double)INFINITY && nnk_log_f64(-0.0) == -(double)INFINITY);
    CHECK(nnk_bits_f64(nnk_log_f64(1.0)) == 0);
    CHECK(nnk_log_f64((double)INFINITY) == (double)INFINITY);
    const double invalid[] = {-1.0, -DBL_TRUE_MIN, -DBL_MAX, -(double)INFINITY, (double)NAN};
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++)
        CHECK(nnk_log_f64(invalid[i]) != nnk_log_f64(invalid[i]));
    log_f64_at(DBL_TRUE_MIN);
    log_f64_at(DBL_MIN);
    log_f64_at(DBL_MAX);
    check_worst("log, double, at the limits", 0.52 + reference_ulps);
}

/// Every 4099th float. 4099 is a prime, so all exponents and many mantissas occur.
static void test_f32(void) {
    const uint64_t stride = 4099 * (uint64_t)CHECK_SHARE;
    double worst_log = 0, worst_log_at = 0;
    for (uint64_t bits = 0; bits < 1ull << 32; bits += stride) {
        const float x = nnk_from_bits_f32((uint32_t)bits), e = nnk_exp_f32(x), l = nnk_log_f32(x);
        if (x != x) {
            CHECK(e != e && l != l);
            continue;
        }
        if (x >= FLT_MIN && x <= FLT_MAX) CHECK(nnk_bits_f32(nnk_log_plain_f32(x)) == nnk_bits_f32(l));
        if (x > 0x1.62e42ep+6f)
            CHECK(e == INFINITY);
        else
            note((double)x, ulps((double)e, (wide)exp((double)x), 24, -149));
        if (x == 0)
            CHECK(l == -INFINITY);
        else if (x < 0)
            CHECK(l != l);
        else if (x > FLT_MAX)
            CHECK(l == INFINITY);
        else {
            const double error = ulps((double)l, (wide)log((double)x), 24, -149);
            if (error > worst_log) worst_log = error, worst_log_at = (double)x;
        }
    }
    for (uint32_t i = 0; i < check_rounds(1000000); i++) {
        const float x = (float)random_between(-104, 88.72);
        note((double)x, ulps((double)nnk_exp_f32(x), (wide)exp((double)x), 24, -149));
    }
    check_worst("exp, float", 1.0);
    worst = worst_log;
    worst_at = worst_log_at;
    for (uint32_t bits = 0x3f000000; bits <= 0x40000000; bits += 17 * CHECK_SHARE) { // 1/2 to 2
        const float x = nnk_from_bits_f32(bits);
        note((double)x, ulps((double)nnk_log_f32(x), (wide)log((double)x), 24, -149));
    }
    for (uint32_t bits = 1; bits < 0x00800000; bits += 1009 * CHECK_SHARE) { // subnormals
        const float x = nnk_from_bits_f32(bits);
        note((double)x, ulps((double)nnk_log_f32(x), (wide)log((double)x), 24, -149));
    }
    check_worst("log, float", 1.0);
    CHECK(nnk_bits_f32(nnk_exp_f32(0.0f)) == 0x3f800000 && nnk_bits_f32(nnk_exp_f32(-0.0f)) == 0x3f800000);
    CHECK(nnk_exp_f32(INFINITY) == INFINITY && nnk_bits_f32(nnk_exp_f32(-INFINITY)) == 0);
    CHECK(nnk_exp_f32(0x1.62e42ep+6f) <= FLT_MAX);
    CHECK(nnk_exp_f32(nextafterf(0x1.62e42ep+6f, 100)) == INFINITY);
    CHECK(nnk_bits_f32(nnk_exp_f32(-103.9720f)) == 1 && nnk_bits_f32(nnk_exp_f32(-103.9730f)) == 0);
    CHECK(nnk_bits_f32(nnk_exp_f32(-FLT_MAX)) == 0);
    CHECK(nnk_exp_f32(NAN) != nnk_exp_f32(NAN) && nnk_log_f32(NAN) != nnk_log_f32(NAN));
    CHECK(nnk_log_f32(0.0f) == -INFINITY && nnk_log_f32(-0.0f) == -INFINITY);
    CHECK(nnk_bits_f32(nnk_log_f32(1.0f)) == 0 && nnk_log_f32(INFINITY) == INFINITY);
    CHECK(nnk_log_f32(-1.0f) != nnk_log_f32(-1.0f) && nnk_log_f32(-INFINITY) != nnk_log_f32(-INFINITY));
}

static void test_sqrt(void) {
    for (uint32_t i = 0; i < check_rounds(1000000); i++) {
        const double x = nnk_from_bits_f64(0x0010000000000000 + random_bits() % 0x7fe0000000000000);
        CHECK(nnk_sqrt_f64(x) == sqrt(x));
    }
}

/// The contrast of `count` bytes: close to its definition in a wider type, and to the bit as contrast.h
/// states it. The variance is a sum of up to 65535 terms, so the reference errs by far less than 1e-10.
static void check_contrast(const uint8_t *x, uint32_t count) {
    uint32_t sum = 0, squares = 0;
    for (uint32_t k = 0; k < count; k++) {
        sum += x[k];
        squares += (uint32_t)x[k] * x[k];
    }
    const double s = nnk_contrast(sum, squares, count);
    wide mean = (wide)sum / count, variance = 0;
    for (uint32_t k = 0; k < count; k++) variance += (x[k] - mean) * (x[k] - mean) / count;
    if ((uint64_t)count * squares == (uint64_t)sum * sum)
        CHECK(s == 1);
    else
        CHECK_NEAR(s * s * (double)variance, 255.0 * 255.0, 255.0 * 255.0 * 1e-10);
    const double radicand = (double)((uint64_t)count * squares - (uint64_t)sum * sum);
    CHECK(s == (radicand > 0 ? 255.0 * count / sqrt(radicand) : 1));
}

static void test_contrast(void) {
    static uint8_t x[65535];
    static const uint32_t counts[] = {1, 2, 3, 192, 12288, 65535};
    for (uint32_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const uint32_t count = counts[i];
        for (int level = 0; level < 256; level += 51) { // flat, and with one or half of the bytes apart
            memset(x, level, count);
            check_contrast(x, count);
            x[count / 2] ^= 1;
            check_contrast(x, count);
            memset(x, 255 - level, count / 2);
            check_contrast(x, count);
        }
        for (uint32_t round = 0; round < 20; round++) {
            const uint32_t range = 1 + random_below(256);
            for (uint32_t k = 0; k < count; k++) x[k] = (uint8_t)random_below(range);
            check_contrast(x, count);
        }
    }
    // The largest sums that there are, and an image of two inputs whose deviation is known.
    CHECK(nnk_contrast(65535u * 255, 65535u * 65025u, 65535) == 1);
    CHECK(nnk_contrast(255, 65025, 2) == 2);
}

int main(void) {
    test_exp_f64();
    test_log_f64();
    test_log_by_squaring();
    test_f32();
    test_sqrt();
    test_contrast();
    return check_end();
}
