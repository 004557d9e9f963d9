// The dual method at speed (train.h): everything in memory, in rows that vectors fit.
#include "work.h"

static size_t wide_scratch_bytes(const nnk_job *job) {
    const size_t units_1 = (size_t)job->topology->size[1], real = nnk_real_bytes(job);
    const size_t slice = NNK_SCRATCH_REALS(units_1, nnk_columns(job)) * real;
    return NNK_ROUND_TO_CACHE_LINE(NNK_LARGER(slice, units_1 * NNK_LIST_BYTES(real)));
}

static void wide_carve(const nnk_job *job, arena *a) {
    const size_t units_1 = (size_t)job->topology->size[1];
    a->logits = nnk_carve_layers(job, a);
    a->deltas = nnk_row(a, a->logits, units_1);
    nnk_real *next = nnk_row(a, a->deltas, units_1);
    a->gram = next;
    if (nnk_gram_of(job)) nnk_carve_gram(job, a, nnk_gram_of(job));
    nnk_carve_scratch(job, a, nnk_gram_of(job) ? next : nnk_row(a, a->gram, nnk_columns(job)));
}

/// Layer 1, of which `columns` columns are computed.
static layer first_layer(const nnk_job *job, const arena *a, size_t columns) {
    layer l = nnk_layer(job, a, 1);
    l.shape.examples = columns;
    return l;
}

/// An item is 16 columns of P = W1(0) X. The biases of layer 1 are still zeros.
static nnk_status project(const nnk_job *job, const arena *a, uint32_t item) {
    const uint32_t first = item * NNK_LANES;
    if (nnk_input_sums(job, a, first) != NNK_OK) return NNK_E_SOURCE;
    const layer l = first_layer(job, a, NNK_LANES);
    job->arithmetic->input_activate(nnk_at(job, a->logits, first), a->scratch, l.biases, false, l.shape);
    return NNK_MORE;
}

/// The columns of G that fill up the last block are zeros from the beginning.
static void wide_store(const nnk_job *job, const arena *a, size_t j, size_t k, uint32_t product) {
    job->arithmetic->gram_spread(a->gram, product, j, k, nnk_columns(job));
}

/// D of nobody is in the first row of activations.
static void wide_times_gram(const nnk_job *job, const arena *a, nnk_real *p, nnk_real *e) {
    const nnk_shape one = {1, 1, nnk_columns(job), a->stride};
    job->arithmetic->dual_update(p, a->activations, e, 1, a->gram, 0, a->stride, one, (uint8_t *)a->scratch);
}

/// A1 = max(P + b1, 0), and the layers above, for blocks of columns.
static void wide_forward(const nnk_job *job, const arena *a, uint32_t first, uint32_t count) {
    const uint32_t column = first * NNK_LANES;
    const layer l = first_layer(job, a, count * (size_t)NNK_LANES);
    nnk_real *z = nnk_at(job, l.rows, column), *p = nnk_at(job, a->logits, column);
    for (size_t i = 0; nnk_takes_contrast_off(job) && i < l.shape.outputs; i++)
        job->arithmetic->multiply(nnk_row(a, z, i), nnk_row(a, p, i), nnk_at(job, a->contrast, column),
                                  l.shape.examples);
    job->arithmetic->dual_logits(z, nnk_takes_contrast_off(job) ? z : p, l.biases, true, l.shape);
    nnk_forward_above(job, a, column, l.shape.examples);
}

/// D += dZ1, P -= rate/m dZ1 G, and their decay, for blocks of columns of D and P.
static void wide_descend(const nnk_job *job, const arena *a, uint32_t first, uint32_t count) {
    const layer l = first_layer(job, a, nnk_columns(job));
    const size_t column = first * (size_t)NNK_LANES, columns = count * (size_t)NNK_LANES;
    job->arithmetic->dual_update(a->logits, a->deltas, l.rows, nnk_delta_scale(job, a), a->gram, column,
                                 columns, l.shape, (uint8_t *)a->scratch);
    for (size_t i = 0; nnk_is_adjusted(job) && i < l.shape.outputs; i++)
        nnk_adjust_descent(job, a, nnk_adjustment_of(job, a, nnk_row(a, l.rows, i)), nnk_row(a, a->logits, i),
                           column, columns);
    const double decay = nnk_decay(job);
    for (size_t i = 0; decay != 1 && i < l.shape.outputs; i++) {
        job->arithmetic->scale(nnk_at(job, nnk_row(a, a->logits, i), column), decay, columns);
        job->arithmetic->scale(nnk_at(job, nnk_row(a, a->deltas, i), column), decay, columns);
    }
}

static uint32_t expand_items(const nnk_job *job, const nnk_trainer *t) {
    return job->iterations || nnk_takes_contrast_off(job) ? nnk_patches(job, t) : 0;
}

/// An item is NNK_PATCH columns of W1 = W1(0) - rate/m D X^T, where W1(0) has decayed.
static nnk_status expand(const nnk_job *job, const arena *a, uint32_t item) {
    const nnk_status status =
        nnk_input_descent(job, a, a->deltas, nnk_left(job, a->trainer, a->trainer->kept_iteration),
                          nnk_weight_rate(job, a), item);
    if (status == NNK_MORE && nnk_takes_contrast_off(job)) nnk_take_off_offsets(job, a, item);
    return status;
}

static const nnk_phase wide_phases[MODEL] = {
    [DRAW] = {.work = nnk_draw_all, .items = nnk_draw_all_items},
    [DIGEST] = {.work = nnk_digest, .items = nnk_images},
    [PROJECT] = {.work = project, .items = nnk_blocks},
    [GRAM] = {.work = nnk_form_gram, .items = nnk_gram_items},
    [ADJUST] = {.work = NNK_OPTION_ONLY(nnk_adjust), .items = NNK_OPTION_ONLY(nnk_adjust_items)},
    [FORWARD] = {.span = wide_forward, .items = nnk_blocks},
    [BACKWARD] = {.work = nnk_backward, .items = nnk_backward_items},
    [LAYER_2] = {.span = nnk_update_layer_2, .items = nnk_layer_2_items},
    [BIASES] = {.work = nnk_update_biases, .items = nnk_one_item},
    [DESCENT] = {.span = wide_descend, .items = nnk_blocks},
    [RESTORE] = {.work = NNK_OPTION_ONLY(nnk_restore), .items = NNK_OPTION_ONLY(nnk_restore_items)},
    [FOLD] = {.work = NNK_OPTION_ONLY(nnk_fold), .items = NNK_OPTION_ONLY(nnk_fold_items)},
    [EXPAND] = {.work = expand, .items = expand_items},
};

const nnk_method nnk_dual_wide = {
    .number = NNK_DUAL_WIDE,
    .first_layer = 1,
    .scratch_bytes = wide_scratch_bytes,
    .store = wide_store,
    .times_gram = NNK_OPTION_ONLY(wide_times_gram),
    .carve = wide_carve,
    .phases = wide_phases,
    .spans = 1 << FORWARD | 1 << LAYER_2 | 1 << DESCENT,
    .parallel = 1 << PROJECT | 1 << GRAM | 1 << FORWARD | 1 << LAYER_2 | 1 << DESCENT | 1 << EXPAND,
    .next_weights = nnk_transposed_weights,
};

// ---- The Gram matrix alone --------------------------------------------------------------------------------

static size_t wide_no_scratch_bytes(const nnk_job *job) { return (void)job, 0; }

static void wide_carve_gram(const nnk_job *job, arena *a) {
    nnk_carve_gram(job, a, a->trainer);
    a->stride = a->width = NNK_STRIDE(nnk_columns(job));
    a->row = a->stride * nnk_real_bytes(job);
    nnk_carve_scratch(job, a, nnk_row(a, a->gram, nnk_columns(job)));
}

static double wide_load(const nnk_job *job, const arena *a, size_t j, size_t k) {
    const size_t block = k / NNK_LANES * nnk_columns(job);
    return nnk_get(job, a->gram, (block + j) * NNK_LANES + k % NNK_LANES);
}

static const nnk_phase wide_gram_phases[MODEL] = {
    [DIGEST] = {.work = nnk_digest, .items = nnk_images},
    [GRAM] = {.work = nnk_form_gram, .items = nnk_gram_items},
};

const nnk_method nnk_gram = {
    .number = NNK_GRAM,
    .first_layer = 1,
    .scratch_bytes = wide_no_scratch_bytes,
    .store = wide_store,
    .load = wide_load,
    .carve = wide_carve_gram,
    .phases = wide_gram_phases,
    .parallel = 1 << GRAM,
};
