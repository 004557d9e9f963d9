/// Layer 1, whose inputs are bytes: weights times images forward, deltas times images backward. kernels.h
/// states the algebra, the shapes and the order of the sums.
///
/// The bytes enter the sums as whole numbers; their scale, 1/255, is applied to the sums.
/// Part of kernels/arithmetic.h. input_vector.h computes the same bits.

#define BYTE_SCALE (REAL(1.0) / REAL(255.0))

#if !defined(NNK_REGISTER_BYTES)
/// tile[k][j] = byte k of image j, or 0 if there is no image j.
static void fill_tile(real *restrict tile, nnk_patch p) {
    for (size_t j = 0; j < NNK_LANES; j++)
        for (size_t k = 0; k < p.width; k++)
            tile[k * NNK_LANES + j] = j < p.examples ? (real)p.x[j * p.stride + k] : 0;
}

static void input_forward(nnk_real *sum_, const nnk_real *w_, size_t units, nnk_patch p, nnk_real *tile_) {
    const real *w = (const real *)w_;
    real *tile = (real *)tile_;
    fill_tile(tile, p);
    for (size_t i = 0; i < units; i++) {
        real *restrict sum = (real *)sum_ + i * NNK_LANES;
        for (size_t k = 0; k < p.width; k++)
            for (size_t j = 0; j < NNK_LANES; j++) sum[j] += w[k * units + i] * tile[k * NNK_LANES + j];
    }
}

static void input_gradient(nnk_real *g_, const nnk_real *dz_, size_t stride, size_t units, nnk_patch p) {
    const real *dz = (const real *)dz_;
    for (size_t i = 0; i < units; i++) {
        real *restrict g = (real *)g_ + i * NNK_PATCH;
        for (size_t j = 0; j < p.examples; j++) {
            const real delta = dz[i * stride + j];
            if (delta == 0) continue; // most are: adding zeros changes no bit
            for (size_t k = 0; k < p.width; k++) g[k] += delta * (real)p.x[j * p.stride + k];
        }
    }
}
#endif

static void input_activate(nnk_real *a_, const nnk_real *sum_, const nnk_real *b_, bool with_relu,
                           nnk_shape s) {
    const real *sum = (const real *)sum_, *b = (const real *)b_;
    for (size_t i = 0; i < s.outputs; i++) {
        nnk_real *row = real_at(a_, i * s.stride);
        real *a = (real *)row;
        for (size_t j = 0; j < s.examples; j++) a[j] = sum[i * NNK_LANES + j] * BYTE_SCALE + b[i];
        if (with_relu) relu(row, row, s.examples);
    }
}

static void input_update(nnk_real *w_, const nnk_real *g_, double rate_, size_t units, size_t width) {
    real *w = (real *)w_, rate = (real)rate_;
    const real *g = (const real *)g_;
    for (size_t k = 0; k < width; k++)
        for (size_t i = 0; i < units; i++) w[k * units + i] -= rate * g[i * NNK_PATCH + k];
}
