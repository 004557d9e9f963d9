#include "nnkernel/version.h"

int32_t nnk_version(void) { return NNK_VERSION; }
