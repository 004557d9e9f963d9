#include "job.h"
#include "header.h"
#include "layout.h"

double nnk_left(const nnk_job *job, const nnk_trainer *t, uint32_t iterations) {
    double power = nnk_decay(job), left = t->left;
    iterations -= t->changed_at;
    for (; iterations > 0; iterations >>= 1, power *= power)
        if (iterations & 1) left *= power;
    return left;
}

int32_t nnk_initializer_of(const nnk_job *job) {
    if (job->initializer != NNK_INIT_DEFAULT) return job->initializer;
    return job->topology->layers <= 2 ? NNK_INIT_SMALL : NNK_INIT_DEEP;
}

/// Whether the arithmetic has the kernels that the method calls: nnk_f32_dual has those of nnk_dual alone.
static bool has_kernels(const nnk_job *job) {
    return job->method->number == NNK_DUAL || job->method->number == NNK_GRAM_PACKED ||
           job->arithmetic->linear_forward;
}

/// Whether twice what grows with the examples is well below what an address can hold.
static bool has_addresses(const nnk_job *job) {
    const size_t m = NNK_STRIDE(nnk_room(job));
    const size_t rows = 2 * (size_t)nnk_units_of(job->topology) + (nnk_is_dual(job->method) ? m : 0);
    return rows <= SIZE_MAX / 4 / (m * nnk_real_bytes(job));
}

/// The dual methods need a layer above the first, and a Gram matrix whose elements fit 30 bits.
static bool fits_method(const nnk_job *job) {
    return !nnk_is_dual(job->method) ||
           (job->topology->layers >= 2 && job->topology->size[0] <= NNK_MAX_DUAL_INPUTS);
}

/// Whether images are not mirrored, or can be.
static bool mirror_valid(const nnk_job *job) {
    const nnk_mirror mirror = job->mirror;
    if (mirror.row_bytes == 0) return mirror.pixel_bytes == 0;
    return nnk_mirror_valid(mirror, (uint32_t)job->topology->size[0]) &&
           job->examples <= NNK_MAX_EXAMPLES / 2;
}

/// Whether weights decay, but never below zero in one step.
static bool decay_valid(const nnk_job *job) {
    return job->weight_decay == 0 || (nnk_positive(job->weight_decay) && nnk_decay(job) > 0);
}

/// Whether there is no model to start from, or one of this network.
static bool start_valid(const nnk_job *job) {
    const nnk_model *m = job->start;
    return !m || (m->parameters && nnk_topology_equal(m->topology, job->topology) &&
                  nnk_dtype_valid(m->dtype, NNK_KIND_MODEL) &&
                  !(m->options & NNK_OPTION_OWN_CONTRAST) == !job->own_contrast);
}

/// Whether what only some methods or jobs have is there for a reason.
static bool fits_together(const nnk_job *job) {
    return (!job->keep_best || (job->weights && job->cost_every > 0)) &&
           (!job->gram || job->method->number == NNK_DUAL || job->method->number == NNK_DUAL_WIDE);
}

/// Whether the examples cannot come and go, or have room, and no option that needs them to stay.
static bool capacity_valid(const nnk_job *job) {
    if (job->capacity == 0) return true;
    return job->method->number == NNK_DUAL && job->capacity >= job->examples &&
           job->capacity <= NNK_MAX_EXAMPLES && job->mirror.row_bytes == 0 && !job->keep_best && !job->gram &&
           !job->held_out_logits;
}

/// Whether these are shards of the job, and at least one example is in them.
static bool process_share_valid(const nnk_job *job) {
    const nnk_share *share = job->share;
    return share->sum && share->first < job->shards && share->count <= job->shards - share->first &&
           nnk_images_here(job) > 0;
}

/// Whether there are no shards, or so many that they make a tree.
static bool shards_valid(const nnk_job *job) {
    return nnk_shards_valid(job->shards, job->method->number) && (!job->share || process_share_valid(job));
}

/// The options of a job.
static uint32_t options_of(const nnk_job *job) {
    return (uint32_t)((job->gram != NULL) * NNK_OPTION_SHARED | job->center * NNK_OPTION_CENTERED |
                      job->own_contrast * NNK_OPTION_OWN_CONTRAST |
                      (job->mirror.row_bytes > 0) * NNK_OPTION_MIRRORED |
                      job->keep_best * NNK_OPTION_KEEP_BEST | (job->start != NULL) * NNK_OPTION_START |
                      (job->weights != NULL) * NNK_OPTION_WEIGHTS |
                      !nnk_is_zero(job->weight_decay) * NNK_OPTION_DECAY);
}

/// Whether the job asks for nothing that only a core with options has.
static bool has_no_options(const nnk_job *job) {
    const uint64_t numbers =
        nnk_bits(job->weight_decay) << 1 | job->mirror.row_bytes | job->capacity | job->shards;
    return !numbers && !job->weights && !job->center && !job->own_contrast && !job->keep_best &&
           !job->start && !job->gram && job->method->number <= NNK_DUAL_WIDE;
}

/// Whether the options are in their ranges and fit together; or, where the core has none, whether there are
/// none.
static bool options_valid(const nnk_job *job) {
    if (!NNK_HAS_OPTIONS) return has_no_options(job);
    return shards_valid(job) && capacity_valid(job) && decay_valid(job) && mirror_valid(job) &&
           start_valid(job) && fits_together(job);
}

bool nnk_job_valid(const nnk_job *job) {
    return job && nnk_topology_valid(job->topology) && job->arithmetic && job->method && has_kernels(job) &&
           fits_method(job) && job->initializer >= NNK_INIT_DEFAULT && job->initializer <= NNK_INIT_SMALL &&
           job->examples >= 1 && job->examples <= NNK_MAX_EXAMPLES && nnk_positive(job->learning_rate) &&
           options_valid(job) && has_addresses(job);
}

size_t nnk_kept_parameters(const nnk_job *job) {
    const size_t first = (size_t)job->topology->size[0] * (size_t)job->topology->size[1];
    return nnk_parameters_of(job->topology) - (nnk_is_dual(job->method) ? first : 0);
}

uint32_t nnk_weights_crc(const nnk_job *job) {
    uint32_t crc = 0;
    for (uint32_t j = 0; nnk_weights_of(job) && j < job->examples; j++) {
        uint8_t bytes[sizeof(float)];
        memcpy(bytes, &job->weights[j], sizeof bytes);
        nnk_swap(bytes, sizeof bytes, sizeof bytes);
        crc = job->arithmetic->crc32(crc, bytes, sizeof bytes);
    }
    return crc;
}

static void take_options(nnk_job_numbers *numbers, const nnk_job *job) {
    numbers->shards = job->shards;
    numbers->first_shard = job->share ? (uint16_t)job->share->first : 0;
    numbers->shards_here = job->share ? (uint16_t)job->share->count : (uint16_t)job->shards;
    numbers->options = options_of(job);
    numbers->start_crc = job->start ? job->start->payload_crc : 0;
    numbers->capacity = job->capacity;
    numbers->weights_rule = job->weights_rule;
    numbers->mirror = job->mirror;
    numbers->weight_decay = job->weight_decay;
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
    if (NNK_HAS_OPTIONS) take_options(numbers, job);
    // Behind its last layer a caller's topology may have anything. Here are zeros, as in a checkpoint.
    const nnk_topology *t = job->topology;
    memcpy(&numbers->topology, t, sizeof t->layers + ((size_t)t->layers + 1) * sizeof t->size[0]);
}

_Static_assert(sizeof(nnk_job_numbers) == sizeof(nnk_topology) + 15 * 4 + 2 * 8,
               "there is no padding, which would be compared");

/// Not by memcmp, which clang replaces by a function that not every C library has.
static bool equal(const nnk_job_numbers *a, const nnk_job_numbers *b) {
    const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
    uint32_t differ = 0, p, q;
    for (size_t i = 0; i < sizeof *a; i += sizeof p) {
        __builtin_memcpy(&p, x + i, sizeof p); // with -ffreestanding, memcpy would be a call
        __builtin_memcpy(&q, y + i, sizeof q);
        differ |= p ^ q;
    }
    return !differ;
}

bool nnk_has_numbers(const nnk_job *job, const nnk_job_numbers *numbers) {
    nnk_job_numbers own;
    nnk_take_numbers(&own, job);
    return equal(&own, numbers);
}

bool nnk_has_lasting_numbers(const nnk_job *job, const nnk_job_numbers *numbers) {
    enum { CHANGEABLE = NNK_OPTION_WEIGHTS | NNK_OPTION_DECAY };
    nnk_job_numbers own;
    nnk_take_numbers(&own, job);
    own.iterations = numbers->iterations;
    own.examples = numbers->examples;
    own.cost_every = numbers->cost_every;
    own.options = (own.options & ~(uint32_t)CHANGEABLE) | (numbers->options & CHANGEABLE);
    own.weights_rule = numbers->weights_rule;
    own.weight_decay = numbers->weight_decay;
    own.learning_rate = numbers->learning_rate;
    return equal(&own, numbers);
}

nnk_status nnk_check_arguments(const nnk_job *job, const void *memory) {
    const bool has_data = nnk_job_valid(job) && (job->labels || nnk_forms_gram(job)) &&
                          (job->images.images || job->images.read);
    if (!has_data || !memory) return NNK_E_ARGUMENT;
    return (uintptr_t)memory % 8 ? NNK_E_ALIGN : NNK_OK;
}

nnk_status nnk_check_trainer(const nnk_job *job, const void *memory) {
    const nnk_trainer *t = memory;
    const nnk_status status = nnk_check_arguments(job, memory);
    if (status != NNK_OK) return status;
    return t->magic == NNK_TRAINER_MAGIC && nnk_has_numbers(job, &t->job) ? NNK_OK : NNK_E_STATE;
}
