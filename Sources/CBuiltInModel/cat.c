#include "CBuiltInModel.h"

// #embed is newer than the C standard of this package; the compiler that comes with Swift knows it.
#pragma clang diagnostic ignored "-Wc23-extensions"

static _Alignas(8) const uint8_t model[] = {
#embed "cat.nnk"
};

const uint8_t *nn_built_in_model_start(void) { return model; }
const uint32_t nn_built_in_model_bytes = sizeof model;
