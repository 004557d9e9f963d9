/// Float and double in one test: arrays of either type, read and written as doubles, and arithmetic that is
/// rounded to the type.
///
/// An operation on two floats that is done in double and then rounded to float has the bits of the operation
/// in float, as a double has more than twice as many bits. So a kernel can be restated once for both types.
#ifndef REALS_H
#define REALS_H

#include "check.h"
#include "nnkernel/kernels.h"
#include "vector_arithmetic.h"

static inline size_t bytes_of(size_t count, int32_t type) {
    return count * (type == NNK_F32 ? sizeof(float) : sizeof(double));
}

static inline double epsilon_of(int32_t type) { return type == NNK_F32 ? (double)FLT_EPSILON : DBL_EPSILON; }

static inline double rounded(double x, int32_t type) { return type == NNK_F32 ? (double)(float)x : x; }

static inline double get(const void *reals, size_t i, int32_t type) {
    return type == NNK_F32 ? (double)((const float *)reals)[i] : ((const double *)reals)[i];
}

static inline void put(void *reals, size_t i, double x, int32_t type) {
    if (type == NNK_F32)
        ((float *)reals)[i] = (float)x;
    else
        ((double *)reals)[i] = x;
}

/// The address of real i.
static inline nnk_real *at(nnk_real *reals, size_t i, int32_t type) {
    return (nnk_real *)((uint8_t *)reals + bytes_of(i, type));
}

/// x + y, and sum + x y, rounded as the kernels round them.
static inline double plus(double x, double y, int32_t type) { return rounded(x + y, type); }

static inline double plus_product(double sum, double x, double y, int32_t type) {
    return rounded(sum + rounded(x * y, type), type);
}

/// The end of a sum in 16 lanes as kernels.h states it: neighbours are added.
static inline double sum_of_16(const double x[16], int32_t type) {
    double pair[8], four[4];
    for (int i = 0; i < 8; i++) pair[i] = plus(x[2 * i], x[2 * i + 1], type);
    for (int i = 0; i < 4; i++) four[i] = plus(pair[2 * i], pair[2 * i + 1], type);
    return plus(plus(four[0], four[1], type), plus(four[2], four[3], type), type);
}

/// Reals in [-1, 1], some of them tiny, some exact zeros of either sign, some 1: as good as any other number.
static inline nnk_real *random_reals(size_t count, int32_t type) {
    nnk_real *reals = room_for(bytes_of(count, type));
    for (size_t i = 0; i < count; i++) {
        double x = random_between(-1, 1);
        switch (random_below(8)) {
        case 0: x *= 0.0; break;
        case 1: x *= 1e-5; break;
        case 2: x = 1; break;
        default: break;
        }
        put(reals, i, x, type);
    }
    return reals;
}

static inline uint8_t *random_bytes(size_t count) {
    uint8_t *bytes = room_for(count);
    for (size_t i = 0; i < count; i++) bytes[i] = (uint8_t)random_bits();
    return bytes;
}

#if defined(OTHER_FORMS)                                  // CMakeLists.txt builds them
extern const nnk_arithmetic nnk_small_f32, nnk_small_f64; ///< NNK_FAST=0
extern const nnk_arithmetic nnk_soft_f32, nnk_soft_f64;   ///< NNK_FAST=1, as where double is a library's
#endif

/// The i-th arithmetic of a type; the definition is the first; NULL if this processor cannot run it.
static inline const nnk_arithmetic *arithmetic_at(int32_t type, int i) {
    const int f32 = type == NNK_F32;
    if (i == 0) return f32 ? &nnk_f32 : &nnk_f64;
    if (i == 1) return f32 ? &nnk_f32_vectors : &nnk_f64_vectors;
#if NNK_X86
    if (i == 2 && nnk_x86_vectors() >= 2) return f32 ? &nnk_f32_avx2 : &nnk_f64_avx2;
    if (i == 3 && nnk_x86_vectors() >= 512) return f32 ? &nnk_f32_avx512 : &nnk_f64_avx512;
#endif
#if defined(OTHER_FORMS)
    if (i == 4) return f32 ? &nnk_small_f32 : &nnk_small_f64;
    if (i == 5) return f32 ? &nnk_soft_f32 : &nnk_soft_f64;
#endif
    return NULL;
}

#define FOR_EACH_TYPE(type) for (int32_t type = NNK_F32; type <= NNK_F64; type++)
#define FOR_EACH_ARITHMETIC(k, type)                                                                         \
    for (int at_ = 0; at_ < 6; at_++)                                                                        \
        for (const nnk_arithmetic *k = arithmetic_at(type, at_); k; k = NULL)

#endif
