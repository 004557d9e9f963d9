#include "real_f64.h"

#include "inference.h"

const nnk_inference nnk_f64_inference = NNK_INFERENCE;
