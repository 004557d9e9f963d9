/// The element type of this file's arithmetic: double.
#include "../math_f64.h"
#include "../sums.h"
#include "alone.h"

typedef double real;
typedef int64_t real_int; // of the same size
#define REAL(x)           x
#define REAL_DTYPE        NNK_F64
#define REAL_SMALLEST     DBL_MIN
#define REAL_EPSILON      DBL_EPSILON
#define REAL_LARGEST      DBL_MAX
#define real_exp          nnk_exp_f64
#define real_log          nnk_log_f64
#define real_log_plain    nnk_log_plain_f64
#define real_normal       nnk_random_normal
#define real_sum_of_lanes nnk_sum_of_lanes_f64
#define real_is_strict    nnk_is_strict_f64

#define REAL_FRACTION_BITS 52
#define REAL_EXPONENT_BIAS 1023
#define REAL_EXP_MOST      NNK_EXP_MOST_F64
#define REAL_EXP_LEAST     NNK_EXP_LEAST_F64
#define REAL_LOG2_E        NNK_LOG2_E_F64
#define REAL_LN2_HIGH      NNK_LN2_HIGH_F64
#define REAL_LN2_LOW       NNK_LN2_LOW_F64
#define REAL_ROUND         NNK_ROUND_F64
#define real_exp_terms     nnk_exp_terms_f64
#define REAL_EXP_TERMS     NNK_EXP_TERMS_F64
