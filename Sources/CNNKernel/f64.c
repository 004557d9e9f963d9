#include "kernels/real_f64.h"

#include "kernels/arithmetic.h"

const nnk_arithmetic nnk_f64 = NNK_ARITHMETIC;
const nnk_arithmetic nnk_f64_dual = NNK_DUAL_ARITHMETIC;

#include "kernels/end.h"
