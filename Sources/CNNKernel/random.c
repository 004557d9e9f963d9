#include "nnkernel/random.h"
#include "normals.h"

void nnk_random_seed(nnk_random *random, uint32_t seed) {
    for (uint32_t i = 0; i < NNK_WORDS; i++) {
        random->word[i] = seed;
        seed = 1812433253u * (seed ^ seed >> 30) + i + 1;
    }
    random->next = 0;
    random->has_spare = 0;
    random->spare = 0.0;
}

double nnk_random_uniform(nnk_random *random) { return nnk_uniform(random); }

double nnk_random_normal(nnk_random *random) { return nnk_normal(random, nnk_exact_log); }

double nnk_normal_for_float(nnk_random *random) { return nnk_normal(random, nnk_log_by_squaring); }
