/// The first layer, whose inputs are bytes: weights times images forward, deltas times images backward.
///
/// The bytes enter the sums as whole numbers; their scale, 1/255, is applied to the sums.
/// Part of kernels/arithmetic.h. input_vector.h has the same for vectors, to the bit.

#define BYTE_SCALE (REAL(1.0) / REAL(255.0))

#if !defined(NNK_REGISTER_BYTES)
/// The tile: byte k of image j at [k][j], zeros for the images that are missing to 16.
static void fill_tile(real *restrict tile, nnk_patch p) {
    for (size_t j = 0; j < NNK_LANES; j++)
        for (size_t k = 0; k < p.width; k++)
            tile[k * NNK_LANES + j] = j < p.examples ? (real)p.x[j * p.stride + k] : 0;
}

static void input_forward(void *sum_, const void *w_, size_t units, nnk_patch p, void *tile_) {
    const real *w = w_;
    real *tile = tile_;
    fill_tile(tile, p);
    for (size_t i = 0; i < units; i++) {
        real *restrict sum = (real *)sum_ + i * NNK_LANES;
        for (size_t k = 0; k < p.width; k++)
            for (size_t j = 0; j < NNK_LANES; j++) sum[j] += w[k * units + i] * tile[k * NNK_LANES + j];
    }
}

static void input_gradient(void *g_, const void *dz_, size_t stride, size_t units, nnk_patch p) {
    const real *dz = dz_;
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

static void input_activate(void *a_, const void *sum_, const void *b_, int32_t with_relu, nnk_shape s) {
    const real *sum = sum_, *b = b_;
    for (size_t i = 0; i < s.outputs; i++) {
        real *a = (real *)a_ + i * s.stride;
        for (size_t j = 0; j < s.examples; j++) a[j] = sum[i * NNK_LANES + j] * BYTE_SCALE + b[i];
        if (with_relu) relu(a, a, s.examples);
    }
}

static void input_step(void *w_, const void *g_, double rate, size_t units, size_t width) {
    real *w = w_, step = (real)rate;
    const real *g = g_;
    for (size_t k = 0; k < width; k++)
        for (size_t i = 0; i < units; i++) w[k * units + i] -= step * g[i * NNK_PATCH + k];
}
