/// The element type of this file's arithmetic: double.
#include "math_f64.h"

typedef double real;
#define REAL(x)       x
#define REAL_DTYPE    NNK_F64
#define REAL_SMALLEST DBL_MIN
#define real_exp      nnk_exp_f64
#define real_log      nnk_log_f64
