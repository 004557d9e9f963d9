/// Which arithmetic a network is trained in, and which inference a model is used by.
///
/// A program names the objects that it wants, and the linker keeps only these. On a board that trains in
/// float:
///
///     nnk_job job = {.arithmetic = &nnk_f32_dual, .method = &nnk_dual}; // and so on
///
/// On a desktop nnk_fastest(NNK_F32) gives the same bits many times faster. What the objects are made of is
/// in kernels.h, for programs that call the kernels themselves.
#ifndef NNKERNEL_ARITHMETIC_H
#define NNKERNEL_ARITHMETIC_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Element types. These are the numbers in a model's header.
#define NNK_F32 1 ///< float
#define NNK_F64 2 ///< double
#define NNK_I8  3 ///< for inference alone: the weights of layer 1 are bytes, all others float

/// All kernels of training for one element type.
typedef struct nnk_arithmetic nnk_arithmetic;

/// The definition, in scalar C: for every method.
extern const nnk_arithmetic nnk_f32, nnk_f64;

/// Only the kernels that the method nnk_dual calls, in less code: for boards. Not for other methods.
extern const nnk_arithmetic nnk_f32_dual, nnk_f64_dual;

/// The same bits as nnk_f32 or nnk_f64, from the widest vectors that this processor has; one of these two if
/// it has none, as a microcontroller. `dtype`: NNK_F32 or NNK_F64; NULL for any other number.
const nnk_arithmetic *nnk_fastest(int32_t dtype);

/// The kernels of inference for one element type.
typedef struct nnk_inference nnk_inference;

/// The definition, in scalar C. Not for models with NNK_OPTION_OWN_CONTRAST (model.h).
extern const nnk_inference nnk_f32_inference, nnk_f64_inference, nnk_i8_inference;

/// The same for all models. It needs a square root and a division in double, which boards that have no such
/// models can do without.
extern const nnk_inference nnk_f32_contrast_inference, nnk_f64_contrast_inference, nnk_i8_contrast_inference;

/// For all models, the same bits from the widest vectors that this processor has, or from scalar C if it has
/// none. `dtype`: NNK_F32, NNK_F64 or NNK_I8; NULL for any other number.
const nnk_inference *nnk_fastest_inference(int32_t dtype);

#ifdef __cplusplus
}
#endif

#endif
