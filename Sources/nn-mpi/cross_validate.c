// nn-mpi cross-validate: the networks of a cross-validation, spread over the ranks.
//
// By the dual method the ranks form the Gram matrix of all photos together. Then each network is trained by
// one rank alone, and rank 0 hands them out. All ranks have all photos.
#include "clock.h"
#include "commands.h"
#include "console.h"
#include "cross_validation.h"
#include "data.h"
#include "interrupt.h"
#include "memory.h"
#include "method_choice.h"
#include "networks.h"
#include "progress.h"
#include "ranks.h"
#include "shared_slices.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FOLDS = 5,           ///< unless --folds says otherwise
    MOST_POINTS = 1000,  ///< held-out answers are kept at every multiple of the step, for all photos
    PATIENCE = 120,      ///< seconds for what goes once through a Gram matrix, of some 100 GB at most
    SLICES_AT_ONCE = 256 ///< of the Gram matrix, on a rank: about a second
};

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

// ---- What is asked for ------------------------------------------------------------------------------------

/// The greatest common divisor of the numbers of iterations.
static uint32_t step_of(const options *o) {
    uint32_t step = 0;
    for (uint32_t i = 0; i < o->iterations.count; i++)
        for (uint32_t b = (uint32_t)o->iterations.at[i]; b != 0;) {
            const uint32_t rest = step % b;
            step = b;
            b = rest;
        }
    return step;
}

static uint32_t most_iterations(const options *o) {
    uint32_t most = 0;
    for (uint32_t i = 0; i < o->iterations.count; i++) most = larger(most, (uint32_t)o->iterations.at[i]);
    return most;
}

/// Returns an exit code: 0 if the numbers of iterations have a step in common.
static int check_iterations(const options *o) {
    char text[1024] = "";
    size_t length = 0;
    if (most_iterations(o) <= (uint64_t)MOST_POINTS * step_of(o)) return 0;
    for (uint32_t i = 0; i < o->iterations.count && length < sizeof text; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, " %.0f", o->iterations.at[i]);
    return options_refuse(o, "--iterations: expected multiples of one number, such as 1000 2000 3000, got%s",
                          text);
}

/// Returns an exit code: 0 if each class has photos to hold out and others that teach.
static int check_photos(const options *o, const dataset *data) {
    char reason[64] = "";
    uint32_t counts[2] = {0, 0};
    const uint32_t least = larger(o->blocks, 1) + 1, folds = o->folds ? o->folds : FOLDS;
    if (o->blocks > 1) snprintf(reason, sizeof reason, " for --blocks %" PRIu32, o->blocks);
    for (uint32_t j = 0; j < data->examples; j++) counts[data->labels[j]]++;
    for (int label = 0; label < 2; label++) {
        if (counts[label] >= least) continue;
        console_error("%s: expected %" PRIu32 " photos or more of each class%s, got %" PRIu32 " of %s",
                      o->data, least, reason, counts[label], data->class_names[label]);
        return EXIT_BAD_DATA;
    }
    if (o->leave_one_out || folds < data->examples) return 0;
    console_error("%s: expected more photos than the %" PRIu32 " folds, got %" PRIu32, o->data, folds,
                  data->examples);
    return EXIT_BAD_DATA;
}

/// All combinations of decay and rate.
static nnk_recipe *make_recipes(const options *o) {
    const value_list *decay = &o->weight_decay, *rate = &o->learning_rate;
    nnk_recipe *recipes = memory_of((size_t)decay->count * rate->count * sizeof *recipes);
    for (uint32_t i = 0; i < decay->count * rate->count; i++)
        recipes[i] = (nnk_recipe){.mirror = o->mirror,
                                  .own_contrast = o->own_contrast,
                                  .weight_decay = decay->at[i / rate->count],
                                  .learning_rate = rate->at[i % rate->count]};
    return recipes;
}

/// What all networks have in common.
static nnk_job common_job(const options *o, const dataset *data, const uint8_t *images) {
    nnk_job job = {.topology = options_topology(o),
                   .arithmetic = options_arithmetic(o),
                   .seed = o->seed,
                   .iterations = most_iterations(o),
                   .cost_every = step_of(o),
                   .examples = data->examples,
                   .learning_rate = o->learning_rate.at[0],
                   .labels = data->labels,
                   .images = {.images = images},
                   .center = o->center};
    if (o->mirror) job.mirror = (nnk_mirror){.row_bytes = 3 * data->width, .pixel_bytes = 3};
    job.method = method_choice(o, &job);
    return job;
}

static nnk_validation validation(const options *o, const nnk_job *job, const nnk_recipe *recipes) {
    const uint32_t folds = o->leave_one_out ? job->examples : o->folds ? o->folds : FOLDS;
    return (nnk_validation){.job = *job,
                            .recipes = recipes,
                            .recipe_count = o->weight_decay.count * o->learning_rate.count,
                            .folds = {.count = folds, .block = larger(o->blocks, 1), .seed = o->seed},
                            .repeats = o->repeats,
                            .balance = o->balance};
}

// ---- The Gram matrix --------------------------------------------------------------------------------------

/// The job that forms it.
static nnk_job gram_job(const nnk_validation *v) {
    nnk_job job = v->job;
    job.method = &nnk_gram;
    return job;
}

/// Forms the Gram matrix on all ranks together. Returns its bytes; 0 for the primal method, which needs none.
static size_t form_gram(nnk_validation *v) {
    const nnk_job job = gram_job(v);
    const size_t bytes = nnk_train_bytes(&job);
    if (v->job.method == &nnk_primal) return 0;
    void *gram = memory_of(bytes), *scratch = memory_of(nnk_train_scratch_bytes(&job));
    shared_slices slices = {.job = &job, .arena = gram, .scratch = scratch};
    ranks_be_patient(PATIENCE);
    nnk_status status = nnk_train_begin(&job, gram, bytes);
    ranks_be_patient(0);
    if (status == NNK_OK) status = NNK_MORE;
    while (status == NNK_MORE) {
        interrupt_poll();
        status = shared_slices_take(&slices, SLICES_AT_ONCE);
    }
    if (status != NNK_OK) ranks_fail(EXIT_INTERNAL, "%s", nnk_status_text(status));
    free(scratch);
    v->gram = v->mirrored_gram = gram; // all recipes mirror, or none
    return bytes;
}

// ---- Photos that are alike --------------------------------------------------------------------------------

/// Keeps neighbours in one fold: of the smaller class, a fold holds out one block. There are not more folds
/// than that class has blocks then.
static void keep_frames_together(nnk_validation *v) {
    uint32_t ones = 0;
    for (uint32_t j = 0; j < v->job.examples; j++) ones += v->job.labels[j];
    const uint32_t photos = smaller(ones, v->job.examples - ones), folds = v->folds.count;
    v->folds.block = smaller(larger((photos + folds - 1) / folds, 2), photos - 1);
    v->folds.count = smaller(folds, (photos - 1) / v->folds.block + 1);
}

/// The pairs of photos of a class that are nearly alike, but in different folds of the first repeat.
static uint32_t alike_across_folds(const nnk_validation *v, const nnk_likeness *likeness) {
    const nnk_job job = gram_job(v);
    const uint8_t *labels = job.labels;
    uint32_t *fold = memory_of(job.examples * sizeof *fold), pairs = 0;
    nnk_deal_folds(&v->folds, labels, job.examples, fold);
    for (uint32_t j = 0; j < job.examples; j++) {
        interrupt_poll();
        for (uint32_t k = j + 1; k < job.examples; k++)
            if (labels[j] == labels[k] && fold[j] != fold[k])
                pairs += nnk_nearly_alike(likeness, nnk_image_distance(&job, v->gram, j, k)) == 1;
    }
    free(fold);
    return pairs;
}

/// Looks for photos that are alike, which the Gram matrix tells.
static void look_for_likeness(cross_validation *c) {
    nnk_likeness likeness;
    nnk_validation *v = &c->core;
    const nnk_job job = gram_job(v);
    if (!v->gram) return;
    ranks_be_patient(PATIENCE);
    const nnk_status status = nnk_measure_likeness(&job, v->gram, &likeness);
    ranks_be_patient(0);
    if (status != NNK_OK) ranks_fail(EXIT_INTERNAL, "%s", nnk_status_text(status));
    c->is_sequence = nnk_is_sequence(&likeness) == 1;
    if (c->is_sequence && c->options->blocks == 0 && v->folds.count < job.examples) keep_frames_together(v);
    if (ranks_rank() == 0) c->alike = alike_across_folds(v, &likeness);
}

// ---- The run ----------------------------------------------------------------------------------------------

static void train_networks(cross_validation *c) {
    const options *o = c->options;
    char networks[64], photos[64], sizes[64];
    progress bar = progress_begin(o, 100, NULL);
    c->bytes += nnk_validation_bytes(&c->core) + nnk_validation_arena_bytes(&c->core) +
                nnk_validation_scratch_bytes(&c->core);
    console_note(o, "training %s of %s in %s on %s with %zu bytes of memory",
                 counted(nnk_validation_networks(&c->core), "network", networks),
                 topology_text(c->core.job.topology, sizes), options_precision_name(o),
                 counted(c->data->examples, "photo", photos), c->bytes);
    c->logits = memory_of(nnk_validation_bytes(&c->core));
    networks_train(&c->core, c->logits, &bar);
}

/// Validates on photos that are checked.
static void run(cross_validation *c, const uint8_t *images) {
    const nnk_job job = common_job(c->options, c->data, images);
    c->recipes = make_recipes(c->options);
    c->core = validation(c->options, &job, c->recipes);
    if (nnk_validation_networks(&c->core) == 0)
        ranks_fail(EXIT_INTERNAL, "internal error: there are too many photos or networks");
    c->bytes = form_gram(&c->core);
    look_for_likeness(c);
    train_networks(c);
}

int cross_validate(const options *o) {
    const double start = clock_seconds();
    dataset data;
    int code = check_iterations(o);
    if (code != 0) return code;
    interrupt_watch(o);
    data_open(&data, o->data);
    code = check_photos(o, &data);
    if (code == 0) {
        uint8_t *images = data_read(&data, 0, data.examples);
        cross_validation c = {.options = o, .data = &data, .load = clock_seconds() - start};
        run(&c, images);
        c.total = clock_seconds() - start;
        if (ranks_rank() == 0) cross_validation_answer(&c);
        console_detail(o, "%.3f s in all", clock_seconds() - start);
        free(c.logits);
        free((void *)(uintptr_t)c.core.gram);
        free(c.recipes);
        free(images);
    }
    dataset_close(&data);
    return code;
}
