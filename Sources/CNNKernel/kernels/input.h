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

enum { GRADIENT_IMAGES = 4 }; ///< that are taken at a time

/// Images of which one of two deltas is not zero.
typedef struct few_images {
    const uint8_t *x[GRADIENT_IMAGES];
    real dz[GRADIENT_IMAGES], other_dz[GRADIENT_IMAGES];
    size_t count;
} few_images;

/// g, other (width) += what the images contribute to two units: each byte is converted once for two products.
/// What is missing in `images` is filled up with products that are zero, which change no bit.
static void add_images(real *restrict g, real *restrict other, few_images *images, size_t width) {
    for (size_t n = images->count; n < GRADIENT_IMAGES; n++) {
        images->x[n] = images->x[0];
        images->dz[n] = images->other_dz[n] = 0;
    }
    images->count = 0;
    const uint8_t *x0 = images->x[0], *x1 = images->x[1], *x2 = images->x[2], *x3 = images->x[3];
    const real *v = images->dz, v0 = v[0], v1 = v[1], v2 = v[2], v3 = v[3];
    const real *u = images->other_dz, u0 = u[0], u1 = u[1], u2 = u[2], u3 = u[3];
    for (const real *end = g + width; g < end; g++, other++) {
        const real a = (real)*x0++, b = (real)*x1++, c = (real)*x2++, d = (real)*x3++;
        real sum = *g, other_sum = *other;
        sum += v0 * a, other_sum += u0 * a;
        sum += v1 * b, other_sum += u1 * b;
        sum += v2 * c, other_sum += u2 * c;
        sum += v3 * d, other_sum += u3 * d;
        *g = sum, *other = other_sum;
    }
}

/// input_gradient for two units.
static void gradient_of_two(real *g, const real *dz, size_t stride, nnk_patch p) {
    few_images images = {.count = 0};
    for (size_t j = 0; j < p.examples; j++) {
        if (dz[j] == 0 && dz[stride + j] == 0) continue;
        images.x[images.count] = p.x + j * p.stride;
        images.dz[images.count] = dz[j];
        images.other_dz[images.count++] = dz[stride + j];
        if (images.count == GRADIENT_IMAGES) add_images(g, g + NNK_PATCH, &images, p.width);
    }
    if (images.count > 0) add_images(g, g + NNK_PATCH, &images, p.width);
}

static void input_gradient(nnk_real *g_, const nnk_real *dz_, size_t stride, size_t units, nnk_patch p) {
    real *restrict g = (real *)g_;
    const real *dz = (const real *)dz_;
    for (; NNK_FAST && units >= 2; units -= 2, g += 2 * NNK_PATCH, dz += 2 * stride)
        gradient_of_two(g, dz, stride, p);
    for (; units > 0; units--, g += NNK_PATCH, dz += stride) {
        const uint8_t *x = p.x;
        for (size_t j = 0; j < p.examples; j++, x += p.stride) {
            const real delta = dz[j];
            if (delta == 0) continue; // most are: adding zeros changes no bit
            for (size_t k = 0; k < p.width; k++) g[k] += delta * (real)x[k];
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
        for (size_t i = 0; i < units; i++) *w++ -= rate * g[i * NNK_PATCH + k];
}
