// Gradient descent on the weights themselves, without a gradient of their size: when the deltas of all
// examples are known, W1 is updated in place, NNK_PATCH columns at a time, from the images' bytes.
#include "shards.h"
#include "work.h"

static size_t primal_scratch_bytes(const nnk_job *job) {
    return NNK_ROUND_TO_CACHE_LINE(NNK_SCRATCH_REALS(job->topology->size[1], nnk_columns(job)) *
                                   nnk_real_bytes(job)) +
           nnk_nodes_bytes(job);
}

static void primal_carve(const nnk_job *job, arena *a) {
    nnk_carve_scratch(job, a, nnk_carve_layers(job, a));
}

/// An item is 16 examples, which pass through the network. Of adjusted images, it stops at W1 X / 255.
static nnk_status primal_forward(const nnk_job *job, const arena *a, uint32_t item) {
    const uint32_t first = item * NNK_LANES;
    const bool is_adjusted = nnk_is_adjusted(job);
    if (nnk_input_sums(job, a, first) != NNK_OK) return NNK_E_SOURCE;
    layer l = nnk_layer(job, a, 1);
    l.shape.examples = NNK_LANES;
    job->arithmetic->input_activate(nnk_at(job, l.rows, first), a->scratch,
                                    is_adjusted ? a->offsets : l.biases,
                                    job->topology->layers > 1 && !is_adjusted, l.shape);
    if (!is_adjusted) nnk_forward_above(job, a, first, NNK_LANES);
    return NNK_MORE;
}

/// The layers above the first, for blocks of columns.
static void above(const nnk_job *job, const arena *a, uint32_t first, uint32_t count) {
    nnk_forward_above(job, a, first * NNK_LANES, count * (size_t)NNK_LANES);
}

static uint32_t adjusted_blocks(const nnk_job *job, const nnk_trainer *t) {
    return nnk_is_adjusted(job) ? nnk_blocks(job, t) : 0;
}

/// An item is NNK_PATCH columns of W1 -= rate/m dZ1 X^T, after W1's decay.
static nnk_status primal_descend(const nnk_job *job, const arena *a, uint32_t item) {
    return nnk_input_descent(job, a, nnk_layer(job, a, 1).rows, nnk_decay(job), nnk_rate_per_example(job, a),
                             item);
}

static const nnk_phase primal_phases[MODEL] = {
    [DRAW] = {.work = nnk_draw_all, .items = nnk_draw_all_items},
    [DIGEST] = {.work = nnk_digest, .items = nnk_images},
    [PROJECT] = {.work = primal_forward, .items = nnk_first_mean_items},
    [ADJUST] = {.work = NNK_OPTION_ONLY(nnk_adjust), .items = NNK_OPTION_ONLY(nnk_adjust_items)},
    [FORWARD] = {.work = primal_forward, .items = nnk_blocks},
    [CENTER] = {.work = nnk_adjust_activations, .items = nnk_fold_items},
    [ABOVE] = {.span = above, .items = adjusted_blocks},
    [BACKWARD] = {.work = nnk_backward, .items = nnk_backward_items},
    [LAYER_2] = {.span = nnk_update_layer_2, .items = nnk_layer_2_items},
    [BIASES] = {.work = nnk_update_biases, .items = nnk_one_item},
    [DESCENT] = {.work = primal_descend, .items = nnk_patches},
    [RESTORE] = {.work = NNK_OPTION_ONLY(nnk_restore), .items = NNK_OPTION_ONLY(nnk_restore_items)},
    [MEAN] = {.work = primal_forward, .items = adjusted_blocks},
    [FOLD] = {.work = NNK_OPTION_ONLY(nnk_fold_sums), .items = NNK_OPTION_ONLY(nnk_fold_items)},
};

const nnk_method nnk_primal = {
    .number = NNK_PRIMAL,
    .first_layer = 1,
    .scratch_bytes = primal_scratch_bytes,
    .sum_of_shards = NNK_OPTION_ONLY(nnk_sum_of_shards),
    .carve = primal_carve,
    .phases = primal_phases,
    .spans = 1 << ABOVE | 1 << LAYER_2,
    .parallel =
        1 << PROJECT | 1 << FORWARD | 1 << CENTER | 1 << ABOVE | 1 << LAYER_2 | 1 << DESCENT | 1 << MEAN,
    .next_weights = nnk_transposed_weights,
};
