#include "nnkernel/train.h"
#include "header.h"
#include "trainer.h"

arena nnk_carve(const nnk_job *job, void *memory) {
    arena a = {.trainer = memory};
    job->method->carve(job, &a);
    return a;
}

/// Items of a phase; 0 of one that the method has not.
uint32_t nnk_items_of(const nnk_job *job, uint32_t number) {
    const nnk_phase *p = &job->method->phases[number];
    return p->items ? p->items(job) : 0;
}

/// Those of nnk_f32_dual are enough for nnk_dual alone.
static int32_t has_kernels(const nnk_job *job) {
    return job->method->number == NNK_DUAL || job->arithmetic->linear_forward;
}

/// Whether twice what grows with the examples is well below what an address can hold.
static int32_t has_addresses(const nnk_job *job) {
    const size_t m = NNK_STRIDE(job->examples);
    const size_t rows = 2 * (size_t)nnk_unit_count(job->topology) + (nnk_is_dual(job) ? m : 0);
    return rows <= SIZE_MAX / 4 / (m * nnk_real_bytes(job));
}

static int32_t job_valid(const nnk_job *job) {
    return job && nnk_topology_valid(job->topology) && job->arithmetic && job->method && has_kernels(job) &&
           (!nnk_is_dual(job) ||
            (job->topology->layers >= 2 && job->topology->size[0] <= NNK_MAX_DUAL_INPUTS)) &&
           job->initializer >= NNK_INIT_DEFAULT && job->initializer <= NNK_INIT_SMALL && job->examples >= 1 &&
           job->examples <= NNK_MAX_EXAMPLES && nnk_positive(job->learning_rate) && has_addresses(job);
}

size_t nnk_train_bytes(const nnk_job *job) {
    if (!job_valid(job)) return 0;
    const arena a = nnk_carve(job, (void *)(uintptr_t)64); // anywhere
    return (size_t)(a.end - (uint8_t *)a.trainer);
}

int32_t nnk_initializer_of(const nnk_job *job) {
    if (job->initializer != NNK_INIT_DEFAULT) return job->initializer;
    return job->topology->layers <= 2 ? NNK_INIT_SMALL : NNK_INIT_DEEP;
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
    // Behind the layers a caller's topology may have anything; here are zeros, as in a checkpoint.
    const nnk_topology *t = job->topology;
    memcpy(&numbers->topology, t, sizeof t->layers + ((size_t)t->layers + 1) * sizeof t->size[0]);
}

_Static_assert(sizeof(nnk_job_numbers) == sizeof(nnk_topology) + 7 * 4 + 8,
               "nothing but the numbers is compared");

int32_t nnk_same_numbers(const nnk_job_numbers *a, const nnk_job_numbers *b) {
    // Not by memcmp, which clang replaces by a function that not every C library has.
    const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
    int32_t differ = 0;
    for (size_t i = 0; i < sizeof *a; i++) differ |= x[i] ^ y[i];
    return !differ;
}

/// The arguments of every call with an arena: NNK_OK, NNK_E_ARGUMENT, NNK_E_ALIGN.
static nnk_status check_arguments(const nnk_job *job, const void *memory) {
    const int32_t has_data = job_valid(job) && job->labels && (job->images.images || job->images.read);
    if (!has_data || !memory) return NNK_E_ARGUMENT;
    return (uintptr_t)memory % 8 ? NNK_E_ALIGN : NNK_OK;
}

nnk_status nnk_check_trainer(const nnk_job *job, const void *memory) {
    const nnk_trainer *t = memory;
    const nnk_status status = check_arguments(job, memory);
    if (status != NNK_OK) return status;
    nnk_job_numbers numbers;
    nnk_take_numbers(&numbers, job);
    return t->magic == NNK_TRAINER_MAGIC && nnk_same_numbers(&t->job, &numbers) ? NNK_OK : NNK_E_STATE;
}

/// Whether phase and item exist, and the iteration is one in which the trainer comes there.
static int32_t position_sound(const nnk_trainer *t, const nnk_job *job) {
    if (t->phase > TRAINED || t->item >= (t->phase == TRAINED ? 1 : nnk_items_of(job, t->phase))) return 0;
    if (t->phase < FORWARD) return t->iteration == 0;
    return t->phase < EXPAND ? t->iteration < job->iterations : t->iteration == job->iterations;
}

/// Whether the last cost is the one that was due last, and a number. BACKWARD's item 0 computes the costs.
static int32_t cost_sound(const nnk_trainer *t, const nnk_job *job) {
    const int32_t is_past_loss =
        t->phase < EXPAND && (t->phase > BACKWARD || (t->phase == BACKWARD && t->item > 0));
    const uint32_t losses = t->iteration + (is_past_loss ? 1 : 0);
    if (job->cost_every == 0 || losses == 0) return t->cost_iteration == 0 && t->cost == 0;
    return t->cost_iteration == (losses - 1) / job->cost_every * job->cost_every && t->cost - t->cost == 0;
}

int32_t nnk_trainer_sound(const nnk_trainer *t, const nnk_job *job) {
    const nnk_random *r = &t->random;
    return position_sound(t, job) && cost_sound(t, job) && r->next < NNK_RANDOM_WORDS && r->has_spare <= 1 &&
           r->spare - r->spare == 0 && t->zero == 0;
}

void nnk_advance(const nnk_job *job, nnk_trainer *t, uint32_t items) {
    t->item += items;
    while (t->phase < TRAINED && t->item >= nnk_items_of(job, t->phase)) {
        t->item = 0;
        t->phase++;
        if (t->phase == FORWARD && job->iterations == 0) t->phase = EXPAND;
        if (t->phase == EXPAND && t->iteration < job->iterations && ++t->iteration < job->iterations)
            t->phase = FORWARD;
    }
}

nnk_status nnk_check_start(const nnk_job *job, const void *memory, size_t bytes) {
    const nnk_status status = check_arguments(job, memory);
    if (status != NNK_OK) return status;
    if (bytes < nnk_train_bytes(job)) return NNK_E_MEMORY;
    if (!job->arithmetic->is_strict()) return NNK_E_FLOAT;
    for (uint32_t j = 0; j < job->examples; j++)
        if (job->labels[j] > 1) return NNK_E_LABEL;
    return NNK_OK;
}

nnk_status nnk_train_begin(const nnk_job *job, void *memory, size_t bytes) {
    const nnk_status status = nnk_check_start(job, memory, bytes);
    if (status != NNK_OK) return status;
    nnk_trainer *t = memory;
    // Biases, P and D begin as zeros; and a checkpoint shows nothing of what was in this memory before.
    memset(memory, 0, nnk_train_bytes(job));
    t->magic = NNK_TRAINER_MAGIC;
    nnk_take_numbers(&t->job, job);
    t->phase = PROJECT_ROWS;
    t->data_crc = nnk_crc32(0, job->labels, job->examples);
    nnk_random_seed(&t->random, job->seed);
    nnk_advance(job, t, 0);
    return NNK_OK;
}

nnk_status nnk_readiness(const nnk_job *job, const nnk_trainer *t) {
    const nnk_status status = nnk_check_trainer(job, t);
    if (status != NNK_OK) return status;
    if (t->phase == DIVERGED) return NNK_E_DIVERGED;
    if (t->phase > TRAINED) return NNK_E_STATE;
    return t->phase == TRAINED ? NNK_OK : NNK_MORE;
}

/// `count` items of the phase, 1 if it is no span.
static nnk_status work(const nnk_job *job, const arena *a, uint32_t first, uint32_t count) {
    const nnk_phase *phase = &job->method->phases[a->trainer->phase];
    if (phase->span) {
        phase->span(job, a, first, count);
        return NNK_MORE;
    }
    const nnk_status status = phase->work(job, a, first);
    if (status == NNK_E_DIVERGED) a->trainer->phase = DIVERGED;
    return status;
}

nnk_status nnk_train_run(const nnk_job *job, void *memory, uint32_t slices) {
    nnk_status status = nnk_readiness(job, memory);
    if (status != NNK_MORE) return status;
    const arena a = nnk_carve(job, memory);
    nnk_trainer *t = a.trainer;
    const int32_t setup = t->phase < FORWARD;
    while (status == NNK_MORE && slices-- > 0 && setup == (t->phase < FORWARD)) {
        if (t->phase == TRAINED) return NNK_OK;
        const int32_t is_span = job->method->phases[t->phase].span != 0;
        const uint32_t count = is_span ? nnk_smaller(NNK_SPAN, nnk_items_of(job, t->phase) - t->item) : 1;
        status = work(job, &a, t->item, count);
        if (status > 0) nnk_advance(job, t, count);
    }
    return status;
}

nnk_status nnk_train_step(const nnk_job *job, void *memory) { return nnk_train_run(job, memory, 1); }

uint32_t nnk_train_parallel(const nnk_job *job, const void *memory) {
    const nnk_trainer *t = memory;
    if (nnk_readiness(job, t) != NNK_MORE) return 0;
    return job->method->phases[t->phase].parallel ? nnk_items_of(job, t->phase) - t->item : 0;
}

size_t nnk_train_scratch_bytes(const nnk_job *job) {
    if (nnk_train_bytes(job) == 0 || !job->method->scratch_bytes) return 0;
    return job->method->scratch_bytes(job) + 2 * NNK_PATCH_BYTES + NNK_GRAM_BLOCK_BYTES;
}

nnk_status nnk_train_items(const nnk_job *job, void *memory, uint32_t first, uint32_t count, void *scratch) {
    const uint32_t ahead = nnk_train_parallel(job, memory);
    if (first >= ahead || count > ahead - first || !scratch) return NNK_E_ARGUMENT;
    if ((uintptr_t)scratch % 8 != 0) return NNK_E_ALIGN;
    arena a = nnk_carve(job, memory);
    nnk_carve_scratch(job, &a, scratch);
    const uint32_t at_once = job->method->phases[a.trainer->phase].span ? count : 1;
    nnk_status status = NNK_MORE;
    for (uint32_t i = 0; i < count && status > 0; i += at_once)
        status = work(job, &a, a.trainer->item + first + i, at_once);
    return status;
}

nnk_status nnk_train_advance(const nnk_job *job, void *memory, uint32_t items) {
    const uint32_t ahead = nnk_train_parallel(job, memory);
    if (ahead == 0 || items > ahead) return NNK_E_ARGUMENT;
    nnk_advance(job, memory, items);
    return NNK_MORE;
}

/// Whether all little-endian reals are finite: an exponent of ones is an infinity or a NaN.
static int32_t all_finite(const uint8_t *bytes, uint32_t count, int32_t real_bytes) {
    const uint32_t size = (uint32_t)real_bytes, low = real_bytes == 4 ? 0x80 : 0xf0;
    for (uint32_t i = size; i <= count; i += size)
        if ((bytes[i - 1] & 0x7f) == 0x7f && (bytes[i - 2] & low) == low) return 0;
    return 1;
}

/// The next parameters or, behind them, the names. `item`: bytes written.
static nnk_status next_bytes(const nnk_job *job, const arena *a, uint32_t parameter_bytes, uint8_t **bytes,
                             uint32_t *count) {
    const uint32_t real = (uint32_t)job->arithmetic->real_bytes, at = a->trainer->item;
    *bytes = a->bytes;
    *count = 2 * NNK_CLASS_NAME_BYTES;
    if (at == parameter_bytes) {
        nnk_put_class_names(a->bytes, job->class_names);
        return NNK_OK;
    }
    const uint32_t first = (uint32_t)job->topology->size[0] * (uint32_t)job->topology->size[1] * real;
    if (at < first) {
        const nnk_status status = job->method->next_weights(job, a, bytes, count);
        if (status != NNK_OK) return status;
    } else {
        *count = nnk_smaller(NNK_AT_ONCE, parameter_bytes - at);
        memcpy(a->bytes, nnk_at(job, nnk_layer(job, a, 1).biases, (at - first) / real), *count);
    }
    nnk_swap(*bytes, *count, job->arithmetic->real_bytes);
    return all_finite(*bytes, *count, job->arithmetic->real_bytes) ? NNK_OK : NNK_E_DIVERGED;
}

static nnk_status write_payload(const nnk_job *job, const arena *a, uint32_t payload_bytes, nnk_sink sink) {
    nnk_trainer *t = a->trainer;
    uint8_t *bytes;
    uint32_t count;
    const nnk_status status = next_bytes(job, a, payload_bytes - 2 * NNK_CLASS_NAME_BYTES, &bytes, &count);
    if (status == NNK_E_DIVERGED) t->phase = DIVERGED;
    if (status != NNK_OK) return status;
    if (sink.write(sink.context, NNK_HEADER_BYTES + t->item, bytes, count) != NNK_OK) {
        t->phase = TRAINED;
        return NNK_E_SINK;
    }
    t->payload_crc = job->arithmetic->crc32(t->payload_crc, bytes, count);
    t->item += count;
    if (t->item == payload_bytes) t->phase = HEADER;
    return NNK_MORE;
}

nnk_status nnk_train_finish(const nnk_job *job, void *memory, nnk_sink sink) {
    const nnk_status ready = sink.write ? nnk_check_trainer(job, memory) : NNK_E_ARGUMENT;
    if (ready != NNK_OK) return ready;
    const arena a = nnk_carve(job, memory);
    nnk_trainer *t = a.trainer;
    if (t->phase == DIVERGED) return NNK_E_DIVERGED;
    if (t->phase < TRAINED || t->phase > WRITTEN) return NNK_E_STATE;
    const uint32_t payload_bytes = nnk_payload_bytes(job->topology, job->arithmetic->dtype);
    if (t->phase == TRAINED || t->phase == WRITTEN) {
        t->phase = PAYLOAD;
        t->item = 0;
        t->payload_crc = 0;
        nnk_random_seed(&t->random, job->seed); // packed dual draws W1(0) once more
    }
    if (t->phase == PAYLOAD) return write_payload(job, &a, payload_bytes, sink);
    nnk_header header = {
        .payload_bytes = payload_bytes, .payload_crc = t->payload_crc, .data_crc = t->data_crc};
    const nnk_status status = nnk_header_write(&header, &t->job, sink);
    t->phase = status == NNK_OK ? WRITTEN : TRAINED;
    return status;
}

nnk_status nnk_train_progress(const nnk_job *job, const void *memory, nnk_progress *progress) {
    const nnk_trainer *t = memory;
    const nnk_status status = progress ? nnk_check_trainer(job, memory) : NNK_E_ARGUMENT;
    if (status != NNK_OK) return status;
    const int32_t in_loop = (t->phase >= FORWARD && t->phase < TRAINED) || t->phase == DIVERGED;
    const int32_t stage = in_loop ? NNK_LOOP : t->phase < FORWARD ? NNK_SETUP : NNK_TRAINED;
    *progress = (nnk_progress){stage, t->iteration, t->cost_iteration, t->cost};
    return NNK_OK;
}
