#include "kernels/real_f64.h"

#include "kernels/inference.h"

const nnk_inference nnk_f64_inference = NNK_INFERENCE;
const nnk_inference nnk_f64_contrast_inference = NNK_CONTRAST_INFERENCE;

#include "kernels/end.h"
