/// The output unit and its loss: the sigmoid, the binary cross-entropy, and their gradients. kernels.h states
/// the algebra and the order of the sums.
///
/// Part of kernels/arithmetic.h.

static real logistic(real z) { return REAL(1.0) / (REAL(1.0) + real_exp(-z)); }

static void sigmoid(nnk_real *a_, const nnk_real *z_, size_t count) {
    real *a = (real *)a_;
    const real *z = (const real *)z_;
    for (size_t i = 0; i < count; i++) a[i] = logistic(z[i]);
}

static void sigmoid_backward(nnk_real *dz_, const nnk_real *da_, const nnk_real *z_, size_t count) {
    real *dz = (real *)dz_;
    const real *da = (const real *)da_, *z = (const real *)z_;
    for (size_t i = 0; i < count; i++) {
        real s = logistic(z[i]);
        dz[i] = da[i] * s * (REAL(1.0) - s);
    }
}

/// Returns x; if |x| is below the smallest normal real, returns that with the sign of x. So the logarithm and
/// the inverse of the result are finite.
static real kept_from_zero(real x) {
    if (x > -REAL_SMALLEST && x < REAL_SMALLEST) return x < 0 ? -REAL_SMALLEST : REAL_SMALLEST;
    return x;
}

static double cost(const nnk_real *p_, const uint8_t *y, size_t examples) {
    const real *p = (const real *)p_;
    real lane[NNK_LANES] = {0};
    for (size_t j = 0; j < examples; j++)
        lane[j % NNK_LANES] += real_log(kept_from_zero(y[j] ? p[j] : REAL(1.0) - p[j]));
    return (double)(REAL(1.0) / (real)examples *
                    (0 - real_sum_of_lanes(lane))); // 0, not -0, for a perfect fit
}

static void cost_backward(nnk_real *dp_, const nnk_real *p_, const uint8_t *y, size_t examples) {
    real *dp = (real *)dp_;
    const real *p = (const real *)p_;
    for (size_t j = 0; j < examples; j++)
        dp[j] = y[j] ? REAL(-1.0) / kept_from_zero(p[j]) : REAL(1.0) / kept_from_zero(REAL(1.0) - p[j]);
}

/// For y = 1 a term is log(p) = -log(1 + exp(-z)), for y = 0 it is log(1 - p), the same of -z. With u = z for
/// y = 1, else -z, both are min(u, 0) - log(1 + exp(-|u|)). The exponent is never positive, so nothing
/// overflows, and 1 + exp lies in [1, 2]; if u is a NaN, so is what stands for min(u, 0). What 1 + exp rounds
/// off is below half an ulp of 1, which the cost cannot show.
static double logit_cost(const nnk_real *z_, const nnk_targets *t, size_t examples) {
    const real *z = (const real *)z_;
    real lane[NNK_LANES] = {0};
    for (size_t j = 0; j < examples; j++) {
#if defined(NNK_WITHOUT_OPTIONS)
        const size_t i = j;
        const real w = 1;
#else
        const size_t i = j < t->count ? j : j - t->count;
        real w = t->weights ? (real)t->weights[i] : 1;
        if (t->held_out) w = w == 0;
        if (w == 0) continue; // and not 0 times an infinity
#endif
        real u = t->labels[i] ? z[j] : -z[j], below = u > 0 ? 0 : u;
        lane[j % NNK_LANES] += w * (below - real_log_plain(REAL(1.0) + real_exp(u < 0 ? u : -u)));
    }
    return (double)(REAL(1.0) / (real)t->total *
                    (0 - real_sum_of_lanes(lane))); // 0, not -0, for a perfect fit
}

static void weigh(nnk_real *x_, const float *w, size_t count) {
    real *x = (real *)x_;
    for (size_t j = 0; j < count; j++) x[j] *= (real)w[j];
}

static bool logit_backward(nnk_real *z_, const uint8_t *y, size_t examples) {
    real *z = (real *)z_;
    bool finite = true;
    for (size_t j = 0; j < examples; j++) {
        finite &= z[j] - z[j] == 0;
        z[j] = logistic(z[j]) - (real)y[j];
    }
    return finite;
}
