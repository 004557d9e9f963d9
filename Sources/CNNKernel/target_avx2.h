/// From here on, code for x86 with AVX2 and FMA (which is used where a fused product is meant, and only
/// there).
#define NNK_HAS_FMA
#define NNK_CRC32 nnk_crc32_by_products
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
