/// Pictures of any size, resized in both orders: nothing outside the picture is read, and a picture of one
/// colour stays one.
#include "resampling.h"
#include "fuzz.h"

enum { MOST_SIDE = 320 };

/// The taps of all pixels of the result, and their weights one after the other.
typedef struct filter {
    nn_taps taps[NN_SIDE];
    int32_t *weights;
    uint32_t most; ///< taps of one pixel
} filter;

static filter filter_of(uint32_t side) {
    filter f = {.weights = room_for(sizeof(int32_t) * NN_SIDE * NN_MOST_TAPS(side))};
    size_t count = 0;
    for (uint32_t i = 0; i < NN_SIDE; i++) {
        int32_t *weights = room_for(sizeof(int32_t) * NN_MOST_TAPS(side));
        f.taps[i] = nn_taps_of(i, side, weights);
        REQUIRE(f.taps[i].count >= 1 && f.taps[i].count <= NN_MOST_TAPS(side));
        REQUIRE(f.taps[i].first < side && f.taps[i].count <= side - f.taps[i].first);
        memcpy(f.weights + count, weights, f.taps[i].count * sizeof *weights);
        count += f.taps[i].count;
        if (f.taps[i].count > f.most) f.most = f.taps[i].count;
        free(weights);
    }
    return f;
}

/// Rows of `width` pixels become rows of NN_SIDE.
static uint8_t *shrink_rows(const uint8_t *rgb, uint32_t width, uint32_t height) {
    const size_t row_bytes = (size_t)3 * width;
    const filter f = filter_of(width);
    uint8_t *result = room_for((size_t)3 * NN_SIDE * height), *row = room_for(row_bytes);
    for (uint32_t y = 0; y < height; y++) {
        memcpy(row, rgb + y * row_bytes, row_bytes);
        nn_resample_row(row, row_bytes, f.taps, f.weights, NN_SIDE, result + (size_t)3 * NN_SIDE * y);
    }
    free(row);
    free(f.weights);
    return result;
}

/// `height` rows become NN_SIDE, through a window of as many rows as one of the result needs.
static uint8_t *shrink_columns(const uint8_t *rgb, uint32_t width, uint32_t height) {
    const size_t row_bytes = (size_t)3 * width;
    const filter f = filter_of(height);
    uint8_t *result = room_for(row_bytes * NN_SIDE), *window = room_for(row_bytes * f.most);
    const int32_t *weights = f.weights;
    uint32_t rows = 0;
    for (uint32_t i = 0; i < NN_SIDE; i++) {
        for (; rows < f.taps[i].first + f.taps[i].count; rows++)
            memcpy(window + rows % f.most * row_bytes, rgb + rows * row_bytes, row_bytes);
        nn_resample_column(window, row_bytes, f.most, f.taps[i], weights, result + i * row_bytes);
        weights += f.taps[i].count;
    }
    free(window);
    free(f.weights);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    input in = {bytes, count};
    uint16_t sides[2];
    take_bytes(&in, sides, sizeof sides);
    const uint32_t width = sides[0] % MOST_SIDE + 1, height = sides[1] % MOST_SIDE + 1;
    const size_t size = (size_t)3 * width * height;
    uint8_t *rgb = room_for(size), *middle, *result;
    for (size_t i = 0; i < size; i++) rgb[i] = in.count ? in.bytes[i % in.count] : 0;
    if (nn_columns_come_first(width, height)) {
        middle = shrink_columns(rgb, width, height);
        result = shrink_rows(middle, width, NN_SIDE);
    } else {
        middle = shrink_rows(rgb, width, height);
        result = shrink_columns(middle, NN_SIDE, height);
    }
    if (in.count <= 1)
        for (uint32_t i = 0; i < 3 * NN_SIDE * NN_SIDE; i++) REQUIRE(result[i] == rgb[0]);
    free(rgb);
    free(middle);
    free(result);
    return 0;
}
