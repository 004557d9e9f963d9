/// From here on, code for x86 with AVX-512 (F, BW, DQ, VL) and FMA (used as in target_avx2.h).
#define NNK_HAS_FMA
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))),              \
                             apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,fma")
#endif
