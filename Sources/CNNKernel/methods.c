// The methods by their numbers, for callers that read them from a file or an option. It links all of them.
#include "nnkernel/train.h"

const nnk_method *nnk_method_of(int32_t number) {
    switch (number) {
    case NNK_PRIMAL: return &nnk_primal;
    case NNK_DUAL: return &nnk_dual;
    case NNK_DUAL_WIDE: return &nnk_dual_wide;
    case NNK_GRAM: return &nnk_gram;
    case NNK_GRAM_PACKED: return &nnk_gram_packed;
    default: return NULL;
    }
}
