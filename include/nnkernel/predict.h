/// Inference: the probability of class 1 for one image, fed in any number of pieces.
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

/// Bytes that a predictor needs: two layers of sums, of which one shares its memory with the patch, if there
/// is one.
size_t nnk_predict_bytes(const nnk_topology *topology, const nnk_inference *inference);

/// The same as a constant expression; `units` is the size of the largest layer above the image.
#define NNK_PREDICT_BYTES(real_bytes, units)                                                                 \
    (sizeof(nnk_predictor) + ((size_t)(real_bytes) * (units) + 7) / 8 * 8 +                                  \
     (((size_t)(real_bytes) * (units) > NNK_PATCH ? (size_t)(real_bytes) * (units) : NNK_PATCH) + 7) / 8 *   \
         8)

/// The same for an i8 model.
#define NNK_PREDICT_I8_BYTES(units) (sizeof(nnk_predictor) + 2 * (((size_t)4 * (units) + 7) / 8 * 8))

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
