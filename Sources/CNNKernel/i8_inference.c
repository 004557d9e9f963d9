#include "real_f32.h"

#include "inference_i8.h"

const nnk_inference nnk_i8_inference = {NNK_I8, sizeof(real), 1, 1, accumulate, head};
