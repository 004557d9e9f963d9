// Gradient descent on the weights themselves, without a gradient of their size: once the deltas of all
// examples are known, W1 is updated in place, NNK_PATCH columns at a time, from the byte images.
#include "trainer.h"

static size_t scratch_bytes(const nnk_job *job) {
    return NNK_ROUND_TO_CACHE_LINE(NNK_SCRATCH_REALS(job->topology->size[1], job->examples) *
                                   nnk_real_bytes(job));
}

static void carve(const nnk_job *job, arena *a) { nnk_carve_scratch(job, a, nnk_carve_layers(job, a)); }

/// An item: 16 images through the network.
static nnk_status forward(const nnk_job *job, const arena *a, uint32_t item) {
    const nnk_topology *t = job->topology;
    const uint32_t first = item * NNK_LANES;
    if (nnk_input_sums(job, a, first) != NNK_OK) return NNK_E_SOURCE;
    nnk_shape shape = nnk_layer_shape(job, a, 1);
    shape.examples = NNK_LANES;
    job->arithmetic->input_activate(nnk_activations(job, a, 1, first), a->scratch,
                                    nnk_parameter(job, a, nnk_biases_at(t, 1)), t->layers > 1, shape);
    nnk_forward_above(job, a, first, NNK_LANES);
    return NNK_MORE;
}

/// An item: NNK_PATCH columns of W1 -= rate/m dZ1 X^T.
static nnk_status descend(const nnk_job *job, const arena *a, uint32_t item) {
    return nnk_input_descent(job, a, nnk_activations(job, a, 1, 0), item);
}

static const nnk_phase phases[TRAINED] = {
    [DRAW] = {nnk_draw_all, nnk_draw_all_items, 0, 0},
    [DIGEST] = {nnk_digest, nnk_images, 0, 0},
    [FORWARD] = {forward, nnk_blocks, 1, 0},
    [BACKWARD] = {nnk_backward, nnk_backward_items, 0, 0},
    [SECOND] = {0, nnk_second_items, 1, nnk_step_second},
    [BIASES] = {nnk_step_biases, nnk_one_item, 0, 0},
    [DESCENT] = {descend, nnk_patches, 1, 0},
};

const nnk_method nnk_primal = {
    .number = NNK_PRIMAL,
    .first_layer = 1,
    .scratch_bytes = scratch_bytes,
    .carve = carve,
    .phases = phases,
    .next_weights = nnk_transposed_weights,
};
