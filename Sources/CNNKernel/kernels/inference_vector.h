/// inference.h's sums on vectors: the same sums in the same order. Four units are taken at a time, from the
/// first byte to the last, so that weights are read in the order in which they lie.
///
/// Part of kernels/inference.h.

static void accumulate_vector(nnk_real *sum_, const nnk_parameters *w_, size_t inputs, size_t units,
                              const uint8_t *x, size_t count) {
    real *sum = (real *)sum_;
    const real *w = (const real *)w_;
    const size_t whole = count / NNK_PATCH * NNK_PATCH;
    size_t i = 0;
    for (; i + 4 <= units; i += 4, w += 4 * inputs)
        for (size_t k = 0; k < whole; k += NNK_PATCH) {
            lanes s[4] = {{0}, {0}, {0}, {0}};
            for (size_t n = k; n < k + NNK_PATCH; n += NNK_LANES) {
                const lanes pixels = __builtin_convertvector(*(const byte_lanes *)(x + n), lanes);
                UNROLLED for (size_t u = 0; u < 4; u++) s[u] += *(const lanes *)(w + u * inputs + n) * pixels;
            }
            sums_of_vectors(s, 4);
            for (size_t u = 0; u < 4; u++) sum[i + u] += s[0][u];
        }
    accumulate((nnk_real *)(sum + i), (const nnk_parameters *)w, inputs, units - i, x, whole);
    accumulate(sum_, (const nnk_parameters *)((const real *)w_ + whole), inputs, units, x + whole,
               count - whole);
}
