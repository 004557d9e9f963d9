#include "resampling.h"

#include <string.h>

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
    const int32_t half = 1 << (NN_WEIGHT_BITS - 1);
    for (size_t i = 0; i < pixels; ++i, result += 3) {
        const uint8_t *source = row + 3 * (size_t)taps[i].first;
        // Four bytes are read of each pixel; behind the row's last pixel there may be none.
        const size_t end = 3 * ((size_t)taps[i].first + taps[i].count);
        const size_t count = taps[i].count - (end == row_bytes ? 1 : 0);
        sums sum = {half, half, half, 0};
        pixel p = {0};
        for (size_t k = 0; k < count; ++k, source += 3) {
            memcpy(&p, source, 4);
            sum += __builtin_convertvector(p, sums) * weights[k];
        }
        if (end == row_bytes) {
            memcpy(&p, source, 3);
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
