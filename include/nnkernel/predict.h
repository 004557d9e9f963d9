/// Inference: the probability of class 1 for one image, fed in any number of pieces.
///
///     _Alignas(8) static uint8_t memory[NNK_PREDICT_BYTES(DEEP, 4)];    // all that it takes
///     nnk_model_open(&model, file, length, &nnk_deep);                  // once: it stays where it lies
///     nnk_predict_begin(memory, sizeof memory, &model, &nnk_f32_inference);
///     nnk_predict_feed(memory, pixels, count);                          // as often as pixels come
///     nnk_predict_finish(memory, &probability);
#ifndef NNKERNEL_PREDICT_H
#define NNKERNEL_PREDICT_H

#include "nnkernel/kernels.h"
#include "nnkernel/model.h"
#include "nnkernel/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The state between two pieces of an image; the sums follow it in memory.
typedef struct nnk_predictor {
    const nnk_model *model;
    const nnk_inference *inference;
    uint32_t position; ///< bytes of the image in the sums
    uint32_t pending;  ///< bytes that wait in the patch
} nnk_predictor;

/// Bytes that a predictor needs: the sums of two layers, one of the largest, one of the largest above the
/// first, which shares its memory with the patch.
size_t nnk_predict_bytes(const nnk_topology *topology, const nnk_inference *inference);

/// The same as constant expressions, of a model of reals and of one of NNK_I8. `network`: DEEP or TWO_LAYER;
/// `real_bytes`: 4 or 8.
///
///     _Alignas(8) static uint8_t memory[NNK_PREDICT_BYTES(DEEP, 4)];
#define NNK_PREDICT_BYTES(network, real_bytes)                                                               \
    NNK_PREDICT_BYTES_OF(NNK_##network##_UNITS_1, NNK_##network##_UNITS_2, real_bytes, NNK_PATCH)
#define NNK_PREDICT_I8_BYTES(network)                                                                        \
    NNK_PREDICT_BYTES_OF(NNK_##network##_UNITS_1, NNK_##network##_UNITS_2, 4, 1)

/// For other topologies: the units of the largest layer, and of the largest above the first (0 without one).
#define NNK_PREDICT_BYTES_OF(units, units_above, real_bytes, patch)                                          \
    (sizeof(nnk_predictor) + NNK_ROUND_UP((size_t)(units) * (real_bytes), 8) +                               \
     NNK_ROUND_UP(NNK_LARGER((size_t)(units_above) * (real_bytes), patch), 8))

/// Starts on an image, in `memory`, aligned to 8 bytes. `inference` must be of the model's element type.
/// NNK_E_ARGUMENT, NNK_E_MEMORY, NNK_E_ALIGN, NNK_E_KIND.
nnk_status nnk_predict_begin(void *memory, size_t bytes, const nnk_model *model,
                             const nnk_inference *inference);

/// Takes the next `count` bytes of the image. NNK_E_ARGUMENT if that is more than the image has.
nnk_status nnk_predict_feed(void *memory, const uint8_t *pixels, size_t count);

/// The probability, once the whole image is fed (else NNK_E_STATE); the next image needs a new begin.
/// NNK_E_PAYLOAD if it is no number, as with weights that no training gives.
nnk_status nnk_predict_finish(void *memory, double *probability);

#ifdef __cplusplus
}
#endif

#endif
