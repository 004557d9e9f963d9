/// Numbers in files: little-endian, at any place.
#ifndef LITTLE_ENDIAN_H
#define LITTLE_ENDIAN_H

#include <stdint.h>
#include <string.h>

static inline void put_u32(uint8_t *to, uint32_t x) {
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(x >> 8 * i);
}

static inline uint32_t get_u32(const uint8_t *from) {
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static inline void put_f64(uint8_t *to, double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    put_u32(to, (uint32_t)bits);
    put_u32(to + 4, (uint32_t)(bits >> 32));
}

static inline double get_f64(const uint8_t *from) {
    const uint64_t bits = get_u32(from) | (uint64_t)get_u32(from + 4) << 32;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#endif
