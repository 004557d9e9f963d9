/// Where each layer's parameters lie in a model, and how numbers lie in files.
#ifndef NNK_LAYOUT_H
#define NNK_LAYOUT_H

#include "freestanding.h"
#include "nnkernel/topology.h"
#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(hidden) // not for users of a shared library

/// nnk_parameter_count and nnk_unit_count of a topology that has been checked. Another check would take
/// stack.
uint32_t nnk_parameters_of(const nnk_topology *t);
uint32_t nnk_units_of(const nnk_topology *t);

#pragma GCC visibility pop

enum { NNK_AT_ONCE = 3072 }; ///< bytes of a file that one slice moves: 16 x NNK_PATCH

static inline uint32_t nnk_smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

/// How many parts of `size` it takes for `count`; the last one may be smaller. count + size < 2^32
static inline uint32_t nnk_part_count(uint32_t count, uint32_t size) { return (count + size - 1) / size; }

/// The index of the first weight of layer `l`, 1 ... layers, in a model; its biases follow its weights.
static inline uint32_t nnk_weights_at(const nnk_topology *t, int32_t l) {
    uint32_t at = 0;
    for (int32_t i = 1; i < l; i++) at += (uint32_t)t->size[i] * ((uint32_t)t->size[i - 1] + 1);
    return at;
}

static inline uint32_t nnk_biases_at(const nnk_topology *t, int32_t l) {
    return nnk_weights_at(t, l) + (uint32_t)t->size[l] * (uint32_t)t->size[l - 1];
}

static inline uint64_t nnk_bits(double x) {
    const union {
        double x;
        uint64_t bits;
    } both = {.x = x};
    return both.bits;
}

/// Whether x is 0 or -0.
static inline bool nnk_is_zero(double x) { return nnk_bits(x) << 1 == 0; }

/// Whether x is neither infinite nor NaN: not all bits of its exponent are set.
static inline bool nnk_finite(double x) { return (uint32_t)(nnk_bits(x) >> 32) << 1 < 0xffe00000; }

/// Whether x is finite and above zero.
static inline bool nnk_positive(double x) { return nnk_finite(x) && (int64_t)nnk_bits(x) > 0; }

/// Turns the numbers in `count` bytes from this processor's byte order to little-endian, or back.
static inline void nnk_swap(void *numbers, uint32_t count, int32_t number_bytes) {
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) return;
    uint8_t *bytes = numbers;
    const uint32_t size = (uint32_t)number_bytes;
    for (uint32_t i = 0; i < count; i += size)
        for (uint32_t b = 0; b < size / 2; b++) {
            uint8_t byte = bytes[i + b];
            bytes[i + b] = bytes[i + size - 1 - b];
            bytes[i + size - 1 - b] = byte;
        }
}

#endif
