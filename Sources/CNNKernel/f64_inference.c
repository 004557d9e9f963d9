#include "kernels/real_f64.h"

#include "kernels/inference.h"

const nnk_inference nnk_f64_inference = NNK_INFERENCE;

#include "kernels/end.h"
