/// numpy's legacy random numbers: `np.random.seed(seed)`, then `np.random.randn()`, bit for bit.
#ifndef NNKERNEL_RANDOM_H
#define NNKERNEL_RANDOM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NNK_RANDOM_WORDS 624

/// The generator's whole state: MT19937 and the second number of the last pair of normals.
typedef struct nnk_random {
    uint32_t word[NNK_RANDOM_WORDS];
    uint32_t next;      ///< the word that comes next, 0 ... 623
    uint32_t has_spare; ///< 1 while `spare` waits to be drawn
    double spare;
} nnk_random;

void nnk_random_seed(nnk_random *random, uint32_t seed);

/// Uniform on [0, 1), 53 bits: `np.random.random_sample()`.
double nnk_random_uniform(nnk_random *random);

/// Standard normal: `np.random.randn()`.
double nnk_random_normal(nnk_random *random);

#ifdef __cplusplus
}
#endif

#endif
