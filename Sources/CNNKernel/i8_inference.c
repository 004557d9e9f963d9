#include "kernels/real_f32.h"

#include "kernels/inference_i8.h"

const nnk_inference nnk_i8_inference = NNK_INFERENCE(accumulate);
const nnk_inference nnk_i8_contrast_inference = NNK_CONTRAST_INFERENCE(accumulate);

#include "kernels/end.h"
