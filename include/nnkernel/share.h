/// One training on many processes, which share its work and exchange what they have computed. How they
/// exchange it is the caller's: the core sends and receives nothing.
///
/// The dual: each process has the whole job and a whole arena. Of the slices that nnk_train_parallel counts,
/// each takes some by nnk_train_items; then all of them get the results of all, which lie where
/// nnk_train_results says, and all call nnk_train_advance. The model has the bytes of one process's.
///
/// The primal: each process has some of the job's shards (nnk_job.shards), the images of these alone, and an
/// arena for them. It calls nnk_train_step as if it were alone; where a sum over all examples is needed, the
/// core calls nnk_share.sum. The model has the bytes that one process with the same number of shards writes.
#ifndef NNKERNEL_SHARE_H
#define NNKERNEL_SHARE_H

#include "nnkernel/train.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- The dual ---------------------------------------------------------------------------------------------

/// Where the slices ahead leave their results: a table of rows.
typedef struct nnk_results {
    void *at;         ///< the first row, in the arena, from the results of the first slice ahead on
    size_t rows;      ///< 1 or more
    size_t row_bytes; ///< from one row to the next
    /// Bytes of each row that a slice writes: slice i those from i item_bytes on. In a single row the last
    /// slice may write less, up to the row's end. 0: each slice writes some bytes anywhere in the rows, which
    /// were zeros before, and no other slice the same, so the results of all are joined by OR.
    size_t item_bytes;
} nnk_results;

/// Where the slices that nnk_train_parallel counts leave their results. NNK_E_STATE: also where there are
/// none, and where what they compute is needed nowhere else: a process takes these slices itself.
///
/// There are such results with nnk_dual_wide in four phases: columns of P, and the Gram matrix, in the setup;
/// columns of P and D at the end of each iteration; W1 behind the last one. With nnk_gram it is the Gram
/// matrix.
nnk_status nnk_train_results(const nnk_job *job, void *arena, nnk_results *results);

// ---- The primal -------------------------------------------------------------------------------------------

/// The shards that a process has, and how it adds up.
struct nnk_share {
    /// The shards of this process, which hold one example or more: their images are those of the job's
    /// source.
    uint32_t first, count;
    uint32_t images_crc; ///< CRC-32 of all images of all processes, in order (nnk_crc32)
    /// Adds up over all processes. nodes: (n, count) reals of `real_bytes`, 4 or 8, where n is
    /// nnk_shard_nodes of this process's shards; on return the first `count` reals are the sum of all
    /// (nnk_sum_nodes). All processes call it in the same order with the same count. It cannot fail: who
    /// loses another process ends the program.
    void (*sum)(void *context, void *nodes, uint32_t count, int32_t real_bytes);
    void *context;
};

/// The first example of a shard: examples shard / shards, rounded down. Shard `shards` is behind the last.
uint32_t nnk_shard_start(uint32_t examples, uint32_t shards, uint32_t shard);

/// How many nodes of the tree stand for `count` of so many shards, from `first` on. Wrong arguments: 0.
uint32_t nnk_shard_nodes(uint32_t shards, uint32_t first, uint32_t count);

/// Adds up the nodes of all processes along the tree.
///   counts (processes): of shards, in order; all of them together are `shards`, a power of two
///   nodes (nodes of all processes, count): overwritten; on return the first `count` reals are the sum
void nnk_sum_nodes(uint32_t shards, const uint32_t *counts, uint32_t processes, void *nodes, uint32_t count,
                   int32_t real_bytes);

#ifdef __cplusplus
}
#endif

#endif
