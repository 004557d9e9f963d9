/// A cross-validation: what is judged, and what came out.
#ifndef CROSS_VALIDATION_H
#define CROSS_VALIDATION_H

#include "dataset.h"
#include "nnkernel/nnkernel.h"
#include "options.h"

typedef struct cross_validation {
    const options *options;
    const dataset *data;
    /// All ranks have the same, but for what its pointers lead to.
    nnk_validation core;
    nnk_recipe *recipes; ///< by weight decay, then by learning rate, in the order of the options
    size_t bytes;        ///< memory of the Gram matrix and the networks of one rank
    bool is_sequence;    ///< whether the photos look like frames taken one after another
    uint32_t alike;      ///< rank 0: pairs of a class that are nearly alike but in different folds
    double *logits;      ///< held out: nnk_validation_bytes
    double load, total;  ///< seconds of reading the photos, and of everything
} cross_validation;

/// Prints the answer, as a table or as JSON.
void cross_validation_answer(const cross_validation *c);

#endif
