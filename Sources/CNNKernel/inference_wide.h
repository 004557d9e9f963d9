/// inference.h's sums on vectors: the same in the same order, four units at a time from the first byte to the
/// last, so that weights are read in the order in which they lie.
///
/// Part of the vector arithmetics: included after lanes.h and inference.h.

/// The ends of four sums in lanes, each as sum_of_vector has it.
INLINE void sums_of_vectors(real sum[4], const lanes v[4]) {
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODD  1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
    const lanes ab = __builtin_shufflevector(v[0], v[1], EVEN) + __builtin_shufflevector(v[0], v[1], ODD);
    const lanes cd = __builtin_shufflevector(v[2], v[3], EVEN) + __builtin_shufflevector(v[2], v[3], ODD);
    const lanes abcd = __builtin_shufflevector(ab, cd, EVEN) + __builtin_shufflevector(ab, cd, ODD);
#undef EVEN
#undef ODD
    const lanes_8 pairs = __builtin_shufflevector(abcd, abcd, 0, 2, 4, 6, 8, 10, 12, 14) +
                          __builtin_shufflevector(abcd, abcd, 1, 3, 5, 7, 9, 11, 13, 15);
    for (size_t i = 0; i < 4; i++) sum[i] += pairs[2 * i] + pairs[2 * i + 1];
}

static void accumulate_wide(void *sum_, const void *w_, size_t inputs, size_t units, const uint8_t *x,
                            size_t count) {
    real *sum = sum_;
    const real *w = w_;
    const size_t whole = count / NNK_PATCH * NNK_PATCH;
    size_t i = 0;
    for (; i + 4 <= units; i += 4, w += 4 * inputs)
        for (size_t k = 0; k < whole; k += NNK_PATCH) {
            lanes s[4] = {{0}, {0}, {0}, {0}};
            for (size_t n = k; n < k + NNK_PATCH; n += NNK_LANES) {
                const lanes pixels = __builtin_convertvector(*(const byte_lanes *)(x + n), lanes);
                UNROLLED for (size_t u = 0; u < 4; u++) s[u] += *(const lanes *)(w + u * inputs + n) * pixels;
            }
            sums_of_vectors(sum + i, s);
        }
    for (size_t k = 0; k < whole; k += NNK_PATCH)
        accumulate_patch(sum + i, w + k, inputs, units - i, x + k, NNK_PATCH);
    accumulate_patch(sum, (const real *)w_ + whole, inputs, units, x + whole, count - whole);
}
