// Cross-validation: the networks of recipes, repeats and folds, and their held-out logits.
#include "freestanding.h"
#include "job.h"
#include "judgement.h"
#include "layout.h"
#include "nnkernel/sizes.h"

// Own contrast makes the inputs of a photo two to four times as large, and 0.1 of decay then does what 0.03
// does without.
const nnk_recipe nnk_recipes[NNK_RECIPES] = {
    {.mirror = true, .own_contrast = true, .weight_decay = 0.3},
    {.mirror = true, .own_contrast = true, .weight_decay = 0.1},
    {.mirror = true, .weight_decay = 0.1},
    {.mirror = true, .weight_decay = 0.03},
    {.own_contrast = true, .weight_decay = 0.3},
    {.own_contrast = true, .weight_decay = 0.1},
    {.weight_decay = 0.1},
    {.weight_decay = 0.03},
};

// ---- What there is ----------------------------------------------------------------------------------------

/// The job of a recipe in a repeat, without weights. Its last cost is due before an iteration more.
static nnk_job job_of(const nnk_validation *v, uint32_t recipe, uint32_t repeat) {
    const nnk_recipe *r = &v->recipes[recipe];
    nnk_job job = v->job;
    job.seed += repeat;
    job.iterations++;
    job.weights = NULL;
    job.keep_best = false;
    job.own_contrast = r->own_contrast;
    job.weight_decay = r->weight_decay;
    if (!nnk_is_zero(r->learning_rate)) job.learning_rate = r->learning_rate;
    if (!r->mirror) job.mirror = (nnk_mirror){0, 0};
    job.gram = !job.method || !nnk_is_dual(job.method) ? NULL : r->mirror ? v->mirrored_gram : v->gram;
    return job;
}

static bool share_valid(double share) { return share >= 0 && share < 1; }

static bool recipes_valid(const nnk_validation *v) {
    for (uint32_t r = 0; r < v->recipe_count; r++) {
        const nnk_job job = job_of(v, r, 0);
        const nnk_recipe *recipe = &v->recipes[r];
        if (!nnk_job_valid(&job) || nnk_forms_gram(&job) || (recipe->mirror && job.mirror.row_bytes == 0) ||
            !share_valid(recipe->share[0]) || !share_valid(recipe->share[1]))
            return false;
    }
    return true;
}

/// Whether nothing of a * b * c overflows.
static bool product_fits(uint64_t a, uint64_t b, uint64_t c, uint64_t most) {
    return a <= most / b && a * b <= most / c;
}

static bool points_valid(const nnk_job *job) {
    return job->cost_every > 0 && job->iterations > 0 && job->iterations % job->cost_every == 0 &&
           job->iterations < UINT32_MAX;
}

static bool valid(const nnk_validation *v) {
    if (!v || !v->recipes || v->recipe_count == 0 || v->repeats == 0 || !points_valid(&v->job)) return false;
    if (!recipes_valid(v) || !nnk_folds_valid(&v->folds, v->job.examples)) return false;
    const uint64_t points = v->job.iterations / v->job.cost_every + 1;
    return product_fits(v->recipe_count, v->repeats, v->folds.count, UINT32_MAX) &&
           product_fits((uint64_t)v->recipe_count * v->repeats, points, v->job.examples, SIZE_MAX / 32);
}

uint32_t nnk_validation_networks(const nnk_validation *v) {
    return valid(v) ? v->recipe_count * v->repeats * v->folds.count : 0;
}

uint32_t nnk_validation_points(const nnk_validation *v) {
    return valid(v) ? v->job.iterations / v->job.cost_every : 0;
}

size_t nnk_validation_bytes(const nnk_validation *v) {
    const size_t points = nnk_validation_points(v);
    return points ? points * v->recipe_count * v->repeats * v->job.examples * sizeof(double) : 0;
}

double *nnk_validation_logits(const nnk_validation *v, double *logits, nnk_choice c) {
    const uint32_t points = nnk_validation_points(v);
    if (!logits || c.point >= points || c.recipe >= v->recipe_count) return NULL;
    return logits + ((size_t)c.recipe * points + c.point) * v->repeats * v->job.examples;
}

size_t nnk_validation_arena_bytes(const nnk_validation *v) {
    size_t most = 0;
    for (uint32_t r = 0; valid(v) && r < v->recipe_count; r++) {
        const nnk_job job = job_of(v, r, 0);
        const size_t bytes = nnk_train_bytes(&job);
        most = NNK_LARGER(most, bytes);
    }
    return most;
}

// ---- One network ------------------------------------------------------------------------------------------

/// The scratch of a network.
typedef struct scratch {
    double *logits; ///< (points + 1, examples): those before the first iteration too
    float *weights; ///< (examples)
    uint32_t *fold; ///< (examples)
    uint8_t *end;
} scratch;

static scratch carve(const nnk_validation *v, void *memory) {
    const size_t m = v->job.examples, rows = (size_t)v->job.iterations / v->job.cost_every + 1;
    scratch s = {.logits = memory};
    s.weights = (float *)(void *)(s.logits + rows * m);
    s.fold = (uint32_t *)(void *)(s.weights + m);
    s.end = (uint8_t *)(s.fold + m);
    return s;
}

size_t nnk_validation_scratch_bytes(const nnk_validation *v) {
    if (!valid(v)) return 0;
    const scratch s = carve(v, (void *)(uintptr_t)64); // anywhere
    return (size_t)(s.end - (uint8_t *)s.logits);
}

/// Which network.
typedef struct trial {
    uint32_t recipe, repeat, fold;
} trial;

static trial trial_of(const nnk_validation *v, uint32_t network) {
    const uint32_t row = network / v->folds.count;
    return (trial){row / v->repeats, row % v->repeats, network % v->folds.count};
}

/// Leaves out all but a share of the examples of a class that teach, but not the last one.
static void leave_out(const nnk_validation *v, double share, uint8_t label, uint64_t *random,
                      float *weights) {
    uint32_t left = 0;
    for (uint32_t j = 0; j < v->job.examples; j++) left += v->job.labels[j] == label && weights[j] > 0;
    uint32_t wanted = (uint32_t)(share * (double)left + 0.5);
    if (wanted == 0) wanted = 1;
    for (uint32_t j = 0; j < v->job.examples; j++) {
        if (v->job.labels[j] != label || !(weights[j] > 0)) continue;
        if (nnk_draw(random, left--) < wanted)
            wanted--;
        else
            weights[j] = 0;
    }
}

/// Each of n examples that teach, n_c of them of its class, weighs n / 2 n_c.
static void balance(const nnk_validation *v, float *weights) {
    uint32_t count[2] = {0, 0};
    for (uint32_t j = 0; j < v->job.examples; j++) count[v->job.labels[j]] += weights[j] > 0;
    for (uint32_t j = 0; j < v->job.examples; j++)
        if (weights[j] > 0)
            weights[j] = (float)((double)(count[0] + count[1]) / (2 * (double)count[v->job.labels[j]]));
}

static void weigh(const nnk_validation *v, trial at, const scratch *s) {
    const nnk_recipe *r = &v->recipes[at.recipe];
    uint64_t random = (uint64_t)v->folds.seed + at.repeat + ((uint64_t)at.fold + 1) * 0x100000000;
    for (uint32_t j = 0; j < v->job.examples; j++) s->weights[j] = s->fold[j] == at.fold ? 0 : 1;
    for (uint8_t label = 0; label < 2; label++)
        if (r->share[label] > 0) leave_out(v, r->share[label], label, &random, s->weights);
    if (v->balance) balance(v, s->weights);
}

static nnk_folds folds_of(const nnk_validation *v, uint32_t repeat) {
    nnk_folds folds = v->folds;
    folds.seed += repeat;
    return folds;
}

nnk_status nnk_validation_deal(const nnk_validation *v, uint32_t repeat, uint32_t *fold) {
    const nnk_folds folds = folds_of(v, repeat);
    return nnk_deal_folds(&folds, v->job.labels, v->job.examples, fold);
}

nnk_status nnk_validation_begin(const nnk_validation *v, uint32_t network, void *memory, nnk_job *job) {
    if (!job || !memory || network >= nnk_validation_networks(v)) return NNK_E_ARGUMENT;
    if ((uintptr_t)memory % 8) return NNK_E_ALIGN;
    const trial at = trial_of(v, network);
    const scratch s = carve(v, memory);
    const nnk_status status = nnk_validation_deal(v, at.repeat, s.fold);
    if (status != NNK_OK) return status;
    weigh(v, at, &s);
    *job = job_of(v, at.recipe, at.repeat);
    job->weights = s.weights;
    job->held_out_logits = s.logits;
    return NNK_OK;
}

nnk_status nnk_validation_store(const nnk_validation *v, uint32_t network, const void *memory, bool diverged,
                                double *logits) {
    if (!memory || !logits || network >= nnk_validation_networks(v)) return NNK_E_ARGUMENT;
    if ((uintptr_t)memory % 8) return NNK_E_ALIGN;
    const trial at = trial_of(v, network);
    const scratch s = carve(v, (void *)(uintptr_t)memory);
    const size_t m = v->job.examples;
    for (uint32_t point = 0; point < nnk_validation_points(v); point++) {
        const double *from = s.logits + (point + 1) * m;
        double *to = nnk_validation_logits(v, logits, (nnk_choice){at.recipe, point}) + at.repeat * m;
        for (size_t j = 0; j < m; j++)
            if (s.fold[j] == at.fold) to[j] = diverged ? NNK_NAN : from[j];
    }
    return NNK_OK;
}

/// Trains until the last cost. NNK_OK, or an error.
static nnk_status train(const nnk_job *job, void *memory, size_t bytes) {
    nnk_status status = nnk_train_begin(job, memory, bytes);
    while (status >= 0) {
        nnk_progress now;
        status = nnk_train_run(job, memory, UINT32_MAX);
        if (status != NNK_COST) continue;
        status = nnk_train_progress(job, memory, &now);
        if (now.cost_iteration == job->iterations - 1) return status;
    }
    return status;
}

nnk_status nnk_validation_train(const nnk_validation *v, uint32_t network, void *memory, size_t bytes,
                                void *scratch_memory, double *logits) {
    nnk_job job;
    nnk_status status = logits ? nnk_validation_begin(v, network, scratch_memory, &job) : NNK_E_ARGUMENT;
    if (status != NNK_OK) return status;
    status = train(&job, memory, bytes);
    if (status == NNK_OK || status == NNK_E_DIVERGED)
        nnk_validation_store(v, network, scratch_memory, status == NNK_E_DIVERGED, logits);
    return status;
}
