/// Slices of a training of the dual method, or of a Gram matrix, that all ranks share: each has the whole job
/// and a whole arena (nnkernel/share.h).
#ifndef SHARED_SLICES_H
#define SHARED_SLICES_H

#include "nnkernel/nnkernel.h"

typedef struct shared_slices {
    const nnk_job *job;
    void *arena, *scratch; ///< scratch: nnk_train_scratch_bytes
    bool is_apart;         ///< false at first: parts of the Gram matrix are on the ranks that formed them
    uint32_t taken;        ///< slices of the last call, on the rank that took most
} shared_slices;

/// Takes slices that are independent of each other, of which each rank takes a part, up to `most`; or the
/// next ones, up to `most`, which each rank takes itself. All ranks call it with the same job and number.
/// Returns what nnk_train_run returns, the same on all ranks: what is shared reads images in memory, and
/// cannot fail.
nnk_status shared_slices_take(shared_slices *s, uint32_t most);

/// Brings together what is apart: then each arena is whole, and can be saved. All ranks call it.
void shared_slices_join(shared_slices *s);

#endif
