/// Whether floating point does what the results rely on, on this processor, as this thread has set it up and
/// as this file was compiled.
///
/// Part of kernels/arithmetic.h.

/// False if subnormal numbers are flushed to zero, sums are not rounded to nearest even, or a * b + c is
/// fused.
static bool float_is_strict(void) {
    volatile real given = 1; // volatile, so that this is computed when it runs and not by the compiler
    const real one = given, smallest = one * REAL_SMALLEST, unit = one * REAL_EPSILON;
    const real half_of_smallest = smallest / 2;
    if (half_of_smallest + half_of_smallest != smallest) return false;
    // Ties go to the even neighbour: 1 + unit/2 goes down, 1 + 3/2 unit goes up. Each other mode of rounding
    // misses one of them.
    if (one + unit / 2 != one || one + unit + unit / 2 != one + 2 * unit) return false;
    // (1 + unit)^2 is 1 + 2 unit + unit^2. Rounded, it has lost the last term; fused, the last term is what
    // is left.
    const real above = one + unit, square = one + 2 * unit;
    return above * above - square == 0;
}
