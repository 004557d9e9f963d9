/// Printed by golden.py: numpy's random numbers. Each CRC-32 is of little-endian numbers.
#ifndef GOLDEN_H
#define GOLDEN_H

#include <stdint.h>

#define GOLDEN_COUNT 10001

// clang-format off
/// After seed(seed): CRC-32 of GOLDEN_COUNT words, uniforms and normals; the first of each;
/// then a uniform and a normal, drawn after the normals.
static const struct {
    uint32_t seed, words_crc, uniforms_crc, normals_crc;
    uint32_t word;
    double uniform, normal, between, spare;
} golden_sequences[] = {
    {0u, 0x2ae9015f, 0x722b3758, 0x8324e672,
     2357136044u, 0x1.18fe1565f12a8p-1, 0x1.c398ef3e5cfa5p+0, 0x1.0d14ebb48b809p-1, -0x1.aa9d40f3cfd86p-1},
    {1u, 0xfab224c5, 0x3cc2a94c, 0xa392d047,
     1791095845u, 0x1.ab07d0ffa3c06p-2, 0x1.9fd5190657c50p+0, 0x1.fdbd7a66eb770p-4, 0x1.d34ab2ad08bf3p-3},
    {2u, 0x8fb9af7a, 0x88eac419, 0xeab6b2b3,
     1872583848u, 0x1.be757297b0c50p-2, -0x1.aac291b3d4d7ep-2, 0x1.0fd970b12a390p-3, -0x1.0f5f7ae1537fbp-1},
    {12345u, 0x17becee0, 0x7df37677, 0xfb538efd,
     3992670690u, 0x1.dbf6a3f8f84b7p-1, -0x1.a33dc4f5d203dp-3, 0x1.a984811a2405ep-1, -0x1.281841871ea64p+0},
    {4294967295u, 0xcab9462c, 0xbe48680c, 0x9587fa59,
     419326371u, 0x1.8fe69a3924820p-4, 0x1.4bfc38c486d8ap-1, 0x1.00d16dbeb906ep-2, 0x1.fcac9796df9c0p-2},
};

/// CRC-32 of all initial parameters, W1, b1, W2, b2, ..., as double and as float.
static const struct {
    uint32_t seed, deep_f64, deep_f32, two_layer_f64, two_layer_f32;
} golden_weights[] = {
    {1u, 0xfd6365d1, 0xedd3116a, 0x163bb953, 0xc41be505},
    {2u, 0x0e5992b2, 0x1912ff32, 0x31ac491a, 0x3e8e37cf},
    {12345u, 0x2d3ed23e, 0x2aeb9687, 0x9e7926b8, 0xad255cd5},
};

/// CRC-32 of the same parameters quantized to i8 (a payload without names), from double and from float.
static const struct {
    uint32_t seed, deep_f64, deep_f32, two_layer_f64, two_layer_f32;
} golden_bytes[] = {
    {1u, 0xdf98bbca, 0x390e98b3, 0x89613c70, 0xb785adb8},
    {2u, 0xacaf4eb1, 0xc0972add, 0x5bb22d3f, 0x1dc79cac},
    {12345u, 0x2f095f28, 0x1c3a5a2b, 0xbfd5523e, 0x510274a9},
};
// clang-format on

#endif
