#include "nnkernel/train.h"
#include "header.h"
#include "trainer.h"

enum { DRAWN_AT_ONCE = 1024, WRITTEN_AT_ONCE = NNK_LANES * NNK_PATCH };

static size_t arena_bytes(const nnk_job *job) {
    const nnk_topology *t = job->topology;
    const size_t real = nnk_real_bytes(job), m = job->examples, units = nnk_unit_count(t);
    const size_t inputs = (size_t)t->size[0], units_1 = (size_t)t->size[1];
    const size_t parameters = nnk_parameter_count(t);
    switch (job->method) {
    case NNK_PRIMAL: return NNK_PRIMAL_BYTES_OF(parameters, units, units_1, real, m);
    case NNK_DUAL: return NNK_DUAL_BYTES_OF(parameters, units, units_1, inputs, real, m);
    default: return NNK_DUAL_WIDE_BYTES_OF(parameters, units, units_1, real, m);
    }
}

/// Bytes of a.scratch, other than in packed dual.
static size_t scratch_bytes(const nnk_job *job) {
    const size_t units_1 = (size_t)job->topology->size[1], m = job->examples;
    const size_t reals = NNK_SCRATCH_REALS(units_1, m);
    if (job->method == NNK_PRIMAL) return NNK_LINE(reals * nnk_real_bytes(job));
    return NNK_LINE(NNK_LARGER(reals, (units_1 + 1) * (NNK_STRIDE(m) + NNK_LANES)) * nnk_real_bytes(job));
}

/// The parts in the order and the sizes of NNK_..._BYTES_OF.
arena nnk_carve(const nnk_job *job, void *memory) {
    const nnk_topology *t = job->topology;
    const size_t real = nnk_real_bytes(job), m = job->examples, units = nnk_unit_count(t);
    const size_t inputs = (size_t)t->size[0], units_1 = (size_t)t->size[1];
    const size_t parameters = nnk_parameter_count(t);
    const int32_t packed = job->method == NNK_DUAL;
    arena a = {.trainer = memory};
    a.stride = packed ? m : NNK_STRIDE(m);
    a.columns = a.stride;
    a.parameters = (uint8_t *)memory + (packed ? sizeof(nnk_trainer) : NNK_LINE(sizeof(nnk_trainer)));
    uint8_t *next = a.parameters;
    if (packed) {
        next += NNK_ROUND_UP((parameters - units_1 * inputs) * real, 8);
        a.logits = next;
        a.deltas = a.logits + units_1 * m * real;
        next += NNK_ROUND_UP(2 * units_1 * m * real, 8);
        a.activations = next;
        a.scratch = a.activations + (units - units_1) * m * real;
        a.bytes = next;
        a.products = a.bytes + 2 * NNK_PATCH_BYTES;
        a.gram = next + NNK_LARGER(NNK_ROUND_UP((units - units_1 + 2) * m * real, 8),
                                   2 * NNK_PATCH_BYTES + NNK_GRAM_BLOCK_BYTES);
        return a;
    }
    next += NNK_LINE(parameters * real);
    a.activations = next;
    next += a.stride * units * real;
    if (job->method == NNK_DUAL_WIDE) {
        a.logits = next;
        a.deltas = a.logits + a.stride * units_1 * real;
        a.gram = a.deltas + a.stride * units_1 * real;
        next = a.gram + a.stride * m * real;
    }
    a.scratch = next;
    a.bytes = a.scratch + scratch_bytes(job);
    a.products = a.bytes + 2 * NNK_PATCH_BYTES;
    return a;
}

static int32_t method_valid(const nnk_job *job) {
    if (job->method == NNK_PRIMAL) return 1;
    return (job->method == NNK_DUAL || job->method == NNK_DUAL_WIDE) && job->topology->layers >= 2 &&
           job->topology->size[0] <= NNK_MAX_DUAL_INPUTS;
}

static int32_t job_valid(const nnk_job *job) {
    return job && job->topology && job->arithmetic && nnk_topology_valid(job->topology) &&
           method_valid(job) && job->initializer >= NNK_INIT_DEFAULT && job->initializer <= NNK_INIT_SMALL &&
           job->examples >= 1 && job->examples <= NNK_MAX_EXAMPLES && job->learning_rate > 0 &&
           job->learning_rate - job->learning_rate == 0;
}

size_t nnk_train_bytes(const nnk_job *job) {
    if (!job_valid(job)) return 0;
    // Twice what grows with the examples stays well below what an address can hold.
    const uint64_t m = NNK_STRIDE(job->examples), real = (uint64_t)job->arithmetic->real_bytes;
    const uint64_t rows = 2 * (uint64_t)nnk_unit_count(job->topology) + (job->method == NNK_PRIMAL ? 0 : m);
    if (rows * m * real > SIZE_MAX / 4) return 0;
    return arena_bytes(job);
}

int32_t nnk_initializer_of(const nnk_job *job) {
    if (job->initializer != NNK_INIT_DEFAULT) return job->initializer;
    return job->topology->layers <= 2 ? NNK_INIT_SMALL : NNK_INIT_DEEP;
}

static nnk_model model_of(const nnk_job *job, const nnk_trainer *trainer) {
    return (nnk_model){
        .topology = job->topology,
        .payload_bytes = nnk_payload_bytes(job->topology, job->arithmetic->dtype),
        .dtype = job->arithmetic->dtype,
        .method = job->method == NNK_PRIMAL ? NNK_PRIMAL : NNK_DUAL,
        .initializer = nnk_initializer_of(job),
        .seed = job->seed,
        .iterations = job->iterations,
        .examples = job->examples,
        .data_crc = trainer->data_crc,
        .learning_rate = job->learning_rate,
    };
}

nnk_job_numbers nnk_numbers_of(const nnk_job *job) {
    return (nnk_job_numbers){
        .topology = *job->topology,
        .dtype = job->arithmetic->dtype,
        .method = job->method,
        .initializer = nnk_initializer_of(job),
        .seed = job->seed,
        .iterations = job->iterations,
        .cost_every = job->cost_every,
        .examples = job->examples,
        .learning_rate = job->learning_rate,
    };
}

int32_t nnk_same_numbers(const nnk_job_numbers *a, const nnk_job_numbers *b) {
    return nnk_topology_equal(&a->topology, &b->topology) && a->dtype == b->dtype && a->method == b->method &&
           a->initializer == b->initializer && a->seed == b->seed && a->iterations == b->iterations &&
           a->cost_every == b->cost_every && a->examples == b->examples &&
           a->learning_rate == b->learning_rate;
}

int32_t nnk_trainer_is_of(const nnk_trainer *trainer, const nnk_job *job) {
    if (!job_valid(job) || trainer->magic != NNK_TRAINER_MAGIC) return 0;
    const nnk_job_numbers numbers = nnk_numbers_of(job);
    return nnk_same_numbers(&trainer->job, &numbers);
}

nnk_status nnk_fetch(const nnk_job *job, uint8_t *bytes, uint32_t first, uint32_t count, uint32_t offset,
                     uint32_t width, nnk_patch *patch) {
    const size_t size = (size_t)job->topology->size[0];
    *patch = (nnk_patch){bytes, NNK_PATCH, count, width};
    if (job->images.images) {
        patch->x = job->images.images + first * size + offset;
        patch->stride = size;
        return NNK_OK;
    }
    for (uint32_t j = 0; j < count; j++)
        if (job->images.read(job->images.context, first + j, offset, width, bytes + j * NNK_PATCH) != NNK_OK)
            return NNK_E_SOURCE;
    return NNK_OK;
}

/// Items of DRAW for one row of a layer's weights, DRAWN_AT_ONCE an item.
static uint32_t draw_pieces(const nnk_topology *t, int32_t l) {
    return ((uint32_t)t->size[l - 1] + DRAWN_AT_ONCE - 1) / DRAWN_AT_ONCE;
}

/// Items of DRAW for one layer: its rows of weights, and its biases.
static uint32_t draw_items(const nnk_topology *t, int32_t l) {
    return (uint32_t)t->size[l] * draw_pieces(t, l) + 1;
}

/// The first layer that DRAW draws: packed dual has none of W1.
static int32_t first_drawn(const nnk_job *job) { return job->method == NNK_DUAL ? 2 : 1; }

/// Copies `count` reals to places `to_step` reals apart, from places `from_step` apart.
static void copy_reals(uint8_t *to, size_t to_step, const uint8_t *from, size_t from_step, uint32_t count,
                       size_t real) {
    for (uint32_t i = 0; i < count; i++, to += to_step * real, from += from_step * real)
        if (real == 4)
            memcpy(to, from, 4);
        else
            memcpy(to, from, 8);
}

static nnk_status draw(const nnk_job *job, const arena *a, uint32_t item) {
    const nnk_topology *t = job->topology;
    const size_t real = nnk_real_bytes(job);
    int32_t l = first_drawn(job);
    if (l == 2 && item == 0) memset(nnk_parameter(job, a, nnk_biases_at(t, 1)), 0, (size_t)t->size[1] * real);
    while (item >= draw_items(t, l)) item -= draw_items(t, l++);
    const uint32_t units = (uint32_t)t->size[l], inputs = (uint32_t)t->size[l - 1],
                   pieces = draw_pieces(t, l);
    const uint32_t row = item / pieces, offset = item % pieces * DRAWN_AT_ONCE;
    const uint32_t count = nnk_smaller(DRAWN_AT_ONCE, inputs - offset), weights = nnk_weights_at(t, l);
    if (row == units) {
        memset(nnk_parameter(job, a, nnk_biases_at(t, l)), 0, units * real);
        return NNK_MORE;
    }
    uint8_t *drawn = l == 1 ? a->scratch : nnk_parameter(job, a, weights + row * inputs + offset);
    job->arithmetic->initialize(drawn, count, t->size[l - 1], nnk_initializer_of(job), &a->trainer->random);
    if (l == 1) copy_reals(nnk_parameter(job, a, offset * units + row), units, drawn, 1, count, real);
    return NNK_MORE;
}

/// The checksum of the data, an image an item.
static nnk_status digest(const nnk_job *job, const arena *a, uint32_t item) {
    const uint32_t size = (uint32_t)job->topology->size[0];
    uint32_t crc = a->trainer->data_crc;
    for (uint32_t k = 0; k < size; k += NNK_PATCH) {
        nnk_patch p;
        if (nnk_fetch(job, a->bytes, item, 1, k, nnk_smaller(NNK_PATCH, size - k), &p) != NNK_OK)
            return NNK_E_SOURCE;
        crc = nnk_crc32(crc, p.x, p.width);
    }
    a->trainer->data_crc = crc;
    return NNK_MORE;
}

void nnk_forward_above(const nnk_job *job, const arena *a, uint32_t first, size_t columns) {
    const nnk_topology *t = job->topology;
    const nnk_arithmetic *k = job->arithmetic;
    for (int32_t l = job->method == NNK_DUAL ? 3 : 2; l <= t->layers; l++) {
        const nnk_shape shape = {(size_t)t->size[l], (size_t)t->size[l - 1], columns, a->stride};
        uint8_t *z = nnk_activations(job, a, l, first);
        k->linear_forward(z, nnk_parameter(job, a, nnk_weights_at(t, l)),
                          nnk_parameter(job, a, nnk_biases_at(t, l)), nnk_activations(job, a, l - 1, first),
                          shape);
        if (l < t->layers)
            for (size_t i = 0; i < shape.outputs; i++) {
                uint8_t *row = nnk_row(job, a, z, i);
                k->relu(row, row, columns);
            }
    }
}

/// What a phase is made of: its work, how many items, and whether they are independent of each other.
typedef struct phase {
    nnk_status (*work)(const nnk_job *job, const arena *a, uint32_t item);
    uint32_t items;
    int32_t parallel;
} phase;

static phase phase_of(const nnk_job *job, uint32_t phase_number) {
    const nnk_topology *t = job->topology;
    const uint32_t blocks = (job->examples + NNK_LANES - 1) / NNK_LANES, units = (uint32_t)t->size[1];
    const uint32_t patches = ((uint32_t)t->size[0] + NNK_PATCH - 1) / NNK_PATCH, layers = (uint32_t)t->layers;
    const int32_t primal = job->method == NNK_PRIMAL, packed = job->method == NNK_DUAL;
    uint32_t drawn = 0;
    switch (phase_number) {
    case PROJECT_ROWS: return (phase){nnk_project_rows, packed ? nnk_project_rows_items(job) : 0, 0};
    case DRAW:
        for (int32_t l = first_drawn(job); l <= t->layers; l++) drawn += draw_items(t, l);
        return (phase){draw, drawn, 0};
    case DIGEST: return (phase){digest, job->examples, 0};
    case PROJECT: return (phase){nnk_project, primal || packed ? 0 : blocks, 1};
    case GRAM: return (phase){nnk_form_gram, primal ? 0 : blocks * (blocks + 1) / 2, !packed};
    case FORWARD:
        if (primal) return (phase){nnk_primal_forward, blocks, 1};
        return packed ? (phase){nnk_packed_forward, units + 1, 0} : (phase){nnk_wide_forward, 1, 0};
    // Packed leaves layer 2 to DESCENT.
    case BACKWARD: return (phase){nnk_backward, packed ? layers - 1 : layers + 1, 0};
    case DESCENT:
        if (primal) return (phase){nnk_primal_descend, patches, 1};
        return packed ? (phase){nnk_packed_descend, units + 1, 0} : (phase){nnk_wide_descend, 1, 0};
    case EXPAND: return (phase){nnk_wide_expand, primal || packed || !job->iterations ? 0 : patches, 1};
    default: return (phase){0, 0, 0};
    }
}

int32_t nnk_trainer_sound(const nnk_trainer *t, const nnk_job *job) {
    if (t->phase > TRAINED || t->iteration > job->iterations || t->random.next > NNK_RANDOM_WORDS) return 0;
    return t->phase == TRAINED ? t->item == 0 : t->item < phase_of(job, t->phase).items;
}

/// Counts `items` as done, and goes on to the next phase that has any.
static void advance(const nnk_job *job, nnk_trainer *t, uint32_t items) {
    t->item += items;
    while (t->phase < TRAINED && t->item >= phase_of(job, t->phase).items) {
        t->item = 0;
        t->phase++;
        if (t->phase == FORWARD && job->iterations == 0) t->phase = EXPAND;
        if (t->phase == EXPAND && t->iteration < job->iterations && ++t->iteration < job->iterations)
            t->phase = FORWARD;
    }
}

nnk_status nnk_train_begin(const nnk_job *job, void *memory, size_t bytes) {
    const size_t needed = nnk_train_bytes(job);
    if (needed == 0 || !memory || !job->labels || (!job->images.images && !job->images.read))
        return NNK_E_ARGUMENT;
    if ((uintptr_t)memory % 8 != 0) return NNK_E_ALIGN;
    if (bytes < needed) return NNK_E_MEMORY;
    if (!job->arithmetic->is_strict()) return NNK_E_FLOAT;
    for (uint32_t j = 0; j < job->examples; j++)
        if (job->labels[j] > 1) return NNK_E_LABEL;
    nnk_trainer *t = memory;
    memset(t, 0, sizeof *t);
    t->magic = NNK_TRAINER_MAGIC;
    t->job = nnk_numbers_of(job);
    t->phase = PROJECT_ROWS;
    t->data_crc = nnk_crc32(0, job->labels, job->examples);
    nnk_random_seed(&t->random, job->seed);
    if (job->method != NNK_PRIMAL) {
        const arena a = nnk_carve(job, memory);
        memset(a.logits, 0, 2 * (size_t)job->topology->size[1] * a.stride * nnk_real_bytes(job));
    }
    advance(job, t, 0);
    return NNK_OK;
}

static nnk_status work(const nnk_job *job, const arena *a, uint32_t item) {
    const nnk_status status = phase_of(job, a->trainer->phase).work(job, a, item);
    if (status == NNK_E_DIVERGED) a->trainer->phase = DIVERGED;
    return status;
}

/// NNK_MORE if there is work for nnk_train_step.
static nnk_status readiness(const nnk_job *job, const nnk_trainer *t) {
    if (!nnk_trainer_is_of(t, job)) return NNK_E_STATE;
    if (t->phase == DIVERGED) return NNK_E_DIVERGED;
    if (t->phase > TRAINED) return NNK_E_STATE;
    return t->phase == TRAINED ? NNK_OK : NNK_MORE;
}

nnk_status nnk_train_run(const nnk_job *job, void *memory, uint32_t slices) {
    nnk_status status = readiness(job, memory);
    if (status != NNK_MORE) return status;
    const arena a = nnk_carve(job, memory);
    const int32_t setup = a.trainer->phase < FORWARD;
    while (status == NNK_MORE && slices-- > 0 && setup == (a.trainer->phase < FORWARD)) {
        if (a.trainer->phase == TRAINED) return NNK_OK;
        status = work(job, &a, a.trainer->item);
        if (status > 0) advance(job, a.trainer, 1);
    }
    return status;
}

nnk_status nnk_train_step(const nnk_job *job, void *memory) { return nnk_train_run(job, memory, 1); }

uint32_t nnk_train_parallel(const nnk_job *job, const void *memory) {
    const nnk_trainer *t = memory;
    if (readiness(job, t) != NNK_MORE) return 0;
    const phase p = phase_of(job, t->phase);
    return p.parallel ? p.items - t->item : 0;
}

size_t nnk_train_scratch_bytes(const nnk_job *job) {
    if (nnk_train_bytes(job) == 0 || job->method == NNK_DUAL) return 0;
    return scratch_bytes(job) + 2 * NNK_PATCH_BYTES + NNK_GRAM_BLOCK_BYTES;
}

nnk_status nnk_train_item(const nnk_job *job, void *memory, uint32_t item, void *scratch) {
    if (item >= nnk_train_parallel(job, memory)) return NNK_E_ARGUMENT;
    arena a = nnk_carve(job, memory);
    a.scratch = scratch;
    a.bytes = a.scratch + scratch_bytes(job);
    a.products = a.bytes + 2 * NNK_PATCH_BYTES;
    return work(job, &a, a.trainer->item + item);
}

nnk_status nnk_train_advance(const nnk_job *job, void *memory, uint32_t items) {
    if (items > nnk_train_parallel(job, memory)) return NNK_E_ARGUMENT;
    advance(job, memory, items);
    return NNK_MORE;
}

/// Whether all little-endian reals are finite: an exponent of ones is an infinity or a NaN.
static int32_t all_finite(const uint8_t *bytes, uint32_t count, int32_t real_bytes) {
    const uint32_t size = (uint32_t)real_bytes, mask = real_bytes == 4 ? 0x7f80 : 0x7ff0;
    for (uint32_t i = 0; i < count; i += size)
        if ((nnk_get16(bytes + i + size - 2) & mask) == mask) return 0;
    return 1;
}

/// Both class names as they lie in the model.
static void put_class_names(uint8_t names[2 * NNK_CLASS_NAME_BYTES], const nnk_job *job) {
    memset(names, 0, 2 * NNK_CLASS_NAME_BYTES);
    for (int32_t i = 0; i < 2; i++) {
        const char *name = job->class_names[i];
        for (int32_t b = 0; name && name[b] && b < NNK_CLASS_NAME_BYTES - 1; b++)
            names[i * NNK_CLASS_NAME_BYTES + b] = (uint8_t)name[b];
    }
}

/// The next weights of W1, of one row. `item`: bytes written.
static nnk_status next_of_row(const nnk_job *job, const arena *a, uint8_t **bytes, uint32_t *count) {
    if (job->method == NNK_DUAL) return nnk_dual_rows(job, a, bytes, count);
    const uint32_t real = (uint32_t)nnk_real_bytes(job), at = a->trainer->item / real;
    const uint32_t inputs = (uint32_t)job->topology->size[0], units = (uint32_t)job->topology->size[1];
    const uint32_t row = at / inputs, offset = at % inputs;
    const uint32_t some = nnk_smaller(WRITTEN_AT_ONCE / real, inputs - offset);
    copy_reals(a->bytes, 1, nnk_parameter(job, a, offset * units + row), units, some, real);
    *count = some * real;
    return NNK_OK;
}

/// The next parameters or, behind them, the names. `item`: bytes written.
static nnk_status next_bytes(const nnk_job *job, const arena *a, uint32_t parameter_bytes, uint8_t **bytes,
                             uint32_t *count) {
    const uint32_t real = (uint32_t)job->arithmetic->real_bytes, at = a->trainer->item;
    *bytes = a->bytes;
    *count = 2 * NNK_CLASS_NAME_BYTES;
    if (at == parameter_bytes) {
        put_class_names(a->bytes, job);
        return NNK_OK;
    }
    if (at < nnk_biases_at(job->topology, 1) * real) {
        const nnk_status status = next_of_row(job, a, bytes, count);
        if (status != NNK_OK) return status;
    } else {
        *count = nnk_smaller(WRITTEN_AT_ONCE, parameter_bytes - at);
        memcpy(a->bytes, nnk_parameter(job, a, at / real), *count);
    }
    nnk_swap_reals(*bytes, *count, job->arithmetic->real_bytes);
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
    t->payload_crc = nnk_crc32(t->payload_crc, bytes, count);
    t->item += count;
    if (t->item == payload_bytes) t->phase = HEADER;
    return NNK_MORE;
}

nnk_status nnk_train_finish(const nnk_job *job, void *memory, nnk_sink sink) {
    if (!nnk_trainer_is_of(memory, job)) return NNK_E_STATE;
    const arena a = nnk_carve(job, memory);
    nnk_trainer *t = a.trainer;
    if (t->phase == DIVERGED) return NNK_E_DIVERGED;
    if (t->phase < TRAINED || t->phase > WRITTEN || !sink.write) return NNK_E_STATE;
    const nnk_model model = model_of(job, t);
    if (t->phase == TRAINED || t->phase == WRITTEN) {
        t->phase = PAYLOAD;
        t->item = 0;
        t->payload_crc = 0;
        nnk_random_seed(&t->random, job->seed); // packed dual draws W1(0) once more
    }
    if (t->phase == PAYLOAD) return write_payload(job, &a, model.payload_bytes, sink);
    nnk_header_write(a.bytes, &model, NNK_KIND_MODEL, t->payload_crc);
    const nnk_status status = sink.write(sink.context, 0, a.bytes, NNK_HEADER_BYTES);
    t->phase = status == NNK_OK ? WRITTEN : TRAINED;
    return status == NNK_OK ? NNK_OK : NNK_E_SINK;
}

nnk_status nnk_train_progress(const nnk_job *job, const void *memory, nnk_progress *progress) {
    const nnk_trainer *t = memory;
    if (!nnk_trainer_is_of(t, job)) return NNK_E_STATE;
    const int32_t in_loop = (t->phase >= FORWARD && t->phase < TRAINED) || t->phase == DIVERGED;
    const int32_t stage = in_loop ? NNK_LOOP : t->phase < FORWARD ? NNK_SETUP : NNK_TRAINED;
    *progress = (nnk_progress){stage, t->iteration, t->cost_iteration, t->cost};
    return NNK_OK;
}
