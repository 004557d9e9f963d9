// Resizes pictures to NN_SIDE x NN_SIDE pixels, in rows: the arithmetic, for Swift and for boards. It
// allocates nothing and needs no C library.
//
// Each pixel of the result is a weighted mean of neighbouring pixels; the weights form a triangle
// ("bilinear") that reaches one pixel of the result, or of the picture if that is smaller, to each side. One
// pass resizes the rows, another one the columns, and each gives bytes. The result is that of `resize((64,
// 64), Image.BILINEAR)` of Pillow 13, to the bit, on every processor.
#ifndef NN_RESAMPLING_H
#define NN_RESAMPLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NN_SIDE 64 // pixels of each side of the result

// The `count` pixels from `first` on that make one pixel of the result.
typedef struct nn_taps {
    uint32_t first;
    uint32_t count; // 1 or more
} nn_taps;

// Weights are multiples of 2^-NN_WEIGHT_BITS. Those of a pixel add up to 1 except for rounding, and each is
// multiplied by a byte, so sums stay below 2^31.
#define NN_WEIGHT_BITS 22

// The most taps that a pixel of the result has, where the picture has `side` pixels, 1 or more.
#define NN_MOST_TAPS(side) (2 * (((side) + NN_SIDE - 1) / NN_SIDE))

// The taps of pixel `index` of the result, where the picture has `side` pixels, 1 ... 2^24; up to
// NN_MOST_TAPS(side) weights are written. They are the same from both ends: a mirrored picture gives a
// mirrored result.
nn_taps nn_taps_of(uint32_t index, uint32_t side, int32_t *weights);

// Whether the columns are resized first. The order of the two passes shows in the rounding. Up to Pillow 12
// rows always came first; now columns come first if that leaves much less to do.
bool nn_columns_come_first(uint32_t width, uint32_t height);

// Writes `pixels` pixels R G B, each a weighted mean of pixels of the row, which has `row_bytes`. `weights`
// has those of all taps, one after the other.
void nn_resample_row(const uint8_t *row, size_t row_bytes, const nn_taps *taps, const int32_t *weights,
                     size_t pixels, uint8_t *result);

// Writes a row of `row_bytes`, the weighted mean of the rows of the taps. Row y of the picture is row
// y % `capacity` of the window, which holds taps.count rows or more.
void nn_resample_column(const uint8_t *window, size_t row_bytes, uint32_t capacity, nn_taps taps,
                        const int32_t *weights, uint8_t *result);

#endif
