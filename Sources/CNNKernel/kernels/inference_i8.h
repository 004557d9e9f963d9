/// Inference with weights of one byte in layer 1 and floats above.
///
/// A sum of products of bytes is a whole number, exact in any order. Of NNK_MAX_INPUTS pixels and int8
/// weights it is below 2^31 in size, so nothing has to be refused.
///
/// Included by an instantiation, after real_f32.h; kernels/arithmetic.h says what is expected and what is
/// left.
#if !defined(REAL_DTYPE) || REAL_DTYPE != NNK_F32
#error "include kernels/real_f32.h before kernels/inference_i8.h"
#endif

#include "float_check.h"
#include "inference_head.h"

_Static_assert((int64_t)NNK_MAX_INPUTS * 128 * 255 <= INT32_MAX, "sums of an i8 model fit 32 bits");

/// sum (units) += W x.   w: int8, (units) rows, `inputs` bytes apart; sum: int32
static void accumulate(nnk_real *sum_, const nnk_parameters *w_, size_t inputs, size_t units,
                       const uint8_t *x, size_t count) {
    int32_t *sum = (int32_t *)sum_;
    const int8_t *w = (const int8_t *)w_;
    for (size_t i = 0; i < units; i++, w += inputs) {
        int32_t s = 0;
        for (size_t k = 0; k < count; k++) s += w[k] * x[k];
        sum[i] += s;
    }
}

/// z = sum scale / 255 s + b. Converting a sum above 2^24 rounds it to nearest even. The logits take the
/// place of the sums.   above: scale (size[1]), b1 (size[1]), W2, b2, ...
static real last_logit(const nnk_topology *t, const nnk_parameters *above, real s, nnk_real *sum,
                       nnk_real *work) {
    const int32_t units = t->size[1];
    const real *scale = (const real *)above, *b = scale + units;
    const int32_t __attribute__((may_alias)) *sums = (const int32_t *)sum;
    real *z = (real *)sum;
    for (int32_t i = 0; i < units; i++)
        z[i] = (real)sums[i] * (scale[i] * (REAL(1.0) / REAL(255.0))) * s + b[i];
    return layers_above(t, b + units, z, (real *)work);
}

#define NNK_INFERENCE(accumulate_of_target)                                                                  \
    {                                                                                                        \
        .dtype = NNK_I8, .real_bytes = sizeof(real), .weight_bytes = 1, .patch_bytes = 1,                    \
        .is_strict = float_is_strict, .accumulate = accumulate_of_target, .head = head                       \
    }

/// Also for models with NNK_OPTION_OWN_CONTRAST.
#define NNK_CONTRAST_INFERENCE(accumulate_of_target)                                                         \
    {                                                                                                        \
        .dtype = NNK_I8, .real_bytes = sizeof(real), .weight_bytes = 1, .patch_bytes = 1,                    \
        .is_strict = float_is_strict, .accumulate = accumulate_of_target, .take_contrast = take_contrast,    \
        .head = contrast_head                                                                                \
    }
