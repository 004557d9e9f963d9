// What the methods do alike: images, initial weights, checksums, and the layers above the first.
#include "nnkernel/model.h"
#include "trainer.h"

nnk_status nnk_fetch(const nnk_job *job, uint8_t *bytes, uint32_t first, uint32_t count, uint32_t offset,
                     uint32_t width, nnk_patch *patch) {
    const uint32_t size = (uint32_t)job->topology->size[0];
    count = nnk_smaller(count, job->examples - first);
    width = nnk_smaller(width, size - offset);
    *patch = (nnk_patch){bytes, NNK_PATCH, count, width};
    if (job->images.images) {
        patch->x = job->images.images + (size_t)first * size + offset;
        patch->stride = size;
        return NNK_OK;
    }
    for (uint32_t j = 0; j < count; j++)
        if (job->images.read(job->images.context, first + j, offset, width, bytes + j * NNK_PATCH) != NNK_OK)
            return NNK_E_SOURCE;
    return NNK_OK;
}

void nnk_initialize(const nnk_job *job, const arena *a, nnk_real *w, size_t count, int32_t inputs) {
    job->arithmetic->initialize(w, count, inputs, nnk_initializer_of(job), &a->trainer->random);
}

double nnk_step(const nnk_job *job) { return job->learning_rate / job->examples; }

layer nnk_layer(const nnk_job *job, const arena *a, int32_t number) {
    const nnk_topology *t = job->topology;
    layer l = {.biases = a->parameters, .rows = a->activations};
    nnk_real *next = a->parameters;
    for (int32_t i = 1; i <= number; i++) {
        l.shape = (nnk_shape){(size_t)t->size[i], (size_t)t->size[i - 1], a->columns, a->stride};
        l.weights = next;
        if (i >= job->method->first_layer) next = nnk_at(job, next, l.shape.outputs * l.shape.inputs);
        l.biases = next;
        next = nnk_at(job, next, l.shape.outputs);
        if (i > job->method->first_layer) l.rows = nnk_at(job, l.rows, l.shape.inputs * l.shape.stride);
    }
    return l;
}

uint32_t nnk_draw_items(const nnk_job *job) {
    const nnk_topology *t = job->topology;
    return nnk_unit_count(t) - (uint32_t)t->size[1];
}

nnk_status nnk_draw(const nnk_job *job, const arena *a, uint32_t item) {
    const nnk_topology *t = job->topology;
    int32_t number = 2;
    while (item >= (uint32_t)t->size[number]) item -= (uint32_t)t->size[number++];
    const layer l = nnk_layer(job, a, number);
    const size_t inputs = l.shape.inputs;
    nnk_initialize(job, a, nnk_at(job, l.weights, item * inputs), inputs, (int32_t)inputs);
    return NNK_MORE;
}

nnk_status nnk_digest_image(const nnk_job *job, uint8_t *bytes, uint32_t image, uint32_t *data_crc) {
    const uint32_t size = (uint32_t)job->topology->size[0], step = job->images.images ? size : NNK_PATCH;
    uint32_t crc = *data_crc;
    for (uint32_t k = 0; k < size; k += step) {
        nnk_patch p;
        if (nnk_fetch(job, bytes, image, 1, k, step, &p) != NNK_OK) return NNK_E_SOURCE;
        crc = job->arithmetic->crc32(crc, p.x, p.width);
    }
    *data_crc = crc;
    return NNK_MORE;
}

nnk_status nnk_digest(const nnk_job *job, const arena *a, uint32_t item) {
    return nnk_digest_image(job, a->bytes, item, &a->trainer->data_crc);
}

nnk_status nnk_loss(const nnk_job *job, const arena *a) {
    nnk_trainer *t = a->trainer;
    const size_t m = job->examples;
    nnk_real *z = nnk_activations(job, a, job->topology->layers, 0);
    nnk_status status = NNK_MORE;
    if (job->cost_every && t->iteration % job->cost_every == 0) {
        t->cost = job->arithmetic->logit_cost(z, job->labels, m);
        t->cost_iteration = t->iteration;
        status = NNK_COST;
    }
    // Finite logits may still add up to an infinite cost.
    if (!job->arithmetic->logit_backward(z, job->labels, m) || t->cost - t->cost != 0) return NNK_E_DIVERGED;
    // Columns that only fill up the stride have no deltas, so they add zeros to every sum over examples.
    memset(nnk_at(job, z, m), 0, (a->stride - m) * nnk_real_bytes(job));
    return status;
}
