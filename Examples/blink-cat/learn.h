/// Learning on the board, for blink-cat built with LEARN=1: a model in flash, the factory's, learns photos of
/// the user's own from the memory card.
#ifndef LEARN_H
#define LEARN_H

#include "board.h"

/// Memory that learning takes. It is free for other things before and behind it.
enum { LEARN_PHOTOS = 32 };
#define LEARN_BYTES (NNK_DUAL_BYTES(DEEP, 4, LEARN_PHOTOS) + NNK_DUAL_ADJUSTED_BYTES(DEEP, 4, LEARN_PHOTOS))
extern uint8_t learn_memory[LEARN_BYTES]; ///< aligned to 8 bytes

/// The model to use: that on the card, or else `factory`. If the card has photos and no model, it is trained
/// first: from `factory` on, and written to the card. After a loss of power, training begins anew.
const nnk_model *learn(const nnk_model *factory);

#endif
