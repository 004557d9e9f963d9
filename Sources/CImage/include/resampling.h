// The inner loop of resizing a picture's rows, for Swift.
#ifndef NN_RESAMPLING_H
#define NN_RESAMPLING_H

#include <stddef.h>
#include <stdint.h>

// The `count` pixels from `first` on that make one pixel of the result.
typedef struct nn_taps {
    uint32_t first;
    uint32_t count; // 1 or more
} nn_taps;

// Weights are multiples of 2^-NN_WEIGHT_BITS. Those of a pixel add up to 1 except for rounding, and each is
// multiplied by a byte, so sums stay below 2^31.
#define NN_WEIGHT_BITS 22

// Writes `pixels` pixels R G B, each a weighted mean of pixels of the row, which has `row_bytes`. `weights`
// has those of all taps, one after the other. The result is the same on every processor.
void nn_resample_row(const uint8_t *row, size_t row_bytes, const nn_taps *taps, const int32_t *weights,
                     size_t pixels, uint8_t *result);

#endif
