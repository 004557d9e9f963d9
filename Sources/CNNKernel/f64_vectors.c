#include "vector_arithmetic.h"

#if defined(NNK_VECTORS)
#include "real_f64.h"
#define NNK_TILE_ROWS      2
#define NNK_TILE_COLUMNS   4
#define NNK_REGISTER_BYTES 16
#define NNK_PART_UNITS     10

#include "arithmetic.h"
#include "inference.h"
#include "inference_wide.h"

const nnk_arithmetic nnk_f64_vectors = NNK_ARITHMETIC;
const nnk_inference nnk_f64_vectors_inference = NNK_INFERENCE;
#endif
