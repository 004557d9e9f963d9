// Gradient descent on the weights themselves, without a gradient of their size: when the deltas of all
// examples are known, W1 is updated in place, NNK_PATCH columns at a time, from the images' bytes.
#include "work.h"

static size_t scratch_bytes(const nnk_job *job) {
    return NNK_ROUND_TO_CACHE_LINE(NNK_SCRATCH_REALS(job->topology->size[1], nnk_columns(job)) *
                                   nnk_real_bytes(job));
}

static void carve(const nnk_job *job, arena *a) { nnk_carve_scratch(job, a, nnk_carve_layers(job, a)); }

/// An item is 16 images, which pass through the network.
static nnk_status forward(const nnk_job *job, const arena *a, uint32_t item) {
    const uint32_t first = item * NNK_LANES;
    if (nnk_input_sums(job, a, first) != NNK_OK) return NNK_E_SOURCE;
    layer l = nnk_layer(job, a, 1);
    l.shape.examples = NNK_LANES;
    job->arithmetic->input_activate(nnk_at(job, l.rows, first), a->scratch, l.biases,
                                    job->topology->layers > 1, l.shape);
    nnk_forward_above(job, a, first, NNK_LANES);
    return NNK_MORE;
}

/// An item is NNK_PATCH columns of W1 -= rate/m dZ1 X^T, after W1's decay.
static nnk_status descend(const nnk_job *job, const arena *a, uint32_t item) {
    return nnk_input_descent(job, a, nnk_layer(job, a, 1).rows, nnk_decay(job), nnk_rate_per_example(job, a),
                             item);
}

static const nnk_phase phases[MODEL] = {
    [DRAW] = {.work = nnk_draw_all, .items = nnk_draw_all_items},
    [DIGEST] = {.work = nnk_digest, .items = nnk_images},
    [FORWARD] = {.work = forward, .items = nnk_blocks, .parallel = true},
    [BACKWARD] = {.work = nnk_backward, .items = nnk_backward_items},
    [LAYER_2] = {.span = nnk_update_layer_2, .items = nnk_layer_2_items, .parallel = true},
    [BIASES] = {.work = nnk_update_biases, .items = nnk_one_item},
    [DESCENT] = {.work = descend, .items = nnk_patches, .parallel = true},
};

const nnk_method nnk_primal = {
    .number = NNK_PRIMAL,
    .first_layer = 1,
    .scratch_bytes = scratch_bytes,
    .carve = carve,
    .phases = phases,
    .next_weights = nnk_transposed_weights,
};
