#include "quick_weights.h"
#include "fast.h"
#include "math_f32.h"
#include "nnkernel/topology.h"
#include "normals.h"
#include <stdbool.h>

// A weight is a normal of the polar method (normals.h) times a factor, computed in double and rounded to
// float. Here it is computed in integers of 64 bits, with an error below 2^-36 of itself. So it rounds to the
// same float unless it is close to the middle between two floats; then, in one of 250 pairs, the pair is
// computed in double.
//
// Numbers are in fixed point: "unit 2^-62" says what 1 stands for.

#if NNK_FAST
/// A point of the square [-1, 1)^2.
typedef struct square_point {
    int64_t x, y;    ///< unit 2^-52
    uint64_t square; ///< x^2 + y^2, unit 2^-62, rounded down by less than two units
} square_point;

// Not inlined: it would take stack and registers from what is called always.
#define RARE __attribute__((noinline))

enum { UNIT = 62 }; ///< the square of a point on the circle is 1 << UNIT

/// nnk_coordinate, exactly.
static int64_t coordinate(nnk_random *random) {
    const uint32_t high = nnk_next_word(random) >> 5, low = nnk_next_word(random) >> 6;
    return (int64_t)((uint64_t)high << 26 | low) - (1LL << 52);
}

static uint64_t magnitude(int64_t x) { return x < 0 ? 0 - (uint64_t)x : (uint64_t)x; }

/// x^2, x <= 2^52, unit 2^-52; the result: unit 2^-62.
static uint64_t square_of(uint64_t x) { return nnk_high_product(x << 11, x << 11); }

static square_point next_point(nnk_random *random) {
    square_point p;
    p.x = coordinate(random);
    p.y = coordinate(random);
    p.square = square_of(magnitude(p.x)) + square_of(magnitude(p.y));
    return p;
}

static double in_double(int64_t coordinate) { return (double)coordinate * 0x1p-52; }

/// The square as nnk_normal computes it: each of three roundings changes it by up to 2^-53. So integers tell
/// whether it is below 1, except very close to 1.
static RARE double exact_square(const square_point *p) {
    const double x = in_double(p->x), y = in_double(p->y);
    return x * x + y * y;
}

/// Whether nnk_normal takes the point.
static bool is_taken(const square_point *p) {
    const uint64_t near = 1 << 14; // 2^-48
    if (p->square - 1 < (1ull << UNIT) - near) return true;
    if (p->square > (1ull << UNIT) + near) return false;
    const double square = exact_square(p);
    return square < 1.0 && square != 0.0;
}

void nnk_quick_skip(size_t pairs, nnk_random *random) {
    while (pairs > 0) {
        const square_point p = next_point(random);
        pairs -= is_taken(&p);
    }
}

#if NNK_SOFT_DOUBLE
/// Returns 1 / sqrt(v), unit 2^-62, of 1/4 <= v < 1, unit 2^-64, with an error below 2^-46 of itself.
///
/// A line errs by up to 0.086. Newton's step y + y (1 - v y^2) / 2 makes an error e one of 1.5 e^2, never
/// above the root: 0.011, 2^-12, 2^-24, 2^-47. The first three steps are in 32 bits, which errs by 2^-27.
static uint64_t inverse_root(uint64_t v) {
    const uint32_t high = (uint32_t)(v >> 32), line = 0x4dffd98c;      // 1.21871, unit 2^-30
    uint32_t y = 0x887ebb2c - (uint32_t)((uint64_t)line * high >> 32); // 2.13274
    for (int32_t step = 0; step < 3; step++) {
        const uint32_t square = (uint32_t)((uint64_t)y * y >> 32); // unit 2^-28
        y = (uint32_t)((uint64_t)y * ((3u << 28) - (uint32_t)((uint64_t)high * square >> 32)) >> 29);
    }
    const int64_t error = (int64_t)((1ull << 60) - nnk_high_product(v, (uint64_t)y * y)); // unit 2^-60
    return ((uint64_t)y << 32) + (uint64_t)((int64_t)y * (error >> 8) >> 21);
}

/// A positive number: fraction 2^exponent.
typedef struct scaled {
    uint64_t fraction; ///< the upper bit is 1
    int32_t exponent;
} scaled;

static scaled normalized(uint64_t fraction, int32_t exponent) {
    const int32_t zeros = __builtin_clzll(fraction);
    return (scaled){fraction << zeros, exponent - zeros};
}

static scaled product(scaled a, scaled b) {
    return normalized(nnk_high_product(a.fraction, b.fraction), a.exponent + b.exponent + 64);
}

/// Returns f = sqrt(-2 log(s) / s), 2^-20 <= s <= 1 - 2^-12, s = `square`, with an error below 2^-37 of
/// itself.
///
/// s = 2^-n m, 2/3 < m <= 4/3, t = (m - 1) / (m + 1), |t| <= 1/5, and log(m) = 2 t (1 + t^2/3 + t^4/5 + ...).
/// Eight terms err by 2^-41; as t^2 and the sum are kept with units of 2^-36 and 2^-33, 1 + ... errs by
/// 2^-37. There is one root, as f = 2 L / sqrt(2 L s) with L = -log(s); of an error of L half is left in f.
static scaled polar_factor(uint64_t square) {
    static const uint32_t inverse[] = {(1ull << 33) / 15, (1ull << 33) / 13, (1ull << 33) / 11,
                                       (1ull << 33) / 9,  (1ull << 33) / 7,  (1ull << 33) / 5,
                                       (1ull << 33) / 3};
    const scaled s = normalized(square, -UNIT);         // 2^-64 times the fraction, z, is at least 1/2
    const bool below = s.fraction > 0xaaaaaaaaaaaaaaaa; // m = z is below 1; else m = 2 z
    const uint64_t distance = below ? 0 - s.fraction : 2 * s.fraction;               // |m - 1|, unit 2^-64
    const uint64_t y = inverse_root((1ull << 62) + (s.fraction >> (below ? 2 : 1))); // 2 / sqrt(m + 1)
    const uint64_t t = nnk_high_product(nnk_high_product(distance, y), y); // unit 2^-62, as 4 t has 2^-60
    const uint32_t t2 = (uint32_t)(nnk_high_product(t, t) >> 24);          // unit 2^-36
    uint32_t sum = inverse[0];                                             // unit 2^-33
    for (size_t i = 1; i < sizeof inverse / sizeof inverse[0]; i++)
        sum = inverse[i] + (uint32_t)((uint64_t)t2 * sum >> 36);
    const uint64_t rest = (uint64_t)t2 * sum >> 31 << 26; // unit 2^-64
    uint64_t log = t / 4;                                 // 4 t, then 2 |log(m)|, unit 2^-58
    log += nnk_high_product(log, rest);
    const int32_t n = (below ? 0 : 1) - (s.exponent + 64);
    log = (uint64_t)n * 0x058b90bfbe8e7bcd + (below ? log : 0 - log); // 2 L = n 2 log(2) - 2 log(m)
    scaled q = product((scaled){log, -58}, s);                        // 2 L s
    // With an even exponent, as of q's root.
    const int32_t odd = q.exponent & 1;
    const uint64_t root = inverse_root(q.fraction >> odd);
    return normalized(nnk_high_product(log, root), 64 - 58 - 62 - (q.exponent + 64 + odd) / 2);
}

static scaled scaled_double(double x) {
    const uint64_t bits = nnk_bits_f64(x);
    return (scaled){bits << 11 | 1ull << 63, (int32_t)(bits >> 52) - 1023 - 63};
}

/// *w = factor times the coordinate, rounded to float. Returns whether the factor's error cannot show; it is
/// below 2^-36 of the factor, and what counts as near the middle between two floats is four times as far.
static bool round_weight(float *w, scaled factor, int64_t coordinate) {
    const uint64_t middle = 1ull << 39, near = 1ull << (63 - 34 + 1);
    if (coordinate == 0) return false;
    const scaled x = product(factor, normalized(magnitude(coordinate), -52));
    const uint32_t up = (uint32_t)(x.fraction >> 39 & 1), sign = coordinate < 0 ? 1u << 31 : 0;
    // The upper bit of the fraction counts as 1 in the exponent.
    *w = nnk_from_bits_f32(sign + ((uint32_t)(x.exponent + 63 + 126) << 23) + (uint32_t)(x.fraction >> 40) +
                           up);
    return (x.fraction & (2 * middle - 1)) - (middle - near) > 2 * near;
}

static float exact_weight(double normal, double root, int32_t initializer) {
    return (float)(initializer == NNK_INIT_SMALL ? normal * 0.01 : normal / root);
}

/// The first weight of a point, in double. The normal of the second one waits in random->spare.
static RARE float first_weight(const square_point *p, double root, int32_t initializer, nnk_random *random) {
    const double factor = nnk_polar_factor(exact_square(p), nnk_log_by_squaring);
    random->spare = factor * in_double(p->x);
    random->has_spare = 1;
    return exact_weight(factor * in_double(p->y), root, initializer);
}

/// The weights of a point, in integers. Returns whether they are sure to be those in double. Not
/// inlined, so that less of the stack is in use where the others are called.
static __attribute__((noinline)) bool sure_weights(float *w, const square_point *p, scaled scale) {
    const uint64_t least = 1ull << (UNIT - 20), most = (1ull << UNIT) - (1ull << (UNIT - 12));
    if (p->square < least || p->square >= most) return false;
    const scaled factor = product(polar_factor(p->square), scale);
    return round_weight(w, factor, p->y) && round_weight(w + 1, factor, p->x);
}

void nnk_quick_weights(float *w, size_t count, int32_t inputs, int32_t initializer, nnk_random *random) {
    const double root = nnk_sqrt_f64((double)inputs);
    const scaled scale = scaled_double(initializer == NNK_INIT_SMALL ? 0.01 : 1.0 / root);
    for (const float *end = w + count; w < end;) {
        if (random->has_spare) {
            *w++ = exact_weight(random->spare, root, initializer);
            random->spare = 0;
            random->has_spare = 0;
            continue;
        }
        const square_point p = next_point(random);
        if (!is_taken(&p)) continue;
        if (w + 1 < end && sure_weights(w, &p, scale))
            w += 2;
        else
            *w++ = first_weight(&p, root, initializer, random);
    }
}
#endif
#endif
