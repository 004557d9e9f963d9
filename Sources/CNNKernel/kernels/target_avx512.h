/// The target: x86 with AVX-512 (F, BW, DQ, VL), what target_avx2.h has, and PREFETCHW, which such processors
/// have. Its compiler options hold from here to kernels/end.h.
#include "../freestanding.h"
#include <immintrin.h>

#define NNK_REGISTER_BYTES 64
#define NNK_TILE_ROWS      3
#define NNK_TILE_COLUMNS   7
#define NNK_PART_UNITS     20
#define NNK_PRODUCT_BYTES  64
#define NNK_CRC32          nnk_crc32_by_products
#define NNK_HAS_FMA

#define NNK_TARGET_OPTIONS
#if defined(__clang__)
#pragma clang attribute push(                                                                                \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,popcnt,prfchw"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,fma,popcnt,prfchw")
#endif
