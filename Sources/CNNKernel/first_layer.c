// Layer 1 with W1 in memory, transposed: primal, and the setup and the end of wide dual.
#include "work.h"

enum { DRAWN_AT_ONCE = 1024 }; // weights

/// Copies `count` reals to places `to_step` reals apart, from places `from_step` apart.
static void copy_reals(const nnk_job *job, nnk_real *to, size_t to_step, nnk_real *from, size_t from_step,
                       uint32_t count) {
    for (size_t i = 0; i < count; i++)
        if (job->arithmetic->real_bytes == 4)
            memcpy(nnk_at(job, to, i * to_step), nnk_at(job, from, i * from_step), 4);
        else
            memcpy(nnk_at(job, to, i * to_step), nnk_at(job, from, i * from_step), 8);
}

/// The weight of unit `unit` for byte `k` of the input.
static nnk_real *weight(const nnk_job *job, const arena *a, uint32_t k, uint32_t unit) {
    return nnk_at(job, a->parameters, (size_t)k * (size_t)job->topology->size[1] + unit);
}

/// The pieces of a row of W1 that are drawn one at a time.
static uint32_t draw_pieces(const nnk_job *job) {
    return ((uint32_t)job->topology->size[0] + DRAWN_AT_ONCE - 1) / DRAWN_AT_ONCE;
}

uint32_t nnk_draw_all_items(const nnk_job *job, const nnk_trainer *t) {
    return (uint32_t)job->topology->size[1] * draw_pieces(job) + nnk_draw_above_items(job, t);
}

nnk_status nnk_draw_all(const nnk_job *job, const arena *a, uint32_t item) {
    const uint32_t inputs = (uint32_t)job->topology->size[0], units = (uint32_t)job->topology->size[1];
    const uint32_t pieces = draw_pieces(job), row = item / pieces, offset = item % pieces * DRAWN_AT_ONCE;
    const uint32_t count = nnk_smaller(DRAWN_AT_ONCE, inputs - offset);
    if (row >= units) return nnk_draw_above(job, a, item - units * pieces);
    nnk_initialize(job, a, a->scratch, 1, row * inputs + offset, count);
    copy_reals(job, weight(job, a, offset, row), units, a->scratch, 1, count);
    if (nnk_takes_contrast_off(job))
        job->arithmetic->add_up(nnk_at(job, a->row_sums, row), a->scratch, 1, count);
    return NNK_MORE;
}

nnk_status nnk_input_sums(const nnk_job *job, const arena *a, uint32_t first) {
    const uint32_t size = (uint32_t)job->topology->size[0];
    const size_t units = (size_t)job->topology->size[1];
    nnk_real *sums = a->scratch, *tile = nnk_at(job, sums, units * NNK_LANES);
    memset(sums, 0, units * NNK_LANES * nnk_real_bytes(job));
    for (uint32_t offset = 0; offset < size; offset += NNK_PATCH) {
        nnk_patch p;
        if (nnk_fetch(job, a->bytes, first, NNK_LANES, offset, NNK_PATCH, &p) != NNK_OK) return NNK_E_SOURCE;
        job->arithmetic->input_forward(sums, weight(job, a, offset, 0), units, p, tile);
    }
    return NNK_OK;
}

/// The gradient of a patch of W1: dz (units, stride), and the patch's first byte.
typedef struct patch_gradient {
    nnk_real *dz;
    uint32_t offset;
} patch_gradient;

/// sum (units, NNK_PATCH) += dZ X^T over the columns of a part.
static nnk_status add_gradient(const nnk_job *job, const arena *a, nnk_part part, const void *what,
                               nnk_real *sum) {
    const patch_gradient *g = what;
    const uint32_t batch = nnk_is_mapped(job) ? part.count : NNK_LANES, end = part.column + part.count;
    for (uint32_t first = part.column; first < end; first += batch) {
        nnk_patch p;
        if (nnk_fetch(job, a->bytes, first, nnk_smaller(batch, end - first), g->offset, NNK_PATCH, &p) !=
            NNK_OK)
            return NNK_E_SOURCE;
        job->arithmetic->input_gradient(sum, nnk_at(job, g->dz, first), a->stride,
                                        (size_t)job->topology->size[1], p);
    }
    return NNK_OK;
}

nnk_status nnk_input_descent(const nnk_job *job, const arena *a, nnk_real *dz, double decay, double rate,
                             uint32_t patch) {
    const nnk_arithmetic *k = job->arithmetic;
    const uint32_t size = (uint32_t)job->topology->size[0], offset = patch * NNK_PATCH;
    const uint32_t width = nnk_smaller(NNK_PATCH, size - offset);
    const size_t units = (size_t)job->topology->size[1];
    const patch_gradient g = {dz, offset};
    nnk_real *sum = nnk_shards_of(job) ? a->nodes : a->scratch;
    nnk_status status;
    if (nnk_shards_of(job)) {
        status = job->method->sum_of_shards(job, a, units * NNK_PATCH, nnk_real_bytes(job), add_gradient, &g);
    } else {
        memset(sum, 0, units * NNK_PATCH * nnk_real_bytes(job));
        status = add_gradient(job, a, (nnk_part){0, nnk_columns(job), 0}, &g, sum);
    }
    if (status != NNK_OK) return status;
    if (decay != 1) k->scale(weight(job, a, offset, 0), decay, width * units);
    k->input_update(weight(job, a, offset, 0), sum, rate / 255.0, units, width);
    return NNK_MORE;
}

void nnk_take_off_offsets(const nnk_job *job, const arena *a, uint32_t patch) {
    const uint32_t offset = patch * NNK_PATCH;
    const uint32_t width = nnk_smaller(NNK_PATCH, (uint32_t)job->topology->size[0] - offset);
    for (uint32_t k = 0; k < width; k++)
        job->arithmetic->update(weight(job, a, offset + k, 0), a->offsets, 1, (size_t)job->topology->size[1]);
}

nnk_status nnk_transposed_weights(const nnk_job *job, const arena *a, nnk_real **weights, uint32_t *count) {
    const uint32_t real = (uint32_t)nnk_real_bytes(job), index = a->trainer->weight;
    const uint32_t inputs = (uint32_t)job->topology->size[0], units = (uint32_t)job->topology->size[1];
    const uint32_t row = index / inputs, offset = index % inputs;
    *count = nnk_smaller(NNK_AT_ONCE / real, inputs - offset);
    *weights = (nnk_real *)(void *)a->bytes;
    NNK_ASSERT(row < units);
    copy_reals(job, *weights, 1, weight(job, a, offset, row), units, *count);
    return NNK_OK;
}
