/// The model on the card, used without being in memory.
#ifndef EVALUATE_H
#define EVALUATE_H

#include "card.h"

typedef struct score {
    uint32_t images;
    uint32_t right;      ///< of these, the model says the class rightly
    double of_first_one; ///< probability of class 1 of the first
} score;

/// Images `first` ... `first + count` of the card. NNK_E_SOURCE if it can't be read.
nnk_status evaluate(card_file *model, uint32_t first, uint32_t count, score *result);

#endif
