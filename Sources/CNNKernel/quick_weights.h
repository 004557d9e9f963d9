/// Initial weights of float, and passing over them, in integers: where double is computed by a library, that
/// takes a tenth of the instructions. Every bit is that of normals.h.
#ifndef NNK_QUICK_WEIGHTS_H
#define NNK_QUICK_WEIGHTS_H

#include "nnkernel/random.h"
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden) // not for users of a shared library

/// w (2 pairs) = the weights that the next pairs of normals of nnk_normal_for_float give. No normal is
/// waiting in random->spare, before or after.
///   root: of the number of inputs
void nnk_quick_weights(float *w, size_t pairs, double root, int32_t initializer, nnk_random *random);

/// Passes over as many pairs, for float or for double.
void nnk_quick_skip(size_t pairs, nnk_random *random);

#pragma GCC visibility pop

#endif
