/// All kernels of one element type for one target, and the tables that name them.
///
/// The texts in this folder are compiled several times. A file like f32.c or f64_avx2.c is an instantiation;
/// it includes, in this order,
///
///     kernels/target_*.h     the target's compiler options and sizes; none for scalar C
///     kernels/real_*.h       the element type
///     kernels/arithmetic.h   or inference.h, or both in this order
///     kernels/end.h          after the file's tables
///
/// The texts expect these names, which end.h undefines:
///
///     real_*.h: real, real_int, REAL(1.0), REAL_..., real_exp, real_log, real_log_plain, real_normal,
///                  real_sum_of_lanes
///     target_*.h:
///     NNK_REGISTER_BYTES     bytes of a vector register; without it there are no vector kernels
///     NNK_TILE_ROWS, NNK_TILE_COLUMNS
///                            products of matrices keep so many sums in registers, each a whole register
///     NNK_PART_UNITS         products with bytes keep the sums of so many units, each a whole register
///     NNK_PRODUCT_BYTES      32 or 64: bytes that x86 multiplies at a time; elsewhere undefined
///     NNK_CRC32              nnk_crc32 by this target's instructions, or undefined
///     NNK_HAS_FMA            where __builtin_fma is one instruction, or undefined
///
/// They leave static functions and types, and initializers of tables: NNK_ARITHMETIC and NNK_DUAL_ARITHMETIC
/// (arithmetic.h), NNK_INFERENCE and NNK_CONTRAST_INFERENCE (inference.h, inference_i8.h).
#if !defined(REAL_DTYPE)
#error "include kernels/real_f32.h or kernels/real_f64.h before kernels/arithmetic.h"
#endif
#if defined(NNK_REGISTER_BYTES) !=                                                                           \
    (defined(NNK_TILE_ROWS) && defined(NNK_TILE_COLUMNS) && defined(NNK_PART_UNITS))
#error "a target has NNK_REGISTER_BYTES, NNK_TILE_ROWS, NNK_TILE_COLUMNS and NNK_PART_UNITS, or none of them"
#endif

#include "nnkernel/kernels.h"
#include "nnkernel/model.h"

#include "../fast.h"
#include "../freestanding.h"
#include "../normals.h"
#include "../quick_weights.h"

#if defined(__ARM_FEATURE_SIMD32)
#include <arm_acle.h>
#endif

// The definition, in scalar C.
#include "dense.h"
#include "float_check.h"
#include "loss.h"

#include "input.h"

#include "dual.h"

// The same bits from vectors. A kernel without a vector form is the scalar one in every table.
#if defined(NNK_REGISTER_BYTES)
#include "lanes.h"

#include "dense_vector.h"
#include "dual_vector.h"
#include "input_vector.h"
#include "loss_vector.h"
#if defined(NNK_PRODUCT_BYTES)
#include "gram_vector.h"
#endif
#define VECTOR(kernel) kernel##_vector
#else
#define VECTOR(kernel) kernel
#endif

#include "gram.h"

#if !defined(NNK_CRC32)
#define NNK_CRC32 nnk_crc32
#endif

#define NNK_ARITHMETIC                                                                                       \
    {                                                                                                        \
        .dtype = REAL_DTYPE, .real_bytes = sizeof(real), .is_strict = float_is_strict, .crc32 = NNK_CRC32,   \
        .initialize = VECTOR(initialize), SKIP_KERNEL.linear_forward = VECTOR(linear_forward),               \
        .linear_backward = linear_backward, .relu = VECTOR(relu), .relu_backward = relu_backward,            \
        .sigmoid = sigmoid, .sigmoid_backward = sigmoid_backward, .cost = cost,                              \
        .cost_backward = cost_backward, .logit_cost = logit_cost, .logit_backward = VECTOR(logit_backward),  \
        .weigh = weigh, .scale = scale, .dot = VECTOR(dot), .multiply = multiply, .add_up = add_up,          \
        .update = update, .hidden_update = VECTOR(hidden_update), .bias_update = VECTOR(bias_update),        \
        .input_forward = VECTOR(input_forward), .input_activate = input_activate,                            \
        .input_gradient = VECTOR(input_gradient), .input_update = input_update, .unit_update = unit_update,  \
        .unit_forward = unit_forward, .gram_unit = 1 << GRAM_BITS, .gram_products = gram_products,           \
        .gram_pack = gram_pack, .gram_spread = gram_spread, .project = project, .project_end = project_end,  \
        .dual_logits = dual_logits, .dual_collect = dual_collect, .dual_update_packed = dual_update_packed,  \
        .dual_update = VECTOR(dual_update)                                                                   \
    }

#if defined(NNK_WITHOUT_OPTIONS)
#define NNK_OPTION_KERNELS
#else
#define NNK_OPTION_KERNELS                                                                                   \
    .weigh = weigh, .scale = scale, .dot = dot, .multiply = multiply, .add_up = add_up, .update = update,
#endif

/// What nnk_dual calls.
#define NNK_DUAL_ARITHMETIC                                                                                  \
    {                                                                                                        \
        .dtype = REAL_DTYPE, .real_bytes = sizeof(real), .is_strict = float_is_strict, .crc32 = NNK_CRC32,   \
        .initialize = initialize, SKIP_KERNEL.logit_cost = logit_cost, .logit_backward = logit_backward,     \
        NNK_OPTION_KERNELS.bias_update = bias_update, .input_gradient = input_gradient,                      \
        .input_update = input_update, .unit_update = unit_update, .unit_forward = unit_forward,              \
        .gram_unit = 1 << GRAM_BITS, .gram_products = gram_products, .gram_pack = gram_pack,                 \
        .project = project, .project_end = project_end, .dual_logits = dual_logits,                          \
        .dual_collect = dual_collect, .dual_update_packed = dual_update_packed                               \
    }
