/// The generator behind random.h, inline for the kernels that draw weights.
#ifndef NNK_NORMALS_H
#define NNK_NORMALS_H

#include "math_f64.h"
#include "nnkernel/random.h"
#include <stdbool.h>
#include <stddef.h>

// MT19937 (Matsumoto and Nishimura 1998), seeded as in their init_genrand.
enum { NNK_WORDS = NNK_RANDOM_WORDS, NNK_SHIFT = 397 };

static inline uint32_t nnk_twist(uint32_t high, uint32_t low, uint32_t far) {
    uint32_t y = (high & 0x80000000u) | (low & 0x7fffffffu);
    return far ^ y >> 1 ^ ((0u - (y & 1)) & 0x9908b0dfu);
}

/// Returns the next 32 bits. A word of the state is renewed when its turn comes, from the other words as they
/// are then: the same numbers as when all 624 are renewed at once.
static inline uint32_t nnk_next_word(nnk_random *random) {
    uint32_t *w = random->word;
    const uint32_t i = random->next, next = i + 1 < NNK_WORDS ? i + 1 : 0;
    const uint32_t far = i + NNK_SHIFT - (i + NNK_SHIFT < NNK_WORDS ? 0 : NNK_WORDS);
    random->next = next;
    uint32_t y = w[i] = nnk_twist(w[i], w[next], w[far]);
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
}

/// Returns u, uniform on [0, 1), made of 27 and 26 bits.
static inline double nnk_uniform(nnk_random *random) {
    int32_t high = (int32_t)(nnk_next_word(random) >> 5), low = (int32_t)(nnk_next_word(random) >> 6);
    return ((double)high * 0x1p26 + (double)low) * 0x1p-53;
}

/// Returns 2 u - 1 for the next uniform u, exactly. The 52 lower bits of u's 53 are the fraction of a number
/// f, 1 <= f < 2; 2 u - 1 is f - 1 if the highest bit is 1, else f - 2. Without a branch, as no one can
/// foresee that bit.
static inline double nnk_coordinate(nnk_random *random) {
    const uint32_t high = nnk_next_word(random) >> 5, low = nnk_next_word(random) >> 6;
    const uint64_t one = 0x3ff0000000000000, two = one + (1ull << 52);
    const uint64_t fraction = (uint64_t)(high & 0x3ffffff) << 26 | low, highest = high >> 26;
    return nnk_from_bits_f64(one | fraction) - nnk_from_bits_f64(two - (highest << 52));
}

/// Whether 0 < square < 1, for the square of a point's distance from the centre. It is 0 or at least 2^-104,
/// so the upper half of its bits tells.
static inline bool nnk_in_disc(double square) {
    return (uint32_t)(nnk_bits_f64(square) >> 32) - 1 < 0x3ff00000 - 1;
}

/// A logarithm for 0 < square < 1.
typedef double nnk_log_of(double square);

static inline double nnk_exact_log(double square) { return nnk_log_scaled_f64(square, 0); }

// Without it, gcc at -Os calls `log` through a pointer.
#define NNK_INLINED inline __attribute__((always_inline))

// Marsaglia's polar method: a uniform point (x, y) in the unit disc, x^2 + y^2 = s, gives two normals, x f
// and y f with f = sqrt(-2 log(s) / s). numpy returns y f first.

/// Returns f.
static NNK_INLINED double nnk_polar_factor(double square, nnk_log_of *log) {
    return nnk_sqrt_f64(-2.0 * log(square) / square);
}

/// Returns the next normal; the second one of a pair waits in random->spare.
static NNK_INLINED double nnk_normal(nnk_random *random, nnk_log_of *log) {
    double x, y, square;
    if (random->has_spare) {
        x = random->spare;
        random->spare = 0;
        random->has_spare = 0;
        return x;
    }
    do {
        x = nnk_coordinate(random);
        y = nnk_coordinate(random);
        square = x * x + y * y;
    } while (!nnk_in_disc(square));
    const double factor = nnk_polar_factor(square, log);
    random->spare = factor * x;
    random->has_spare = 1;
    return factor * y;
}

enum { NNK_PAIRS = 64 }; ///< pairs of normals that vector kernels draw at a time

/// Points in the unit disc, with the squares of their distances from its centre.
typedef struct nnk_points {
    double x[NNK_PAIRS], y[NNK_PAIRS], square[NNK_PAIRS];
} nnk_points;

/// p (count) = the next points, count <= NNK_PAIRS. A point outside the disc is overwritten by the next one.
static inline void nnk_draw_points(nnk_random *random, nnk_points *p, size_t count) {
    for (size_t n = 0; n < count;) {
        const double x = p->x[n] = nnk_coordinate(random), y = p->y[n] = nnk_coordinate(random);
        const double square = p->square[n] = x * x + y * y;
        n += (size_t)(square < 1.0) & (size_t)(square != 0.0);
    }
}

/// normals (2 count) = the points' normals, with the bits of nnk_normal. No normal depends on another one.
static NNK_INLINED void nnk_normals_of(const nnk_points *p, size_t count, double *normals, nnk_log_of *log) {
    for (size_t n = 0; n < count; n++) {
        const double factor = nnk_polar_factor(p->square[n], log);
        normals[2 * n] = factor * p->y[n];
        normals[2 * n + 1] = factor * p->x[n];
    }
}

#endif
