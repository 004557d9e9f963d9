#include "real_f64.h"

#include "arithmetic.h"

const nnk_arithmetic nnk_f64 = NNK_ARITHMETIC;
const nnk_arithmetic nnk_f64_dual = NNK_DUAL_ARITHMETIC;
