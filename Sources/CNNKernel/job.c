#include "job.h"
#include "layout.h"

double nnk_rate_per_example(const nnk_job *job) { return job->learning_rate / job->examples; }

int32_t nnk_initializer_of(const nnk_job *job) {
    if (job->initializer != NNK_INIT_DEFAULT) return job->initializer;
    return job->topology->layers <= 2 ? NNK_INIT_SMALL : NNK_INIT_DEEP;
}

/// Whether the arithmetic has the kernels that the method calls: nnk_f32_dual has those of nnk_dual alone.
static bool has_kernels(const nnk_job *job) {
    return job->method->number == NNK_DUAL || job->arithmetic->linear_forward;
}

/// Whether twice what grows with the examples is well below what an address can hold.
static bool has_addresses(const nnk_job *job) {
    const size_t m = NNK_STRIDE(job->examples);
    const size_t rows = 2 * (size_t)nnk_units_of(job->topology) + (nnk_is_dual(job->method) ? m : 0);
    return rows <= SIZE_MAX / 4 / (m * nnk_real_bytes(job));
}

/// The dual methods need a layer above the first, and a Gram matrix whose elements fit 30 bits.
static bool fits_method(const nnk_job *job) {
    return !nnk_is_dual(job->method) ||
           (job->topology->layers >= 2 && job->topology->size[0] <= NNK_MAX_DUAL_INPUTS);
}

bool nnk_job_valid(const nnk_job *job) {
    return job && nnk_topology_valid(job->topology) && job->arithmetic && job->method && has_kernels(job) &&
           fits_method(job) && job->initializer >= NNK_INIT_DEFAULT && job->initializer <= NNK_INIT_SMALL &&
           job->examples >= 1 && job->examples <= NNK_MAX_EXAMPLES && nnk_positive(job->learning_rate) &&
           has_addresses(job);
}

void nnk_take_numbers(nnk_job_numbers *numbers, const nnk_job *job) {
    memset(numbers, 0, sizeof *numbers);
    numbers->dtype = job->arithmetic->dtype;
    numbers->method = job->method->number;
    numbers->initializer = nnk_initializer_of(job);
    numbers->seed = job->seed;
    numbers->iterations = job->iterations;
    numbers->cost_every = job->cost_every;
    numbers->examples = job->examples;
    numbers->learning_rate = job->learning_rate;
    // Behind its last layer a caller's topology may have anything. Here are zeros, as in a checkpoint.
    const nnk_topology *t = job->topology;
    memcpy(&numbers->topology, t, sizeof t->layers + ((size_t)t->layers + 1) * sizeof t->size[0]);
}

_Static_assert(sizeof(nnk_job_numbers) == sizeof(nnk_topology) + 7 * 4 + 8,
               "there is no padding, which would be compared");

bool nnk_has_numbers(const nnk_job *job, const nnk_job_numbers *numbers) {
    nnk_job_numbers own;
    nnk_take_numbers(&own, job);
    // Not by memcmp, which clang replaces by a function that not every C library has.
    const uint8_t *x = (const uint8_t *)&own, *y = (const uint8_t *)numbers;
    int32_t differ = 0;
    for (size_t i = 0; i < sizeof own; i++) differ |= x[i] ^ y[i];
    return !differ;
}

nnk_status nnk_check_arguments(const nnk_job *job, const void *memory) {
    const bool has_data = nnk_job_valid(job) && job->labels && (job->images.images || job->images.read);
    if (!has_data || !memory) return NNK_E_ARGUMENT;
    return (uintptr_t)memory % 8 ? NNK_E_ALIGN : NNK_OK;
}

nnk_status nnk_check_trainer(const nnk_job *job, const void *memory) {
    const nnk_trainer *t = memory;
    const nnk_status status = nnk_check_arguments(job, memory);
    if (status != NNK_OK) return status;
    return t->magic == NNK_TRAINER_MAGIC && nnk_has_numbers(job, &t->job) ? NNK_OK : NNK_E_STATE;
}
