/// The target: x86 with AVX2, POPCNT, carry-less products and FMA (which computes only what is meant to be a
/// fused product). Its compiler options hold from here to kernels/end.h.
#include "../freestanding.h"
#include <immintrin.h>

#define NNK_REGISTER_BYTES 32
#define NNK_TILE_ROWS      3
#define NNK_TILE_COLUMNS   4
#define NNK_PART_UNITS     10
#define NNK_PRODUCT_BYTES  32
#define NNK_CRC32          nnk_crc32_by_products
#define NNK_HAS_FMA

#define NNK_TARGET_OPTIONS
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
