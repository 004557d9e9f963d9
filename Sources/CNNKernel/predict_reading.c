// Predicting with a model that is read by pieces: for each patch of the image a piece of each row of W1, and
// at the end the layers above.
#include "predictor.h"

static size_t predictor_bytes(const nnk_topology *t, const nnk_inference *inference) {
    return nnk_predictor_bytes(t, inference, NNK_PATCH);
}

/// Bytes of the parameters above W1, with the scales of an i8 model.
static uint32_t bytes_above(const nnk_topology *t, const nnk_inference *inference) {
    return nnk_bytes_of_reals(t, inference->dtype) - nnk_above_at(t, inference);
}

size_t nnk_predict_reading_bytes(const nnk_topology *topology, const nnk_inference *inference) {
    if (!nnk_topology_valid(topology) || !inference) return 0;
    const size_t piece = NNK_PATCH * (size_t)inference->weight_bytes,
                 above = bytes_above(topology, inference);
    return predictor_bytes(topology, inference) + NNK_ROUND_UP(NNK_LARGER(piece, above), 8);
}

static uint8_t *piece_of(nnk_predictor *p) {
    return (uint8_t *)p + predictor_bytes(p->model->topology, p->inference);
}

/// Reads the weights of unit `i` for `count` bytes of the image, from byte `k` on, and adds their products
/// with these bytes, x, to the unit's sum.
static nnk_status add_piece(nnk_predictor *p, uint32_t i, uint32_t k, const uint8_t *x, uint32_t count) {
    const nnk_model *m = p->model;
    const nnk_inference *inference = p->inference;
    const uint32_t inputs = (uint32_t)m->topology->size[0], weight = (uint32_t)inference->weight_bytes,
                   at = nnk_input_weights_at(m->topology, m->dtype) + (i * inputs + k) * weight;
    uint8_t *piece = piece_of(p), *sum = (uint8_t *)nnk_sums_of(p) + i * (uint32_t)inference->real_bytes;
    if (nnk_model_read(m, at, count * weight, piece) != NNK_OK) return NNK_E_SOURCE;
    nnk_swap(piece, count * weight, inference->weight_bytes);
    inference->accumulate((nnk_real *)(void *)sum, (const nnk_parameters *)(const void *)piece, inputs, 1, x,
                          count);
    return NNK_OK;
}

/// Adds the next `count` bytes of the image, x, to the sums. If these are many patches, a row is read from
/// one end to the other before the next one, so a device that reads whole blocks reads each once.
static nnk_status take_in_by_reading(nnk_predictor *p, const uint8_t *x, uint32_t count) {
    for (uint32_t i = 0; i < (uint32_t)p->model->topology->size[1]; i++)
        for (uint32_t k = 0; k < count; k += NNK_PATCH)
            if (add_piece(p, i, p->position + k, x + k, nnk_smaller(NNK_PATCH, count - k)) != NNK_OK) {
                nnk_end(p);
                return NNK_E_SOURCE;
            }
    nnk_taken_in(p, x, count);
    return NNK_OK;
}

static nnk_status read_and_feed(nnk_predictor *p, const uint8_t *pixels, size_t count) {
    return nnk_feed(p, pixels, count, NNK_PATCH, take_in_by_reading);
}

static nnk_status read_and_finish(nnk_predictor *p, double *probability) {
    const nnk_model *m = p->model;
    const uint32_t count = bytes_above(m->topology, p->inference);
    uint8_t *above = piece_of(p);
    if (p->pending && take_in_by_reading(p, nnk_patch_of(p), p->pending) != NNK_OK) return NNK_E_SOURCE;
    nnk_end(p);
    if (nnk_model_read(m, nnk_above_at(m->topology, p->inference), count, above) != NNK_OK)
        return NNK_E_SOURCE;
    nnk_swap(above, count, p->inference->real_bytes);
    return nnk_answer(p, above, probability);
}

const nnk_reading nnk_predict_reading = {nnk_predict_reading_bytes, read_and_feed, read_and_finish};
