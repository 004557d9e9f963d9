/// loss.h's sigmoid on vectors: the same bits.
///
/// Part of kernels/arithmetic.h.

/// result = exp(argument), 16 values, by the operations of nnk_exp_f32 and nnk_exp_f64 (math_f32.c).
INLINE void exp_of_vector(lanes *result, const lanes *argument) {
    const lanes x = *argument, zero = {0};
    const lanes_int small = x < REAL_EXP_LEAST, large = ~(lanes_int)(x <= REAL_EXP_MOST);
    lanes_int outside = small | large;
    lanes inside;
    choose(&inside, &outside, &zero, &x);
    const lanes shifted = inside * REAL_LOG2_E + REAL_ROUND, k = shifted - REAL_ROUND;
    const lanes high = inside - k * REAL_LN2_HIGH, low = k * REAL_LN2_LOW, r = high - low;
    lanes p = zero + real_exp_terms[0];
    UNROLLED for (int32_t i = 1; i < REAL_EXP_TERMS; i++) p = p * r + real_exp_terms[i];
    const lanes sum = 1 + high, lost = 1 - sum + high;
    const lanes y = sum + (lost + (r * r * p - low));
    // The integer k is in the last bits of `shifted`, which differs from REAL_ROUND by k units of its last
    // bit.
    const lanes_int n = (lanes_int)shifted - (lanes_int)(zero + REAL_ROUND), half = n >> 1;
    const lanes power = (lanes)((half + REAL_EXPONENT_BIAS) << REAL_FRACTION_BITS);
    const lanes other = (lanes)((n - half + REAL_EXPONENT_BIAS) << REAL_FRACTION_BITS);
    const lanes finite = y * power * other;
    // Outside: a NaN stays a NaN, and above the limit infinity is added. No lane overflows that is not asked
    // for, as a program may trap that.
    const lanes_int infinity = ((lanes_int)zero + (2 * REAL_EXPONENT_BIAS + 1)) << REAL_FRACTION_BITS;
    const lanes above = x + (lanes)(large & infinity);
    lanes low_or_high;
    choose(&low_or_high, &small, &zero, &above);
    choose(result, &outside, &low_or_high, &finite);
}

static bool logit_backward_vector(nnk_real *z_, const uint8_t *y, size_t examples) {
    real *z = (real *)z_;
    bool finite = true;
    size_t j = 0;
    for (; j + NNK_LANES <= examples; j += NNK_LANES) {
        const lanes x = *(const lanes *)(z + j), minus = -x;
        lanes exponential;
        exp_of_vector(&exponential, &minus);
        const lanes label = __builtin_convertvector(*(const byte_lanes *)(y + j), lanes);
        const lanes_int bad = x - x != 0;
        for (size_t i = 0; i < NNK_LANES; i++) finite &= bad[i] == 0;
        *(lanes *)(z + j) = 1 / (1 + exponential) - label;
    }
    return finite & logit_backward((nnk_real *)(z + j), y + j, examples - j);
}
