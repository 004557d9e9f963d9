/// Evaluates the model on the card without loading it into memory as a whole.
#ifndef EVALUATE_H
#define EVALUATE_H

#include "card.h"

typedef struct score {
    uint32_t images;
    uint32_t right;      ///< images that the model classifies correctly
    double of_first_one; ///< probability of class 1 for the first image
} score;

/// Evaluates images `first` ... `first + count - 1` of the card. NNK_E_SOURCE: the card cannot be read.
nnk_status evaluate(card_file *model, uint32_t first, uint32_t count, score *result);

#endif
