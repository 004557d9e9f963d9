/// The trainings whose checkpoints are fuzzed: small jobs of every method, element type and option.
#ifndef TRAININGS_H
#define TRAININGS_H

#include "fuzz.h"

enum { EXAMPLES = 5, INPUTS = 24, TRAININGS = 3 * 2 * 8, SMALL_CHECKPOINT = 1 << 14 };

/// The data of all of them. The second image has no contrast, and the last example is held out.
typedef struct fuzz_data {
    uint8_t images[EXAMPLES * INPUTS], labels[EXAMPLES];
    float weights[EXAMPLES];
} fuzz_data;

static inline fuzz_data new_data(void) {
    fuzz_data d = {.labels = {0, 1, 1, 0, 1}, .weights = {1, 0.5F, 2, 1, 0}};
    for (uint32_t i = 0; i < sizeof d.images; i++)
        d.images[i] = (uint8_t)(i / INPUTS == 1 ? 77 : i * i * 31 + i);
    return d;
}

static inline void add_options(nnk_job *job, uint32_t options, const fuzz_data *d) {
    switch (options) {
    case 1: job->center = true; break;
    case 2: job->own_contrast = job->center = true; break;
    case 3: job->mirror = (nnk_mirror){12, 3}; break;
    case 4: job->weights = d->weights; break;
    case 5:
        job->weights = d->weights;
        job->keep_best = true;
        break;
    case 6: job->weight_decay = 0.125; break;
    case 7:
        if (job->method == &nnk_dual) job->capacity = EXAMPLES + 2;
        break;
    default: break;
    }
}

/// The job of that number, 0 ... TRAININGS - 1.
static inline nnk_job job_of(uint32_t number, const fuzz_data *d) {
    static const nnk_topology topology = {3, {INPUTS, 3, 2, 1}};
    static const nnk_method *const methods[] = {&nnk_primal, &nnk_dual, &nnk_dual_wide};
    nnk_job job = {.topology = &topology,
                   .arithmetic = number / 3 % 2 ? &nnk_f32 : &nnk_f64,
                   .method = methods[number % 3],
                   .initializer = NNK_INIT_DEEP,
                   .seed = 1,
                   .iterations = 3,
                   .cost_every = 1,
                   .examples = EXAMPLES,
                   .learning_rate = 0.25,
                   .labels = d->labels,
                   .images = {.images = d->images}};
    add_options(&job, number / 6, d);
    return job;
}

/// Saves a checkpoint.
static inline nnk_status save(const nnk_job *job, void *arena, memory_file *f) {
    nnk_checkpoint progress = {0};
    nnk_status status;
    do status = nnk_checkpoint_save(job, arena, &progress, sink_of(f));
    while (status > 0);
    return status;
}

#endif
