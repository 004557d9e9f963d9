#include "vector_arithmetic.h"

#if NNK_X86
#include <cpuid.h>

static uint32_t enabled_state(void) {
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

int32_t nnk_x86_vectors(void) {
    uint32_t a, b, c, d;
    const uint32_t products = 1u << 1, fma = 1u << 12, popcnt = 1u << 23, osxsave = 1u << 27, avx2 = 1u << 5;
    const uint32_t avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31; // F, DQ, BW, VL
    const uint32_t ymm_state = 0x06, zmm_state = 0xe6;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (~c & (products | fma | popcnt | osxsave)) != 0) return 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & avx2)) return 0;
    const uint32_t state = enabled_state();
    if ((state & ymm_state) != ymm_state) return 0;
    return (b & avx512) == avx512 && (state & zmm_state) == zmm_state ? 512 : 2;
}

const nnk_arithmetic *nnk_fastest(int32_t dtype) {
    switch (nnk_x86_vectors()) {
    case 512: return dtype == NNK_F32 ? &nnk_f32_avx512 : &nnk_f64_avx512;
    case 2: return dtype == NNK_F32 ? &nnk_f32_avx2 : &nnk_f64_avx2;
    default: return dtype == NNK_F32 ? &nnk_f32_vectors : &nnk_f64_vectors;
    }
}

const nnk_inference *nnk_fastest_inference(int32_t dtype) {
    if (dtype == NNK_I8) return nnk_x86_vectors() ? &nnk_i8_avx2_inference : &nnk_i8_inference;
    switch (nnk_x86_vectors()) {
    case 512: return dtype == NNK_F32 ? &nnk_f32_avx512_inference : &nnk_f64_avx512_inference;
    case 2: return dtype == NNK_F32 ? &nnk_f32_avx2_inference : &nnk_f64_avx2_inference;
    default: return dtype == NNK_F32 ? &nnk_f32_vectors_inference : &nnk_f64_vectors_inference;
    }
}
#else
const nnk_arithmetic *nnk_fastest(int32_t dtype) {
    return dtype == NNK_F32 ? &nnk_f32_vectors : &nnk_f64_vectors;
}

const nnk_inference *nnk_fastest_inference(int32_t dtype) {
    if (dtype == NNK_I8) return &nnk_i8_inference;
    return dtype == NNK_F32 ? &nnk_f32_vectors_inference : &nnk_f64_vectors_inference;
}
#endif
