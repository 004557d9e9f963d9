/// The arithmetics on vectors, of which nnk_fastest picks one. All give the bits of nnk_f32 and nnk_f64.
#ifndef NNK_VECTOR_ARITHMETIC_H
#define NNK_VECTOR_ARITHMETIC_H

#include "nnkernel/kernels.h"

#pragma GCC visibility push(hidden) // not for users of a shared library

#if defined(__x86_64__)
#define NNK_X86 1
#else
#define NNK_X86 0
#endif

/// On the vectors that every processor of the family has: SSE2, NEON.
extern const nnk_arithmetic nnk_f32_vectors, nnk_f64_vectors;
extern const nnk_inference nnk_f32_vectors_inference, nnk_f64_vectors_inference;

#if NNK_X86
extern const nnk_arithmetic nnk_f32_avx2, nnk_f64_avx2, nnk_f32_avx512, nnk_f64_avx512;
extern const nnk_inference nnk_f32_avx2_inference, nnk_f64_avx2_inference;
extern const nnk_inference nnk_f32_avx512_inference, nnk_f64_avx512_inference;

/// What the processor has and the operating system saves: 0 neither, 2 AVX2 and FMA, 512 AVX-512 as well.
int32_t nnk_x86_vectors(void);
#endif

#pragma GCC visibility pop

#endif
