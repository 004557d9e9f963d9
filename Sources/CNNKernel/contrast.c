#include "contrast.h"
#include "math_f64.h"

double nnk_contrast(uint32_t sum, uint32_t sum_of_squares, uint32_t inputs) {
    const uint64_t radicand = (uint64_t)inputs * sum_of_squares - (uint64_t)sum * sum;
    if (radicand == 0) return 1;
    // Converted in two parts: where 64 bits need a function for that, it is larger than this one.
    const double r = (double)(uint32_t)(radicand >> 32) * 0x1p32 + (double)(uint32_t)radicand;
    return 255.0 * (double)inputs / nnk_sqrt_f64(r);
}
