/// The generator behind random.h, for inlining where weights are drawn.
#ifndef NNK_NORMALS_H
#define NNK_NORMALS_H

#include "math_f64.h"
#include "nnkernel/random.h"
#include <stddef.h>

// MT19937 (Matsumoto and Nishimura 1998), seeded as in their init_genrand.
enum { NNK_WORDS = NNK_RANDOM_WORDS, NNK_SHIFT = 397 };

static inline uint32_t nnk_twist(uint32_t high, uint32_t low, uint32_t far) {
    uint32_t y = (high & 0x80000000u) | (low & 0x7fffffffu);
    return far ^ y >> 1 ^ ((0u - (y & 1)) & 0x9908b0dfu);
}

/// A word is renewed when its turn comes, from others as they are then: the same as all 624 at once.
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

/// Uniform on [0, 1): 27 bits and 26.
static inline double nnk_uniform(nnk_random *random) {
    int32_t high = (int32_t)(nnk_next_word(random) >> 5), low = (int32_t)(nnk_next_word(random) >> 6);
    return ((double)high * 0x1p26 + (double)low) * 0x1p-53;
}

/// 2 u - 1 for a uniform u, which is exact.
static inline double nnk_coordinate(nnk_random *random) {
    int32_t high = (int32_t)(nnk_next_word(random) >> 5), low = (int32_t)(nnk_next_word(random) >> 6);
    return ((double)(high - (1 << 26)) * 0x1p26 + (double)low) * 0x1p-52;
}

/// nnk_random_normal in less code: one in a thousand is another double, in its last bits; one in 10^11 is
/// another float.
#pragma GCC visibility push(hidden) // not for users of a shared library
double nnk_normal_for_float(nnk_random *random);
#pragma GCC visibility pop

// Else gcc at -Os calls `log` by its address.
#define NNK_INLINED static inline __attribute__((always_inline))

/// The logarithm of a square that normals are made of.
typedef double nnk_log_of(double square);

static inline double nnk_exact_log(double square) { return nnk_log_scaled_f64(square, 0); }

// Marsaglia's polar method: a point uniform in the unit disc gives two normals; the second is drawn first.
NNK_INLINED double nnk_polar_factor(double square, nnk_log_of *log) {
    return nnk_sqrt_f64(-2.0 * log(square) / square);
}

NNK_INLINED double nnk_normal(nnk_random *random, nnk_log_of *log) {
    if (random->has_spare) {
        random->has_spare = 0;
        return random->spare;
    }
    double x, y, square;
    do {
        x = nnk_coordinate(random);
        y = nnk_coordinate(random);
        square = x * x + y * y;
    } while (square >= 1.0 || square == 0.0);
    const double factor = nnk_polar_factor(square, log);
    random->spare = factor * x;
    random->has_spare = 1;
    return factor * y;
}

enum { NNK_PAIRS = 64 }; ///< of normals that nnk_normals draws at a time

/// The next 2 count normals, count <= NNK_PAIRS, where none is spare: nnk_normal's, without waiting for one
/// before the next is begun. A point outside the disc is written over by the next one.
NNK_INLINED void nnk_normal_pairs(nnk_random *random, double *normals, size_t count, nnk_log_of *log) {
    double x[NNK_PAIRS], y[NNK_PAIRS], square[NNK_PAIRS];
    for (size_t n = 0; n < count;) {
        x[n] = nnk_coordinate(random);
        y[n] = nnk_coordinate(random);
        square[n] = x[n] * x[n] + y[n] * y[n];
        n += (size_t)(square[n] < 1.0) & (size_t)(square[n] != 0.0);
    }
    for (size_t n = 0; n < count; n++) {
        const double factor = nnk_polar_factor(square[n], log);
        normals[2 * n] = factor * y[n];
        normals[2 * n + 1] = factor * x[n];
    }
}

#endif
