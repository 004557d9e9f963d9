/// exp and log, operations that a processor may lack, and normals: all from + - * / and moves of bits alone,
/// so that they give the same bits everywhere. An ulp is the last bit of the result.
#ifndef NNK_EXP_LOG_H
#define NNK_EXP_LOG_H

#include "nnkernel/random.h"
#include "strict_float.h"
#include <stdbool.h>

#pragma GCC visibility push(hidden) // not for users of a shared library

/// Whether floating point does what the results rely on (kernels/float_check.h), in scalar C.
bool nnk_is_strict_f32(void);
bool nnk_is_strict_f64(void);

/// exp(x), off by less than 1 ulp. +inf above 88.73, 0 below -103.98, a NaN for a NaN.
float nnk_exp_f32(float x);

/// log(x), off by less than 1 ulp. -inf for 0, NaN below 0, a NaN for a NaN.
float nnk_log_f32(float x);

/// exp(x), off by less than 1 ulp. +inf above 709.78, 0 below -745.14, a NaN for a NaN.
double nnk_exp_f64(double x);

/// log(x), off by at most 0.52 ulp. -inf for 0, NaN below 0, a NaN for a NaN.
double nnk_log_f64(double x);

/// The same in less code, for a positive normal x. For any other x the result means nothing.
float nnk_log_plain_f32(float x);
double nnk_log_plain_f64(double x);

/// log(x) for 2^-106 <= x < 1, in a tenth of nnk_log_f64's code: off by at most 0.51 ulp and 2^-61.
double nnk_log_by_squaring(double x);

/// a b + c, rounded once, ties to even, for processors without such an instruction. Arguments are 0 or have
/// magnitudes from 2^-400 to 2^400.
double nnk_soft_fused(double a, double b, double c);

/// The square root of a positive normal x, rounded to nearest, for processors without such an instruction.
double nnk_soft_sqrt(double x);

/// nnk_random_normal by nnk_log_by_squaring. One normal in a thousand is another double, in its last bits;
/// one in 2 * 10^11 is another float.
double nnk_normal_for_float(nnk_random *random);

#pragma GCC visibility pop

// Coefficients of exp's polynomial p (math_f32.c), the highest power first. Vector kernels use the same.

static const float nnk_exp_terms_f32[] = {0x1.6d110ap-10f, 0x1.120b6ep-7f, 0x1.55551ap-5f, 0x1.5554dcp-3f,
                                          0x1.0p-1f};
enum { NNK_EXP_TERMS_F32 = 5 };

static const double nnk_exp_terms_f64[] = {0x1.1f730349868cep-29,
                                           0x1.af4de97ca4194p-26,
                                           0x1.27e4db646b17ep-22,
                                           0x1.71de0231960ebp-19,
                                           0x1.a01a01a6d889cp-16,
                                           0x1.a01a01abe7fe1p-13,
                                           0x1.6c16c16c162d4p-10,
                                           0x1.11111111100dcp-7,
                                           0x1.5555555555556p-5,
                                           0x1.5555555555557p-3,
                                           0x1.0p-1};
enum { NNK_EXP_TERMS_F64 = 11 };

#endif
