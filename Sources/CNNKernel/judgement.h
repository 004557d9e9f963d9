/// What the parts of the judgement share (judge.h).
#ifndef NNK_JUDGEMENT_H
#define NNK_JUDGEMENT_H

#include "nnkernel/judge.h"
#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(hidden) // not for users of a shared library

/// A random whole number below `count`, by splitmix64. It takes 8 bytes, where the generator of the weights
/// takes 2.5 KB.
uint32_t nnk_draw(uint64_t *state, uint32_t count);

/// Whether so many examples can be dealt like this.
bool nnk_folds_valid(const nnk_folds *folds, uint32_t examples);

/// The folds of a repeat of a valid validation, as nnk_deal_folds.
nnk_status nnk_validation_deal(const nnk_validation *v, uint32_t repeat, uint32_t *fold);

#define NNK_NAN __builtin_nan("")

/// The standard error of the mean of `count` numbers; squares: the sum of the squares of their differences
/// from it.
double nnk_standard_error(double squares, uint32_t count);

#pragma GCC visibility pop

#endif
