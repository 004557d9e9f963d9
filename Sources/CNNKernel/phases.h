/// What happens when: the phases of a training, and how it ends.
#ifndef NNK_PHASES_H
#define NNK_PHASES_H

#include "job.h"

#pragma GCC visibility push(hidden) // not for users of a shared library

/// The phases in their order. A method has some of them: its file says which, and what they do. The numbers
/// stand in checkpoints (docs/FORMAT.md).
enum {
    // Setup.
    PROJECT_ROWS, ///< packed dual: P = W1(0) X, W1(0) row by row
    DRAW,         ///< initial weights
    DIGEST,       ///< the checksum of the data
    PROJECT,      ///< wide dual: P
    GRAM,         ///< both dual methods: G = X^T X
    ADJUST,       ///< the vectors by which images are adjusted; both dual methods: P
    // The loop.
    FORWARD,  ///< activations and logits; primal, if images are adjusted: W1 X
    CENTER,   ///< primal, if images are adjusted: the activations of layer 1
    ABOVE,    ///< the same: those of the layers above, and logits
    BACKWARD, ///< the loss; then the layers above the second, whose parameters are updated
    LAYER_2,  ///< primal and wide dual: W2 is updated, layer 1 gets its deltas
    BIASES,   ///< primal and wide dual: b1 and b2 are updated
    DESCENT,  ///< W1 is updated, or D and P are
    // Writing.
    RESTORE, ///< the best parameters, if they were kept
    MEAN,    ///< primal, if images are adjusted: W1 X once more
    FOLD,    ///< what is taken off all images goes into b1, and out of D
    EXPAND,  ///< wide dual: W1 from W1(0), D and X
    MODEL,   ///< the model, by nnk_train_finish: an item is a byte of its payload, and the header comes last
};

enum { NNK_SPAN = 16 }; ///< items of a span that make a slice

static inline bool nnk_has_spans(const nnk_job *job, uint32_t phase) {
    return job->method->spans >> phase & 1;
}

/// With a share, one thread alone adds up with the other processes.
static inline bool nnk_is_parallel(const nnk_job *job, uint32_t phase) {
    enum { ADDING = 1 << CENTER | 1 << LAYER_2 | 1 << DESCENT };
    const uint32_t alone = nnk_share_of(job) ? ADDING : 0;
    return (job->method->parallel & ~alone) >> phase & 1;
}

/// The number of items of a phase. MODEL counts as one here, since training takes none of it.
uint32_t nnk_items_of(const nnk_job *job, const nnk_trainer *t, uint32_t phase);

/// The outcomes of a training. What failed is not saved in a checkpoint.
enum {
    OPEN,
    FAILED, ///< the cost or a weight is not finite
};

/// Counts `items` as done, and goes on to the next phase that has any.
void nnk_advance(const nnk_job *job, nnk_trainer *t, uint32_t items);

static inline bool nnk_is_in_setup(const nnk_trainer *t) { return t->phase < FORWARD; }

static inline bool nnk_is_in_loop(const nnk_trainer *t) { return t->phase >= FORWARD && t->phase <= DESCENT; }

/// Whether all iterations are done, and W1 is in memory or can be made row by row.
static inline bool nnk_is_trained(const nnk_trainer *t) { return t->phase == MODEL; }

/// The model is to be written from its beginning.
static inline void nnk_rewind_model(nnk_trainer *t) {
    NNK_ASSERT(nnk_is_trained(t));
    t->item = 0;
    t->file_dtype = UINT32_MAX; // of no model
}

/// NNK_MORE if there is work for nnk_train_step; NNK_OK before a model is written; NNK_E_STATE,
/// NNK_E_DIVERGED, and as nnk_check_trainer.
nnk_status nnk_readiness(const nnk_job *job, const void *memory);

// ---- A trainer in a checkpoint ----------------------------------------------------------------------------

/// Whether a trainer that was read stands where training comes: a file may say anything.
bool nnk_trainer_sound(const nnk_trainer *t, const nnk_job *job);

/// Whether a generator can draw normals: from zeros follow only zeros, and drawing would never end. The word
/// that is renewed next does not count, since all but its highest bit is about to be lost.
///   word (NNK_RANDOM_WORDS)
bool nnk_random_sound(const uint32_t *word, uint32_t next, uint32_t has_spare, double spare);

#pragma GCC visibility pop

#endif
