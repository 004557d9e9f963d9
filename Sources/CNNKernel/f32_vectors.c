#include "vector_arithmetic.h"

#include "real_f32.h"
#define NNK_FORWARD_UNITS  3
#define NNK_GRADIENT_UNITS 3
#define NNK_DOT_UNITS      2

#include "arithmetic.h"

const nnk_arithmetic nnk_f32_vectors = NNK_ARITHMETIC;
