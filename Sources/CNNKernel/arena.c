#include "arena.h"
#include "layout.h"

arena nnk_carve(const nnk_job *job, void *memory) {
    arena a = {.trainer = memory};
    job->method->carve(job, &a);
    return a;
}

void *nnk_carve_adjusted(const nnk_job *job, arena *a, void *next) {
    const size_t units = (size_t)job->topology->size[1];
    if (!nnk_is_adjusted(job)) return next;
    a->contrast = next;
    a->spread = job->own_contrast ? nnk_row(a, a->contrast, 1) : a->contrast;
    a->brightness = nnk_row(a, a->contrast, 2);
    a->means = nnk_row(a, a->contrast, 3);
    a->row_sums = nnk_row(a, a->contrast, 4);
    a->row_means = nnk_at(job, a->row_sums, units);
    a->zeros = nnk_at(job, a->row_means, units);
    return (uint8_t *)next + NNK_ADJUSTED_STRIDE_BYTES(units, nnk_real_bytes(job), a->stride);
}

nnk_real *nnk_carve_layers(const nnk_job *job, arena *a) {
    const nnk_topology *t = job->topology;
    uint8_t *next = (uint8_t *)a->trainer + NNK_ROUND_TO_CACHE_LINE(sizeof(nnk_trainer));
    a->stride = NNK_STRIDE(nnk_columns(job));
    a->row = a->stride * nnk_real_bytes(job);
    a->parameters = (nnk_real *)(void *)next;
    next += NNK_ROUND_TO_CACHE_LINE(nnk_parameters_of(t) * nnk_real_bytes(job));
    a->activations = nnk_carve_adjusted(job, a, next);
    return nnk_row(a, a->activations, nnk_units_of(t));
}

void nnk_carve_scratch(const nnk_job *job, arena *a, void *scratch) {
    a->scratch = scratch;
    a->bytes = (uint8_t *)scratch + job->method->scratch_bytes(job);
    a->products = (uint32_t *)(void *)(a->bytes + 2 * NNK_PATCH_BYTES);
    a->end =
        a->bytes + (nnk_is_dual(job->method) ? 2 * NNK_PATCH_BYTES + NNK_GRAM_BLOCK_BYTES : NNK_PATCH_BYTES);
}

layer nnk_layer(const nnk_job *job, const arena *a, int32_t number) {
    const nnk_topology *t = job->topology;
    NNK_ASSERT(number >= 1 && number <= t->layers);
    layer l = {.rows = a->activations};
    nnk_real *next = a->parameters;
    for (int32_t i = 1; i <= number; i++) {
        l.shape = (nnk_shape){(size_t)t->size[i], (size_t)t->size[i - 1], a->stride, a->stride};
        l.weights = next;
        if (i >= job->method->first_layer) next = nnk_at(job, next, l.shape.outputs * l.shape.inputs);
        l.biases = next;
        next = nnk_at(job, next, l.shape.outputs);
        if (i > job->method->first_layer) l.rows = nnk_row(a, l.rows, l.shape.inputs);
    }
    return l;
}

size_t nnk_train_bytes(const nnk_job *job) {
    if (!nnk_job_valid(job)) return 0;
    const arena a = nnk_carve(job, (void *)(uintptr_t)64); // anywhere
    return (size_t)(a.end - (uint8_t *)a.trainer);
}

size_t nnk_train_scratch_bytes(const nnk_job *job) {
    if (nnk_train_bytes(job) == 0 || !job->method->scratch_bytes) return 0;
    return job->method->scratch_bytes(job) + 2 * NNK_PATCH_BYTES + NNK_GRAM_BLOCK_BYTES;
}

nnk_status nnk_check_memory(const nnk_job *job, const void *memory, size_t bytes) {
    const nnk_status status = nnk_check_arguments(job, memory);
    return status == NNK_OK && bytes < nnk_train_bytes(job) ? NNK_E_MEMORY : status;
}

/// Whether all weights are finite and 0 or above, and some of each class that is there are above.
static nnk_status check_weights(const nnk_job *job) {
    bool is_there[2] = {false, false}, teaches[2] = {false, false};
    for (uint32_t j = 0; j < job->examples; j++) {
        const float w = job->weights[j];
        if (!(w >= 0 && w <= FLT_MAX)) return NNK_E_WEIGHT;
        is_there[job->labels[j]] = true;
        if (w > 0) teaches[job->labels[j]] = true;
    }
    return is_there[0] == teaches[0] && is_there[1] == teaches[1] ? NNK_OK : NNK_E_WEIGHT;
}

nnk_status nnk_check_start(const nnk_job *job, const void *memory, size_t bytes) {
    const nnk_status status = nnk_check_memory(job, memory, bytes);
    if (status != NNK_OK) return status;
    if (!job->arithmetic->is_strict()) return NNK_E_FLOAT;
    for (uint32_t j = 0; j < job->examples; j++)
        if (job->labels[j] > 1) return NNK_E_LABEL;
    return job->weights ? check_weights(job) : NNK_OK;
}

double nnk_total_weight(const nnk_job *job) {
    double total = 0;
    if (!job->weights) return nnk_columns(job);
    for (uint32_t j = 0; j < job->examples; j++) total += (double)job->weights[j];
    return nnk_is_mirrored(job) ? 2 * total : total;
}
