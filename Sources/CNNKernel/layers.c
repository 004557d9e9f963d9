// What the methods do alike: images, initial weights, checksums, and the layers above the first.
#include "nnkernel/model.h"
#include "trainer.h"

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

uint32_t nnk_draw_items(const nnk_job *job) {
    const nnk_topology *t = job->topology;
    return nnk_unit_count(t) - (uint32_t)t->size[1];
}

nnk_status nnk_draw(const nnk_job *job, const arena *a, uint32_t item) {
    const nnk_topology *t = job->topology;
    int32_t l = 2;
    while (item >= (uint32_t)t->size[l]) item -= (uint32_t)t->size[l++];
    const uint32_t inputs = (uint32_t)t->size[l - 1];
    job->arithmetic->initialize(nnk_parameter(job, a, nnk_weights_at(t, l) + item * inputs), inputs,
                                t->size[l - 1], nnk_initializer_of(job), &a->trainer->random);
    return NNK_MORE;
}

nnk_status nnk_digest(const nnk_job *job, const arena *a, uint32_t item) {
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
    for (int32_t l = job->method->first_layer + 1; l <= t->layers; l++) {
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

/// The cost if it is due, then the last layer's deltas.
static nnk_status loss(const nnk_job *job, const arena *a) {
    nnk_trainer *t = a->trainer;
    const size_t m = job->examples;
    uint8_t *z = nnk_activations(job, a, job->topology->layers, 0);
    nnk_status status = NNK_MORE;
    if (job->cost_every && t->iteration % job->cost_every == 0) {
        t->cost = job->arithmetic->logit_cost(z, job->labels, m);
        t->cost_iteration = t->iteration;
        status = NNK_COST;
    }
    // Finite logits may still add up to an infinite cost.
    if (!job->arithmetic->logit_backward(z, job->labels, m) || t->cost - t->cost != 0) return NNK_E_DIVERGED;
    // Columns that only fill up the stride have no deltas, so they add zeros to every sum over examples.
    memset(z + m * nnk_real_bytes(job), 0, (a->stride - m) * nnk_real_bytes(job));
    return status;
}

/// The weights of layer `l`, and the deltas of `units` units of the layer below, from `first` on.
static void step_weights(const nnk_job *job, const arena *a, int32_t l, uint32_t first, uint32_t units) {
    const uint32_t weights = nnk_weights_at(job->topology, l) + first;
    job->arithmetic->hidden_step(nnk_row(job, a, nnk_activations(job, a, l - 1, 0), first),
                                 nnk_parameter(job, a, weights), nnk_activations(job, a, l, 0),
                                 job->learning_rate / job->examples, a->scratch, units,
                                 nnk_layer_shape(job, a, l));
}

static void step_biases(const nnk_job *job, const arena *a, int32_t l) {
    job->arithmetic->bias_step(nnk_parameter(job, a, nnk_biases_at(job->topology, l)),
                               nnk_activations(job, a, l, 0), job->learning_rate / job->examples,
                               nnk_layer_shape(job, a, l));
}

nnk_status nnk_backward(const nnk_job *job, const arena *a, uint32_t item) {
    const int32_t l = job->topology->layers + 1 - (int32_t)item;
    if (item == 0) return loss(job, a);
    step_weights(job, a, l, 0, (uint32_t)job->topology->size[l - 1]);
    step_biases(job, a, l);
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
