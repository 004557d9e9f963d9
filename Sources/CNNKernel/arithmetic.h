/// All the kernels of one element type, and the table that names them. Included once a file, after a
/// real_*.h.
#include "nnkernel/kernels.h"
#include "normals.h"

#include "dense.h"
#include "loss.h"
#if defined(NNK_FORWARD_UNITS)
#include "input_wide.h"
#endif
#include "input.h"

#define NNK_ARITHMETIC                                                                                       \
    {                                                                                                        \
        .dtype = REAL_DTYPE, .real_bytes = sizeof(real), .initialize = initialize,                           \
        .linear_forward = linear_forward, .linear_backward = linear_backward, .relu = relu,                  \
        .relu_backward = relu_backward, .sigmoid = sigmoid, .sigmoid_backward = sigmoid_backward,            \
        .cost = cost, .cost_backward = cost_backward, .logit_cost = logit_cost,                              \
        .logit_backward = logit_backward, .update = update, .hidden_step = hidden_step,                      \
        .bias_step = bias_step, .input_forward = input_forward, .input_activate = input_activate,            \
        .input_gradient = input_gradient, .input_step = input_step                                           \
    }
