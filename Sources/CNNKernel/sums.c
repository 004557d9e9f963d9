#include "sums.h"

float nnk_sum_of_lanes_f32(float lane[NNK_LANES]) {
    for (size_t step = 1; step < NNK_LANES; step *= 2)
        for (size_t i = 0; i < NNK_LANES; i += 2 * step) lane[i] += lane[i + step];
    return lane[0];
}

double nnk_sum_of_lanes_f64(double lane[NNK_LANES]) {
    for (size_t step = 1; step < NNK_LANES; step *= 2)
        for (size_t i = 0; i < NNK_LANES; i += 2 * step) lane[i] += lane[i + step];
    return lane[0];
}
