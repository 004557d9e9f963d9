/// Inference above layer 1. kernels.h states the order of the sums.
///
/// Part of kernels/inference.h and kernels/inference_i8.h.
#include "../contrast.h"
#include "../fast.h"
#include "nnkernel/kernels.h"

// Inline, as no table has all of the following; compilers do not mind unused inline functions.

static inline void take_contrast(uint32_t contrast[2], const uint8_t *x, size_t count) {
    uint32_t sum = 0, squares = 0;
    for (size_t k = 0; k < count; k++) {
        sum += x[k];
        squares += (uint32_t)x[k] * x[k];
    }
    contrast[0] += sum;
    contrast[1] += squares;
}

/// Returns the last layer's logit; NaN if a logit of any layer is not finite, since what follows from it
/// would be wrong without a sign of it. Each layer goes from one of the two buffers into the other.
///   p: W2, b2, W3, ...; z (size[1]): layer 1's logits; both buffers are overwritten
static real layers_above(const nnk_topology *t, const real *p, real *z, real *next) {
    real zero = 0; // 0 times each logit: NaN from an infinity on
    for (int32_t l = 2; l <= t->layers; l++) {
        const size_t inputs = (size_t)t->size[l - 1], outputs = (size_t)t->size[l];
        const real *b = p + outputs * inputs;
        for (size_t i = 0; i < outputs; i++) {
            real sum = 0;
            for (size_t k = 0; k < inputs; k++) {
                zero += 0 * z[k];
                sum += *p++ * (z[k] <= 0 ? 0 : z[k]);
            }
            next[i] = sum + b[i];
        }
        p = b + outputs;
        real *done = z;
        z = next;
        next = done;
    }
    return z[0] + (zero + 0 * z[0]);
}

/// Returns the last layer's logit from the sums of layer 1. Not inlined, so that its stack is free again when
/// exp takes some. inference.h and inference_i8.h define it. A factor s of 1 changes no bit.
static __attribute__((noinline)) real last_logit(const nnk_topology *t, const nnk_parameters *above, real s,
                                                 nnk_real *sum, nnk_real *work);

static double probability(real logit) { return (double)(REAL(1.0) / (REAL(1.0) + real_exp(-logit))); }

static inline double head(const nnk_topology *t, const nnk_parameters *above, const uint32_t contrast[2],
                          nnk_real *sum, nnk_real *work) {
    (void)contrast;
    return probability(last_logit(t, above, REAL(1.0), sum, work));
}

static inline double contrast_head(const nnk_topology *t, const nnk_parameters *above,
                                   const uint32_t contrast[2], nnk_real *sum, nnk_real *work) {
    const real s = (real)nnk_contrast(contrast[0], contrast[1], (uint32_t)t->size[0]);
    return probability(last_logit(t, above, s, sum, work));
}
