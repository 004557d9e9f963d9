/// Weights as bytes: how nnk_model_quantize computes them. All is computed in double.
#ifndef NNK_QUANTIZE_H
#define NNK_QUANTIZE_H

#include "math_f64.h"
#include <float.h>
#include <stdbool.h>

/// The scale of a row of W1: a 127th of its largest weight in size. 0 for a row that is zero, or so small
/// that its scale would be subnormal, which has too few bits.
static inline float nnk_scale_of(double largest) {
    return largest / 127 < (double)FLT_MIN ? 0 : (float)(largest / 127);
}

/// A weight w as w / scale, rounded to the nearest even: |w / scale| <= 127 (1 + 2^-24), so no byte
/// overflows.
///
/// With own contrast the row's weights sum up to zero, so that the image's mean does not count; rounded one
/// by one, their sum would be tens of steps away. So what rounding leaves of a weight is carried to the next
/// one, and the sum of the bytes is that of the weights, to half a step.
static inline int32_t nnk_quantized(double w, double scale, bool carries, double *carried) {
    const double steps = (scale > 0 ? w / scale : 0) + *carried;
    double q = steps + NNK_ROUND_F64 - NNK_ROUND_F64;
    if (q > 127) q = 127; // only if something was carried
    if (q < -127) q = -127;
    if (carries) *carried = steps - q;
    return (int32_t)q;
}

#endif
