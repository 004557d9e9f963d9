#include "sums.h"

float nnk_sum_of_lanes_f32(float lane[NNK_LANES]) {
    for (size_t distance = 1; distance < NNK_LANES; distance *= 2)
        for (size_t i = 0; i < NNK_LANES; i += 2 * distance) lane[i] += lane[i + distance];
    return lane[0];
}

double nnk_sum_of_lanes_f64(double lane[NNK_LANES]) {
    for (size_t distance = 1; distance < NNK_LANES; distance *= 2)
        for (size_t i = 0; i < NNK_LANES; i += 2 * distance) lane[i] += lane[i + distance];
    return lane[0];
}
