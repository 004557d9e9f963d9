/// The element type of this file's arithmetic: float.
#include "../math_f32.h"
#include "../sums.h"
#include "alone.h"

typedef float real;
typedef int32_t real_int; // of the same size
#define REAL(x)           x##f
#define REAL_DTYPE        NNK_F32
#define REAL_SMALLEST     FLT_MIN
#define REAL_EPSILON      FLT_EPSILON
#define REAL_LARGEST      FLT_MAX
#define real_exp          nnk_exp_f32
#define real_log          nnk_log_f32
#define real_log_plain    nnk_log_plain_f32
#define real_normal       nnk_normal_for_float
#define real_sum_of_lanes nnk_sum_of_lanes_f32
#define real_is_strict    nnk_is_strict_f32

#define REAL_FRACTION_BITS 23
#define REAL_EXPONENT_BIAS 127
#define REAL_EXP_MOST      NNK_EXP_MOST_F32
#define REAL_EXP_LEAST     NNK_EXP_LEAST_F32
#define REAL_LOG2_E        NNK_LOG2_E_F32
#define REAL_LN2_HIGH      NNK_LN2_HIGH_F32
#define REAL_LN2_LOW       NNK_LN2_LOW_F32
#define REAL_ROUND         NNK_ROUND_F32
#define real_exp_terms     nnk_exp_terms_f32
#define REAL_EXP_TERMS     NNK_EXP_TERMS_F32
