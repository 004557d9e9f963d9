/// What a method is made of: where things lie in the arena, and what its phases do.
#ifndef NNK_METHOD_H
#define NNK_METHOD_H

#include "nnkernel/kernels.h"
#include "nnkernel/train.h"
#include <stdbool.h>

struct nnk_arena;

/// What a phase does, an item at a time. Nothing is counted by it. After NNK_E_SOURCE everything is as it
/// was.
typedef struct nnk_phase {
    union {
        nnk_status (*work)(const nnk_job *job, const struct nnk_arena *a, uint32_t item);
        /// Instead of it, in nnk_method.spans.
        void (*span)(const nnk_job *job, const struct nnk_arena *a, uint32_t first, uint32_t count);
    };
    /// NULL: the method has no such phase.
    uint32_t (*items)(const nnk_job *job, const nnk_trainer *t);
} nnk_phase;

/// Examples side by side: those of a shard, or their mirror images; without shards, all there are.
typedef struct nnk_part {
    uint32_t column; ///< of the first of them, in rows of activations
    uint32_t count;
    uint32_t example; ///< the first of them among those of all processes: it has this label and weight
} nnk_part;

/// sum += what the examples of a part add to each element of a sum. NNK_OK, NNK_E_SOURCE.
typedef nnk_status nnk_terms(const nnk_job *job, const struct nnk_arena *a, nnk_part part, const void *what,
                             nnk_real *sum);

/// How W1 is trained: a table of phases, and where things lie.
struct nnk_method {
    int32_t number;          ///< NNK_PRIMAL, NNK_DUAL, NNK_DUAL_WIDE
    int32_t first_layer;     ///< whose weights lie in the arena: 1, or 2 where W1 has no room
    const nnk_phase *phases; ///< up to EXPAND
    // Sets of phases, 1 << phase for each:
    uint32_t spans;    ///< whose work cannot fail, and whose items cost less many in a row than each alone
    uint32_t parallel; ///< whose items are independent of each other
    size_t (*scratch_bytes)(const nnk_job *job); ///< of one thread; NULL where there is only one
    /// Stores x_j . x_k as an element of G, k <= j: dual methods.
    void (*store)(const nnk_job *job, const struct nnk_arena *a, size_t j, size_t k, uint32_t product);
    /// x_j . x_k as it is stored, in gram_unit: methods that form a Gram matrix.
    double (*load)(const nnk_job *job, const struct nnk_arena *a, size_t j, size_t k);
    union {
        /// p += G e: dual methods, once G is formed.
        ///   p, e (stride): e may be overwritten
        void (*times_gram)(const nnk_job *job, const struct nnk_arena *a, nnk_real *p, nnk_real *e);
        /// Adds up over the examples of all shards (shards.h): the primal method.
        nnk_status (*sum_of_shards)(const nnk_job *job, const struct nnk_arena *a, size_t count, size_t bytes,
                                    nnk_terms *terms, const void *what);
    };
    /// Says where the parts of the arena are. It looks at no memory.
    void (*carve)(const nnk_job *job, struct nnk_arena *a);
    /// Makes the next weights of W1 for the model, from trainer.weight on: `*count` reals, which lie in the
    /// arena and may be overwritten. None, if more work comes first.
    nnk_status (*next_weights)(const nnk_job *job, const struct nnk_arena *a, nnk_real **weights,
                               uint32_t *count);
};

/// A function of phases that only jobs with options have.
#if defined(NNK_WITHOUT_OPTIONS)
#define NNK_OPTION_ONLY(function) (0 ? function : NULL)
#else
#define NNK_OPTION_ONLY(function) function
#endif

static inline bool nnk_is_dual(const nnk_method *method) { return method->number != NNK_PRIMAL; }

#endif
