#include "kernels/real_f32.h"

#include "kernels/arithmetic.h"

const nnk_arithmetic nnk_f32 = NNK_ARITHMETIC;
const nnk_arithmetic nnk_f32_dual = NNK_DUAL_ARITHMETIC;

#include "kernels/end.h"
