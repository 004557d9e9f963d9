// The initial parameters: drawn from the seed, or those of a model.
#include "layout.h"
#include "work.h"

/// A parameter of the model to start from; index: in the order of a model of reals.
static double start_parameter(const nnk_model *m, uint32_t index) {
    const uint32_t inputs = (uint32_t)m->topology->size[0], first = inputs * (uint32_t)m->topology->size[1];
    switch (m->dtype) {
    case NNK_F32: return (double)((const float *)m->parameters)[index];
    case NNK_F64: return ((const double *)m->parameters)[index];
    default: break;
    }
    // The scales of W1's rows and all other parameters come first, then W1 as bytes.
    const float *floats = m->parameters;
    const uint32_t units = (uint32_t)m->topology->size[1];
    if (index >= first) return (double)floats[units + index - first];
    const int8_t *w = (const int8_t *)(floats + nnk_parameters_of(m->topology) - first + units);
    return (double)floats[index / inputs] * w[index];
}

void nnk_initialize(const nnk_job *job, const arena *a, nnk_real *w, int32_t number, uint32_t index,
                    size_t count) {
    const nnk_topology *t = job->topology;
    if (!nnk_start_of(job)) {
        job->arithmetic->initialize(w, count, t->size[number - 1], a->trainer->job.initializer,
                                    &a->trainer->random);
        return;
    }
    const uint32_t at = nnk_weights_at(t, number) + index;
    for (uint32_t i = 0; i < count; i++) nnk_set(job, w, i, start_parameter(nnk_start_of(job), at + i));
}

double nnk_initial_bias(const nnk_job *job, int32_t number, uint32_t unit) {
    return start_parameter(job->start, nnk_biases_at(job->topology, number) + unit);
}

nnk_status nnk_check_initial(const nnk_job *job) {
    // nnk_dual looks at W1 as it reads it: to look at all of it takes too long for one call.
    const uint32_t first = job->method->number == NNK_DUAL ? nnk_biases_at(job->topology, 1) : 0;
    for (uint32_t i = first; i < nnk_parameters_of(job->topology); i++)
        if (!nnk_fits_real(job, start_parameter(job->start, i))) return NNK_E_PARAMETER;
    return NNK_OK;
}
