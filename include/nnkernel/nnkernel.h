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

#ifdef __cplusplus
extern "C" {
#endif

/// The version of the library: NNK_VERSION as it was compiled. Where headers and library may come from two
/// installations, a program asks before anything else, as structures and sizes can differ:
///
///     const int is_same = nnk_version() == NNK_VERSION;
///
/// A shared library is also asked by the loader: its symbols carry the minor version, so a program that was
/// linked with another one does not start, and two versions in one program are kept apart.
int32_t nnk_version(void);

#ifdef __cplusplus
}
#endif

#endif
