/// What a job says, and the numbers of it that a trainer keeps.
#ifndef NNK_JOB_H
#define NNK_JOB_H

#include "freestanding.h"
#include "layout.h"
#include "method.h"
#include "nnkernel/share.h"
#include "nnkernel/sizes.h"
#include "nnkernel/train.h"
#include "strict_float.h"
#include <stdbool.h>

#pragma GCC visibility push(hidden) // not for users of a shared library

/// States what must hold. It is empty unless the core is compiled with -DNNK_ASSERTIONS=1, as
/// scripts/check-core.sh does for the tests with sanitizers, or with an NNK_ASSERT(condition) of one's own.
#if !defined(NNK_ASSERT)
#if defined(NNK_ASSERTIONS)
#define NNK_ASSERT(condition) ((condition) ? (void)0 : __builtin_trap())
#else
#define NNK_ASSERT(condition) ((void)sizeof(!(condition)))
#endif
#endif

static inline size_t nnk_real_bytes(const nnk_job *job) { return (size_t)job->arithmetic->real_bytes; }

/// Whether x is finite as a real of the job.
static inline bool nnk_fits_real(const nnk_job *job, double x) {
    return nnk_finite(job->arithmetic->real_bytes == 4 ? (double)(float)x : x);
}

// ---- Options ----------------------------------------------------------------------------------------------
//
// The trainer looks at a job's options through these functions alone. Compiled with -DNNK_WITHOUT_OPTIONS=1
// they answer that there are none, and compilers leave out what follows from options; a job that has any is
// not valid.

#if defined(NNK_WITHOUT_OPTIONS)
enum { NNK_HAS_OPTIONS = 0 };
#else
enum { NNK_HAS_OPTIONS = 1 };
#endif

static inline bool nnk_centers(const nnk_job *job) { return NNK_HAS_OPTIONS && job->center; }
static inline bool nnk_takes_contrast_off(const nnk_job *job) { return NNK_HAS_OPTIONS && job->own_contrast; }
static inline bool nnk_keeps_best(const nnk_job *job) { return NNK_HAS_OPTIONS && job->keep_best; }
static inline bool nnk_is_mirrored(const nnk_job *job) {
    return NNK_HAS_OPTIONS && job->mirror.row_bytes > 0;
}
static inline const float *nnk_weights_of(const nnk_job *job) {
    return NNK_HAS_OPTIONS ? job->weights : NULL;
}
static inline const struct nnk_model *nnk_start_of(const nnk_job *job) {
    return NNK_HAS_OPTIONS ? job->start : NULL;
}
static inline uint32_t nnk_shards_of(const nnk_job *job) { return NNK_HAS_OPTIONS ? job->shards : 0; }
static inline const nnk_share *nnk_share_of(const nnk_job *job) {
    return NNK_HAS_OPTIONS ? job->share : NULL;
}
static inline const void *nnk_gram_of(const nnk_job *job) { return NNK_HAS_OPTIONS ? job->gram : NULL; }

/// Whether all examples lie in memory.
static inline bool nnk_is_mapped(const nnk_job *job) { return job->images.images && !nnk_is_mirrored(job); }

/// Whether the network learns other inputs than the images' bytes.
static inline bool nnk_is_adjusted(const nnk_job *job) {
    return nnk_centers(job) || nnk_takes_contrast_off(job);
}

/// Whether examples may come and go.
static inline bool nnk_is_open(const nnk_job *job) { return NNK_HAS_OPTIONS && job->capacity; }

/// Examples whose rows of the Gram matrix, and whose columns of P, are there before a setup; 0 before the
/// first one.
static inline uint32_t nnk_formed(const nnk_trainer *t) { return NNK_HAS_OPTIONS ? t->formed : 0; }
static inline uint32_t nnk_projected(const nnk_trainer *t) { return NNK_HAS_OPTIONS ? t->projected : 0; }

enum { NNK_OPTION_SHARED = 256 }; ///< beside the options that a model names: G is not in the arena

/// Whether the job forms a Gram matrix and trains nothing.
static inline bool nnk_forms_gram(const nnk_job *job) {
    return NNK_HAS_OPTIONS && job->method->number >= NNK_GRAM;
}

/// Parameters that a snapshot of the best ones holds: the dual methods do without W1.
size_t nnk_kept_parameters(const nnk_job *job);

/// The first of all examples that is here, and how many are: all, unless other processes have some of them.
static inline uint32_t nnk_first_here(const nnk_job *job) {
    const nnk_share *share = nnk_share_of(job);
    return share ? nnk_shard_start(job->examples, job->shards, share->first) : 0;
}
static inline uint32_t nnk_images_here(const nnk_job *job) {
    const nnk_share *share = nnk_share_of(job);
    if (!share) return job->examples;
    return nnk_shard_start(job->examples, job->shards, share->first + share->count) - nnk_first_here(job);
}

/// The examples here: the images, and behind them their mirror images.
static inline uint32_t nnk_columns(const nnk_job *job) {
    return nnk_images_here(job) << nnk_is_mirrored(job);
}

/// The examples of all processes.
static inline uint32_t nnk_all_columns(const nnk_job *job) { return job->examples << nnk_is_mirrored(job); }

/// Examples that the arena has room for; mirror images count.
static inline size_t nnk_room(const nnk_job *job) {
    return nnk_is_open(job) ? job->capacity : nnk_columns(job);
}

/// The factor of all weights in each iteration, 1 - rate decay, as the reals hold it.
///
/// The weights W <- f W - rate/m g. The layers above the first, P and D do this in two steps: first they take
/// rate / f in the place of the rate, and then they are multiplied by f.
static inline double nnk_decay(const nnk_job *job) {
    const double factor = 1 - job->learning_rate * job->weight_decay;
    if (!NNK_HAS_OPTIONS) return 1;
    return job->arithmetic->real_bytes == 4 ? (double)(float)factor : factor;
}

/// What is left of the initial weights after so many iterations.
double nnk_left(const nnk_job *job, const nnk_trainer *t, uint32_t iterations);

/// The job's initializer, NNK_INIT_DEEP or NNK_INIT_SMALL.
int32_t nnk_initializer_of(const nnk_job *job);

/// CRC-32 of the weights of the examples as little-endian floats; 0 if there are none.
uint32_t nnk_weights_crc(const nnk_job *job);

/// Whether all fields are in their ranges. The data are not looked at.
bool nnk_job_valid(const nnk_job *job);

void nnk_take_numbers(nnk_job_numbers *numbers, const nnk_job *job);

/// Whether the numbers are the job's.
bool nnk_has_numbers(const nnk_job *job, const nnk_job_numbers *numbers);

/// Whether they are but for those that nnk_train_again changes.
bool nnk_has_lasting_numbers(const nnk_job *job, const nnk_job_numbers *numbers);

/// The arguments of every call with an arena: NNK_OK, NNK_E_ARGUMENT, NNK_E_ALIGN.
nnk_status nnk_check_arguments(const nnk_job *job, const void *memory);

/// Whether the arena holds a trainer of this job: NNK_OK, NNK_E_ARGUMENT, NNK_E_ALIGN, NNK_E_STATE.
nnk_status nnk_check_trainer(const nnk_job *job, const void *memory);

/// The version is a part of it: another one may have other fields.
enum { NNK_TRAINER_MAGIC = 0x4e4e4b00 + NNK_VERSION / 100 };

#pragma GCC visibility pop

#endif
