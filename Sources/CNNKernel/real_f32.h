/// The element type of this file's arithmetic: float.
#include "math_f32.h"

typedef float real;
#define REAL(x)       x##f
#define REAL_DTYPE    NNK_F32
#define REAL_SMALLEST FLT_MIN
#define real_exp      nnk_exp_f32
#define real_log      nnk_log_f32
