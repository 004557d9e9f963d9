#include "vector_arithmetic.h"

#if NNK_X86
#include "kernels/target_avx512.h"

#include "kernels/real_f32.h"

#include "kernels/arithmetic.h"
#include "kernels/inference.h"

const nnk_arithmetic nnk_f32_avx512 = NNK_ARITHMETIC;
const nnk_inference nnk_f32_avx512_inference = NNK_CONTRAST_INFERENCE;

#include "kernels/end.h"
#endif
