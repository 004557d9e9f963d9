#include "nnkernel/status.h"

const char *nnk_status_text(nnk_status status) {
    switch (status) {
    case NNK_OK: return "done";
    case NNK_MORE: return "more work to do";
    case NNK_COST: return "more work to do, a cost is known";
    case NNK_E_ARGUMENT: return "a size, count or option is out of range";
    case NNK_E_MEMORY: return "too little memory";
    case NNK_E_ALIGN: return "memory is not aligned to 8 bytes";
    case NNK_E_STATE: return "called out of order, or with memory of another job";
    case NNK_E_LABEL: return "a label is neither 0 nor 1";
    case NNK_E_SOURCE: return "the images could not be read";
    case NNK_E_SINK: return "the model could not be written";
    case NNK_E_DIVERGED: return "the cost is no longer finite";
    case NNK_E_LENGTH: return "a model is cut off";
    case NNK_E_MAGIC: return "not a model";
    case NNK_E_HEADER: return "a model's header is damaged";
    case NNK_E_VERSION: return "a model of a later version";
    case NNK_E_KIND: return "a model of another kind or element type";
    case NNK_E_TOPOLOGY: return "a model of another topology";
    case NNK_E_SIZE: return "a model's payload has the wrong size";
    case NNK_E_PAYLOAD: return "a model's weights are damaged";
    case NNK_E_FLOAT: return "floating point is not as the results rely on";
    default: return "unknown status";
    }
}
