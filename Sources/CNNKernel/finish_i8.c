// A training's model of NNK_I8, without a model of reals before. W1 is made twice: once for the scales of its
// rows, which come first in the file, and once to be written.
#include "finish.h"
#include "header.h"
#include "quantize.h"

/// Looks at the next weights of W1. Once all of a row are seen, its scale is known.
static nnk_status scan_weights(const nnk_job *job, const arena *a) {
    nnk_trainer *t = a->trainer;
    const uint32_t size = (uint32_t)job->topology->size[0];
    nnk_real *w;
    uint32_t count;
    const nnk_status status = job->method->next_weights(job, a, &w, &count);
    if (status != NNK_OK) return status;
    double largest = t->weight % size == 0 ? 0 : t->carried;
    for (uint32_t k = 0; k < count; k++) {
        const double x = nnk_get(job, w, k), magnitude = x < 0 ? -x : x;
        if (!(magnitude <= (double)FLT_MAX)) return NNK_E_DIVERGED;
        if (magnitude > largest) largest = magnitude;
    }
    t->carried = largest;
    if (count > 0)
        nnk_scales_of(job, a)[t->weight / size] = nnk_scale_of(largest); // the last one of a row stays
    t->weight += count;
    if (t->weight < nnk_weights_of_w1(job)) return NNK_OK;
    t->scanned = 1;
    nnk_rewind_weights(job, t);
    return NNK_OK;
}

/// The scales, and the parameters from b1 on, as floats.
static nnk_status next_floats(const nnk_job *job, const arena *a, uint32_t end, uint8_t **bytes,
                              uint32_t *count) {
    const uint32_t units = (uint32_t)job->topology->size[1], first = a->trainer->item / sizeof(float);
    nnk_real *above = nnk_layer(job, a, 1).biases;
    *bytes = a->bytes;
    *count = nnk_smaller(NNK_AT_ONCE, end - a->trainer->item);
    for (uint32_t i = 0; i < *count / sizeof(float); i++) {
        const double x = first + i < units ? (double)nnk_scales_of(job, a)[first + i]
                                           : nnk_get(job, above, first + i - units);
        if (!(x >= -(double)FLT_MAX && x <= (double)FLT_MAX)) return NNK_E_DIVERGED;
        const float rounded = (float)x;
        memcpy(a->bytes + i * sizeof rounded, &rounded, sizeof rounded);
    }
    nnk_swap(*bytes, *count, sizeof(float));
    return NNK_OK;
}

static nnk_status next_i8(const nnk_job *job, const arena *a, uint8_t **bytes, uint32_t *count) {
    nnk_trainer *t = a->trainer;
    const uint32_t size = (uint32_t)job->topology->size[0],
                   floats = nnk_input_weights_at(job->topology, NNK_I8);
    *count = 0;
    if (!t->scanned) return scan_weights(job, a);
    if (t->item < floats) return next_floats(job, a, floats, bytes, count);
    nnk_real *w;
    const nnk_status status = job->method->next_weights(job, a, &w, count);
    if (status != NNK_OK) return status;
    const double scale = (double)nnk_scales_of(job, a)[t->weight / size];
    if (t->weight % size == 0) t->carried = 0;
    *bytes = (uint8_t *)w; // in place: a byte is not larger than a real
    for (uint32_t k = 0; k < *count; k++)
        (*bytes)[k] =
            (uint8_t)nnk_quantized(nnk_get(job, w, k), scale, nnk_takes_contrast_off(job), &t->carried);
    t->weight += *count;
    return NNK_OK;
}

nnk_status nnk_train_finish_as(const nnk_job *job, void *memory, int32_t dtype, nnk_sink sink) {
    const nnk_status status = nnk_check_arguments(job, memory);
    if (status != NNK_OK) return status;
    if (dtype == job->arithmetic->dtype) return nnk_train_finish(job, memory, sink);
    static const nnk_parts bytes = {.dtype = NNK_I8, .next_part = next_i8};
    // The other methods have W1 in the arena, where it must stay for another copy, and no place for the
    // scales.
    const bool has_room = job->method->number == NNK_DUAL;
    return dtype == NNK_I8 && has_room ? nnk_finish(job, memory, &bytes, sink) : NNK_E_KIND;
}
