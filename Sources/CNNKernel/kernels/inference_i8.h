/// One image through a network whose first layer has weights of one byte; the others are floats.
///
/// A sum of byte products is a whole number, exact in any order. With int8 weights and NNK_MAX_INPUTS pixels
/// it stays below 2^31, so nothing has to be refused.
///
/// Included by an instantiation, after real_f32.h; kernels/arithmetic.h says what is expected and what is
/// left.
#if !defined(REAL_DTYPE) || REAL_DTYPE != NNK_F32
#error "include kernels/real_f32.h before kernels/inference_i8.h"
#endif

#include "inference_head.h"

_Static_assert((int64_t)NNK_MAX_INPUTS * 128 * 255 <= INT32_MAX, "sums of an i8 model fit 32 bits");

/// sum (units) += W x.   w: (units) rows, `inputs` bytes apart, x (count)
static void accumulate(void *sum_, const void *w_, size_t inputs, size_t units, const uint8_t *x,
                       size_t count) {
    int32_t *sum = sum_;
    const int8_t *w = w_;
    for (size_t i = 0; i < units; i++, w += inputs) {
        int32_t s = 0;
        for (size_t k = 0; k < count; k++) s += w[k] * x[k];
        sum[i] += s;
    }
}

/// z = sum scale / 255 + b, where the conversion of sums above 2^24 rounds to nearest even, as all sums do.
/// The logits take the place of the sums.   parameters: scale (size[1]), b1 (size[1]), W2, b2, ...
static real last_logit(const nnk_topology *t, const void *parameters, void *sum, void *work) {
    const int32_t units = t->size[1];
    const real *scale = parameters, *b = scale + units;
    const int32_t __attribute__((may_alias)) *sums = sum;
    real *z = sum;
    for (int32_t i = 0; i < units; i++) z[i] = (real)sums[i] * (scale[i] * (REAL(1.0) / REAL(255.0))) + b[i];
    return layers_above(t, b + units, z, work);
}

#define NNK_INFERENCE(accumulate_of_target)                                                                  \
    {                                                                                                        \
        .dtype = NNK_I8, .real_bytes = sizeof(real), .weight_bytes = 1, .patch_bytes = 1,                    \
        .accumulate = accumulate_of_target, .head = head                                                     \
    }
