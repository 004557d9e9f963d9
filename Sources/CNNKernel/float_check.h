/// Whether this processor, as it is set up and as this file was compiled, computes as the bits rely on.
///
/// Part of every arithmetic: included after a real_*.h.

/// 0 if subnormal numbers are flushed to zero, sums are not rounded to nearest even, or a * b + c is fused.
static int32_t float_is_strict(void) {
    // volatile: to be computed here and now, not by the compiler.
    volatile real numbers[] = {REAL_SMALLEST, 1, REAL_EPSILON};
    const real smallest = numbers[0], one = numbers[1], unit = numbers[2], half_of_smallest = smallest / 2;
    if (half_of_smallest == 0 || half_of_smallest + half_of_smallest != smallest) return 0;
    // Ties go to the even neighbour: down from 1 + unit/2, up from 1 + 3/2 unit. Other modes miss one of
    // them.
    if (one + unit / 2 != one || one + unit + unit / 2 != one + 2 * unit || -one - unit / 2 != -one) return 0;
    // (1 + unit)^2 is 1 + 2 unit + unit^2: rounded, the last term is gone; fused, it is what remains.
    const real above = one + unit, square = one + 2 * unit;
    return above * above - square == 0;
}
