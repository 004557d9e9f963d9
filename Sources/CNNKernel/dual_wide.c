// The dual method at speed (train.h): everything in memory, in rows that vectors fit.
#include "trainer.h"

static size_t scratch_bytes(const nnk_job *job) {
    const size_t units_1 = (size_t)job->topology->size[1], real = nnk_real_bytes(job);
    const size_t slice = NNK_SCRATCH_REALS(units_1, job->examples) * real;
    return NNK_ROUND_TO_CACHE_LINE(NNK_LARGER(slice, units_1 * NNK_LIST_BYTES(real)));
}

static void carve(const nnk_job *job, arena *a) {
    a->logits = nnk_carve_layers(job, a);
    const size_t units = (size_t)job->topology->size[1];
    a->deltas = nnk_row(a, a->logits, units);
    a->gram = nnk_row(a, a->deltas, units);
    nnk_carve_scratch(job, a, nnk_row(a, a->gram, job->examples));
}

/// P for 16 images, by all of W1(0).
static nnk_status project(const nnk_job *job, const arena *a, uint32_t item) {
    const uint32_t first = item * NNK_LANES;
    if (nnk_input_sums(job, a, first) != NNK_OK) return NNK_E_SOURCE;
    nnk_shape shape = nnk_layer_shape(job, a, 1);
    shape.examples = NNK_LANES;
    // The biases are zeros still.
    job->arithmetic->input_activate(nnk_at(job, a->logits, first), a->scratch,
                                    nnk_parameter(job, a, nnk_biases_at(job->topology, 1)), 0, shape);
    return NNK_MORE;
}

/// Zeros in the columns that fill up the last block, for the rows of block `rows`.
static void pad_gram(const nnk_job *job, const arena *a, uint32_t rows) {
    const size_t m = job->examples, real = nnk_real_bytes(job), rest = a->stride - m;
    for (size_t k = rows * NNK_LANES; k < m && k < (rows + 1) * (size_t)NNK_LANES; k++)
        memset(nnk_at(job, a->gram, (m / NNK_LANES * m + k) * NNK_LANES + m % NNK_LANES), 0, rest * real);
}

static nnk_status form_gram(const nnk_job *job, const arena *a, uint32_t item) {
    uint32_t row, column;
    if (nnk_gram_block(job, a, item, &row, &column) != NNK_OK) return NNK_E_SOURCE;
    for (size_t j = row; j < row + NNK_LANES && j < job->examples; j++)
        for (size_t k = column; k < column + NNK_LANES && k <= j; k++)
            job->arithmetic->gram_spread(a->gram, a->products[(j - row) * NNK_LANES + k - column], j, k,
                                         job->examples);
    if (row / NNK_LANES + 1 == nnk_blocks(job)) pad_gram(job, a, column / NNK_LANES);
    return NNK_MORE;
}

/// A1 = max(P + b1, 0), and the layers above, for blocks of columns.
static void forward(const nnk_job *job, const arena *a, uint32_t first, uint32_t count) {
    const uint32_t column = first * NNK_LANES;
    nnk_shape shape = nnk_layer_shape(job, a, 1);
    shape.examples = count * (size_t)NNK_LANES;
    job->arithmetic->dual_logits(nnk_activations(job, a, 1, column), nnk_at(job, a->logits, column),
                                 nnk_parameter(job, a, nnk_biases_at(job->topology, 1)), 1, shape);
    nnk_forward_above(job, a, column, shape.examples);
}

/// D += dZ1, P -= rate/m dZ1 G, for blocks of columns of D and P.
static void descend(const nnk_job *job, const arena *a, uint32_t first, uint32_t count) {
    nnk_shape shape = nnk_layer_shape(job, a, 1);
    shape.examples = job->examples;
    job->arithmetic->dual_update(a->logits, a->deltas, nnk_activations(job, a, 1, 0), nnk_delta_scale(job),
                                 a->gram, first * (size_t)NNK_LANES, count * (size_t)NNK_LANES, shape,
                                 (uint8_t *)a->scratch);
}

static uint32_t expand_items(const nnk_job *job) { return job->iterations ? nnk_patches(job) : 0; }

/// NNK_PATCH columns of W1 = W1(0) - rate/m D X^T.
static nnk_status expand(const nnk_job *job, const arena *a, uint32_t item) {
    return nnk_input_descent(job, a, a->deltas, item);
}

static const nnk_phase phases[TRAINED] = {
    [DRAW] = {nnk_draw_all, nnk_draw_all_items, 0, 0},
    [DIGEST] = {nnk_digest, nnk_images, 0, 0},
    [PROJECT] = {project, nnk_blocks, 1, 0},
    [GRAM] = {form_gram, nnk_pairs_of_blocks, 1, 0},
    [FORWARD] = {0, nnk_blocks, 1, forward},
    [BACKWARD] = {nnk_backward, nnk_backward_items, 0, 0},
    [SECOND] = {0, nnk_second_items, 1, nnk_step_second},
    [BIASES] = {nnk_step_biases, nnk_one_item, 0, 0},
    [DESCENT] = {0, nnk_blocks, 1, descend},
    [EXPAND] = {expand, expand_items, 1, 0},
};

const nnk_method nnk_dual_wide = {
    .number = NNK_DUAL_WIDE,
    .first_layer = 1,
    .scratch_bytes = scratch_bytes,
    .carve = carve,
    .phases = phases,
    .next_weights = nnk_transposed_weights,
};
