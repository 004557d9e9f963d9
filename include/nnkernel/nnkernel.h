/// nnkernel: trains and runs small dense networks in memory that the caller owns.
///
/// C11, and C++20. No function allocates memory, does input or output, or keeps state of its own. Images are
/// bytes; weights are float or double. Start with train.h to train, with predict.h to use a model; docs/C.md
/// has a table of all headers. Programs that call kernels one by one include kernels.h too.
#ifndef NNKERNEL_NNKERNEL_H
#define NNKERNEL_NNKERNEL_H

#include "nnkernel/arithmetic.h"
#include "nnkernel/checkpoint.h"
#include "nnkernel/judge.h"
#include "nnkernel/model.h"
#include "nnkernel/predict.h"
#include "nnkernel/random.h"
#include "nnkernel/sizes.h"
#include "nnkernel/status.h"
#include "nnkernel/stream.h"
#include "nnkernel/team.h"
#include "nnkernel/topology.h"
#include "nnkernel/train.h"

#define NNK_VERSION_MAJOR 0
#define NNK_VERSION_MINOR 1
#define NNK_VERSION_PATCH 0

/// Versions compare as numbers: NNK_VERSION >= NNK_VERSION_NUMBER(0, 2, 0).
#define NNK_VERSION_NUMBER(major, minor, patch) ((major)*10000 + (minor)*100 + (patch))

/// The version of this interface.
#define NNK_VERSION NNK_VERSION_NUMBER(NNK_VERSION_MAJOR, NNK_VERSION_MINOR, NNK_VERSION_PATCH)

#endif
