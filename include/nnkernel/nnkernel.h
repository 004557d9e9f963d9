/// nnkernel: trains and runs small dense networks on memory that the caller owns.
///
/// C11, no heap, no input or output, no state of its own. Images are bytes; weights are float or double.
/// Start at train.h to train, at predict.h to use a model, at kernels.h for the building blocks.
#ifndef NNKERNEL_NNKERNEL_H
#define NNKERNEL_NNKERNEL_H

#include "nnkernel/checkpoint.h"
#include "nnkernel/kernels.h"
#include "nnkernel/model.h"
#include "nnkernel/predict.h"
#include "nnkernel/random.h"
#include "nnkernel/status.h"
#include "nnkernel/stream.h"
#include "nnkernel/team.h"
#include "nnkernel/topology.h"
#include "nnkernel/train.h"

#endif
