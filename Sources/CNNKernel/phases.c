#include "phases.h"
#include "layout.h"

uint32_t nnk_items_of(const nnk_job *job, const nnk_trainer *t, uint32_t phase) {
    NNK_ASSERT(phase <= MODEL);
    if (phase == MODEL) return 1;
    const nnk_phase *p = &job->method->phases[phase];
    return p->items ? p->items(job, t) : 0;
}

/// The phase that follows: the setup, then the loop from FORWARD to DESCENT as often as there are iterations,
/// then the writing. An iteration counts when its descent is done. A Gram matrix has no loop, whatever the
/// job says: its empty iterations would take a call as long as it counts them.
static uint32_t next_phase(const nnk_job *job, const nnk_trainer *t) {
    switch (t->phase) {
    case ADJUST:
    case DESCENT: return t->iteration < job->iterations && !nnk_forms_gram(job) ? FORWARD : RESTORE;
    default: return t->phase + 1;
    }
}

/// Notes what the phase has brought.
static void end_phase(const nnk_job *job, nnk_trainer *t) {
    if (t->phase == DESCENT) t->iteration++;
    if (!nnk_is_open(job)) return;
    if (t->phase == GRAM) t->formed = job->examples;
    if (t->phase != ADJUST) return;
    t->projected = job->examples;
    t->unadjusted = 0;
}

void nnk_advance(const nnk_job *job, nnk_trainer *t, uint32_t items) {
    t->item += items;
    while (t->item >= nnk_items_of(job, t, t->phase)) {
        NNK_ASSERT(t->item == nnk_items_of(job, t, t->phase));
        t->item = 0;
        end_phase(job, t);
        t->phase = next_phase(job, t);
    }
}

nnk_status nnk_readiness(const nnk_job *job, const void *memory) {
    const nnk_trainer *t = memory;
    const nnk_status status = nnk_check_trainer(job, memory);
    if (status != NNK_OK) return status;
    if (t->outcome == FAILED) return NNK_E_DIVERGED;
    if (t->phase < MODEL) return NNK_MORE;
    return t->item == 0 ? NNK_OK : NNK_E_STATE;
}

/// Whether the phase and the item exist, and the iteration is one in which training reaches that phase.
static bool position_sound(const nnk_trainer *t, const nnk_job *job) {
    if (t->phase > MODEL || t->item >= nnk_items_of(job, t, t->phase)) return false;
    if (nnk_is_in_loop(t)) return t->iteration < job->iterations;
    if (nnk_is_in_setup(t)) return t->iteration == 0 || (nnk_is_open(job) && t->iteration <= job->iterations);
    return t->iteration == job->iterations;
}

/// Whether examples have not come or gone; or what says how they did is possible. GRAM and ADJUST end with
/// all of them formed and projected.
static bool change_sound(const nnk_trainer *t, const nnk_job *job) {
    if (!nnk_is_open(job)) return !(t->formed | t->projected | t->changed_at | t->unadjusted) && t->left == 1;
    if (t->phase > GRAM && t->formed != job->examples) return false;
    if (t->phase > ADJUST && (t->projected != job->examples || t->unadjusted)) return false;
    return t->projected <= t->formed && t->formed <= job->examples && t->changed_at <= t->iteration &&
           t->unadjusted <= 1 && t->left >= 0 && t->left <= 1;
}

/// Whether the last cost is the one that was due last, and costs are finite numbers. Item 0 of BACKWARD is
/// the loss.
static bool cost_sound(const nnk_trainer *t, const nnk_job *job) {
    const bool has_loss = t->phase <= DESCENT && t->phase >= BACKWARD + (t->item == 0);
    const uint32_t losses = t->iteration + has_loss;
    const bool kept = nnk_keeps_best(job) && losses > 0;
    if (!nnk_finite(t->best_cost) || t->kept_iteration > job->iterations ||
        (!kept && t->kept_iteration != job->iterations))
        return false;
    if (!nnk_finite(t->held_out_cost) || (!nnk_weights_of(job) && !nnk_is_zero(t->held_out_cost)))
        return false;
    if (nnk_is_open(job)) return t->cost_iteration <= t->iteration && nnk_finite(t->cost);
    if (job->cost_every == 0 || losses == 0) return t->cost_iteration == 0 && nnk_is_zero(t->cost);
    return t->cost_iteration == (losses - 1) / job->cost_every * job->cost_every && nnk_finite(t->cost);
}

bool nnk_random_sound(const uint32_t *word, uint32_t next, uint32_t has_spare, double spare) {
    if (next >= NNK_RANDOM_WORDS || has_spare > 1 || !nnk_finite(spare)) return false;
    for (uint32_t i = 0; i < NNK_RANDOM_WORDS; i++)
        if (i != next && word[i] != 0) return true;
    return false;
}

bool nnk_trainer_sound(const nnk_trainer *t, const nnk_job *job) {
    const nnk_random *r = &t->random;
    return t->outcome == OPEN && change_sound(t, job) && position_sound(t, job) && cost_sound(t, job) &&
           nnk_random_sound(r->word, r->next, r->has_spare, r->spare);
}
