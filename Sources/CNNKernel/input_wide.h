/// input.h's two products on vectors: the same sums in the same order, 16 of them at a time.
///
/// Part of the vector arithmetics: included before input.h.

static void fill_tile(real *restrict tile, nnk_patch p);

/// sum (units, 16) += w (units rows of p.width) tile (p.width, 16), for a `units` known when compiled.
INLINE void forward_units(const size_t units, real *sum, const real *w, size_t inputs, size_t width,
                          const real *tile) {
    lanes s[NNK_FORWARD_UNITS];
    UNROLLED for (size_t i = 0; i < units; i++) s[i] = *(const lanes *)(sum + i * NNK_LANES);
    for (size_t k = 0; k < width; k++)
        UNROLLED for (size_t i = 0; i < units; i++) s[i] +=
            w[i * inputs + k] * *(const lanes *)(tile + k * NNK_LANES);
    UNROLLED for (size_t i = 0; i < units; i++) * (lanes *)(sum + i * NNK_LANES) = s[i];
}

static void input_forward_wide(void *sum_, const void *w_, size_t inputs, size_t units, nnk_patch p,
                               void *tile_) {
    const real *w = w_;
    real *sum = sum_, *tile = tile_;
    fill_tile(tile, p);
#define BODY(n, i) forward_units(n, sum + (i)*NNK_LANES, w + (i)*inputs, inputs, p.width, tile)
    IN_GROUPS(NNK_FORWARD_UNITS, units, BODY);
#undef BODY
}

/// g (units, 16 of NNK_PATCH) += dz (units, examples) x (examples, 16 bytes), for a known `units`.
INLINE void gradient_units(const size_t units, real *g, const real *dz, size_t stride, nnk_patch p) {
    lanes s[NNK_GRADIENT_UNITS];
    UNROLLED for (size_t i = 0; i < units; i++) s[i] = *(const lanes *)(g + i * NNK_PATCH);
    for (size_t j = 0; j < p.examples; j++) {
        const lanes x = __builtin_convertvector(*(const byte_lanes *)(p.x + j * p.stride), lanes);
        UNROLLED for (size_t i = 0; i < units; i++) s[i] += dz[i * stride + j] * x;
    }
    UNROLLED for (size_t i = 0; i < units; i++) * (lanes *)(g + i * NNK_PATCH) = s[i];
}

/// The bytes beyond the last whole 16 of a patch.
static void gradient_rest(real *g, const real *dz, size_t stride, size_t units, nnk_patch p) {
    for (size_t i = 0; i < units; i++)
        for (size_t j = 0; j < p.examples; j++)
            for (size_t k = p.width / NNK_LANES * NNK_LANES; k < p.width; k++)
                g[i * NNK_PATCH + k] += dz[i * stride + j] * (real)p.x[j * p.stride + k];
}

static void input_gradient_wide(void *g_, const void *dz_, size_t stride, size_t units, nnk_patch p) {
    real *g = g_;
    const real *dz = dz_;
    gradient_rest(g, dz, stride, units, p);
    nnk_patch column = p;
    for (size_t k = 0; k + NNK_LANES <= p.width; k += NNK_LANES) {
        column.x = p.x + k;
#define BODY(n, i) gradient_units(n, g + (i)*NNK_PATCH + k, dz + (i)*stride, stride, column)
        IN_GROUPS(NNK_GRADIENT_UNITS, units, BODY);
#undef BODY
    }
}
