/// Sums over examples, of each shard first and then along a tree (nnk_job.shards).
#ifndef NNK_SHARDS_H
#define NNK_SHARDS_H

#include "arena.h"

#pragma GCC visibility push(hidden) // not for users of a shared library

/// nnk_method.sum_of_shards: arena.nodes = a sum over all examples of all processes.
///
/// A leaf is the sum of a shard, from zeros; with mirror images it is the sum of two such sums. A node is the
/// sum of the nodes 2 i and 2 i + 1 below it. Of one process, the nodes that wait for their neighbours are at
/// most one of each level on both sides.
///
/// NNK_OK, NNK_E_SOURCE.
///   count, bytes: of the sum's elements, and of each: 4 or 8; what: passed on to `terms`
nnk_status nnk_sum_of_shards(const nnk_job *job, const arena *a, size_t count, size_t bytes, nnk_terms *terms,
                             const void *what);

/// Bytes of arena.nodes.
size_t nnk_bytes_of_nodes(const nnk_job *job);
static inline size_t nnk_nodes_bytes(const nnk_job *job) {
    return nnk_shards_of(job) ? nnk_bytes_of_nodes(job) : 0;
}

#pragma GCC visibility pop

#endif
