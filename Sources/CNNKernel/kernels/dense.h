/// Layers of units: forward, backward, descent. kernels.h states the algebra and the order of the sums.
///
/// Part of kernels/arithmetic.h. Loops over examples are innermost and contiguous, so
/// that compilers can widen them; no sum is reordered by that.

/// Sum of x[j] y[j] over n examples, in lanes.
static real dot_of_examples(const real *restrict x, const real *restrict y, size_t n) {
    real lane[NNK_LANES] = {0};
    for (const real *end = x + n; x < end;)
        for (size_t i = 0; i < NNK_LANES && x < end; i++) lane[i] += *x++ * *y++;
    return real_sum_of_lanes(lane);
}

/// Sum of x[j] over n examples, in lanes.
static real sum_of_examples(const real *x, size_t n) {
    real lane[NNK_LANES] = {0};
    for (size_t j = 0; j < n; j++) lane[j % NNK_LANES] += x[j];
    return real_sum_of_lanes(lane);
}

static void linear_forward(void *z_, const void *w_, const void *b_, const void *a_, nnk_shape s) {
    const real *w = w_, *b = b_, *a = a_;
    for (size_t i = 0; i < s.outputs; i++) {
        real *restrict z = (real *)z_ + i * s.stride;
        for (size_t j = 0; j < s.examples; j++) z[j] = 0;
        for (size_t k = 0; k < s.inputs; k++) {
            const real weight = w[i * s.inputs + k], *restrict from = a + k * s.stride;
            for (size_t j = 0; j < s.examples; j++) z[j] += weight * from[j];
        }
        for (size_t j = 0; j < s.examples; j++) z[j] += b[i];
    }
}

/// da = row k of W^T dZ.
static void gradient_of_input(real *restrict da, const real *w, const real *dz, size_t k, nnk_shape s) {
    for (size_t j = 0; j < s.examples; j++) da[j] = 0;
    for (size_t i = 0; i < s.outputs; i++) {
        const real weight = w[i * s.inputs + k], *restrict from = dz + i * s.stride;
        for (size_t j = 0; j < s.examples; j++) da[j] += weight * from[j];
    }
}

static void linear_backward(void *dw_, void *db_, void *da_, const void *dz_, const void *w_, const void *a_,
                            nnk_shape s) {
    real *dw = dw_, *db = db_, *da = da_;
    const real *dz = dz_, *w = w_, *a = a_, share = REAL(1.0) / (real)s.examples;
    for (size_t i = 0; i < s.outputs; i++) {
        for (size_t k = 0; k < s.inputs; k++)
            dw[i * s.inputs + k] = share * dot_of_examples(dz + i * s.stride, a + k * s.stride, s.examples);
        db[i] = share * sum_of_examples(dz + i * s.stride, s.examples);
    }
    if (!da) return;
    for (size_t k = 0; k < s.inputs; k++) gradient_of_input(da + k * s.stride, w, dz, k, s);
}

static void relu(void *a_, const void *z_, size_t count) {
    real *a = a_;
    const real *z = z_;
    for (size_t i = 0; i < count; i++) a[i] = z[i] <= 0 ? 0 : z[i]; // a NaN stays one, and shows
}

static void relu_backward(void *dz_, const void *da_, const void *z_, size_t count) {
    real *dz = dz_;
    const real *da = da_, *z = z_;
    for (size_t i = 0; i < count; i++) dz[i] = z[i] <= 0 ? 0 : da[i];
}

static void update(void *p_, const void *g_, double rate, size_t count) {
    real *p = p_;
    const real *g = g_, step = (real)rate;
    for (size_t i = 0; i < count; i++) p[i] -= step * g[i];
}

static void bias_step(void *b_, const void *dz_, double rate, nnk_shape s) {
    real *b = b_, step = (real)rate;
    const real *dz = dz_;
    for (size_t i = 0; i < s.outputs; i++) b[i] -= step * sum_of_examples(dz + i * s.stride, s.examples);
}

static void unit_step(void *below_, void *w_, const void *dz_, double rate, void *row, nnk_shape s) {
    real *below = below_, *w = w_, step = (real)rate;
    const real *dz = dz_;
    gradient_of_input(row, w, dz, 0, s);
    for (size_t i = 0; i < s.outputs; i++)
        w[i * s.inputs] -= step * dot_of_examples(dz + i * s.stride, below, s.examples);
    // An activation above zero is a logit above zero.
    relu_backward(below, row, below, s.examples);
}

static void unit_forward(void *z_, const void *w_, const void *a_, nnk_shape s) {
    const real *w = w_, *restrict a = a_;
    for (size_t i = 0; i < s.outputs; i++) {
        real *restrict z = (real *)z_ + i * s.stride;
        for (size_t j = 0; j < s.examples; j++) z[j] += w[i * s.inputs] * a[j];
    }
}

#if !defined(NNK_REGISTER_BYTES)
static void hidden_step(void *a_, void *w_, const void *dz, double step, void *row, size_t units,
                        nnk_shape s) {
    for (size_t k = 0; k < units; k++) unit_step((real *)a_ + k * s.stride, (real *)w_ + k, dz, step, row, s);
}
#endif

static void initialize(void *w_, size_t count, int32_t inputs, int32_t initializer, nnk_random *random) {
    real *w = w_;
    const double root = nnk_sqrt_f64((double)inputs);
    for (size_t i = 0; i < count; i++) {
        const double normal = real_normal(random);
        w[i] = (real)(initializer == NNK_INIT_SMALL ? normal * 0.01 : normal / root);
    }
}
