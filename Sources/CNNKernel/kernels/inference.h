/// Inference with weights of `real`. kernels.h states the order of the sums.
///
/// Included by an instantiation, after a real_*.h; kernels/arithmetic.h says what is expected and what is
/// left.
#if !defined(REAL_DTYPE)
#error "include kernels/real_f32.h or kernels/real_f64.h before kernels/inference.h"
#endif

#include "float_check.h"
#include "inference_head.h"

/// sum (units) += W x over up to NNK_PATCH bytes. Rows of W begin `inputs` reals apart.
static void accumulate_patch(real *sum, const real *w, size_t inputs, size_t units, const uint8_t *x,
                             size_t count) {
    for (size_t i = 0; i < units; i++, w += inputs) {
        real lane[NNK_LANES] = {0};
        size_t k = 0;
        for (; k + NNK_LANES <= count; k += NNK_LANES)
            for (size_t l = 0; l < NNK_LANES; l++) lane[l] += w[k + l] * (real)x[k + l];
        for (size_t l = 0; k + l < count; l++) lane[l] += w[k + l] * (real)x[k + l];
        sum[i] += real_sum_of_lanes(lane);
    }
}

#if !defined(NNK_REGISTER_BYTES)
static void accumulate(nnk_real *sum, const nnk_parameters *w_, size_t inputs, size_t units, const uint8_t *x,
                       size_t count) {
    const real *w = (const real *)w_;
    for (size_t k = 0; k < count; k += NNK_PATCH)
        accumulate_patch((real *)sum, w + k, inputs, units, x + k,
                         count - k < NNK_PATCH ? count - k : NNK_PATCH);
}
#endif

/// The logits of layer 1 take the place of its sums.   above: b1, W2, b2, ...
static real last_logit(const nnk_topology *t, const nnk_parameters *above, real s, nnk_real *sum,
                       nnk_real *work) {
    const real *b = (const real *)above;
    real *z = (real *)sum;
    for (int32_t i = 0; i < t->size[1]; i++) z[i] = z[i] * (REAL(1.0) / REAL(255.0)) * s + b[i];
    return layers_above(t, b + t->size[1], z, (real *)work);
}

#if defined(NNK_REGISTER_BYTES)
#include "lanes.h"

#include "inference_vector.h"
#define ACCUMULATE accumulate_vector
#else
#define ACCUMULATE accumulate
#endif

#define NNK_INFERENCE                                                                                        \
    {                                                                                                        \
        .dtype = REAL_DTYPE, .real_bytes = sizeof(real), .weight_bytes = sizeof(real),                       \
        .patch_bytes = NNK_PATCH, .is_strict = float_is_strict, .accumulate = ACCUMULATE, .head = head       \
    }

/// Also for models with NNK_OPTION_OWN_CONTRAST.
#define NNK_CONTRAST_INFERENCE                                                                               \
    {                                                                                                        \
        .dtype = REAL_DTYPE, .real_bytes = sizeof(real), .weight_bytes = sizeof(real),                       \
        .patch_bytes = NNK_PATCH, .is_strict = float_is_strict, .accumulate = ACCUMULATE,                    \
        .take_contrast = take_contrast, .head = contrast_head                                                \
    }
