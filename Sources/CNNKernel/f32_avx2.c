#include "vector_arithmetic.h"

#if NNK_X86
#include "freestanding.h"
#include <immintrin.h>

#include "target_avx2.h"

#include "real_f32.h"
#define NNK_TILE_ROWS      3
#define NNK_TILE_COLUMNS   4
#define NNK_REGISTER_BYTES 32
#define NNK_PART_UNITS     10
#define NNK_GRAM_BYTES     32

#include "arithmetic.h"
#include "inference.h"
#include "inference_wide.h"

const nnk_arithmetic nnk_f32_avx2 = NNK_ARITHMETIC;
const nnk_inference nnk_f32_avx2_inference = NNK_INFERENCE;

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
