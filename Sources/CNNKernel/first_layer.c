// W1 in memory, transposed, for the methods that have room for it.
#include "trainer.h"

enum { DRAWN_AT_ONCE = 1024 };

void *nnk_carve_layers(const nnk_job *job, arena *a) {
    const nnk_topology *t = job->topology;
    a->stride = a->columns = NNK_STRIDE(job->examples);
    a->row = a->stride * nnk_real_bytes(job);
    uint8_t *next = (uint8_t *)a->trainer + NNK_ROUND_TO_CACHE_LINE(sizeof(nnk_trainer));
    a->parameters = (nnk_real *)(void *)next;
    next += NNK_ROUND_TO_CACHE_LINE(nnk_parameter_count(t) * nnk_real_bytes(job));
    a->activations = (nnk_real *)(void *)next;
    return nnk_row(a, a->activations, nnk_unit_count(t));
}

/// Copies `count` reals to places `to_step` reals apart, from places `from_step` apart.
static void copy_reals(void *to_, size_t to_step, const void *from_, size_t from_step, uint32_t count,
                       size_t real) {
    uint8_t *to = to_;
    const uint8_t *from = from_;
    for (uint32_t i = 0; i < count; i++, to += to_step * real, from += from_step * real)
        if (real == 4)
            memcpy(to, from, 4);
        else
            memcpy(to, from, 8);
}

/// Items for one row of W1, DRAWN_AT_ONCE an item.
static uint32_t draw_pieces(const nnk_job *job) {
    return ((uint32_t)job->topology->size[0] + DRAWN_AT_ONCE - 1) / DRAWN_AT_ONCE;
}

uint32_t nnk_draw_all_items(const nnk_job *job) {
    return (uint32_t)job->topology->size[1] * draw_pieces(job) + nnk_draw_items(job);
}

nnk_status nnk_draw_all(const nnk_job *job, const arena *a, uint32_t item) {
    const uint32_t inputs = (uint32_t)job->topology->size[0], units = (uint32_t)job->topology->size[1];
    const uint32_t pieces = draw_pieces(job), row = item / pieces, offset = item % pieces * DRAWN_AT_ONCE;
    const uint32_t count = nnk_smaller(DRAWN_AT_ONCE, inputs - offset);
    if (row >= units) return nnk_draw(job, a, item - units * pieces);
    nnk_initialize(job, a, a->scratch, count, job->topology->size[0]);
    copy_reals(nnk_parameter(job, a, offset * units + row), units, a->scratch, 1, count, nnk_real_bytes(job));
    return NNK_MORE;
}

nnk_status nnk_input_sums(const nnk_job *job, const arena *a, uint32_t first) {
    const nnk_topology *t = job->topology;
    const uint32_t size = (uint32_t)t->size[0];
    const size_t units = (size_t)t->size[1], sum_bytes = units * NNK_LANES * nnk_real_bytes(job);
    nnk_real *sums = a->scratch, *tile = nnk_at(job, sums, units * NNK_LANES);
    memset(sums, 0, sum_bytes);
    for (uint32_t offset = 0; offset < size; offset += NNK_PATCH) {
        nnk_patch p;
        if (nnk_fetch(job, a->bytes, first, NNK_LANES, offset, NNK_PATCH, &p) != NNK_OK) return NNK_E_SOURCE;
        job->arithmetic->input_forward(sums, nnk_parameter(job, a, offset * (uint32_t)units), units, p, tile);
    }
    return NNK_OK;
}

nnk_status nnk_input_descent(const nnk_job *job, const arena *a, nnk_real *dz, uint32_t patch) {
    const nnk_topology *t = job->topology;
    const nnk_arithmetic *k = job->arithmetic;
    const uint32_t size = (uint32_t)t->size[0], offset = patch * NNK_PATCH;
    const uint32_t width = nnk_smaller(NNK_PATCH, size - offset);
    const uint32_t batch = job->images.images ? job->examples : NNK_LANES;
    const size_t units = (size_t)t->size[1];
    memset(a->scratch, 0, units * NNK_PATCH * nnk_real_bytes(job));
    for (uint32_t first = 0; first < job->examples; first += batch) {
        nnk_patch p;
        if (nnk_fetch(job, a->bytes, first, batch, offset, NNK_PATCH, &p) != NNK_OK) return NNK_E_SOURCE;
        k->input_gradient(a->scratch, nnk_at(job, dz, first), a->stride, units, p);
    }
    k->input_update(nnk_parameter(job, a, offset * (uint32_t)units), a->scratch, nnk_step(job) / 255.0, units,
                    width);
    return NNK_MORE;
}

void nnk_forward_above(const nnk_job *job, const arena *a, uint32_t first, size_t columns) {
    const nnk_topology *t = job->topology;
    const nnk_arithmetic *k = job->arithmetic;
    for (int32_t l = 2; l <= t->layers; l++) {
        const nnk_shape shape = {(size_t)t->size[l], (size_t)t->size[l - 1], columns, a->stride};
        nnk_real *z = nnk_activations(job, a, l, first);
        k->linear_forward(z, nnk_parameter(job, a, nnk_weights_at(t, l)),
                          nnk_parameter(job, a, nnk_biases_at(t, l)), nnk_activations(job, a, l - 1, first),
                          shape);
        if (l < t->layers)
            for (size_t i = 0; i < shape.outputs; i++) {
                nnk_real *row = nnk_row(a, z, i);
                k->relu(row, row, columns);
            }
    }
}

/// The weights of a layer, and the deltas of `units` units of the layer below, from `first` on.
static void step_weights(const nnk_job *job, const arena *a, int32_t number, uint32_t first, uint32_t units) {
    const layer above = nnk_layer(job, a, number), below = nnk_layer(job, a, number - 1);
    job->arithmetic->hidden_update(nnk_row(a, below.rows, first), nnk_at(job, above.weights, first),
                                   above.rows, nnk_step(job), a->scratch, units, above.shape);
}

static void step_biases(const nnk_job *job, const arena *a, int32_t number) {
    const layer l = nnk_layer(job, a, number);
    job->arithmetic->bias_update(l.biases, l.rows, nnk_step(job), l.shape);
}

nnk_status nnk_backward(const nnk_job *job, const arena *a, uint32_t item) {
    const int32_t number = job->topology->layers + 1 - (int32_t)item;
    if (item == 0) return nnk_loss(job, a);
    step_weights(job, a, number, 0, (uint32_t)job->topology->size[number - 1]);
    step_biases(job, a, number);
    return NNK_MORE;
}

uint32_t nnk_backward_items(const nnk_job *job) {
    const uint32_t layers = (uint32_t)job->topology->layers;
    return layers > 2 ? layers - 1 : 1;
}

void nnk_step_second(const nnk_job *job, const arena *a, uint32_t first, uint32_t count) {
    step_weights(job, a, 2, first, count);
}

uint32_t nnk_second_items(const nnk_job *job) {
    return job->topology->layers > 1 ? (uint32_t)job->topology->size[1] : 0;
}

nnk_status nnk_step_biases(const nnk_job *job, const arena *a, uint32_t item) {
    (void)item; // the only one
    if (job->topology->layers > 1) step_biases(job, a, 2);
    step_biases(job, a, 1);
    return NNK_MORE;
}

nnk_status nnk_transposed_weights(const nnk_job *job, const arena *a, uint8_t **bytes, uint32_t *count) {
    const uint32_t real = (uint32_t)nnk_real_bytes(job), at = a->trainer->item / real;
    const uint32_t inputs = (uint32_t)job->topology->size[0], units = (uint32_t)job->topology->size[1];
    const uint32_t row = at / inputs, offset = at % inputs;
    const uint32_t some = nnk_smaller(NNK_AT_ONCE / real, inputs - offset);
    copy_reals(a->bytes, 1, nnk_parameter(job, a, offset * units + row), units, some, real);
    *bytes = a->bytes;
    *count = some * real;
    return NNK_OK;
}
