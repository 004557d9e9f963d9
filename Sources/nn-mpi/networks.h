/// The networks of a cross-validation, each of which one rank trains alone.
#ifndef NETWORKS_H
#define NETWORKS_H

#include "nnkernel/nnkernel.h"

/// Is told on rank 0, every few milliseconds, which share of all work is done.
typedef struct networks_observer {
    void (*update)(void *context, double share);
    void *context;
} networks_observer;

/// Trains all networks, shared by all ranks, which call it with the same validation. Then `logits`
/// (nnk_validation_bytes) is complete on all ranks.
void networks_train(const nnk_validation *v, double *logits, const networks_observer *observer);

/// Ends the run with what a status of the core means.
_Noreturn void networks_fail(nnk_status status);

#endif
