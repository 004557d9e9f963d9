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
#if defined(NNK_FORWARD_UNITS)
#include "dual_wide.h"
#endif
#include "dual.h"

#define NNK_ARITHMETIC                                                                                       \
    {                                                                                                        \
        .dtype = REAL_DTYPE, .real_bytes = sizeof(real), .initialize = initialize,                           \
        .linear_forward = linear_forward, .linear_backward = linear_backward, .relu = relu,                  \
        .relu_backward = relu_backward, .sigmoid = sigmoid, .sigmoid_backward = sigmoid_backward,            \
        .cost = cost, .cost_backward = cost_backward, .logit_cost = logit_cost,                              \
        .logit_backward = logit_backward, .update = update, .hidden_step = hidden_step,                      \
        .bias_step = bias_step, .input_forward = input_forward, .input_activate = input_activate,            \
        .input_gradient = input_gradient, .input_step = input_step, .unit_step = unit_step,                  \
        .unit_forward = unit_forward, .gram_unit = 1 << GRAM_BITS, .gram_products = gram_products,           \
        .gram_pack = gram_pack, .gram_spread = gram_spread, .project = project, .project_end = project_end,  \
        .dual_logits = dual_logits, .dual_collect = dual_collect, .dual_walk = dual_walk,                    \
        .dual_update = dual_update                                                                           \
    }
