/// Inference with weights of `real`. kernels.h states the order of the sums.
///
/// Included by an instantiation, after a real_*.h; kernels/arithmetic.h says what is expected and what is
/// left.
#if !defined(REAL_DTYPE)
#error "include kernels/real_f32.h or kernels/real_f64.h before kernels/inference.h"
#endif

#include "float_check.h"
#include "inference_head.h"

/// Returns w . x over up to NNK_PATCH bytes, in lanes.
static real dot_of_bytes(const real *w, const uint8_t *x, size_t count) {
    real lane[NNK_LANES] = {0};
    for (; NNK_FAST && count >= NNK_LANES; count -= NNK_LANES, w += NNK_LANES, x += NNK_LANES)
        for (size_t l = 0; l < NNK_LANES; l++) lane[l] += w[l] * (real)x[l];
    for (size_t taken = NNK_LANES; count > 0; count -= taken, w += taken, x += taken) {
        if (count < NNK_LANES) taken = count;
        for (size_t l = 0; l < taken; l++) lane[l] += w[l] * (real)x[l];
    }
    return real_sum_of_lanes(lane);
}

/// sum (units) += W x. Rows of W begin `inputs` reals apart.
static void accumulate(nnk_real *sum_, const nnk_parameters *w_, size_t inputs, size_t units,
                       const uint8_t *x, size_t count) {
    real *sum = (real *)sum_;
    const real *w = (const real *)w_;
    for (; units > 0; units--, sum++, w += inputs)
        for (size_t k = 0; k < count; k += NNK_PATCH)
            *sum += dot_of_bytes(w + k, x + k, count - k < NNK_PATCH ? count - k : NNK_PATCH);
}

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
