/// The end of every sum in lanes (kernels.h).
#ifndef NNK_SUMS_H
#define NNK_SUMS_H

#include "nnkernel/kernels.h"
#include "strict_float.h"

#pragma GCC visibility push(hidden) // not for users of a shared library

/// Returns the sum of the lanes, adding neighbours: 1 + 1, 2 + 2, 4 + 4, 8 + 8. Overwrites the lanes.
float nnk_sum_of_lanes_f32(float lane[NNK_LANES]);
double nnk_sum_of_lanes_f64(double lane[NNK_LANES]);

#pragma GCC visibility pop

#endif
