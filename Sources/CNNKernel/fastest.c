// The widest vectors that this processor has, by element type, or scalar C if it has none; NULL for other
// numbers.
#include "vector_arithmetic.h"

#if NNK_X86
const nnk_arithmetic *nnk_fastest(int32_t dtype) {
    if (dtype != NNK_F32 && dtype != NNK_F64) return NULL;
    switch (nnk_x86_vectors()) {
    case 512: return dtype == NNK_F32 ? &nnk_f32_avx512 : &nnk_f64_avx512;
    case 2: return dtype == NNK_F32 ? &nnk_f32_avx2 : &nnk_f64_avx2;
    default: return dtype == NNK_F32 ? &nnk_f32_vectors : &nnk_f64_vectors;
    }
}

const nnk_inference *nnk_fastest_inference(int32_t dtype) {
    if (dtype == NNK_I8) return nnk_x86_vectors() ? &nnk_i8_avx2_inference : &nnk_i8_contrast_inference;
    if (dtype != NNK_F32 && dtype != NNK_F64) return NULL;
    switch (nnk_x86_vectors()) {
    case 512: return dtype == NNK_F32 ? &nnk_f32_avx512_inference : &nnk_f64_avx512_inference;
    case 2: return dtype == NNK_F32 ? &nnk_f32_avx2_inference : &nnk_f64_avx2_inference;
    default: return dtype == NNK_F32 ? &nnk_f32_vectors_inference : &nnk_f64_vectors_inference;
    }
}
#else
const nnk_arithmetic *nnk_fastest(int32_t dtype) {
    switch (dtype) {
    case NNK_F32: return &nnk_f32_vectors;
    case NNK_F64: return &nnk_f64_vectors;
    default: return NULL;
    }
}

const nnk_inference *nnk_fastest_inference(int32_t dtype) {
    switch (dtype) {
    case NNK_F32: return &nnk_f32_vectors_inference;
    case NNK_F64: return &nnk_f64_vectors_inference;
    case NNK_I8: return &nnk_i8_contrast_inference;
    default: return NULL;
    }
}
#endif
