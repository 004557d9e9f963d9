/// Prediction: the probability of class 1 for one image, which may arrive in any number of pieces.
///
///     alignas(8) static uint8_t memory[NNK_PREDICT_BYTES(DEEP, 4)]; // sizes.h; all that it takes
///     nnk_model model;
///     double probability;
///     nnk_status status = nnk_model_open(&model, file, length, &nnk_deep); // once
///     if (status == NNK_OK)
///         status = nnk_predict_begin(memory, sizeof memory, &model, &nnk_f32_inference);
///     if (status == NNK_OK) status = nnk_predict_feed(memory, pixels, count); // as often as pixels come
///     if (status == NNK_OK) status = nnk_predict_finish(memory, &probability);
///
/// The model may also be where it has to be read, on a card or in flash that is not mapped. Then
/// nnk_model_read_step opens it, feed and finish read it piece by piece, and the memory is
/// NNK_PREDICT_READING_BYTES(DEEP, 4).
#ifndef NNKERNEL_PREDICT_H
#define NNKERNEL_PREDICT_H

#include "nnkernel/arithmetic.h"
#include "nnkernel/model.h"
#include "nnkernel/status.h"
#include "nnkernel/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The state between two pieces of an image. The sums follow it in memory. For its size; its fields are not
/// for callers.
typedef struct nnk_predictor {
    const nnk_model *model;
    const nnk_inference *inference;
    uint32_t position;    ///< bytes of the image in the sums
    uint32_t pending;     ///< bytes that wait in the patch
    uint32_t contrast[2]; ///< what take_contrast adds up, if the model takes own contrast off; else zeros
} nnk_predictor;

/// Bytes of memory for one prediction; 0 if the topology is not valid or `inference` is NULL.
size_t nnk_predict_bytes(const nnk_topology *topology, const nnk_inference *inference);

/// The same for a model that is read, by nnk_model_read_step. It has room for a piece of the model: 192
/// weights of layer 1, or all parameters of the layers above.
size_t nnk_predict_reading_bytes(const nnk_topology *topology, const nnk_inference *inference);

/// Starts with an image, in `memory` (`bytes` bytes, aligned to 8). The model must outlive the prediction.
///
/// NNK_E_ARGUMENT: also for a model that is not open, as nnk_model_peek gives it. NNK_E_ALIGN. NNK_E_MEMORY:
/// `bytes` is below nnk_predict_bytes, or nnk_predict_reading_bytes for a model that is read. NNK_E_KIND:
/// `inference` has another element type than the model, or is not for models with NNK_OPTION_OWN_CONTRAST,
/// and this is one. NNK_E_FLOAT: as nnk_train_begin.
nnk_status nnk_predict_begin(void *memory, size_t bytes, const nnk_model *model,
                             const nnk_inference *inference) NNK_VERSIONED(nnk_predict_begin);

/// Takes the next `count` bytes of the image. NNK_E_ARGUMENT: NULL, or more bytes than the image has left.
/// NNK_E_SOURCE: the model could not be read; begin with the image again.
/// For a model that is read, each call reads the rows of layer 1 one after the other, their weights for these
/// bytes: the more bytes a call gets, the fewer jumps; the fewer, the shorter the call.
nnk_status nnk_predict_feed(void *memory, const uint8_t *pixels, size_t count);

/// The probability of class 1, 0 ... 1. The next image needs nnk_predict_begin again.
///
/// NNK_E_ARGUMENT. NNK_E_STATE: bytes of the image are missing, or the prediction is finished.
/// NNK_E_PARAMETER: a logit of some layer is not finite: the model's parameters are larger than training
/// makes them. NNK_E_SOURCE: as above.
nnk_status nnk_predict_finish(void *memory, double *probability);

#ifdef __cplusplus
}
#endif

#endif
