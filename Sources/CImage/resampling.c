#include "resampling.h"

// Not memcpy of string.h: with -ffreestanding, that is a call for each pixel.
#define COPY __builtin_memcpy

enum { HALF = 1 << (NN_WEIGHT_BITS - 1) }; // added before sums are cut to bytes, which rounds them

static double smaller(double a, double b) { return a < b ? a : b; }

// With reach = max(side / 64, 1) and centre = (index + 1/2) side / 64, the weight of pixel k is
// max(0, 1 - |k + 1/2 - centre| / reach), and all are divided by their sum. Positions are multiples of 1/128
// and therefore exact; and no product is added to anything but after a power of two, so that a compiler that
// fuses products and sums changes nothing.
nn_taps nn_taps_of(uint32_t index, uint32_t side, int32_t *weights) {
    const double scale = (double)side / NN_SIDE, reach = scale > 1 ? scale : 1;
    const double centre = ((double)index + 0.5) * scale, slope = 1 / reach;
    const double from = centre - reach + 0.5, to = smaller(centre + reach + 0.5, (double)side);
    const uint32_t first = from > 0 ? (uint32_t)from : 0;
    const nn_taps taps = {first, (uint32_t)to - first};
    double sum = 0;
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t k = 0; k < taps.count; k++) {
            const double away = ((double)(first + k) - centre + 0.5) * slope;
            const double height = 1 - (away < 0 ? -away : away), weight = height > 0 ? height : 0;
            if (pass == 0)
                sum += weight;
            else
                weights[k] = (int32_t)(weight / sum * (1 << NN_WEIGHT_BITS) + 0.5);
        }
    return taps;
}

bool nn_columns_come_first(uint32_t width, uint32_t height) {
    const uint32_t wider = width > NN_SIDE ? width - NN_SIDE : 0;
    return height > NN_SIDE && height - NN_SIDE > 2 * wider;
}

// R G B and one more, which is ignored: vectors of four compile to few instructions.
typedef uint8_t pixel __attribute__((vector_size(4)));
typedef int32_t sums __attribute__((vector_size(16)));

static uint8_t byte_of(int32_t sum) {
    const int32_t value = sum >> NN_WEIGHT_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static inline __attribute__((always_inline)) void resample(const uint8_t *row, size_t row_bytes,
                                                           const nn_taps *taps, const int32_t *weights,
                                                           size_t pixels, uint8_t *result) {
    for (size_t i = 0; i < pixels; ++i, result += 3) {
        const uint8_t *source = row + 3 * (size_t)taps[i].first;
        // Four bytes are read of each pixel; behind the row's last pixel there may be none.
        const size_t end = 3 * ((size_t)taps[i].first + taps[i].count);
        const size_t count = taps[i].count - (end == row_bytes ? 1 : 0);
        sums sum = {HALF, HALF, HALF, 0};
        pixel p = {0};
        for (size_t k = 0; k < count; ++k, source += 3) {
            COPY(&p, source, 4);
            sum += __builtin_convertvector(p, sums) * weights[k];
        }
        if (end == row_bytes) {
            COPY(&p, source, 3);
            sum += __builtin_convertvector(p, sums) * weights[count];
        }
        for (size_t channel = 0; channel < 3; ++channel) result[channel] = byte_of(sum[channel]);
        weights += taps[i].count;
    }
}

#if defined(__x86_64__)

// Four multiplications of 32 bits are one instruction here, and six without.
__attribute__((target("avx2"))) static void resample_avx2(const uint8_t *row, size_t row_bytes,
                                                          const nn_taps *taps, const int32_t *weights,
                                                          size_t pixels, uint8_t *result) {
    resample(row, row_bytes, taps, weights, pixels, result);
}

void nn_resample_row(const uint8_t *row, size_t row_bytes, const nn_taps *taps, const int32_t *weights,
                     size_t pixels, uint8_t *result) {
    if (__builtin_cpu_supports("avx2")) {
        resample_avx2(row, row_bytes, taps, weights, pixels, result);
    } else {
        resample(row, row_bytes, taps, weights, pixels, result);
    }
}

#else

void nn_resample_row(const uint8_t *row, size_t row_bytes, const nn_taps *taps, const int32_t *weights,
                     size_t pixels, uint8_t *result) {
    resample(row, row_bytes, taps, weights, pixels, result);
}

#endif

void nn_resample_column(const uint8_t *window, size_t row_bytes, uint32_t capacity, nn_taps taps,
                        const int32_t *weights, uint8_t *result) {
    enum { PIECE = 48 }; // the sums of so many bytes at a time, which fit the stack of a board
    for (size_t at = 0; at < row_bytes; at += PIECE) {
        const size_t count = row_bytes - at < PIECE ? row_bytes - at : PIECE;
        int32_t sum[PIECE];
        for (size_t i = 0; i < count; i++) sum[i] = HALF;
        uint32_t y = taps.first % capacity;
        for (uint32_t k = 0; k < taps.count; k++) {
            const uint8_t *row = window + y * row_bytes + at;
            for (size_t i = 0; i < count; i++) sum[i] += weights[k] * row[i];
            y = y + 1 < capacity ? y + 1 : 0;
        }
        for (size_t i = 0; i < count; i++) result[at + i] = byte_of(sum[i]);
    }
}
