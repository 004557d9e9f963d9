#include "nnkernel/train.h"
#include "header.h"
#include "layout.h"

// One iteration is: FORWARD, 16 images a slice; BACKWARD, a layer a slice from the loss down to the deltas of
// layer 1; DESCENT, NNK_PATCH columns of W1 a slice. Layers above the first learn on the way back.
enum phase { DRAW, DIGEST, FORWARD, BACKWARD, DESCENT, TRAINED, PAYLOAD, HEADER, WRITTEN, DIVERGED };

enum { MAGIC = 0x4e4e4b01, DRAWN_AT_ONCE = 1024, WRITTEN_AT_ONCE = NNK_LANES * NNK_PATCH };

// The arena, as NNK_PRIMAL_BYTES counts it:
//   nnk_trainer
//   parameters   reals: W1, b1, W2, ..., as in the model
//   activations  reals: (units of all layers, stride); after BACKWARD of a layer, its deltas
//   scratch      reals: a tile and sums; or a row; or a gradient of NNK_PATCH columns
//   bytes        NNK_LANES x NNK_PATCH bytes, of images that aren't mapped and of the model on its way out
typedef struct arena {
    nnk_trainer *trainer;
    uint8_t *parameters, *activations, *scratch, *bytes;
    size_t stride;
} arena;

static size_t arena_bytes(const nnk_topology *t, size_t real, size_t examples) {
    return NNK_PRIMAL_BYTES_OF(nnk_parameter_count(t), nnk_unit_count(t), (size_t)t->size[1], real, examples);
}

static arena carve(const nnk_job *job, void *memory) {
    const nnk_topology *t = job->topology;
    const size_t real = (size_t)job->arithmetic->real_bytes;
    arena a;
    a.trainer = memory;
    a.stride = NNK_STRIDE(job->examples);
    a.parameters = (uint8_t *)(a.trainer + 1);
    a.activations = a.parameters + NNK_ROUND_UP(nnk_parameter_count(t) * real, 8);
    a.scratch = a.activations + a.stride * nnk_unit_count(t) * real;
    a.bytes = a.scratch + NNK_SCRATCH_REALS(t->size[1], job->examples) * real;
    return a;
}

static int32_t job_valid(const nnk_job *job) {
    return job && job->topology && job->arithmetic && nnk_topology_valid(job->topology) &&
           job->method == NNK_PRIMAL && job->initializer >= NNK_INIT_DEFAULT &&
           job->initializer <= NNK_INIT_SMALL && job->examples >= 1 && job->examples <= NNK_MAX_EXAMPLES &&
           job->learning_rate > 0 && job->learning_rate - job->learning_rate == 0;
}

size_t nnk_train_bytes(const nnk_job *job) {
    if (!job_valid(job)) return 0;
    // The largest arena there is has 2^30 + 7 * 2^8 * 2^20 reals: too many for 32 bits, never for 64.
    const uint64_t units = nnk_unit_count(job->topology), real = (uint64_t)job->arithmetic->real_bytes;
    if (units * NNK_STRIDE(job->examples) * real > SIZE_MAX / 2) return 0;
    return arena_bytes(job->topology, (size_t)real, job->examples);
}

static int32_t initializer_of(const nnk_job *job) {
    if (job->initializer != NNK_INIT_DEFAULT) return job->initializer;
    return job->topology->layers <= 2 ? NNK_INIT_SMALL : NNK_INIT_DEEP;
}

static nnk_model model_of(const nnk_job *job, const nnk_trainer *trainer) {
    return (nnk_model){
        .topology = job->topology,
        .payload_bytes = nnk_payload_bytes(job->topology, job->arithmetic->dtype),
        .dtype = job->arithmetic->dtype,
        .method = job->method,
        .initializer = initializer_of(job),
        .seed = job->seed,
        .iterations = job->iterations,
        .examples = job->examples,
        .data_crc = trainer->data_crc,
        .learning_rate = job->learning_rate,
    };
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

/// Of everything in a job that is a number or a name: a trainer goes on only with the job that it was begun
/// with.
static uint32_t job_crc(const nnk_job *job) {
    uint8_t header[NNK_HEADER_BYTES], every[4], names[2 * NNK_CLASS_NAME_BYTES];
    const nnk_trainer none = {.data_crc = 0};
    const nnk_model model = model_of(job, &none);
    nnk_header_write(header, &model, 0);
    nnk_put32(every, job->cost_every);
    put_class_names(names, job);
    const uint32_t crc = nnk_crc32(nnk_crc32(0, header, sizeof header), every, sizeof every);
    return nnk_crc32(crc, names, sizeof names);
}

/// Whether the arena holds a trainer of this job.
static int32_t is_of(const nnk_trainer *trainer, const nnk_job *job) {
    return job_valid(job) && trainer->magic == MAGIC && trainer->job_crc == job_crc(job);
}

nnk_status nnk_train_begin(const nnk_job *job, void *memory, size_t bytes) {
    const size_t needed = nnk_train_bytes(job);
    if (needed == 0 || !memory || !job->labels || (!job->images.images && !job->images.read))
        return NNK_E_ARGUMENT;
    if ((uintptr_t)memory % 8 != 0) return NNK_E_ALIGN;
    if (bytes < needed) return NNK_E_MEMORY;
    for (uint32_t j = 0; j < job->examples; j++)
        if (job->labels[j] > 1) return NNK_E_LABEL;
    nnk_trainer *t = memory;
    t->magic = MAGIC;
    t->job_crc = job_crc(job);
    t->phase = DRAW;
    t->item = 0;
    t->iteration = 0;
    t->cost_iteration = 0;
    t->cost = 0.0;
    t->data_crc = nnk_crc32(0, job->labels, job->examples);
    t->payload_crc = 0;
    nnk_random_seed(&t->random, job->seed);
    return NNK_OK;
}

static void enter(nnk_trainer *t, enum phase phase) {
    t->phase = phase;
    t->item = 0;
}

/// `count` images from `first` on, bytes `offset` ... `offset + width`: where they are mapped, or copied.
static nnk_status fetch(const nnk_job *job, uint8_t *bytes, uint32_t first, uint32_t count, uint32_t offset,
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

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/// The next weights, or one layer's biases. `item`: parameters done.
static nnk_status draw(const nnk_job *job, arena a) {
    const nnk_topology *t = job->topology;
    const size_t real = (size_t)job->arithmetic->real_bytes;
    uint32_t *item = &a.trainer->item;
    int32_t l = 1;
    while (l < t->layers && *item >= nnk_weights_at(t, l + 1)) l++;
    const uint32_t biases = nnk_biases_at(t, l);
    if (*item < biases) {
        const uint32_t count = smaller(DRAWN_AT_ONCE, biases - *item);
        job->arithmetic->initialize(a.parameters + *item * real, count, t->size[l - 1], initializer_of(job),
                                    &a.trainer->random);
        *item += count;
    } else {
        memset(a.parameters + *item * real, 0, (size_t)t->size[l] * real);
        *item += (uint32_t)t->size[l];
    }
    if (*item == nnk_parameter_count(t)) enter(a.trainer, DIGEST);
    return NNK_MORE;
}

/// The checksum of the data, one image a slice. `item`: images done.
static nnk_status digest(const nnk_job *job, arena a) {
    const uint32_t size = (uint32_t)job->topology->size[0];
    nnk_trainer *t = a.trainer;
    uint32_t crc = t->data_crc;
    for (uint32_t k = 0; k < size; k += NNK_PATCH) {
        nnk_patch p;
        if (fetch(job, a.bytes, t->item, 1, k, smaller(NNK_PATCH, size - k), &p) != NNK_OK)
            return NNK_E_SOURCE;
        crc = nnk_crc32(crc, p.x, p.width);
    }
    t->data_crc = crc;
    if (++t->item == job->examples) enter(t, job->iterations ? FORWARD : TRAINED);
    return NNK_MORE;
}

/// The activations of layer `l` from example `first` on.
static uint8_t *activations(const nnk_job *job, arena a, int32_t l, uint32_t first) {
    size_t unit = 0;
    for (int32_t i = 1; i < l; i++) unit += (size_t)job->topology->size[i];
    return a.activations + (unit * a.stride + first) * (size_t)job->arithmetic->real_bytes;
}

static uint8_t *parameter(const nnk_job *job, arena a, uint32_t index) {
    return a.parameters + index * (size_t)job->arithmetic->real_bytes;
}

/// Layers 2 and up for 16 images; the last layer's logits stay without a sigmoid.
static void forward_above(const nnk_job *job, arena a, uint32_t first, uint32_t count) {
    const nnk_topology *t = job->topology;
    const nnk_arithmetic *k = job->arithmetic;
    for (int32_t l = 2; l <= t->layers; l++) {
        const nnk_shape shape = {(size_t)t->size[l], (size_t)t->size[l - 1], count, a.stride};
        uint8_t *z = activations(job, a, l, first);
        k->linear_forward(z, parameter(job, a, nnk_weights_at(t, l)), parameter(job, a, nnk_biases_at(t, l)),
                          activations(job, a, l - 1, first), shape);
        if (l == t->layers) break;
        for (size_t i = 0; i < shape.outputs; i++) {
            uint8_t *row = z + i * a.stride * (size_t)k->real_bytes;
            k->relu(row, row, count);
        }
    }
}

/// 16 images through the network. `item`: the block of 16.
static nnk_status forward(const nnk_job *job, arena a) {
    const nnk_topology *t = job->topology;
    const nnk_arithmetic *k = job->arithmetic;
    const uint32_t size = (uint32_t)t->size[0], first = a.trainer->item * NNK_LANES;
    const uint32_t count = smaller(NNK_LANES, job->examples - first);
    const size_t units = (size_t)t->size[1], sum_bytes = units * NNK_LANES * (size_t)k->real_bytes;
    uint8_t *sums = a.scratch, *tile = a.scratch + sum_bytes;
    memset(sums, 0, sum_bytes);
    for (uint32_t offset = 0; offset < size; offset += NNK_PATCH) {
        nnk_patch p;
        if (fetch(job, a.bytes, first, count, offset, smaller(NNK_PATCH, size - offset), &p) != NNK_OK)
            return NNK_E_SOURCE;
        k->input_forward(sums, parameter(job, a, offset), size, units, p, tile);
    }
    k->input_activate(activations(job, a, 1, first), sums, parameter(job, a, nnk_biases_at(t, 1)),
                      t->layers > 1, (nnk_shape){units, size, count, a.stride});
    forward_above(job, a, first, count);
    a.trainer->item++;
    if (first + count == job->examples) enter(a.trainer, BACKWARD);
    return NNK_MORE;
}

/// The loss, then a layer a slice downwards, then the biases of layer 1. `item`: slices done.
static nnk_status backward(const nnk_job *job, arena a) {
    const nnk_topology *t = job->topology;
    const nnk_arithmetic *k = job->arithmetic;
    nnk_trainer *trainer = a.trainer;
    const double step = job->learning_rate / job->examples;
    const int32_t l = t->layers + 1 - (int32_t)trainer->item;
    uint8_t *z = activations(job, a, l <= t->layers ? l : t->layers, 0);
    nnk_status status = NNK_MORE;
    if (l > t->layers) {
        if (job->cost_every && trainer->iteration % job->cost_every == 0) {
            trainer->cost = k->logit_cost(z, job->labels, job->examples);
            trainer->cost_iteration = trainer->iteration;
            status = NNK_COST;
        }
        if (!k->logit_backward(z, job->labels, job->examples)) {
            enter(trainer, DIVERGED);
            return NNK_E_DIVERGED;
        }
    } else if (l > 1) {
        const nnk_shape shape = {(size_t)t->size[l], (size_t)t->size[l - 1], job->examples, a.stride};
        k->hidden_step(activations(job, a, l - 1, 0), parameter(job, a, nnk_weights_at(t, l)),
                       parameter(job, a, nnk_biases_at(t, l)), z, step, a.scratch, shape);
    } else {
        const nnk_shape shape = {(size_t)t->size[1], (size_t)t->size[0], job->examples, a.stride};
        k->bias_step(parameter(job, a, nnk_biases_at(t, 1)), z, step, shape);
    }
    trainer->item++;
    if (l == 1) enter(trainer, DESCENT);
    return status;
}

/// W1 -= rate/m dZ1 X^T, for NNK_PATCH columns. `item`: the patch.
static nnk_status descend(const nnk_job *job, arena a) {
    const nnk_topology *t = job->topology;
    const nnk_arithmetic *k = job->arithmetic;
    nnk_trainer *trainer = a.trainer;
    const uint32_t size = (uint32_t)t->size[0], offset = trainer->item * NNK_PATCH;
    const uint32_t width = smaller(NNK_PATCH, size - offset);
    const uint32_t batch = job->images.images ? job->examples : NNK_LANES;
    const size_t units = (size_t)t->size[1];
    memset(a.scratch, 0, units * NNK_PATCH * (size_t)k->real_bytes);
    for (uint32_t first = 0; first < job->examples; first += batch) {
        nnk_patch p;
        const uint32_t count = smaller(batch, job->examples - first);
        if (fetch(job, a.bytes, first, count, offset, width, &p) != NNK_OK) return NNK_E_SOURCE;
        k->input_gradient(a.scratch, activations(job, a, 1, first), a.stride, units, p);
    }
    k->input_step(parameter(job, a, offset), a.scratch, job->learning_rate / job->examples / 255.0, size,
                  units, width);
    trainer->item++;
    if (offset + width < size) return NNK_MORE;
    enter(trainer, ++trainer->iteration < job->iterations ? FORWARD : TRAINED);
    return NNK_MORE;
}

nnk_status nnk_train_step(const nnk_job *job, void *memory) {
    if (!is_of(memory, job)) return NNK_E_STATE;
    arena a = carve(job, memory);
    switch (a.trainer->phase) {
    case DRAW:
        return draw(job, a);
    case DIGEST:
        return digest(job, a);
    case FORWARD:
        return forward(job, a);
    case BACKWARD:
        return backward(job, a);
    case DESCENT:
        return descend(job, a);
    case TRAINED:
        return NNK_OK;
    case DIVERGED:
        return NNK_E_DIVERGED;
    default:
        return NNK_E_STATE;
    }
}

/// Whether all little-endian reals are finite: an exponent of ones is an infinity or a NaN.
static int32_t all_finite(const uint8_t *bytes, uint32_t count, int32_t real_bytes) {
    const uint32_t size = (uint32_t)real_bytes, mask = real_bytes == 4 ? 0x7f80 : 0x7ff0;
    for (uint32_t i = 0; i < count; i += size)
        if ((nnk_get16(bytes + i + size - 2) & mask) == mask) return 0;
    return 1;
}

/// The next bytes of the payload. `item`: bytes written.
static nnk_status write_payload(const nnk_job *job, arena a, uint32_t payload_bytes, nnk_sink sink) {
    nnk_trainer *t = a.trainer;
    const uint32_t parameter_bytes = payload_bytes - 2 * NNK_CLASS_NAME_BYTES;
    uint32_t count = 2 * NNK_CLASS_NAME_BYTES;
    if (t->item == parameter_bytes) {
        put_class_names(a.bytes, job);
    } else {
        count = smaller(WRITTEN_AT_ONCE, parameter_bytes - t->item);
        memcpy(a.bytes, a.parameters + t->item, count);
        nnk_swap_reals(a.bytes, count, job->arithmetic->real_bytes);
        if (!all_finite(a.bytes, count, job->arithmetic->real_bytes)) {
            enter(t, DIVERGED);
            return NNK_E_DIVERGED;
        }
    }
    if (sink.write(sink.context, NNK_HEADER_BYTES + t->item, a.bytes, count) != NNK_OK) {
        enter(t, TRAINED);
        return NNK_E_SINK;
    }
    t->payload_crc = nnk_crc32(t->payload_crc, a.bytes, count);
    t->item += count;
    if (t->item == payload_bytes) enter(t, HEADER);
    return NNK_MORE;
}

nnk_status nnk_train_finish(const nnk_job *job, void *memory, nnk_sink sink) {
    if (!is_of(memory, job)) return NNK_E_STATE;
    arena a = carve(job, memory);
    nnk_trainer *t = a.trainer;
    if (t->phase == DIVERGED) return NNK_E_DIVERGED;
    if (t->phase < TRAINED || t->phase > WRITTEN || !sink.write) return NNK_E_STATE;
    const nnk_model model = model_of(job, t);
    if (t->phase == TRAINED || t->phase == WRITTEN) {
        enter(t, PAYLOAD);
        t->payload_crc = 0;
    }
    if (t->phase == PAYLOAD) return write_payload(job, a, model.payload_bytes, sink);
    nnk_header_write(a.bytes, &model, t->payload_crc);
    const nnk_status status = sink.write(sink.context, 0, a.bytes, NNK_HEADER_BYTES);
    enter(t, status == NNK_OK ? WRITTEN : TRAINED);
    return status == NNK_OK ? NNK_OK : NNK_E_SINK;
}

nnk_status nnk_train_progress(const nnk_job *job, const void *memory, nnk_progress *progress) {
    const nnk_trainer *t = memory;
    if (!is_of(t, job)) return NNK_E_STATE;
    const int32_t stage = t->phase < FORWARD ? NNK_SETUP : t->phase < TRAINED ? NNK_LOOP : NNK_TRAINED;
    *progress = (nnk_progress){stage, t->iteration, t->cost_iteration, t->cost};
    return NNK_OK;
}
