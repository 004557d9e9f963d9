#include "arena.h"
#include "layout.h"
#include "nnkernel/model.h"
#include "shards.h"

void nnk_carve(const nnk_job *job, void *memory, arena *a) {
    *a = (arena){.trainer = memory};
    job->method->carve(job, a);
}

void *nnk_carve_adjusted(const nnk_job *job, arena *a, void *next) {
    const size_t units = (size_t)job->topology->size[1];
    if (!nnk_is_adjusted(job)) return next;
    a->contrast = next;
    a->spread = nnk_takes_contrast_off(job) ? nnk_row(a, a->contrast, 1) : a->contrast;
    a->brightness = nnk_row(a, a->contrast, 2);
    a->means = nnk_row(a, a->contrast, 3);
    a->row_sums = nnk_row(a, a->contrast, 4);
    a->row_means = nnk_at(job, a->row_sums, units);
    a->offsets = nnk_at(job, a->row_means, units);
    return (uint8_t *)next + NNK_ADJUSTED_STRIDE_BYTES(units, nnk_real_bytes(job), a->stride);
}

void *nnk_carve_kept(const nnk_job *job, arena *a, void *next) {
    if (!nnk_keeps_best(job)) return next;
    const size_t units = nnk_is_dual(job->method) ? (size_t)job->topology->size[1] : 0;
    a->kept = next;
    return (uint8_t *)next +
           NNK_KEPT_STRIDE_BYTES(nnk_kept_parameters(job), units, nnk_real_bytes(job), a->stride);
}

void nnk_carve_gram(const nnk_job *job, arena *a, const void *memory) {
    uint8_t *next = (uint8_t *)(uintptr_t)memory + NNK_ROUND_TO_CACHE_LINE(sizeof(nnk_trainer));
    a->sums_of = (nnk_byte_sums *)(void *)next;
    a->packed_gram = next + NNK_ROUND_TO_CACHE_LINE(job->examples * sizeof(nnk_byte_sums));
    a->gram = (nnk_real *)(void *)a->packed_gram;
}

uint32_t nnk_known_data_crc(const nnk_job *job) {
    const nnk_trainer *gram = nnk_gram_of(job);
    return nnk_crc32_joined(nnk_crc32(0, job->labels, job->examples),
                            gram ? gram->data_crc : job->share->images_crc,
                            (uint64_t)job->examples * (uint64_t)job->topology->size[0]);
}

nnk_real *nnk_carve_layers(const nnk_job *job, arena *a) {
    const nnk_topology *t = job->topology;
    uint8_t *next = (uint8_t *)a->trainer + NNK_ROUND_TO_CACHE_LINE(sizeof(nnk_trainer));
    a->stride = a->width = NNK_STRIDE(nnk_columns(job));
    a->row = a->stride * nnk_real_bytes(job);
    a->parameters = (nnk_real *)(void *)next;
    next += NNK_ROUND_TO_CACHE_LINE(nnk_parameters_of(t) * nnk_real_bytes(job));
    a->activations = nnk_carve_kept(job, a, nnk_carve_adjusted(job, a, next));
    return nnk_row(a, a->activations, nnk_units_of(t));
}

void nnk_carve_scratch(const nnk_job *job, arena *a, void *scratch) {
    a->scratch = scratch;
    a->bytes = (uint8_t *)scratch + job->method->scratch_bytes(job);
    if (nnk_shards_of(job)) a->nodes = (nnk_real *)(void *)(a->bytes - nnk_nodes_bytes(job));
    a->products = (uint32_t *)(void *)(a->bytes + 2 * NNK_PATCH_BYTES);
    a->end =
        a->bytes + (nnk_is_dual(job->method) ? 2 * NNK_PATCH_BYTES + NNK_GRAM_BLOCK_BYTES : NNK_PATCH_BYTES);
}

layer nnk_layer(const nnk_job *job, const arena *a, int32_t number) {
    const nnk_topology *t = job->topology;
    NNK_ASSERT(number >= 1 && number <= t->layers);
    layer l = {.weights = a->parameters, .rows = a->activations};
    for (int32_t i = 1;; i++) {
        const size_t outputs = (size_t)t->size[i], inputs = (size_t)t->size[i - 1];
        const size_t in_arena = i >= job->method->first_layer ? outputs : 0;
        l.biases = nnk_at(job, l.weights, in_arena * inputs);
        l.shape = (nnk_shape){outputs, inputs, a->width, a->stride};
        if (i == number) return l;
        l.weights = nnk_at(job, l.biases, outputs);
        l.rows = nnk_row(a, l.rows, in_arena);
    }
}

size_t nnk_train_bytes(const nnk_job *job) {
    if (!nnk_job_valid(job)) return 0;
    arena a;
    nnk_carve(job, (void *)(uintptr_t)64, &a); // anywhere
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
    bool is_there[2] = {false, false}, teaches[2] = {false, false}, is_held_out = false;
    for (uint32_t j = 0; j < job->examples; j++) {
        const float w = nnk_weights_of(job)[j];
        if (!(w >= 0 && w <= FLT_MAX)) return NNK_E_WEIGHT;
        is_there[job->labels[j]] = true;
        if (w > 0) teaches[job->labels[j]] = true;
        is_held_out |= w == 0;
    }
    if (nnk_keeps_best(job) && !is_held_out) return NNK_E_WEIGHT;
    return is_there[0] == teaches[0] && is_there[1] == teaches[1] ? NNK_OK : NNK_E_WEIGHT;
}

/// Whether the Gram matrix is formed, and of images like these.
static nnk_status check_gram(const nnk_job *job) {
    const nnk_trainer *t = nnk_gram_of(job);
    const int32_t method = job->method->number == NNK_DUAL ? NNK_GRAM_PACKED : NNK_GRAM;
    const bool fits = (uintptr_t)t % 8 == 0 && t->magic == NNK_TRAINER_MAGIC && nnk_is_trained(t) &&
                      t->job.method == method && t->job.dtype == job->arithmetic->dtype &&
                      t->job.examples == job->examples && t->job.topology.size[0] == job->topology->size[0] &&
                      t->job.mirror.row_bytes == job->mirror.row_bytes &&
                      t->job.mirror.pixel_bytes == job->mirror.pixel_bytes;
    return fits ? NNK_OK : NNK_E_STATE;
}

nnk_status nnk_check_start(const nnk_job *job, const void *memory, size_t bytes) {
    nnk_status status = nnk_check_memory(job, memory, bytes);
    if (status != NNK_OK) return status;
    if (!job->arithmetic->is_strict()) return NNK_E_FLOAT;
    if (nnk_forms_gram(job)) return NNK_OK;
    if (nnk_gram_of(job) && (status = check_gram(job)) != NNK_OK) return status;
    if (nnk_start_of(job) && (status = nnk_check_initial(job)) != NNK_OK) return status;
    for (uint32_t j = 0; j < job->examples; j++)
        if (job->labels[j] > 1) return NNK_E_LABEL;
    return nnk_weights_of(job) ? check_weights(job) : NNK_OK;
}

void nnk_set(const nnk_job *job, nnk_real *reals, size_t index, double x) {
    const float narrow = (float)x;
    memcpy(nnk_at(job, reals, index), job->arithmetic->real_bytes == 4 ? (const void *)&narrow : &x,
           nnk_real_bytes(job));
}

double nnk_get(const nnk_job *job, const nnk_real *reals, size_t index) {
    float narrow;
    double x;
    const uint8_t *at = (const uint8_t *)reals + index * nnk_real_bytes(job);
    memcpy(&narrow, at, sizeof narrow);
    if (job->arithmetic->real_bytes == 4) return (double)narrow;
    memcpy(&x, at, sizeof x);
    return x;
}

double nnk_sum_of_weights(const nnk_job *job) {
    double total = 0;
    for (uint32_t j = 0; j < job->examples; j++) total += (double)nnk_weights_of(job)[j];
    return nnk_is_mirrored(job) ? 2 * total : total;
}
