#include "vector_arithmetic.h"

#if defined(NNK_VECTORS)
#include "kernels/target_vectors.h"

#include "kernels/real_f32.h"

#include "kernels/arithmetic.h"
#include "kernels/inference.h"

const nnk_arithmetic nnk_f32_vectors = NNK_ARITHMETIC;
const nnk_inference nnk_f32_vectors_inference = NNK_CONTRAST_INFERENCE;

#include "kernels/end.h"
#endif
