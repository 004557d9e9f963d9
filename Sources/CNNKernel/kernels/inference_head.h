/// Inference from the first layer's logits on. kernels.h states the order of the sums.
///
/// Part of kernels/inference.h and kernels/inference_i8.h.
#include "nnkernel/kernels.h"

/// The last layer's logit: layer by layer, each from one of the two buffers into the other.
///   p: W2, b2, W3, ...; z (size[1]): the first layer's logits
static real layers_above(const nnk_topology *t, const real *p, real *z, real *next) {
    for (int32_t l = 2; l <= t->layers; l++) {
        const size_t inputs = (size_t)t->size[l - 1], outputs = (size_t)t->size[l];
        for (size_t k = 0; k < inputs; k++) z[k] = z[k] <= 0 ? 0 : z[k];
        const real *b = p + outputs * inputs;
        for (size_t i = 0; i < outputs; i++) {
            real sum = 0;
            for (size_t k = 0; k < inputs; k++) sum += *p++ * z[k];
            next[i] = sum + b[i];
        }
        p = b + outputs;
        real *done = z;
        z = next;
        next = done;
    }
    return z[0];
}

/// Of the sums of the first layer. Not inlined, so that its stack is free again when exp takes some.
static __attribute__((noinline)) real last_logit(const nnk_topology *t, const void *parameters, void *sum,
                                                 void *work);

static double head(const nnk_topology *t, const void *parameters, void *sum, void *work) {
    return (double)(REAL(1.0) / (REAL(1.0) + real_exp(-last_logit(t, parameters, sum, work))));
}
