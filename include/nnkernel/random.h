/// numpy's legacy random numbers, to the bit: `np.random.seed(seed)`, then `np.random.randn()`.
#ifndef NNKERNEL_RANDOM_H
#define NNKERNEL_RANDOM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NNK_RANDOM_WORDS 624

/// The state of the generator: MT19937, and the second normal of the last pair.
typedef struct nnk_random {
    uint32_t word[NNK_RANDOM_WORDS];
    uint32_t next;      ///< the next word, 0 ... 623
    uint32_t has_spare; ///< 1 if `spare` is the next normal
    double spare;
} nnk_random;

/// Starts the sequence of `seed`: `np.random.seed(seed)`.
void nnk_random_seed(nnk_random *random, uint32_t seed);

/// The next number, uniform on [0, 1), 53 bits: `np.random.random_sample()`.
double nnk_random_uniform(nnk_random *random);

/// The next standard normal: `np.random.randn()`.
double nnk_random_normal(nnk_random *random);

#ifdef __cplusplus
}
#endif

#endif
