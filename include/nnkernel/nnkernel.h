/// nnkernel: trains and runs small dense networks on memory that the caller owns.
///
/// C11, no heap, no input or output, no state of its own. Images are bytes; weights are float or double.
/// Start at train.h to train, at predict.h to use a model, at arithmetic.h to choose what they compute with.
/// Programs that call kernels one by one include kernels.h.
#ifndef NNKERNEL_NNKERNEL_H
#define NNKERNEL_NNKERNEL_H

#include "nnkernel/arithmetic.h"
#include "nnkernel/checkpoint.h"
#include "nnkernel/model.h"
#include "nnkernel/predict.h"
#include "nnkernel/random.h"
#include "nnkernel/status.h"
#include "nnkernel/stream.h"
#include "nnkernel/team.h"
#include "nnkernel/topology.h"
#include "nnkernel/train.h"

#endif
