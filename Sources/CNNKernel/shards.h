/// Sums over examples, of each shard first and then along a tree (nnk_job.shards).
#ifndef NNK_SHARDS_H
#define NNK_SHARDS_H

#include "arena.h"

#pragma GCC visibility push(hidden) // not for users of a shared library

/// Examples side by side: those of a shard, or their mirror images; without shards, all there are.
typedef struct nnk_part {
    uint32_t column; ///< of the first of them, in rows of activations
    uint32_t count;
    uint32_t example; ///< the first of them among those of all processes: it has this label and weight
} nnk_part;

/// sum += what the examples of a part add to each element of a sum. NNK_OK, NNK_E_SOURCE.
typedef nnk_status nnk_terms(const nnk_job *job, const arena *a, nnk_part part, const void *what,
                             nnk_real *sum);

/// Adds up over all examples of all processes.
///
/// A leaf is the sum of a shard, from zeros; with mirror images it is the sum of two such sums. A node is the
/// sum of the nodes 2 i and 2 i + 1 below it. Of one process, the nodes that wait for their neighbours are at
/// most one of each level on both sides.
///
/// NNK_OK, NNK_E_SOURCE.
///   sum (count): elements of `bytes`, 4 or 8; in: where it goes without shards; out: where it is
///   what: passed on to `terms`
nnk_status nnk_sum_of_examples(const nnk_job *job, const arena *a, nnk_real **sum, size_t count, size_t bytes,
                               nnk_terms *terms, const void *what);

/// Bytes of arena.nodes.
size_t nnk_bytes_of_nodes(const nnk_job *job);
static inline size_t nnk_nodes_bytes(const nnk_job *job) {
    return nnk_shards_of(job) ? nnk_bytes_of_nodes(job) : 0;
}

#pragma GCC visibility pop

#endif
