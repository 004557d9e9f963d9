/// The networks of a cross-validation, each of which one rank trains alone.
#ifndef NETWORKS_H
#define NETWORKS_H

#include "nnkernel/nnkernel.h"
#include "progress.h"

/// Trains all networks, shared by all ranks, which call it with the same validation. Then `logits`
/// (nnk_validation_bytes) is complete on all ranks.
///   bar: of 100 %
void networks_train(const nnk_validation *v, double *logits, progress *bar);

#endif
