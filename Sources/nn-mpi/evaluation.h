/// How a trained model does on the examples that taught it, and on those that were held out.
#ifndef EVALUATION_H
#define EVALUATION_H

#include "nnkernel/nnkernel.h"

/// Of examples, by their labels.
typedef struct evaluation_counts {
    uint32_t examples[2], right[2];
} evaluation_counts;

typedef struct evaluation {
    evaluation_counts taught, held_out;
    double low, high;  ///< the probabilities of the examples that taught lie within
    uint8_t overflows; ///< 1: computing a prediction overflows, and the rest is not known
} evaluation;

/// Predicts examples [first, first + count), whose images are given, and adds up over all ranks.
evaluation evaluate(const nnk_model *model, const nnk_job *job, uint32_t first, uint32_t count,
                    const uint8_t *images);

double evaluation_accuracy(const evaluation_counts *c);

/// The highest hidden layer, from 1, whose units are all at zero for all images whose probabilities lie in
/// this range; 0 if there is none.
int32_t silent_layer(const nnk_model *model, double low, double high);

#endif
