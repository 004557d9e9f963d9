/// All the kernels of one element type, and the table that names them. Included once a file, after a
/// real_*.h.
#include "nnkernel/kernels.h"
#include "nnkernel/model.h"

#include "freestanding.h"
#include "normals.h"

#include "dense.h"
#include "float_check.h"
#include "loss.h"
#if defined(NNK_REGISTER_BYTES)
// What a *_avx2.c and the like say: how many units' sums stay in registers. NNK_PART_UNITS and
// NNK_TILE_ROWS x NNK_TILE_COLUMNS count sums of one register, NNK_REGISTER_BYTES wide.
#include "lanes.h"

#include "dense_wide.h"
#include "dual_wide.h"
#include "input_wide.h"
#include "loss_wide.h"
#endif
#include "input.h"

#include "dual.h"
#include "gram.h"

#if defined(NNK_REGISTER_BYTES)
#define VECTOR(kernel) kernel##_wide
#else
#define VECTOR(kernel) kernel
#endif

#if !defined(NNK_CRC32)
#define NNK_CRC32 nnk_crc32
#endif

#define NNK_ARITHMETIC                                                                                       \
    {                                                                                                        \
        .dtype = REAL_DTYPE, .real_bytes = sizeof(real), .is_strict = float_is_strict, .crc32 = NNK_CRC32,   \
        .initialize = VECTOR(initialize), .linear_forward = VECTOR(linear_forward),                          \
        .linear_backward = linear_backward, .relu = VECTOR(relu), .relu_backward = relu_backward,            \
        .sigmoid = sigmoid, .sigmoid_backward = sigmoid_backward, .cost = cost,                              \
        .cost_backward = cost_backward, .logit_cost = logit_cost, .logit_backward = VECTOR(logit_backward),  \
        .update = update, .hidden_step = VECTOR(hidden_step), .bias_step = VECTOR(bias_step),                \
        .input_forward = VECTOR(input_forward), .input_activate = input_activate,                            \
        .input_gradient = VECTOR(input_gradient), .input_step = input_step, .unit_step = unit_step,          \
        .unit_forward = unit_forward, .gram_unit = 1 << GRAM_BITS, .gram_products = gram_products,           \
        .gram_pack = gram_pack, .gram_spread = gram_spread, .project = project, .project_end = project_end,  \
        .dual_logits = dual_logits, .dual_collect = dual_collect, .dual_walk = dual_walk,                    \
        .dual_update = VECTOR(dual_update)                                                                   \
    }

/// What nnk_dual calls.
#define NNK_DUAL_ARITHMETIC                                                                                  \
    {                                                                                                        \
        .dtype = REAL_DTYPE, .real_bytes = sizeof(real), .is_strict = float_is_strict, .crc32 = NNK_CRC32,   \
        .initialize = initialize, .logit_cost = logit_cost, .logit_backward = logit_backward,                \
        .bias_step = bias_step, .input_gradient = input_gradient, .input_step = input_step,                  \
        .unit_step = unit_step, .unit_forward = unit_forward, .gram_unit = 1 << GRAM_BITS,                   \
        .gram_products = gram_products, .gram_pack = gram_pack, .project = project,                          \
        .project_end = project_end, .dual_logits = dual_logits, .dual_collect = dual_collect,                \
        .dual_walk = dual_walk                                                                               \
    }
