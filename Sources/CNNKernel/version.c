#include "nnkernel/nnkernel.h"

int32_t nnk_version(void) { return NNK_VERSION; }
