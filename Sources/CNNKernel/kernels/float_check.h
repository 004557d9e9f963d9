/// Whether floating point does what the results rely on, on this processor, as this thread has set it up and
/// as this file was compiled.
///
/// Part of kernels/arithmetic.h, inference.h and inference_i8.h, of whichever comes first. Targets with
/// vectors check with their own options; all of scalar C has the same, and one check (math_f32.c,
/// math_f64.c).
#ifndef NNK_FLOAT_CHECK_H // undefined by end.h
#define NNK_FLOAT_CHECK_H

/// False if subnormal numbers are flushed to zero, results are not rounded to nearest even, or a * b + c is
/// fused.
static inline bool check_float(void) {
    volatile real given =
        REAL_EPSILON; // volatile, so that this is computed when it runs and not by the compiler
    const real unit = given, half_of_smallest = unit * (REAL_SMALLEST / REAL_EPSILON / 2);
    const real above = 1 + unit, square = above + unit; // (1 + unit)^2, rounded
    // The tie 1 + 3/2 unit goes up to the even neighbour, but not if all is rounded down or towards zero.
    // Rounded up, above^2 = 1 + 2 unit + unit^2 is more than 1 + 2 unit; fused, unit^2 is what is left.
    return half_of_smallest + half_of_smallest == REAL_SMALLEST && above + unit / 2 == square &&
           above * above - square == 0;
}

#if defined(NNK_REGISTER_BYTES)
#define float_is_strict check_float
#else
#define float_is_strict real_is_strict
#endif

#endif
