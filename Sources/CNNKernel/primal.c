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
        job->arithmetic->input_forward(sums, nnk_parameter(job, a, offset * (uint32_t)units), units, p, tile);
    }
    return NNK_OK;
}

nnk_status nnk_input_descent(const nnk_job *job, const arena *a, const uint8_t *dz, uint32_t patch) {
    const nnk_topology *t = job->topology;
    const nnk_arithmetic *k = job->arithmetic;
    const uint32_t size = (uint32_t)t->size[0], offset = patch * NNK_PATCH;
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
    k->input_step(nnk_parameter(job, a, offset * (uint32_t)units), a->scratch,
                  job->learning_rate / job->examples / 255.0, units, width);
    return NNK_MORE;
}

/// An item: 16 images through the network.
nnk_status nnk_primal_forward(const nnk_job *job, const arena *a, uint32_t item) {
    const nnk_topology *t = job->topology;
    const uint32_t first = item * NNK_LANES, count = nnk_smaller(NNK_LANES, job->examples - first);
    if (nnk_input_sums(job, a, first, count) != NNK_OK) return NNK_E_SOURCE;
    nnk_shape shape = nnk_layer_shape(job, a, 1);
    shape.examples = NNK_LANES;
    job->arithmetic->input_activate(nnk_activations(job, a, 1, first), a->scratch,
                                    nnk_parameter(job, a, nnk_biases_at(t, 1)), t->layers > 1, shape);
    nnk_forward_above(job, a, first, NNK_LANES);
    return NNK_MORE;
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

/// Item 0 is the loss; then a layer an item downwards; the last is the biases of layer 1.
nnk_status nnk_backward(const nnk_job *job, const arena *a, uint32_t item) {
    const nnk_topology *t = job->topology;
    const nnk_arithmetic *k = job->arithmetic;
    const double step = job->learning_rate / job->examples;
    const int32_t l = t->layers + 1 - (int32_t)item;
    if (item == 0) return loss(job, a);
    uint8_t *dz = nnk_activations(job, a, l, 0), *biases = nnk_parameter(job, a, nnk_biases_at(t, l));
    if (l > 1)
        k->hidden_step(nnk_activations(job, a, l - 1, 0), nnk_parameter(job, a, nnk_weights_at(t, l)), biases,
                       dz, step, a->scratch, nnk_layer_shape(job, a, l));
    else
        k->bias_step(biases, dz, step, nnk_layer_shape(job, a, 1));
    return NNK_MORE;
}

/// An item: NNK_PATCH columns of W1 -= rate/m dZ1 X^T.
nnk_status nnk_primal_descend(const nnk_job *job, const arena *a, uint32_t item) {
    return nnk_input_descent(job, a, nnk_activations(job, a, 1, 0), item);
}
