/// The arithmetics on vectors, from which nnk_fastest chooses. All give the same bits as nnk_f32 and nnk_f64.
#ifndef NNK_VECTOR_ARITHMETIC_H
#define NNK_VECTOR_ARITHMETIC_H

#include "nnkernel/kernels.h"

#pragma GCC visibility push(hidden) // not for users of a shared library

/// Defined if the processor has vector registers whose floats keep subnormal numbers, and the compiler has
/// the extensions that the vector kernels are written in: clang, and gcc from 12 on. Elsewhere, as on
/// microcontrollers, compilers take vectors apart: that needs 15 KB of stack and is 3 to 4 times slower than
/// scalar C.
#if defined(__SSE2__) || defined(__aarch64__) || defined(__wasm_simd128__) || defined(__VSX__) ||            \
    defined(__riscv_vector) || defined(__VX__) || defined(__loongarch_sx)
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define NNK_VECTORS 1
#endif
#endif
#endif

/// AVX needs a stack that is aligned to its registers. For Windows gcc aligns the stack to 16 bytes only (its
/// bug 54412), so that programs crash there, or gcc itself does; clang aligns it.
#if defined(NNK_VECTORS) && defined(__x86_64__) &&                                                           \
    (defined(__clang__) || !(defined(_WIN32) || defined(__CYGWIN__)))
#define NNK_X86 1
#else
#define NNK_X86 0
#endif

/// On the vectors that every processor of the family has: SSE2, NEON. Without vectors, in scalar C.
#if defined(NNK_VECTORS)
extern const nnk_arithmetic nnk_f32_vectors, nnk_f64_vectors;
extern const nnk_inference nnk_f32_vectors_inference, nnk_f64_vectors_inference;
#else
#define nnk_f32_vectors           nnk_f32
#define nnk_f64_vectors           nnk_f64
#define nnk_f32_vectors_inference nnk_f32_contrast_inference
#define nnk_f64_vectors_inference nnk_f64_contrast_inference
#endif

#if NNK_X86
extern const nnk_arithmetic nnk_f32_avx2, nnk_f64_avx2, nnk_f32_avx512, nnk_f64_avx512;
extern const nnk_inference nnk_f32_avx2_inference, nnk_f64_avx2_inference;
extern const nnk_inference nnk_f32_avx512_inference, nnk_f64_avx512_inference;
/// AVX-512 makes it no faster, and for other vectors compilers do well with the plain loop.
extern const nnk_inference nnk_i8_avx2_inference;

/// Returns what the processor has and the operating system saves: 0 for none of these, 2 for AVX2, FMA,
/// POPCNT and carry-less products, 512 if it has AVX-512 too.
int32_t nnk_x86_vectors(void);

/// nnk_crc32, for processors where nnk_x86_vectors is not 0, and for all processors.
uint32_t nnk_crc32_by_products(uint32_t crc, const uint8_t *bytes, size_t count);
uint32_t nnk_crc32_by_bytes(uint32_t crc, const uint8_t *bytes, size_t count);
#endif

#pragma GCC visibility pop

#endif
