// The dual method at speed (train.h): everything in memory, in rows that vectors fit.
#include "work.h"

static size_t scratch_bytes(const nnk_job *job) {
    const size_t units_1 = (size_t)job->topology->size[1], real = nnk_real_bytes(job);
    const size_t slice = NNK_SCRATCH_REALS(units_1, job->examples) * real;
    return NNK_ROUND_TO_CACHE_LINE(NNK_LARGER(slice, units_1 * NNK_LIST_BYTES(real)));
}

static void carve(const nnk_job *job, arena *a) {
    const size_t units_1 = (size_t)job->topology->size[1];
    a->logits = nnk_carve_layers(job, a);
    a->deltas = nnk_row(a, a->logits, units_1);
    a->gram = nnk_row(a, a->deltas, units_1);
    nnk_carve_scratch(job, a, nnk_row(a, a->gram, job->examples));
}

/// Layer 1, of which `columns` columns are computed.
static layer first_layer(const nnk_job *job, const arena *a, size_t columns) {
    layer l = nnk_layer(job, a, 1);
    l.shape.examples = columns;
    return l;
}

/// An item is 16 columns of P = W1(0) X. The biases are still zeros.
static nnk_status project(const nnk_job *job, const arena *a, uint32_t item) {
    const uint32_t first = item * NNK_LANES;
    if (nnk_input_sums(job, a, first) != NNK_OK) return NNK_E_SOURCE;
    const layer l = first_layer(job, a, NNK_LANES);
    job->arithmetic->input_activate(nnk_at(job, a->logits, first), a->scratch, l.biases, false, l.shape);
    return NNK_MORE;
}

/// Zeros in the columns of G that fill up the last block, for the rows of block `rows`.
static void pad_gram(const nnk_job *job, const arena *a, uint32_t rows) {
    const size_t m = job->examples, rest = a->stride - m;
    for (size_t k = rows * NNK_LANES; k < m && k < (rows + 1) * (size_t)NNK_LANES; k++)
        memset(nnk_at(job, a->gram, (m / NNK_LANES * m + k) * NNK_LANES + m % NNK_LANES), 0,
               rest * nnk_real_bytes(job));
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
    const layer l = first_layer(job, a, count * (size_t)NNK_LANES);
    job->arithmetic->dual_logits(nnk_at(job, l.rows, column), nnk_at(job, a->logits, column), l.biases, true,
                                 l.shape);
    nnk_forward_above(job, a, column, l.shape.examples);
}

/// D += dZ1, P -= rate/m dZ1 G, for blocks of columns of D and P.
static void descend(const nnk_job *job, const arena *a, uint32_t first, uint32_t count) {
    const layer l = first_layer(job, a, job->examples);
    job->arithmetic->dual_update(a->logits, a->deltas, l.rows, nnk_delta_scale(job), a->gram,
                                 first * (size_t)NNK_LANES, count * (size_t)NNK_LANES, l.shape,
                                 (uint8_t *)a->scratch);
}

static uint32_t expand_items(const nnk_job *job) { return job->iterations ? nnk_patches(job) : 0; }

/// An item is NNK_PATCH columns of W1 = W1(0) - rate/m D X^T.
static nnk_status expand(const nnk_job *job, const arena *a, uint32_t item) {
    return nnk_input_descent(job, a, a->deltas, item);
}

static const nnk_phase phases[MODEL] = {
    [DRAW] = {.work = nnk_draw_all, .items = nnk_draw_all_items},
    [DIGEST] = {.work = nnk_digest, .items = nnk_images},
    [PROJECT] = {.work = project, .items = nnk_blocks, .parallel = true},
    [GRAM] = {.work = form_gram, .items = nnk_pairs_of_blocks, .parallel = true},
    [FORWARD] = {.span = forward, .items = nnk_blocks, .parallel = true},
    [BACKWARD] = {.work = nnk_backward, .items = nnk_backward_items},
    [LAYER_2] = {.span = nnk_update_layer_2, .items = nnk_layer_2_items, .parallel = true},
    [BIASES] = {.work = nnk_update_biases, .items = nnk_one_item},
    [DESCENT] = {.span = descend, .items = nnk_blocks, .parallel = true},
    [EXPAND] = {.work = expand, .items = expand_items, .parallel = true},
};

const nnk_method nnk_dual_wide = {
    .number = NNK_DUAL_WIDE,
    .first_layer = 1,
    .scratch_bytes = scratch_bytes,
    .carve = carve,
    .phases = phases,
    .next_weights = nnk_transposed_weights,
};
