#include "nnkernel/predict.h"
#include "freestanding.h"
#include "header.h"

// In memory lie the predictor; the sums, with room for those of the largest layer; then the patch, whose
// place is later that of another layer's sums. Where a patch is one byte, no byte ever waits in it.

/// Bytes of the sums of the largest layer from `l` on.
static size_t sum_bytes(const nnk_topology *t, const nnk_inference *inference, int32_t l) {
    int32_t units = 0;
    for (; l <= t->layers; l++)
        if (t->size[l] > units) units = t->size[l];
    return (size_t)(units * inference->real_bytes);
}

static nnk_real *sums_of(nnk_predictor *p) { return (nnk_real *)(p + 1); }

static uint8_t *patch_of(nnk_predictor *p) {
    return (uint8_t *)(p + 1) + NNK_ROUND_UP(sum_bytes(p->model->topology, p->inference, 1), 8);
}

static bool has_own_contrast(const nnk_model *m) { return m->options & NNK_OPTION_OWN_CONTRAST; }

size_t nnk_predict_bytes(const nnk_topology *topology, const nnk_inference *inference) {
    if (!nnk_topology_valid(topology) || !inference) return 0;
    const size_t first = (size_t)(topology->size[1] * inference->real_bytes);
    const size_t above = sum_bytes(topology, inference, 2), patch = (size_t)inference->patch_bytes;
    return sizeof(nnk_predictor) + NNK_ROUND_UP(NNK_LARGER(first, above), 8) +
           NNK_ROUND_UP(NNK_LARGER(above, patch), 8);
}

nnk_status nnk_predict_begin(void *memory, size_t bytes, const nnk_model *model,
                             const nnk_inference *inference) {
    if (!memory || !model || !model->parameters) return NNK_E_ARGUMENT;
    const size_t needed = nnk_predict_bytes(model->topology, inference);
    if (needed == 0) return NNK_E_ARGUMENT;
    if ((uintptr_t)memory % 8 != 0) return NNK_E_ALIGN;
    if (bytes < needed) return NNK_E_MEMORY;
    if (model->dtype != inference->dtype || (has_own_contrast(model) && !inference->take_contrast))
        return NNK_E_KIND;
    nnk_predictor *p = memory;
    memset(p, 0, needed);
    p->model = model;
    p->inference = inference;
    return NNK_OK;
}

/// Adds the next `count` bytes of the image, x, to the sums.
static void take_in(nnk_predictor *p, const uint8_t *x, uint32_t count) {
    const nnk_topology *t = p->model->topology;
    const uint8_t *weights = (const uint8_t *)p->model->parameters + nnk_input_weights_at(t, p->model->dtype);
    weights += (size_t)p->position * (size_t)p->inference->weight_bytes;
    p->inference->accumulate(sums_of(p), (const nnk_parameters *)weights, (size_t)t->size[0],
                             (size_t)t->size[1], x, count);
    p->position += count;
    if (has_own_contrast(p->model)) p->inference->take_contrast(p->contrast, x, count);
}

nnk_status nnk_predict_feed(void *memory, const uint8_t *pixels, size_t count) {
    nnk_predictor *p = memory;
    if (!p || (!pixels && count > 0)) return NNK_E_ARGUMENT;
    const uint32_t size = (uint32_t)p->model->topology->size[0], taken = p->position + p->pending;
    if (taken > size || count > size - taken) return NNK_E_ARGUMENT;
    const size_t width = (size_t)p->inference->patch_bytes;
    uint8_t *patch = patch_of(p);
    while (count > 0) {
        const size_t room = width - p->pending;
        size_t part = count < room ? count : room;
        if (part == width) { // whole patches are not copied
            part = count / width * width;
            take_in(p, pixels, (uint32_t)part);
        } else {
            memcpy(patch + p->pending, pixels, part);
            p->pending += (uint32_t)part;
            if (p->pending == width) {
                p->pending = 0;
                take_in(p, patch, (uint32_t)width);
            }
        }
        pixels += part;
        count -= part;
    }
    return NNK_OK;
}

nnk_status nnk_predict_finish(void *memory, double *probability) {
    nnk_predictor *p = memory;
    if (!p || !probability) return NNK_E_ARGUMENT;
    const nnk_topology *t = p->model->topology;
    if (p->position + p->pending != (uint32_t)t->size[0]) return NNK_E_STATE;
    if (p->pending) take_in(p, patch_of(p), p->pending);
    p->position = (uint32_t)t->size[0] + 1; // so that another finish or feed is refused
    *probability =
        p->inference->head(t, p->model->parameters, p->contrast, sums_of(p), (nnk_real *)patch_of(p));
    // NaN comes from weights that no training gives, whatever their checksum says: trained ones are finite
    // and small.
    return *probability >= 0 ? NNK_OK : NNK_E_PAYLOAD;
}
