#include "nnkernel/status.h"

const char *nnk_status_text(nnk_status status) {
    switch (status) {
    case NNK_OK: return "done";
    case NNK_MORE: return "more work to do";
    case NNK_COST: return "more work to do, and a new cost";
    case NNK_E_ARGUMENT: return "an argument is NULL or out of range";
    case NNK_E_MEMORY: return "too little memory";
    case NNK_E_ALIGN: return "memory is not aligned to 8 bytes";
    case NNK_E_STATE: return "called out of order, or with the memory or the checkpoint of another job";
    case NNK_E_LABEL: return "a label is neither 0 nor 1";
    case NNK_E_SOURCE: return "the caller's read function failed";
    case NNK_E_SINK: return "the caller's write function failed";
    case NNK_E_DIVERGED: return "the cost is no longer finite";
    case NNK_E_LENGTH: return "the file is cut off";
    case NNK_E_MAGIC: return "neither a model nor a checkpoint";
    case NNK_E_HEADER: return "the file's header is damaged";
    case NNK_E_VERSION: return "the file has another version";
    case NNK_E_KIND: return "another kind of file or element type than expected";
    case NNK_E_TOPOLOGY: return "the file's network has another topology";
    case NNK_E_SIZE: return "the file has another size than its network needs";
    case NNK_E_PAYLOAD: return "the file's contents are damaged";
    case NNK_E_FLOAT: return "floating point is not as the results require";
    case NNK_E_WEIGHT: return "a weight is negative or not finite, or those of a whole class are 0";
    case NNK_E_PARAMETER: return "a parameter is not finite or too large, or a scale is negative";
    default: return "unknown status";
    }
}
