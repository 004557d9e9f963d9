/// dense.h's products on vectors: the same sums in the same order. Whole blocks of 16 examples only, as the
/// wide arenas have them; others are left to dense.h.
///
/// Part of the vector arithmetics: included after dense.h.

/// z (units, 16) = w a + b for one block of columns.
INLINE void forward_block(const size_t units, real *z, const real *w, const real *b, const real *a,
                          nnk_shape s) {
    lanes sum[NNK_FORWARD_UNITS];
    UNROLLED for (size_t i = 0; i < units; i++) sum[i] = (lanes){0};
    for (size_t k = 0; k < s.inputs; k++) {
        const lanes x = *(const lanes *)(a + k * s.stride);
        UNROLLED for (size_t i = 0; i < units; i++) sum[i] += w[i * s.inputs + k] * x;
    }
    UNROLLED for (size_t i = 0; i < units; i++) * (lanes *)(z + i * s.stride) = sum[i] + b[i];
}

static void linear_forward_wide(void *z_, const void *w_, const void *b_, const void *a_, nnk_shape s) {
    if (s.examples % NNK_LANES != 0) {
        linear_forward(z_, w_, b_, a_, s);
        return;
    }
    const real *w = w_, *b = b_;
    for (size_t j = 0; j < s.examples; j += NNK_LANES) {
        real *z = (real *)z_ + j;
        const real *a = (const real *)a_ + j;
#define BODY(units, i) forward_block(units, z + (i)*s.stride, w + (i)*s.inputs, b + (i), a, s)
        IN_GROUPS(NNK_FORWARD_UNITS, s.outputs, BODY);
#undef BODY
    }
}

/// For outputs i ... i + units of a layer: da (examples) += w^T dz, and dot = dz . below, each in one pass.
INLINE void unit_block(const size_t units, real *dot, real *da, const real *w, const real *dz,
                       const real *below, nnk_shape s) {
    lanes sum[NNK_DOT_UNITS];
    UNROLLED for (size_t i = 0; i < units; i++) sum[i] = (lanes){0};
    for (size_t j = 0; j < s.examples; j += NNK_LANES) {
        const lanes x = *(const lanes *)(below + j);
        lanes back = *(lanes *)(da + j);
        UNROLLED for (size_t i = 0; i < units; i++) {
            const lanes d = *(const lanes *)(dz + i * s.stride + j);
            sum[i] += d * x;
            back += w[i * s.inputs] * d;
        }
        *(lanes *)(da + j) = back;
    }
    UNROLLED for (size_t i = 0; i < units; i++) dot[i] = sum_of_vector(&sum[i]);
}

static void unit_step_wide(void *below_, void *w_, const void *dz_, double rate, void *row_, nnk_shape s) {
    if (s.examples % NNK_LANES != 0) {
        unit_step(below_, w_, dz_, rate, row_, s);
        return;
    }
    real *below = below_, *w = w_, *row = row_, step = (real)rate, dot[NNK_DOT_UNITS];
    const real *dz = dz_;
    for (size_t j = 0; j < s.examples; j++) row[j] = 0;
        // A group's weights change when all that is made of the old ones is made.
#define BODY(units, i)                                                                                       \
    do {                                                                                                     \
        unit_block(units, dot, row, w + (i)*s.inputs, dz + (i)*s.stride, below, s);                          \
        for (size_t n = 0; n < (units); n++) w[((i) + n) * s.inputs] -= step * dot[n];                       \
    } while (0)
    IN_GROUPS(NNK_DOT_UNITS, s.outputs, BODY);
#undef BODY
    relu_backward(below, row, below, s.examples);
}

static void bias_step_wide(void *b_, const void *dz_, double rate, nnk_shape s) {
    if (s.examples % NNK_LANES != 0) {
        bias_step(b_, dz_, rate, s);
        return;
    }
    real *b = b_, step = (real)rate;
    for (size_t i = 0; i < s.outputs; i++) {
        const real *dz = (const real *)dz_ + i * s.stride;
        lanes sum = {0};
        for (size_t j = 0; j < s.examples; j += NNK_LANES) sum += *(const lanes *)(dz + j);
        b[i] -= step * sum_of_vector(&sum);
    }
}

static void hidden_step_wide(void *a_, void *w_, void *b, const void *dz, double step, void *row,
                             nnk_shape s) {
    for (size_t k = 0; k < s.inputs; k++)
        unit_step_wide((real *)a_ + k * s.stride, (real *)w_ + k, dz, step, row, s);
    bias_step_wide(b, dz, step, s);
}
