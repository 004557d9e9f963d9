#include "board.h"

#pragma clang diagnostic ignored "-Wc23-extensions" // that is #embed

_Alignas(8) static const uint8_t bytes[] = {
#embed "model.nnk"
};

const uint8_t *const board_model = bytes;
const size_t board_model_bytes = sizeof bytes;
