// How far two images are apart, by their Gram matrix.
#include "arena.h"
#include "judgement.h"
#include "math_f64.h"

/// |x - y|^2 = x . x + y . y - 2 x . y. Where the elements of G are rounded, it may fall below zero.
static double distance(const nnk_job *job, const arena *a, uint32_t j, uint32_t k) {
    const nnk_method *method = job->method;
    const double square =
        method->load(job, a, j, j) + method->load(job, a, k, k) - 2 * method->load(job, a, j, k);
    const double mean = square * job->arithmetic->gram_unit / job->topology->size[0];
    return mean >= DBL_MIN ? nnk_sqrt_f64(mean) : 0;
}

/// Whether the memory holds a Gram matrix that this job formed.
static bool is_formed(const nnk_job *job, const void *gram) {
    return nnk_check_trainer(job, gram) == NNK_OK && nnk_forms_gram(job) &&
           nnk_is_trained((const nnk_trainer *)gram);
}

double nnk_image_distance(const nnk_job *job, const void *gram, uint32_t j, uint32_t k) {
    if (!is_formed(job, gram) || j >= nnk_columns(job) || k >= nnk_columns(job)) return NNK_NAN;
    arena a;
    nnk_carve(job, (void *)(uintptr_t)gram, &a);
    return distance(job, &a, j, k);
}

nnk_status nnk_measure_likeness(const nnk_job *job, const void *gram, nnk_likeness *likeness) {
    if (!job || !job->labels || !gram || !likeness) return NNK_E_ARGUMENT;
    if (!is_formed(job, gram)) return NNK_E_STATE;
    arena a;
    nnk_carve(job, (void *)(uintptr_t)gram, &a);
    double neighbours = 0, pairs = 0, neighbour_count = 0, pair_count = 0;
    for (uint32_t j = 0; j < job->examples; j++) {
        bool is_next = true;
        for (uint32_t k = j + 1; k < job->examples; k++) {
            if (job->labels[k] != job->labels[j]) continue;
            const double d = distance(job, &a, j, k);
            pairs += d, pair_count++;
            if (is_next) neighbours += d, neighbour_count++;
            is_next = false;
        }
    }
    likeness->neighbours = neighbour_count > 0 ? neighbours / neighbour_count : 0;
    likeness->pairs = pair_count > 0 ? pairs / pair_count : 0;
    return NNK_OK;
}

int32_t nnk_is_sequence(const nnk_likeness *l) { return l && l->neighbours < 0.8 * l->pairs; }

int32_t nnk_nearly_alike(const nnk_likeness *l, double distance) { return l && distance <= 0.15 * l->pairs; }
