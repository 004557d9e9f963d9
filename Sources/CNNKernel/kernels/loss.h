/// The output unit and its loss: sigmoid and binary cross-entropy, each beside its gradient.
///
/// Part of kernels/arithmetic.h.

static real logistic(real z) { return REAL(1.0) / (REAL(1.0) + real_exp(-z)); }

static void sigmoid(void *a_, const void *z_, size_t count) {
    real *a = a_;
    const real *z = z_;
    for (size_t i = 0; i < count; i++) a[i] = logistic(z[i]);
}

static void sigmoid_backward(void *dz_, const void *da_, const void *z_, size_t count) {
    real *dz = dz_;
    const real *da = da_, *z = z_;
    for (size_t i = 0; i < count; i++) {
        real s = logistic(z[i]);
        dz[i] = da[i] * s * (REAL(1.0) - s);
    }
}

/// x, or where x is too close to zero for its logarithm and its inverse, the smallest normal of its sign.
static real kept_from_zero(real x) {
    if (x > -REAL_SMALLEST && x < REAL_SMALLEST) return x < 0 ? -REAL_SMALLEST : REAL_SMALLEST;
    return x;
}

static double cost(const void *p_, const uint8_t *y, size_t examples) {
    const real *p = p_;
    real lane[NNK_LANES] = {0};
    for (size_t j = 0; j < examples; j++)
        lane[j % NNK_LANES] += real_log(kept_from_zero(y[j] ? p[j] : REAL(1.0) - p[j]));
    return (double)(REAL(1.0) / (real)examples *
                    (0 - real_sum_of_lanes(lane))); // 0, not -0, for a perfect fit
}

static void cost_backward(void *dp_, const void *p_, const uint8_t *y, size_t examples) {
    real *dp = dp_;
    const real *p = p_;
    for (size_t j = 0; j < examples; j++)
        dp[j] = y[j] ? REAL(-1.0) / kept_from_zero(p[j]) : REAL(1.0) / kept_from_zero(REAL(1.0) - p[j]);
}

/// log(p) for y = 1 is -log(1 + exp(-z)), log(1 - p) for y = 0 the same of -z. The exponent is never
/// positive, so nothing overflows: with u = z for y = 1, else -z, both are min(u, 0) - log(1 + exp(-|u|)).
/// What 1 + exp rounds off is below half an ulp of 1, which the cost can't show.
static double logit_cost(const void *z_, const uint8_t *y, size_t examples) {
    const real *z = z_;
    real lane[NNK_LANES] = {0};
    for (size_t j = 0; j < examples; j++) {
        real u = y[j] ? z[j] : -z[j], below = u < 0 ? u : 0;
        lane[j % NNK_LANES] += below - real_log(REAL(1.0) + real_exp(u < 0 ? u : -u));
    }
    return (double)(REAL(1.0) / (real)examples *
                    (0 - real_sum_of_lanes(lane))); // 0, not -0, for a perfect fit
}

static int32_t logit_backward(void *z_, const uint8_t *y, size_t examples) {
    real *z = z_;
    int32_t finite = 1;
    for (size_t j = 0; j < examples; j++) {
        finite &= z[j] - z[j] == 0;
        z[j] = logistic(z[j]) - (real)y[j];
    }
    return finite;
}
