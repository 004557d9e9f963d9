/// What lies where in the memory of a prediction: the predictor; the sums, with room for those of the largest
/// layer; the patch, whose place is later that of another layer's sums; and for a model that is read, a piece
/// of it. Where a patch is one byte, no byte ever waits in it.
#ifndef NNK_PREDICTOR_H
#define NNK_PREDICTOR_H

#include "freestanding.h"
#include "header.h"
#include "nnkernel/predict.h"

#pragma GCC visibility push(hidden) // not for users of a shared library

/// What nnk_predict_bytes, _feed and _finish do for a model that is read. nnk_model_read_step puts it into
/// the model, so it is linked only in programs that read models.
struct nnk_reading {
    size_t (*reading_bytes)(const nnk_topology *topology, const nnk_inference *inference);
    nnk_status (*read_and_feed)(nnk_predictor *p, const uint8_t *pixels, size_t count);
    nnk_status (*read_and_finish)(nnk_predictor *p, double *probability);
};

extern const nnk_reading nnk_predict_reading;

/// Bytes of the sums of the largest layer from `l` on.
size_t nnk_sum_bytes(const nnk_topology *t, const nnk_inference *inference, int32_t l);

#pragma GCC visibility pop

/// Bytes of a predictor with patches of `patch` bytes, without a piece.
static inline size_t nnk_predictor_bytes(const nnk_topology *t, const nnk_inference *inference,
                                         size_t patch) {
    return sizeof(nnk_predictor) + NNK_ROUND_UP(nnk_sum_bytes(t, inference, 1), 8) +
           NNK_ROUND_UP(NNK_LARGER(nnk_sum_bytes(t, inference, 2), patch), 8);
}

static inline nnk_real *nnk_sums_of(nnk_predictor *p) { return (nnk_real *)(p + 1); }

static inline uint8_t *nnk_patch_of(nnk_predictor *p) {
    return (uint8_t *)(p + 1) + NNK_ROUND_UP(nnk_sum_bytes(p->model->topology, p->inference, 1), 8);
}

/// Bytes in front of the parameters above W1; the scales of an i8 model count as such.
static inline uint32_t nnk_above_at(const nnk_topology *t, const nnk_inference *inference) {
    const int32_t weight_bytes = inference->dtype == NNK_I8 ? 0 : inference->weight_bytes;
    return (uint32_t)(t->size[0] * t->size[1] * weight_bytes);
}

/// Says that `count` more bytes of the image, x, are in the sums.
static inline void nnk_taken_in(nnk_predictor *p, const uint8_t *x, uint32_t count) {
    p->position += count;
    if (p->model->options & NNK_OPTION_OWN_CONTRAST) p->inference->take_contrast(p->contrast, x, count);
}

/// Passes bytes of the image on to `take_in`, in patches of `width` bytes. What is left waits in the patch.
static inline nnk_status nnk_feed(nnk_predictor *p, const uint8_t *pixels, size_t count, size_t width,
                                  nnk_status (*take_in)(nnk_predictor *p, const uint8_t *x, uint32_t count)) {
    uint8_t *patch = nnk_patch_of(p);
    while (count > 0) {
        const size_t room = width - p->pending;
        size_t part = count < room ? count : room;
        if (part == width) { // whole patches are not copied
            part = count / width * width;
            if (take_in(p, pixels, (uint32_t)part) != NNK_OK) return NNK_E_SOURCE;
        } else {
            memcpy(patch + p->pending, pixels, part);
            p->pending += (uint32_t)part;
            if (p->pending == width) {
                p->pending = 0;
                if (take_in(p, patch, (uint32_t)width) != NNK_OK) return NNK_E_SOURCE;
            }
        }
        pixels += part;
        count -= part;
    }
    return NNK_OK;
}

/// After this, another finish or feed is refused.
static inline void nnk_end(nnk_predictor *p) { p->position = (uint32_t)p->model->topology->size[0] + 1; }

/// The rest of the network, with the parameters above W1.
static inline nnk_status nnk_answer(nnk_predictor *p, const void *above, double *probability) {
    nnk_end(p);
    *probability = p->inference->head(p->model->topology, above, p->contrast, nnk_sums_of(p),
                                      (nnk_real *)nnk_patch_of(p));
    return *probability >= 0 ? NNK_OK : NNK_E_PARAMETER; // NaN: a logit was not finite
}

#endif
