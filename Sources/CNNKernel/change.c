// Examples that come and go, and other changes of a job, between two slices of work (train.h).
//
// The Gram matrix belongs to the images: a new one adds a row to it, one that goes takes its row and its
// column along. P = W1(0) X - rate/m D G. A new image adds a column to P, and zeros to D. One that goes takes
// its column of D along, and so what it has added to P.
//
// Images are adjusted by means over all of them, which change. So P becomes what it is without the means, as
// W1 (x_j - a_j 1) / 255 of adjust.c, and the phase ADJUST adjusts it anew.
#include "layout.h"
#include "work.h"

/// The units of layer 1 whose rows of P are adjusted.
static uint32_t adjusted_units(const nnk_job *job, const nnk_trainer *t) {
    if (!t->unadjusted) return (uint32_t)job->topology->size[1];
    return t->phase == ADJUST && t->item > 0 ? t->item - 1 : 0;
}

/// The units whose bias is that of the model.
static uint32_t folded_units(const nnk_job *job, const nnk_trainer *t) {
    if (!nnk_is_adjusted(job) || t->phase < FOLD) return 0;
    return t->phase == FOLD ? t->item : (uint32_t)job->topology->size[1];
}

/// Gives the biases back that FOLD has changed.
static void unfold(const nnk_job *job, const arena *a) {
    nnk_real *b = nnk_layer(job, a, 1).biases;
    const uint32_t units = folded_units(job, a->trainer);
    for (uint32_t unit = 0; unit < units; unit++)
        nnk_set(job, b, unit, nnk_get(job, nnk_biases_of(job, a), unit));
}

/// Puts back on P, and takes off the biases, what centring took off. Then, with D centred over the examples
/// that there were, P = left W1(0) X^ - rate/m D X^^T X^ for each unit.
static void unadjust(const nnk_job *job, const arena *a) {
    nnk_trainer *t = a->trainer;
    const double left = nnk_left(job, t, t->iteration);
    const uint32_t units = nnk_centers(job) ? adjusted_units(job, t) : 0;
    nnk_real *b = nnk_layer(job, a, 1).biases;
    for (uint32_t unit = 0; unit < units; unit++) {
        const double mean = nnk_mean_of_row(job, a, unit, left);
        job->arithmetic->update(nnk_row(a, a->logits, unit), a->spread, -mean, a->width);
        nnk_set(job, b, unit, nnk_get(job, b, unit) - mean);
        nnk_center_deltas(job, a, nnk_row(a, a->deltas, unit));
    }
    t->unadjusted = 1;
}

/// Takes the decay of an iteration that has not ended off the units that have decayed already: it does not
/// count yet (nnk_left).
static void undo_decay(const nnk_job *job, const arena *a) {
    const nnk_trainer *t = a->trainer;
    const double decay = nnk_decay(job);
    for (uint32_t unit = 0; decay != 1 && t->phase == DESCENT && unit < t->item; unit++) {
        job->arithmetic->scale(nnk_row(a, a->deltas, unit), 1 / decay, a->width);
        job->arithmetic->scale(nnk_row(a, a->logits, unit), 1 / decay, a->width);
    }
}

/// The job before it was changed.
static nnk_job job_before(const nnk_job *job, const nnk_trainer *t) {
    nnk_job before = *job;
    before.examples = t->job.examples;
    before.iterations = t->job.iterations;
    before.learning_rate = t->job.learning_rate;
    before.weight_decay = t->job.weight_decay;
    return before;
}

/// Everything but the Gram matrix becomes as it is at the beginning.
static void forget_training(const arena *a) {
    nnk_trainer *t = a->trainer;
    memset(a->parameters, 0, (size_t)(a->bytes - (uint8_t *)a->parameters));
    t->iteration = t->cost_iteration = t->changed_at = t->projected = t->unadjusted = 0;
    t->cost = t->held_out_cost = 0;
    t->left = 1;
    t->outcome = OPEN;
}

/// Sets the columns of P from `column` on to zeros.
static void clear_columns(const nnk_job *job, const arena *a, size_t column) {
    for (uint32_t unit = 0; unit < (uint32_t)job->topology->size[1]; unit++)
        memset(nnk_at(job, nnk_row(a, a->logits, unit), column), 0,
               (a->stride - column) * nnk_real_bytes(job));
}

/// The trainer goes on with the job from its setup on, which forms what is missing.
static void set_up(const nnk_job *job, const nnk_job *before, const arena *a) {
    nnk_trainer *t = a->trainer;
    const double rate = nnk_weight_rate(before, a), left = nnk_left(before, t, t->iteration);
    t->total_weight = nnk_total_weight(job);
    const double factor = rate / nnk_weight_rate(job, a);
    for (uint32_t unit = 0; factor != 1 && unit < (uint32_t)job->topology->size[1]; unit++)
        job->arithmetic->scale(nnk_row(a, a->deltas, unit), factor, a->width);
    if (nnk_decay(job) != nnk_decay(before)) {
        t->left = left;
        t->changed_at = t->iteration;
    }
    nnk_take_numbers(&t->job, job);
    t->weights_crc = nnk_weights_crc(job);
    t->kept_iteration = job->iterations;
    t->held_out_cost = 0; // perhaps no example is held out any more
    t->data_crc = nnk_crc32(0, job->labels, job->examples);
    t->outcome = OPEN;
    clear_columns(job, a, t->projected);
    nnk_random_seed(&t->random, job->seed);
    t->phase = PROJECT_ROWS;
    t->item = t->weight = t->ahead = t->scanned = 0;
    t->file_dtype = UINT32_MAX;
    nnk_advance(job, t, 0);
}

/// Whether the trainer can go on with the job, and its data are right.
static nnk_status check_change(const nnk_job *job, const void *memory) {
    const nnk_trainer *t = memory;
    const nnk_status status = nnk_check_start(job, memory, SIZE_MAX);
    if (status != NNK_OK) return status;
    if (!nnk_is_open(job)) return NNK_E_ARGUMENT;
    return t->magic == NNK_TRAINER_MAGIC && nnk_has_lasting_numbers(job, &t->job) ? NNK_OK : NNK_E_STATE;
}

nnk_status nnk_train_again(const nnk_job *job, void *memory, bool anew) {
    nnk_trainer *t = memory;
    const nnk_status status = check_change(job, memory);
    if (status != NNK_OK) return status;
    const bool goes_on = !anew && t->projected > 0;
    if (job->examples < t->job.examples || (goes_on && job->iterations < t->iteration)) return NNK_E_ARGUMENT;
    if (goes_on && t->outcome == FAILED) return NNK_E_DIVERGED;
    const nnk_job before = job_before(job, t);
    arena a;
    nnk_carve(&before, memory, &a);
    if (goes_on) {
        undo_decay(&before, &a);
        unfold(&before, &a);
        if (t->unadjusted || job->examples > before.examples) unadjust(&before, &a);
    } else {
        forget_training(&a);
    }
    set_up(job, &before, &a);
    return NNK_OK;
}

// ---- Examples come and go ---------------------------------------------------------------------------------

/// P -= factor rate/m d X^^T X^ for `count` columns of a row from `first` on. Nothing is in the first two
/// rows of activations yet.
///   d (width): in the basis of D
static void descend_by(const nnk_job *job, const arena *a, nnk_real *row, const nnk_real *d, double factor,
                       size_t first, size_t count) {
    const nnk_arithmetic *k = job->arithmetic;
    const double scale = factor * nnk_delta_scale(job, a);
    nnk_real *sum = a->activations, *e = nnk_row(a, a->activations, 1), *p = nnk_at(job, row, first);
    memset(sum, 0, a->row);
    memcpy(e, d, a->row);
    k->scale(e, scale, a->width);
    job->method->times_gram(job, a, sum, e);
    k->update(p, nnk_at(job, sum, first), -1, count);
    if (nnk_takes_contrast_off(job))
        k->update(p, nnk_at(job, a->brightness, first), scale * k->dot(a->brightness, d, a->width), count);
}

void nnk_settle(const nnk_job *job, const arena *a, uint32_t unit) {
    const size_t first = nnk_projected(a->trainer);
    nnk_real *d = nnk_row(a, a->deltas, unit), *p = nnk_row(a, a->logits, unit);
    if (nnk_centers(job)) {
        descend_by(job, a, p, a->contrast, -nnk_mean_of_deltas(job, a, d), 0, first);
        nnk_center_deltas(job, a, d);
    }
    if (first == a->width) return;
    job->arithmetic->scale(nnk_at(job, p, first), nnk_left(job, a->trainer, a->trainer->iteration),
                           a->width - first);
    descend_by(job, a, p, d, 1, first, a->width - first);
}

/// Takes what example `example` has added off a unit's row of P.
static void take_off(const nnk_job *job, const arena *a, uint32_t unit, uint32_t example) {
    nnk_real *d = nnk_row(a, a->activations, 2);
    memset(d, 0, a->row);
    nnk_set(job, d, example, nnk_get(job, nnk_row(a, a->deltas, unit), example));
    descend_by(job, a, nnk_row(a, a->logits, unit), d, -1, 0, a->width);
}

/// Moves what is behind a column up to it, in row `unit` of P, D or the rows of contrast (arena.h).
static void remove_column(const nnk_job *job, const arena *a, nnk_real *rows, uint32_t unit, size_t column) {
    const size_t real = nnk_real_bytes(job), count = (a->width - 1 - column) * real;
    uint8_t *to = (uint8_t *)nnk_at(job, nnk_row(a, rows, unit), column);
    for (size_t i = 0; i < count; i += sizeof(uint32_t)) {
        uint32_t word;
        __builtin_memcpy(&word, to + real + i, sizeof word); // with -ffreestanding, memcpy would be a call
        __builtin_memcpy(to + i, &word, sizeof word);
    }
    memset(to + count, 0, real);
}

/// Moves the elements of the packed G that are not of the example's row or column up.
///   rows: that are formed
static void remove_from_gram(const nnk_job *job, const arena *a, uint32_t rows, uint32_t example) {
    const size_t element = nnk_real_bytes(job) == 4 ? 3 : 4;
    const uint8_t *from = a->packed_gram + ((size_t)example * (example + 1) / 2) * element;
    uint8_t *to = (uint8_t *)(uintptr_t)from;
    for (size_t j = example; j < rows; j++)
        for (size_t k = 0; k <= j; k++, from += element) {
            if (j == example || k == example) continue;
            for (size_t b = 0; b < element; b++) to[b] = from[b];
            to += element;
        }
}

nnk_status nnk_train_forget(const nnk_job *job, void *memory, uint32_t example) {
    nnk_trainer *t = memory;
    const nnk_status status = check_change(job, memory);
    if (status != NNK_OK) return status;
    if (job->examples + 1 != t->job.examples || example > job->examples) return NNK_E_ARGUMENT;
    const bool goes_on = t->projected > 0 && t->outcome != FAILED;
    if (goes_on && job->iterations < t->iteration) return NNK_E_ARGUMENT;
    const nnk_job before = job_before(job, t);
    arena a;
    nnk_carve(&before, memory, &a);
    if (goes_on) {
        undo_decay(&before, &a);
        unfold(&before, &a);
        unadjust(&before, &a);
        for (uint32_t unit = 0; unit < (uint32_t)job->topology->size[1]; unit++) {
            if (example < t->formed) take_off(&before, &a, unit, example);
            remove_column(&before, &a, a.logits, unit, example);
            remove_column(&before, &a, a.deltas, unit, example);
        }
        // Contrast, spread and brightness: DIGEST takes them anew, but another example may go before that.
        for (uint32_t row = 0; nnk_takes_contrast_off(job) && row < 3; row++)
            remove_column(&before, &a, a.contrast, row, example);
    }
    if (example < t->formed) remove_from_gram(&before, &a, t->formed, example);
    t->formed -= example < t->formed;
    t->projected -= example < t->projected;
    if (!goes_on || t->projected == 0) forget_training(&a);
    set_up(job, &before, &a);
    return NNK_OK;
}
