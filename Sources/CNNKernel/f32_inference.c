#include "real_f32.h"

#include "inference.h"

const nnk_inference nnk_f32_inference = NNK_INFERENCE;
