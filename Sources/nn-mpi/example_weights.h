/// Weights of the examples by --hold-out and --balance, the same as nn-cli's.
#ifndef EXAMPLE_WEIGHTS_H
#define EXAMPLE_WEIGHTS_H

#include "options.h"

typedef struct example_weights {
    float *weights; ///< for free(); NULL: all are 1
    uint32_t rule;  ///< nnk_job.weights_rule
    uint32_t held_out;
} example_weights;

/// Returns false for a class of one example, if some are to be held out: its label.
bool example_weights_of(const options *o, const uint8_t *labels, uint32_t count, example_weights *w,
                        int *alone);

#endif
