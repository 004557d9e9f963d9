/// Dense layers: forward, backward, down the gradient. kernels.h states the algebra, the shapes and the order
/// of the sums.
///
/// Part of kernels/arithmetic.h. Loops over examples are innermost and contiguous, so that compilers can use
/// vectors for them; that reorders no sum.

#if NNK_FAST
enum { TOGETHER = 4 }; ///< lanes whose sums are in registers

/// Returns the sum of x[j] y[j] over n examples, in lanes: first for all examples of the lanes 0 ... 3, then
/// 4 ... 7 and so on.
static real dot_of_examples(const real *x, const real *y, size_t n) {
    real lane[NNK_LANES];
    for (size_t first = 0; first < NNK_LANES; first += TOGETHER) {
        real sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
        size_t j = first;
        for (; j + TOGETHER <= n; j += NNK_LANES) {
            sum0 += x[j] * y[j];
            sum1 += x[j + 1] * y[j + 1];
            sum2 += x[j + 2] * y[j + 2];
            sum3 += x[j + 3] * y[j + 3];
        }
        real *to = lane + first;
        to[0] = sum0;
        to[1] = sum1;
        to[2] = sum2;
        to[3] = sum3;
        for (; j < n; j++) *to++ += x[j] * y[j]; // up to three
    }
    return real_sum_of_lanes(lane);
}

/// Returns the sum of x[j] over n examples, in lanes.
static real sum_of_examples(const real *x, size_t n) {
    real lane[NNK_LANES] = {0};
    for (const real *end = x + n; x < end;)
        for (size_t i = 0; i < NNK_LANES && x < end; i++) lane[i] += *x++;
    return real_sum_of_lanes(lane);
}

/// The same; NULL stands for a y of ones.
static real sum_of_products(const real *x, const real *y, size_t n) {
    return y ? dot_of_examples(x, y, n) : sum_of_examples(x, n);
}
#else
/// Returns the sum of x[j] y[j] over n examples, in lanes. NULL stands for a y of ones.
static real sum_of_products(const real *x, const real *y, size_t n) {
    const real one = 1;
    const size_t step = y ? 1 : 0;
    real lane[NNK_LANES] = {0};
    if (!y) y = &one;
    for (const real *end = x + n; x < end;)
        for (size_t i = 0; i < NNK_LANES && x < end; i++, y += step) lane[i] += *x++ * *y;
    return real_sum_of_lanes(lane);
}
#endif

static void linear_forward(nnk_real *z_, const nnk_real *w_, const nnk_real *b_, const nnk_real *a_,
                           nnk_shape s) {
    const real *w = (const real *)w_, *b = (const real *)b_, *a = (const real *)a_;
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

/// da (examples) = a row of W^T dZ.   w: its column of W
static void gradient_of_input(real *restrict da, const real *w, const real *dz, const nnk_shape *s) {
    size_t i = 0;
    for (size_t j = 0; j < s->examples; j++) da[j] = 0;
    for (; NNK_FAST && i + 2 <= s->outputs; i += 2) { // two at a time, so that da is loaded and stored once
        const real weight = w[i * s->inputs], *restrict from = dz + i * s->stride;
        const real other_weight = w[(i + 1) * s->inputs], *restrict other = from + s->stride;
        for (size_t j = 0; j < s->examples; j++) {
            const real sum = da[j] + weight * from[j];
            da[j] = sum + other_weight * other[j];
        }
    }
    for (; i < s->outputs; i++) {
        const real weight = w[i * s->inputs], *restrict from = dz + i * s->stride;
        for (size_t j = 0; j < s->examples; j++) da[j] += weight * from[j];
    }
}

static void linear_backward(nnk_real *dw_, nnk_real *db_, nnk_real *da_, const nnk_real *dz_,
                            const nnk_real *w_, const nnk_real *a_, nnk_shape s) {
    real *dw = (real *)dw_, *db = (real *)db_, *da = (real *)da_;
    const real *dz = (const real *)dz_, *w = (const real *)w_, *a = (const real *)a_;
    const real share = REAL(1.0) / (real)s.examples;
    for (size_t i = 0; i < s.outputs; i++) {
        for (size_t k = 0; k < s.inputs; k++)
            dw[i * s.inputs + k] = share * sum_of_products(dz + i * s.stride, a + k * s.stride, s.examples);
        db[i] = share * sum_of_products(dz + i * s.stride, NULL, s.examples);
    }
    if (!da) return;
    for (size_t k = 0; k < s.inputs; k++) gradient_of_input(da + k * s.stride, w + k, dz, &s);
}

static void relu(nnk_real *a_, const nnk_real *z_, size_t count) {
    real *a = (real *)a_;
    const real *z = (const real *)z_;
    for (size_t i = 0; i < count; i++) a[i] = z[i] <= 0 ? 0 : z[i]; // a NaN stays one, so that it shows
}

static void relu_backward(nnk_real *dz_, const nnk_real *da_, const nnk_real *z_, size_t count) {
    real *dz = (real *)dz_;
    const real *da = (const real *)da_, *z = (const real *)z_;
    for (size_t i = 0; i < count; i++) dz[i] = z[i] <= 0 ? 0 : da[i];
}

static void update(nnk_real *p_, const nnk_real *g_, double rate_, size_t count) {
    real *p = (real *)p_, rate = (real)rate_;
    const real *g = (const real *)g_;
    for (size_t i = 0; i < count; i++) p[i] -= rate * g[i];
}

static void scale(nnk_real *x_, double factor_, size_t count) {
    real *x = (real *)x_, factor = (real)factor_;
    for (size_t i = 0; i < count; i++) x[i] *= factor;
}

static double dot(const nnk_real *x, const nnk_real *y, size_t count) {
    return (double)sum_of_products((const real *)x, (const real *)y, count);
}

static void multiply(nnk_real *z_, const nnk_real *x_, const nnk_real *y_, size_t count) {
    real *z = (real *)z_;
    const real *x = (const real *)x_, *y = (const real *)y_;
    for (size_t i = 0; i < count; i++) z[i] = x[i] * y[i];
}

static void add_up(nnk_real *sum_, const nnk_real *x_, size_t step, size_t count) {
    real *sum = (real *)sum_;
    const real *x = (const real *)x_;
    for (size_t i = 0; i < count; i++) *sum += x[i * step];
}

static void bias_update(nnk_real *b_, const nnk_real *dz_, double rate_, nnk_shape s) {
    real *b = (real *)b_, rate = (real)rate_;
    const real *dz = (const real *)dz_;
    for (; s.outputs > 0; s.outputs--, dz += s.stride) *b++ -= rate * sum_of_products(dz, NULL, s.examples);
}

static void unit_update(nnk_real *a_, nnk_real *w_, const nnk_real *dz_, double rate_, nnk_real *row,
                        nnk_shape s) {
    real *a = (real *)a_, *w = (real *)w_, rate = (real)rate_;
    const real *dz = (const real *)dz_;
    gradient_of_input((real *)row, w, dz, &s);
    for (size_t i = 0; i < s.outputs; i++)
        w[i * s.inputs] -= rate * sum_of_products(dz + i * s.stride, a, s.examples);
    // An activation is above zero where its logit is.
    relu_backward(a_, row, a_, s.examples);
}

static void unit_forward(nnk_real *z_, const nnk_real *w_, const nnk_real *a_, nnk_shape s) {
    const real *w = (const real *)w_, *restrict a = (const real *)a_;
    real *restrict z = (real *)z_;
    for (; NNK_FAST && s.outputs >= 2; s.outputs -= 2) { // two at a time, so that a is loaded once
        real *restrict other = z + s.stride;
        const real weight = w[0], other_weight = w[s.inputs];
        for (size_t j = 0; j < s.examples; j++) {
            const real from = a[j];
            z[j] += weight * from;
            other[j] += other_weight * from;
        }
        w += 2 * s.inputs;
        z += 2 * s.stride;
    }
    for (; s.outputs > 0; s.outputs--, w += s.inputs, z += s.stride) {
        const real weight = *w;
        for (size_t j = 0; j < s.examples; j++) z[j] += weight * a[j];
    }
}

/// The real of index i, as the kernels' type.
static inline nnk_real *real_at(nnk_real *reals, size_t i) { return (nnk_real *)((real *)reals + i); }

static void hidden_update(nnk_real *a, nnk_real *w, const nnk_real *dz, double rate, nnk_real *row,
                          size_t units, nnk_shape s) {
    for (size_t k = 0; k < units; k++) unit_update(real_at(a, k * s.stride), real_at(w, k), dz, rate, row, s);
}

#if NNK_FAST
static void skip(size_t count, nnk_random *random) {
    if (count > 0 && random->has_spare) {
        real_normal(random);
        count--;
    }
    nnk_quick_skip(count / 2, random);
    if (count % 2) real_normal(random);
}
#define SKIP_KERNEL .skip = skip,
#else
#define SKIP_KERNEL
#endif

static void initialize(nnk_real *w_, size_t count, int32_t inputs, int32_t initializer, nnk_random *random) {
#if NNK_FAST && NNK_SOFT_DOUBLE
    if (sizeof(real) == sizeof(float)) {
        nnk_quick_weights((float *)(void *)w_, count, inputs, initializer, random);
        return;
    }
#endif
    real *w = (real *)w_;
    const double root = nnk_sqrt_f64((double)inputs);
    for (size_t i = 0; i < count; i++) {
        const double normal = real_normal(random);
        w[i] = (real)(initializer == NNK_INIT_SMALL ? normal * 0.01 : normal / root);
    }
}
