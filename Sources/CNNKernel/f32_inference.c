#include "kernels/real_f32.h"

#include "kernels/inference.h"

const nnk_inference nnk_f32_inference = NNK_INFERENCE;
const nnk_inference nnk_f32_contrast_inference = NNK_CONTRAST_INFERENCE;

#include "kernels/end.h"
