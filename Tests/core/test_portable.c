/// The fused product and the square root for processors that have neither, and the logarithm as it is built
/// for size.
#define NNK_SMALL_LOG 1

#include "check.h"
#include "math_f64.h"

// newlib's fma rounds twice and is no reference.
#if !defined(__NEWLIB__)
static void check_fused(double a, double b, double c) {
    const double want = fma(a, b, c);
    const double got = nnk_soft_fused(a, b, c);
    if (!CHECK(got == want)) printf("    fused(%a, %a, %a) = %a, not %a\n", a, b, c, got, want);
}

/// Mantissas with few bits or long runs of equal bits, for ties and long carries, or any.
static double hard_real(int32_t range) {
    uint64_t mantissa = 0;
    switch (random_below(5)) {
    case 0: mantissa = random_bits(); break;
    case 1: mantissa = 1ull << random_below(52); break;
    case 2: mantissa = 0 - (1ull << random_below(52)); break;
    case 3: mantissa = 1ull << random_below(52) | 1ull << random_below(52); break;
    default: mantissa = random_bits() << (20 + random_below(32)); break;
    }
    const uint64_t exponent = (uint64_t)(1023 - range + (int32_t)random_below((uint32_t)(2 * range + 1)));
    return nnk_from_bits_f64(random_bits() << 63 | exponent << 52 | (mantissa & ((1ull << 52) - 1)));
}

static void test_fused(void) {
    for (uint32_t i = 0; i < check_rounds(1000000); i++) {
        const double a = hard_real(200), b = hard_real(200);
        const double product = a * b, ulp = nextafter(product, (double)INFINITY) - product;
        check_fused(a, b, hard_real(400)); // exponents far apart
        check_fused(a, b, ldexp(hard_real(0), ilogb(product) - 120 + (int)random_below(241))); // overlapping
        check_fused(a, b, -product);                                 // the rounding error of the product
        check_fused(a, b, -product + ulp * (double)random_below(5)); // a few bits more
        check_fused(a, b, -nnk_from_bits_f64(nnk_bits_f64(product) + random_below(1u << 20)));
        check_fused(a, b, ulp * 0.5); // ties, if the product is exact
        check_fused(a, b, ulp * -0.5);
        const double few = nnk_from_bits_f64(nnk_bits_f64(a) & ~0x7ffffffull); // 26 bits: an exact product
        const double fewer = nnk_from_bits_f64(nnk_bits_f64(b) & ~0x7ffffffull), exact = few * fewer;
        check_fused(few, fewer, (nextafter(exact, (double)INFINITY) - exact) * 0.5);
        check_fused(few, fewer, -exact);
        check_fused(few, fewer, (exact - nextafter(exact, 0)) * -0.5);
    }
    const double some[] = {0.0, -0.0, 1.0,     -1.0,     DBL_EPSILON,
                           0.1, -3.0, 0x1p400, 0x1p-400, 0x1.fffffffffffffp+0};
    const size_t count = sizeof some / sizeof some[0];
    for (size_t i = 0; i < count * count * count; i++)
        check_fused(some[i % count], some[i / count % count], some[i / count / count]);
}
#endif

static void check_sqrt(double x) {
    const double got = nnk_soft_sqrt(x);
    if (!CHECK(nnk_bits_f64(got) == nnk_bits_f64(sqrt(x)))) printf("    sqrt(%a) = %a\n", x, got);
}

static void test_sqrt(void) {
    for (uint32_t i = 0; i < check_rounds(400000); i++) {
        check_sqrt(nnk_from_bits_f64(0x0010000000000000 + random_bits() % 0x7fe0000000000000));
        // Squares and their neighbours, whose roots are close to a double or to a tie.
        const double root = (double)(random_bits() >> (38 + random_below(20)) | 1), square = root * root;
        check_sqrt(square);
        check_sqrt(nextafter(square, 0));
        check_sqrt(nextafter(square, DBL_MAX));
        CHECK(nnk_soft_sqrt(square) == root);
    }
    for (int exponent = -1022; exponent <= 1023; exponent++) {
        const double power = ldexp(1, exponent);
        check_sqrt(power);
        check_sqrt(nextafter(power, DBL_MAX));
        check_sqrt(ldexp(2 - DBL_EPSILON, exponent));
    }
}

static void check_log(double x) {
    const double small = nnk_log_scaled_f64(x, 0), large = nnk_log_f64(x);
    if (!CHECK(nnk_bits_f64(small) == nnk_bits_f64(large)))
        printf("    log(%a) = %a or %a\n", x, small, large);
}

/// The computed points are those of the table; else the logarithms of one 128th of all numbers would differ.
static void test_log(void) {
    static const nnk_log_point points[] = {NNK_LOG_POINTS(NNK_LOG_POINT)};
    for (uint32_t i = 0; i < 128; i++) {
        const nnk_log_point point = nnk_log_point_at(i);
        CHECK(point.inverse == points[i].inverse && point.log == points[i].log);
    }
    for (uint32_t i = 0; i < check_rounds(1000000); i++) {
        check_log(random_between(0, 1)); // normals take logarithms of such numbers
        check_log(nnk_from_bits_f64(0x0010000000000000 + random_bits() % 0x7fe0000000000000));
    }
    for (uint64_t bits = 0x3fe6000000000000; bits <= 0x3ff6000000000000; bits += 1ull << 44)
        for (uint64_t step = 0; step < 5; step++) check_log(nnk_from_bits_f64(bits + step - 2));
}

int main(void) {
#if defined(__NEWLIB__)
    printf("the fused product is not tested: this C library's fma is no reference\n");
#else
    test_fused();
#endif
    test_sqrt();
    test_log();
    return check_end();
}
