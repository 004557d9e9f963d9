/// Initial weights of float, and passing over them, in integers: where double is computed by a library, that
/// takes a seventh of the instructions. Every bit is that of normals.h.
#ifndef NNK_QUICK_WEIGHTS_H
#define NNK_QUICK_WEIGHTS_H

#include "nnkernel/random.h"
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden) // not for users of a shared library

/// initialize of kernels.h, for float.
void nnk_quick_weights(float *w, size_t count, int32_t inputs, int32_t initializer, nnk_random *random);

/// Passes over pairs of normals, for float or for double, where no normal is waiting in random->spare.
void nnk_quick_skip(size_t pairs, nnk_random *random);

#pragma GCC visibility pop

#endif
