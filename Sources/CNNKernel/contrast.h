/// The contrast of an image, for networks that take each image's own brightness and contrast off.
#ifndef NNK_CONTRAST_H
#define NNK_CONTRAST_H

#include <stdint.h>

#pragma GCC visibility push(hidden) // not for users of a shared library

/// Returns s = 1 / sd, where sd is the standard deviation of an image's inputs, which are its bytes / 255:
///
///     sd = sqrt(sum of x^2 / n - (sum of x / n)^2) / 255,   s = 255 n / sqrt(n sum of x^2 - (sum of x)^2)
///
/// The radicand is an exact integer below 2^48, so only the root and the division round. If all bytes of an
/// image are equal, sd is 0; s is 1 then, which leaves such an image at zero.
///
///   sum: of the n bytes, below 2^24; sum_of_squares: of them, below 2^32; inputs: n, 1 ... 65535
double nnk_contrast(uint32_t sum, uint32_t sum_of_squares, uint32_t inputs);

#pragma GCC visibility pop

#endif
