/// What the dual methods compute: elements of the Gram matrix, P, and their update. docs/DESIGN.md has the
/// idea, kernels.h the algebra, the shapes and the order of the sums.
///
/// Part of kernels/arithmetic.h. dual_vector.h computes the same bits.

/// An element of the Gram matrix is below 2^30 for images of up to NNK_MAX_DUAL_INPUTS bytes. float has room
/// for 24 bits and keeps G / 64, rounded to nearest, ties up; double keeps G itself.
enum { GRAM_BITS = sizeof(real) == 4 ? 6 : 0, PACKED_BYTES = sizeof(real) == 4 ? 3 : 4 };

static uint32_t gram_element(uint32_t sum) { return (sum + (1u << GRAM_BITS >> 1)) >> GRAM_BITS; }

static void gram_pack(uint8_t *packed, uint32_t sum) {
    const uint32_t g = gram_element(sum);
    for (uint32_t b = 0; b < PACKED_BYTES; b++) packed[b] = (uint8_t)(g >> 8 * b);
}

static real gram_unpack(const uint8_t *packed) {
    uint32_t g = 0;
    for (uint32_t b = 0; b < PACKED_BYTES; b++) g |= (uint32_t)packed[b] << 8 * b;
    return (real)(int32_t)g;
}

/// Index of an element in the wide layout. NNK_LANES columns lie side by side, so that a block of columns is
/// read from its start to its end.
static size_t gram_index(size_t row, size_t column, size_t examples) {
    return (column / NNK_LANES * examples + row) * NNK_LANES + column % NNK_LANES;
}

static void gram_spread(nnk_real *gram_, uint32_t sum, size_t j, size_t k, size_t examples) {
    real *gram = (real *)gram_;
    gram[gram_index(j, k, examples)] = gram[gram_index(k, j, examples)] = (real)(int32_t)gram_element(sum);
}

static void project(nnk_real *p_, size_t p_stride, const nnk_real *w_, size_t w_stride, size_t units,
                    nnk_patch patch) {
    for (size_t r = 0; r < units; r++) {
        real *p = (real *)p_ + r * p_stride;
        const real *w = (const real *)w_ + r * w_stride;
        for (size_t j = 0; j < patch.examples; j++) {
            const uint8_t *x = patch.x + j * patch.stride;
            real sum = p[j];
            for (size_t k = 0; k < patch.width; k++) sum += w[k] * (real)x[k];
            p[j] = sum;
        }
    }
}

static void project_end(nnk_real *p_, size_t count) {
    real *p = (real *)p_;
    for (size_t j = 0; j < count; j++) p[j] *= BYTE_SCALE;
}

static void dual_logits(nnk_real *a_, const nnk_real *p_, const nnk_real *b_, bool with_relu, nnk_shape s) {
    const real *b = (const real *)b_;
    for (size_t i = 0; i < s.outputs; i++) {
        nnk_real *row = real_at(a_, i * s.stride);
        real *a = (real *)row;
        const real *p = (const real *)p_ + i * s.stride;
        for (size_t j = 0; j < s.examples; j++) a[j] = p[j] + b[i];
        if (with_relu) relu(row, row, s.examples);
    }
}

static void dual_collect(nnk_real *d_, nnk_real *dz_, double scale_, size_t count) {
    real *d = (real *)d_, *dz = (real *)dz_, scale = (real)scale_;
    for (size_t i = 0; i < count; i++) {
        d[i] += dz[i];
        dz[i] *= scale;
    }
}

/// Row j of the triangle gives p[k] += e[j] G[j][k] for k < j, and p[j] += e[k] G[j][k] for k <= j.
static void dual_update_packed(nnk_real *p_, const nnk_real *e_, const uint8_t *packed, size_t examples) {
    real *p = (real *)p_;
    const real *e = (const real *)e_;
    for (size_t j = 0; j < examples; j++) {
        const real own = e[j];
        real sum = p[j];
        for (size_t k = 0; k <= j; k++, packed += PACKED_BYTES) {
            if (own == 0 && e[k] == 0) continue;
            const real g = gram_unpack(packed);
            sum += e[k] * g;
            p[k] += own * g;
        }
        p[j] = sum; // and not what the diagonal's p[k] left there
    }
}

#if !defined(NNK_REGISTER_BYTES)
static void dual_update(nnk_real *p_, nnk_real *d_, const nnk_real *dz_, double scale_, const nnk_real *gram_,
                        size_t column, size_t columns, nnk_shape s, uint8_t *scratch) {
    const real *gram = (const real *)gram_, scale = (real)scale_;
    (void)scratch;
    for (size_t i = 0; i < s.outputs; i++) {
        real *p = (real *)p_ + i * s.stride, *d = (real *)d_ + i * s.stride;
        const real *dz = (const real *)dz_ + i * s.stride;
        for (size_t j = column; j < column + columns; j++) d[j] += dz[j];
        for (size_t k = 0; k < s.examples; k++) {
            const real delta = dz[k] * scale;
            if (delta == 0) continue;
            for (size_t j = column; j < column + columns; j++)
                p[j] += delta * gram[gram_index(k, j, s.examples)];
        }
    }
}
#endif
