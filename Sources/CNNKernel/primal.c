// Gradient descent on the weights themselves, without a gradient of their size: once the deltas of all
// examples are known, W1 is updated in place, NNK_PATCH columns at a time, from the byte images.
#include "trainer.h"

nnk_status nnk_input_sums(const nnk_job *job, const arena *a, uint32_t first, uint32_t count) {
    const nnk_topology *t = job->topology;
    const uint32_t size = (uint32_t)t->size[0];
    const size_t units = (size_t)t->size[1], sum_bytes = units * NNK_LANES * nnk_real_bytes(job);
    uint8_t *sums = a->scratch, *tile = a->scratch + sum_bytes;
    memset(sums, 0, sum_bytes);
    for (uint32_t offset = 0; offset < size; offset += NNK_PATCH) {
        nnk_patch p;
        if (nnk_fetch(job, a->bytes, first, count, offset, nnk_smaller(NNK_PATCH, size - offset), &p) !=
            NNK_OK)
            return NNK_E_SOURCE;
        job->arithmetic->input_forward(sums, nnk_parameter(job, a, offset), size, units, p, tile);
    }
    return NNK_OK;
}

nnk_status nnk_input_descent(const nnk_job *job, const arena *a, const uint8_t *dz, int32_t *last) {
    const nnk_topology *t = job->topology;
    const nnk_arithmetic *k = job->arithmetic;
    const uint32_t size = (uint32_t)t->size[0], offset = a->trainer->item * NNK_PATCH;
    const uint32_t width = nnk_smaller(NNK_PATCH, size - offset);
    const uint32_t batch = job->images.images ? job->examples : NNK_LANES;
    const size_t units = (size_t)t->size[1];
    memset(a->scratch, 0, units * NNK_PATCH * nnk_real_bytes(job));
    for (uint32_t first = 0; first < job->examples; first += batch) {
        nnk_patch p;
        const uint32_t count = nnk_smaller(batch, job->examples - first);
        if (nnk_fetch(job, a->bytes, first, count, offset, width, &p) != NNK_OK) return NNK_E_SOURCE;
        k->input_gradient(a->scratch, dz + first * nnk_real_bytes(job), a->stride, units, p);
    }
    k->input_step(nnk_parameter(job, a, offset), a->scratch, job->learning_rate / job->examples / 255.0, size,
                  units, width);
    a->trainer->item++;
    *last = offset + width == size;
    return NNK_MORE;
}

/// 16 images through the network. `item`: the block of 16.
static nnk_status forward(const nnk_job *job, const arena *a) {
    const nnk_topology *t = job->topology;
    const uint32_t first = a->trainer->item * NNK_LANES,
                   count = nnk_smaller(NNK_LANES, job->examples - first);
    if (nnk_input_sums(job, a, first, count) != NNK_OK) return NNK_E_SOURCE;
    nnk_shape shape = nnk_layer_shape(job, a, 1);
    shape.examples = NNK_LANES;
    job->arithmetic->input_activate(nnk_activations(job, a, 1, first), a->scratch,
                                    nnk_parameter(job, a, nnk_biases_at(t, 1)), t->layers > 1, shape);
    nnk_forward_above(job, a, first, NNK_LANES);
    a->trainer->item++;
    if (first + count == job->examples) nnk_enter(a->trainer, BACKWARD);
    return NNK_MORE;
}

nnk_status nnk_backward(const nnk_job *job, const arena *a) {
    const nnk_topology *t = job->topology;
    const nnk_arithmetic *k = job->arithmetic;
    const double step = job->learning_rate / job->examples;
    const int32_t l = t->layers + 1 - (int32_t)a->trainer->item;
    nnk_status status = NNK_MORE;
    if (l > t->layers) {
        status = nnk_loss(job, a);
        if (status < 0) return status;
    } else if (l > 1) {
        k->hidden_step(nnk_activations(job, a, l - 1, 0), nnk_parameter(job, a, nnk_weights_at(t, l)),
                       nnk_parameter(job, a, nnk_biases_at(t, l)), nnk_activations(job, a, l, 0), step,
                       a->scratch, nnk_layer_shape(job, a, l));
    } else {
        k->bias_step(nnk_parameter(job, a, nnk_biases_at(t, 1)), nnk_activations(job, a, 1, 0), step,
                     nnk_layer_shape(job, a, 1));
    }
    a->trainer->item++;
    if (l == 1) nnk_enter(a->trainer, DESCENT);
    return status;
}

/// W1 -= rate/m dZ1 X^T, NNK_PATCH columns a slice. `item`: the patch.
static nnk_status descend(const nnk_job *job, const arena *a) {
    int32_t last = 0;
    if (nnk_input_descent(job, a, nnk_activations(job, a, 1, 0), &last) != NNK_MORE) return NNK_E_SOURCE;
    if (last) nnk_enter(a->trainer, ++a->trainer->iteration < job->iterations ? FORWARD : TRAINED);
    return NNK_MORE;
}

nnk_status nnk_primal_step(const nnk_job *job, const arena *a) {
    switch (a->trainer->phase) {
    case FORWARD:
        return forward(job, a);
    case BACKWARD:
        return nnk_backward(job, a);
    default:
        return descend(job, a);
    }
}
