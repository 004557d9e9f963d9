/// Where each layer's weights lie among the parameters, and how numbers lie in files.
#ifndef NNK_LAYOUT_H
#define NNK_LAYOUT_H

#include "freestanding.h"
#include "nnkernel/topology.h"

/// The index of the first weight of layer `l`, 1 ... layers; its biases follow its weights.
static inline uint32_t nnk_weights_at(const nnk_topology *t, int32_t l) {
    uint32_t at = 0;
    for (int32_t i = 1; i < l; i++) at += (uint32_t)t->size[i] * ((uint32_t)t->size[i - 1] + 1);
    return at;
}

static inline uint32_t nnk_biases_at(const nnk_topology *t, int32_t l) {
    return nnk_weights_at(t, l) + (uint32_t)t->size[l] * (uint32_t)t->size[l - 1];
}

static inline void nnk_put16(uint8_t *to, uint32_t x) {
    to[0] = (uint8_t)x;
    to[1] = (uint8_t)(x >> 8);
}

static inline void nnk_put32(uint8_t *to, uint32_t x) {
    nnk_put16(to, x);
    nnk_put16(to + 2, x >> 16);
}

static inline uint32_t nnk_get16(const uint8_t *from) { return from[0] | (uint32_t)from[1] << 8; }

static inline uint32_t nnk_get32(const uint8_t *from) { return nnk_get16(from) | nnk_get16(from + 2) << 16; }

static inline void nnk_put_f64(uint8_t *to, double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    nnk_put32(to, (uint32_t)bits);
    nnk_put32(to + 4, (uint32_t)(bits >> 32));
}

static inline double nnk_get_f64(const uint8_t *from) {
    uint64_t bits = nnk_get32(from) | (uint64_t)nnk_get32(from + 4) << 32;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/// Turns each of `count` bytes' reals from this processor's order to little-endian, or back.
static inline void nnk_swap_reals(uint8_t *bytes, uint32_t count, int32_t real_bytes) {
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) return;
    const uint32_t size = (uint32_t)real_bytes;
    for (uint32_t i = 0; i < count; i += size)
        for (uint32_t b = 0; b < size / 2; b++) {
            uint8_t byte = bytes[i + b];
            bytes[i + b] = bytes[i + size - 1 - b];
            bytes[i + size - 1 - b] = byte;
        }
}

#endif
