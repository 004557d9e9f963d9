/// Whether this processor, as it is set up and as this file was compiled, computes as the bits rely on.
///
/// Part of kernels/arithmetic.h.

/// 0 if subnormal numbers are flushed to zero, sums are not rounded to nearest even, or a * b + c is fused.
static int32_t float_is_strict(void) {
    volatile real given = 1; // volatile: to be computed here and now, not by the compiler
    const real one = given, smallest = one * REAL_SMALLEST, unit = one * REAL_EPSILON;
    const real half_of_smallest = smallest / 2;
    if (half_of_smallest + half_of_smallest != smallest) return 0;
    // Ties go to the even neighbour: down from 1 + unit/2, up from 1 + 3/2 unit. Other modes miss one of
    // them.
    if (one + unit / 2 != one || one + unit + unit / 2 != one + 2 * unit) return 0;
    // (1 + unit)^2 is 1 + 2 unit + unit^2: rounded, the last term is gone; fused, it is what remains.
    const real above = one + unit, square = one + 2 * unit;
    return above * above - square == 0;
}
