/// From here on, code for x86 with AVX-512 (F, BW, DQ, VL), POPCNT and FMA (used as in target_avx2.h), and
/// with PREFETCHW, which such processors have.
#define NNK_HAS_FMA
#define NNK_CRC32 nnk_crc32_by_products
#if defined(__clang__)
#pragma clang attribute push(                                                                                \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,popcnt,prfchw"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,fma,popcnt,prfchw")
#endif
