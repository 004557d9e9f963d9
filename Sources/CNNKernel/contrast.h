/// The contrast of an image, for networks that take each image's own brightness and contrast off.
#ifndef NNK_CONTRAST_H
#define NNK_CONTRAST_H

#include "math_f64.h"

/// Returns s = 1 / sd, where sd is the standard deviation of an image's inputs, which are its bytes / 255:
///
///     sd = sqrt(sum of x^2 / n - (sum of x / n)^2) / 255,   s = 255 n / sqrt(n sum of x^2 - (sum of x)^2)
///
/// The radicand is an exact integer below 2^48, so the root and the division alone round. An image whose
/// bytes are all equal has sd = 0; it returns 1, which leaves such an image at zero.
///
///   sum: of the n bytes, below 2^24; sum_of_squares: of them, below 2^32; inputs: n, 1 ... 65535
static inline double nnk_contrast(uint32_t sum, uint32_t sum_of_squares, uint32_t inputs) {
    const uint64_t radicand = (uint64_t)inputs * sum_of_squares - (uint64_t)sum * sum;
    if (radicand == 0) return 1;
    // Converted in two parts: where 64 bits need a function for that, it is larger than this one.
    const double r = (double)(uint32_t)(radicand >> 32) * 0x1p32 + (double)(uint32_t)radicand;
    return 255.0 * (double)inputs / nnk_sqrt_f64(r);
}

#endif
