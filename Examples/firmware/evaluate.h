/// Evaluates the model on the card, which is read piece by piece for each image. All of it is done in the
/// arena, before or after a training.
#ifndef EVALUATE_H
#define EVALUATE_H

#include "card.h"

typedef struct score {
    uint32_t images;
    uint32_t right;      ///< images that the model classifies correctly
    double of_first_one; ///< probability of class 1 for the first image
} score;

/// Reads and checks the model. `*model` is what it says, at the beginning of the arena.
nnk_status open_model(card_file *file, const nnk_model **model);

/// Evaluates images `first` ... `first + count - 1` of the card with the model that open_model has opened.
/// NNK_E_SOURCE: the card cannot be read. NNK_E_MEMORY: the arena is too small.
nnk_status evaluate(uint32_t first, uint32_t count, score *result);

#endif
