// Predicting with a model in memory, and the way to one that is read.
#include "predictor.h"

size_t nnk_sum_bytes(const nnk_topology *t, const nnk_inference *inference, int32_t l) {
    int32_t units = 0;
    for (; l <= t->layers; l++)
        if (t->size[l] > units) units = t->size[l];
    return (size_t)units * (size_t)inference->real_bytes;
}

size_t nnk_predict_bytes(const nnk_topology *topology, const nnk_inference *inference) {
    if (!nnk_topology_valid(topology) || !inference) return 0;
    return nnk_predictor_bytes(topology, inference, (size_t)inference->patch_bytes);
}

nnk_status nnk_predict_begin(void *memory, size_t bytes, const nnk_model *model,
                             const nnk_inference *inference) {
    if (!memory || !model || (!model->parameters && !model->reading)) return NNK_E_ARGUMENT;
    const size_t needed = model->parameters ? nnk_predict_bytes(model->topology, inference)
                                            : model->reading->reading_bytes(model->topology, inference);
    if (needed == 0) return NNK_E_ARGUMENT;
    if ((uintptr_t)memory % 8 != 0) return NNK_E_ALIGN;
    if (bytes < needed) return NNK_E_MEMORY;
    if (model->dtype != inference->dtype ||
        (model->options & NNK_OPTION_OWN_CONTRAST && !inference->take_contrast))
        return NNK_E_KIND;
    if (!inference->is_strict()) return NNK_E_FLOAT;
    nnk_predictor *p = memory;
    memset(p, 0, needed);
    p->model = model;
    p->inference = inference;
    return NNK_OK;
}

/// Adds the next `count` bytes of the image, x, to the sums.
static void add(nnk_predictor *p, const uint8_t *x, uint32_t count) {
    const nnk_topology *t = p->model->topology;
    const uint8_t *weights = (const uint8_t *)p->model->parameters + nnk_input_weights_at(t, p->model->dtype);
    weights += (size_t)p->position * (size_t)p->inference->weight_bytes;
    p->inference->accumulate(nnk_sums_of(p), (const nnk_parameters *)weights, (size_t)t->size[0],
                             (size_t)t->size[1], x, count);
    nnk_taken_in(p, x, count);
}

static inline nnk_status take_in(nnk_predictor *p, const uint8_t *x, uint32_t count) {
    add(p, x, count);
    return NNK_OK;
}

nnk_status nnk_predict_feed(void *memory, const uint8_t *pixels, size_t count) {
    nnk_predictor *p = memory;
    if (!p || (!pixels && count > 0)) return NNK_E_ARGUMENT;
    const uint32_t size = (uint32_t)p->model->topology->size[0], taken = p->position + p->pending;
    if (taken > size || count > size - taken) return NNK_E_ARGUMENT;
    if (!p->model->parameters) return p->model->reading->read_and_feed(p, pixels, count);
    return nnk_feed(p, pixels, count, (size_t)p->inference->patch_bytes, take_in);
}

nnk_status nnk_predict_finish(void *memory, double *probability) {
    nnk_predictor *p = memory;
    if (!p || !probability) return NNK_E_ARGUMENT;
    const nnk_model *m = p->model;
    if (p->position + p->pending != (uint32_t)m->topology->size[0]) return NNK_E_STATE;
    if (!m->parameters) return m->reading->read_and_finish(p, probability);
    if (p->pending) add(p, nnk_patch_of(p), p->pending);
    return nnk_answer(p, (const uint8_t *)m->parameters + nnk_above_at(m->topology, p->inference),
                      probability);
}
