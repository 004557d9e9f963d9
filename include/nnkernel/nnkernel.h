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
#include "nnkernel/share.h"
#include "nnkernel/sizes.h"
#include "nnkernel/status.h"
#include "nnkernel/stream.h"
#include "nnkernel/team.h"
#include "nnkernel/topology.h"
#include "nnkernel/train.h"
#include "nnkernel/version.h"

#endif
