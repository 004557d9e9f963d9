/// The end of a training: a model is written part by part, in one element type or another.
#ifndef NNK_FINISH_H
#define NNK_FINISH_H

#include "arena.h"

#pragma GCC visibility push(hidden) // not for users of a shared library

/// The parameters of a file in another element type than the job's.
typedef struct nnk_parts {
    int32_t dtype;
    /// Makes the next part, from trainer.item on: `*count` bytes, as they lie in the file. None, if more work
    /// comes first. NNK_OK, NNK_E_SOURCE; NNK_E_DIVERGED: a parameter is not finite, or too large.
    ///   bytes: arena.bytes, unless the function says another place
    nnk_status (*next_part)(const nnk_job *job, const arena *a, uint8_t **bytes, uint32_t *count);
} nnk_parts;

/// nnk_train_finish, of these parts; NULL: in the job's own type.
nnk_status nnk_finish(const nnk_job *job, void *memory, const nnk_parts *parts, nnk_sink sink);

/// W1 is made from its beginning once more.
void nnk_rewind_weights(const nnk_job *job, nnk_trainer *t);

/// The weights of W1.
static inline uint32_t nnk_weights_of_w1(const nnk_job *job) {
    return (uint32_t)job->topology->size[0] * (uint32_t)job->topology->size[1];
}

#pragma GCC visibility pop

#endif
