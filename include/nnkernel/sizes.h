/// The bytes of every memory and file, as constant expressions: for arrays that are there when a program is
/// built. Functions give the same numbers while it runs: nnk_train_bytes, nnk_model_bytes and so on.
///
/// One line names a network by the sizes of its layers, as in nnk_topology. The name follows NNK_NETWORK_:
///
///     #define NNK_NETWORK_SMALL (768, 12, 4, 1)        // 16 x 16 RGB pixels
///     static const nnk_topology small_network = NNK_TOPOLOGY(SMALL);
///     alignas(8) static uint8_t arena[NNK_DUAL_BYTES(SMALL, 4, 100)];     // float, up to 100 images
///     alignas(8) static uint8_t file[NNK_MODEL_BYTES(SMALL, 4)];
///
/// DEEP and TWO_LAYER are there. In C11, alignas is in <stdalign.h>.
///
/// In all macros `network` is such a name, `real_bytes` is 4 for float or 8 for double, and `examples` is the
/// number of images, twice that if mirror images are taken too. Each has a form that ends with _OF and takes
/// the sizes themselves: NNK_DUAL_BYTES_OF((768, 12, 4, 1), 4, 100).
#ifndef NNKERNEL_SIZES_H
#define NNKERNEL_SIZES_H

#include "nnkernel/kernels.h"
#include "nnkernel/model.h"
#include "nnkernel/predict.h"
#include "nnkernel/topology.h"
#include "nnkernel/train.h"
#include <stddef.h>

#define NNK_NETWORK_DEEP      (12288, 20, 7, 5, 1) ///< nnk_deep
#define NNK_NETWORK_TWO_LAYER (12288, 7, 1)        ///< nnk_two_layer

// ---- The network ------------------------------------------------------------------------------------------

/// The value of an nnk_topology.
#define NNK_TOPOLOGY(network) NNK_TOPOLOGY_OF(NNK_NETWORK_##network)

/// Bytes of an image; weights and biases; units of all layers; units of layer 1.
#define NNK_INPUTS(network)     NNK_INPUTS_OF(NNK_NETWORK_##network)
#define NNK_PARAMETERS(network) NNK_PARAMETERS_OF(NNK_NETWORK_##network)
#define NNK_UNITS(network)      NNK_UNITS_OF(NNK_NETWORK_##network)
#define NNK_UNITS_1(network)    NNK_UNITS_1_OF(NNK_NETWORK_##network)

// ---- Training ---------------------------------------------------------------------------------------------

/// The arena of each method: nnk_train_bytes.
#define NNK_PRIMAL_BYTES(network, real_bytes, examples)                                                      \
    NNK_PRIMAL_BYTES_OF(NNK_NETWORK_##network, real_bytes, examples)
#define NNK_DUAL_BYTES(network, real_bytes, examples)                                                        \
    NNK_DUAL_BYTES_OF(NNK_NETWORK_##network, real_bytes, examples)
#define NNK_DUAL_WIDE_BYTES(network, real_bytes, examples)                                                   \
    NNK_DUAL_WIDE_BYTES_OF(NNK_NETWORK_##network, real_bytes, examples)

/// A thread's scratch: nnk_train_scratch_bytes. nnk_dual has no parallel slices, so it needs none.
#define NNK_PRIMAL_SCRATCH_BYTES(network, real_bytes, examples)                                              \
    NNK_PRIMAL_SCRATCH_BYTES_OF(NNK_NETWORK_##network, real_bytes, examples)
#define NNK_DUAL_WIDE_SCRATCH_BYTES(network, real_bytes, examples)                                           \
    NNK_DUAL_WIDE_SCRATCH_BYTES_OF(NNK_NETWORK_##network, real_bytes, examples)

/// What a job with `center` or `own_contrast` takes more, in its arena and in its checkpoint.
#define NNK_ADJUSTED_BYTES(network, real_bytes, examples)                                                    \
    NNK_ADJUSTED_BYTES_OF(NNK_NETWORK_##network, real_bytes, examples) ///< primal and wide dual
#define NNK_DUAL_ADJUSTED_BYTES(network, real_bytes, examples)                                               \
    NNK_DUAL_ADJUSTED_BYTES_OF(NNK_NETWORK_##network, real_bytes, examples)

/// What a job with `keep_best` takes more, in its arena and in its checkpoint.
#define NNK_PRIMAL_KEPT_BYTES(network, real_bytes, examples)                                                 \
    NNK_PRIMAL_KEPT_BYTES_OF(NNK_NETWORK_##network, real_bytes, examples)
#define NNK_DUAL_KEPT_BYTES(network, real_bytes, examples)                                                   \
    NNK_DUAL_KEPT_BYTES_OF(NNK_NETWORK_##network, real_bytes, examples)
#define NNK_DUAL_WIDE_KEPT_BYTES(network, real_bytes, examples)                                              \
    NNK_DUAL_WIDE_KEPT_BYTES_OF(NNK_NETWORK_##network, real_bytes, examples)

/// What a job with `shards`, all of which are here, takes more, in its arena and in the scratch of each
/// thread. `shards` is their number, twice that if mirror images are taken too.
#define NNK_PRIMAL_SHARDS_BYTES(network, real_bytes, shards)                                                 \
    NNK_PRIMAL_SHARDS_BYTES_OF(NNK_NETWORK_##network, real_bytes, shards)

/// A Gram matrix on its own, and the arena of a trainer that reads it.
#define NNK_GRAM_BYTES(network, real_bytes, examples)        NNK_GRAM_BYTES_OF(real_bytes, examples)
#define NNK_GRAM_PACKED_BYTES(network, real_bytes, examples) NNK_GRAM_PACKED_BYTES_OF(real_bytes, examples)
#define NNK_DUAL_WIDE_SHARING_BYTES(network, real_bytes, examples)                                           \
    NNK_DUAL_WIDE_SHARING_BYTES_OF(NNK_NETWORK_##network, real_bytes, examples)
#define NNK_DUAL_SHARING_BYTES(network, real_bytes, examples)                                                \
    NNK_DUAL_SHARING_BYTES_OF(NNK_NETWORK_##network, real_bytes, examples)

/// A checkpoint file: nnk_checkpoint_bytes.
#define NNK_PRIMAL_CHECKPOINT_BYTES(network, real_bytes, examples)                                           \
    NNK_PRIMAL_CHECKPOINT_BYTES_OF(NNK_NETWORK_##network, real_bytes, examples)
#define NNK_DUAL_CHECKPOINT_BYTES(network, real_bytes, examples)                                             \
    NNK_DUAL_CHECKPOINT_BYTES_OF(NNK_NETWORK_##network, real_bytes, examples)
#define NNK_DUAL_WIDE_CHECKPOINT_BYTES(network, real_bytes, examples)                                        \
    NNK_DUAL_WIDE_CHECKPOINT_BYTES_OF(NNK_NETWORK_##network, real_bytes, examples)

// ---- Models and prediction --------------------------------------------------------------------------------

/// A model file, of reals or of NNK_I8: nnk_model_bytes. Options add NNK_TRAINING_RECORD_BYTES,
/// and a judgement also NNK_EXPECTATION_BYTES.
#define NNK_MODEL_BYTES(network, real_bytes) NNK_MODEL_BYTES_OF(NNK_NETWORK_##network, real_bytes)
#define NNK_MODEL_I8_BYTES(network)          NNK_MODEL_I8_BYTES_OF(NNK_NETWORK_##network)

/// A predictor, for a model of reals or of NNK_I8: nnk_predict_bytes.
#define NNK_PREDICT_BYTES(network, real_bytes) NNK_PREDICT_BYTES_OF(NNK_NETWORK_##network, real_bytes)
#define NNK_PREDICT_I8_BYTES(network)          NNK_PREDICT_I8_BYTES_OF(NNK_NETWORK_##network)

/// A predictor whose model is read: nnk_predict_reading_bytes.
#define NNK_PREDICT_READING_BYTES(network, real_bytes)                                                       \
    NNK_PREDICT_READING_BYTES_OF(NNK_NETWORK_##network, real_bytes)
#define NNK_PREDICT_READING_I8_BYTES(network) NNK_PREDICT_READING_I8_BYTES_OF(NNK_NETWORK_##network)

// ---- How they are computed --------------------------------------------------------------------------------
//
// `sizes` is a list in parentheses. NNK_SIZES_ hands it to a macro that takes 8 numbers and ignores the rest:
// the list is filled up with zeros, which add neither units nor parameters.

#define NNK_UNPACK_(...)         __VA_ARGS__
#define NNK_CALL_(macro, ...)    macro(__VA_ARGS__)
#define NNK_SIZES_(macro, sizes) NNK_CALL_(macro, NNK_UNPACK_ sizes, 0, 0, 0, 0, 0, 0, 0, 0)
#define NNK_LAYERS_(a, b, c, d, e, f, g, h, ...)                                                             \
    (((b) > 0) + ((c) > 0) + ((d) > 0) + ((e) > 0) + ((f) > 0) + ((g) > 0) + ((h) > 0))
#define NNK_INPUTS_(a, ...)                     (a)
#define NNK_UNITS_1_(a, b, ...)                 (b)
#define NNK_UNITS_(a, b, c, d, e, f, g, h, ...) ((b) + (c) + (d) + (e) + (f) + (g) + (h))
#define NNK_PARAMETERS_(a, b, c, d, e, f, g, h, ...)                                                         \
    (((a) + 1) * (b) + ((b) + 1) * (c) + ((c) + 1) * (d) + ((d) + 1) * (e) + ((e) + 1) * (f) +               \
     ((f) + 1) * (g) + ((g) + 1) * (h))
#define NNK_LARGEST_ABOVE_(a, b, c, d, e, f, g, h, ...)                                                      \
    NNK_LARGER(NNK_LARGER(NNK_LARGER(c, d), NNK_LARGER(e, f)), NNK_LARGER(g, h))

#define NNK_TOPOLOGY_OF(sizes)                                                                               \
    {                                                                                                        \
        NNK_SIZES_(NNK_LAYERS_, sizes), { NNK_UNPACK_ sizes }                                                \
    }
#define NNK_INPUTS_OF(sizes)        NNK_SIZES_(NNK_INPUTS_, sizes)
#define NNK_PARAMETERS_OF(sizes)    NNK_SIZES_(NNK_PARAMETERS_, sizes)
#define NNK_UNITS_OF(sizes)         NNK_SIZES_(NNK_UNITS_, sizes)
#define NNK_UNITS_1_OF(sizes)       NNK_SIZES_(NNK_UNITS_1_, sizes)
#define NNK_LARGEST_ABOVE_OF(sizes) NNK_SIZES_(NNK_LARGEST_ABOVE_, sizes) ///< units, from layer 2 on; or 0

/// Parameters from b1 on, which are those that the arena of nnk_dual holds.
#define NNK_PARAMETERS_ABOVE_OF(sizes)                                                                       \
    (NNK_SIZE(NNK_PARAMETERS_OF(sizes)) - NNK_SIZE(NNK_UNITS_1_OF(sizes)) * NNK_SIZE(NNK_INPUTS_OF(sizes)))

#define NNK_ROUND_TO_CACHE_LINE(n) NNK_ROUND_UP(n, 64) ///< the parts of the large arenas begin at one
#define NNK_STRIDE(examples)       NNK_ROUND_UP(examples, NNK_LANES) ///< of rows of activations, P and D
#define NNK_PATCH_BYTES            (NNK_SIZE(NNK_LANES) * NNK_PATCH) ///< 16 images, a patch of each
#define NNK_GRAM_BLOCK_BYTES       (NNK_SIZE(NNK_LANES) * NNK_LANES * 4)

/// Bytes of one row of reals per unit, for `rows` units.
#define NNK_ROWS_BYTES(rows, real_bytes, examples) (NNK_STRIDE(examples) * NNK_SIZE(rows) * (real_bytes))

/// Four rows, and three numbers for each unit of layer 1.
#define NNK_ADJUSTED_STRIDE_BYTES(units_1, real_bytes, stride)                                               \
    NNK_ROUND_TO_CACHE_LINE((4 * NNK_SIZE(stride) + 3 * NNK_SIZE(units_1)) * (real_bytes))
#define NNK_ADJUSTED_BYTES_OF(sizes, real_bytes, examples)                                                   \
    NNK_ADJUSTED_STRIDE_BYTES(NNK_UNITS_1_OF(sizes), real_bytes, NNK_STRIDE(examples))
#define NNK_DUAL_ADJUSTED_BYTES_OF(sizes, real_bytes, examples)                                              \
    NNK_ADJUSTED_STRIDE_BYTES(NNK_UNITS_1_OF(sizes), real_bytes, examples)

/// The parameters, without W1 in the dual methods, and D.
#define NNK_KEPT_STRIDE_BYTES(parameters, units_1, real_bytes, stride)                                       \
    NNK_ROUND_TO_CACHE_LINE((NNK_SIZE(parameters) + NNK_SIZE(units_1) * (stride)) * (real_bytes))
#define NNK_PRIMAL_KEPT_BYTES_OF(sizes, real_bytes, examples)                                                \
    NNK_KEPT_STRIDE_BYTES(NNK_PARAMETERS_OF(sizes), 0, real_bytes, examples)
#define NNK_DUAL_WIDE_KEPT_BYTES_OF(sizes, real_bytes, examples)                                             \
    NNK_KEPT_STRIDE_BYTES(NNK_PARAMETERS_ABOVE_OF(sizes), NNK_UNITS_1_OF(sizes), real_bytes,                 \
                          NNK_STRIDE(examples))
#define NNK_DUAL_KEPT_BYTES_OF(sizes, real_bytes, examples)                                                  \
    NNK_KEPT_STRIDE_BYTES(NNK_PARAMETERS_ABOVE_OF(sizes), NNK_UNITS_1_OF(sizes), real_bytes, examples)

/// The trainer, two sums of each image, G, and what forming it takes. `examples` counts mirror images, which
/// have no sums; a job has room for some.
#define NNK_GRAM_START_BYTES(images)                                                                         \
    (NNK_ROUND_TO_CACHE_LINE(sizeof(nnk_trainer)) + NNK_ROUND_TO_CACHE_LINE(NNK_SIZE(images) * 8))
#define NNK_GRAM_BYTES_OF(real_bytes, examples)                                                              \
    (NNK_GRAM_START_BYTES(examples) + NNK_ROWS_BYTES(examples, real_bytes, examples) + 2 * NNK_PATCH_BYTES + \
     NNK_GRAM_BLOCK_BYTES)
#define NNK_GRAM_PACKED_BYTES_OF(real_bytes, examples)                                                       \
    (NNK_GRAM_START_BYTES(examples) +                                                                        \
     NNK_ROUND_UP(NNK_SIZE(examples) * ((examples) + 1) / 2 * ((real_bytes) == 4 ? 3 : 4), 8) +              \
     2 * NNK_PATCH_BYTES + NNK_GRAM_BLOCK_BYTES)
#define NNK_DUAL_WIDE_SHARING_BYTES_OF(sizes, real_bytes, examples)                                          \
    (NNK_DUAL_WIDE_BYTES_OF(sizes, real_bytes, examples) - NNK_ROWS_BYTES(examples, real_bytes, examples))
#define NNK_DUAL_SHARING_BYTES_OF(sizes, real_bytes, examples)                                               \
    (NNK_DUAL_BYTES_OF(sizes, real_bytes, examples) -                                                        \
     NNK_LARGER(NNK_ROUND_UP(NNK_SIZE(examples) * ((examples) + 1) / 2 * ((real_bytes) == 4 ? 3 : 4), 8),    \
                2 * NNK_PATCH * NNK_SIZE(real_bytes)) +                                                      \
     2 * NNK_PATCH * NNK_SIZE(real_bytes))

/// Scratch of one slice: the gradient of a patch of W1; a tile of 16 images and their sums; or one row.
#define NNK_SCRATCH_REALS(units_1, examples)                                                                 \
    NNK_LARGER(NNK_LARGER(NNK_SIZE(units_1) * NNK_PATCH, (NNK_PATCH + NNK_SIZE(units_1)) * NNK_LANES),       \
               NNK_STRIDE(examples))
#define NNK_PRIMAL_SLICE_BYTES(units_1, real_bytes, examples)                                                \
    NNK_ROUND_TO_CACHE_LINE(NNK_SCRATCH_REALS(units_1, examples) * (real_bytes))
#define NNK_DUAL_WIDE_SLICE_BYTES(units_1, real_bytes, examples)                                             \
    NNK_ROUND_TO_CACHE_LINE(NNK_LARGER(NNK_SCRATCH_REALS(units_1, examples) * (real_bytes),                  \
                                       NNK_SIZE(units_1) * NNK_LIST_BYTES(real_bytes)))

/// The trainer and all parameters, where W1 is in memory.
#define NNK_LAYERS_BYTES_OF(sizes, real_bytes)                                                               \
    (NNK_ROUND_TO_CACHE_LINE(sizeof(nnk_trainer)) +                                                          \
     NNK_ROUND_TO_CACHE_LINE(NNK_SIZE(NNK_PARAMETERS_OF(sizes)) * (real_bytes)))

#define NNK_PRIMAL_BYTES_OF(sizes, real_bytes, examples)                                                     \
    (NNK_LAYERS_BYTES_OF(sizes, real_bytes) +                                                                \
     NNK_ROWS_BYTES(NNK_SIZE(NNK_UNITS_OF(sizes)), real_bytes, examples) +                                   \
     NNK_PRIMAL_SLICE_BYTES(NNK_SIZE(NNK_UNITS_1_OF(sizes)), real_bytes, examples) + NNK_PATCH_BYTES)

/// Sums of shards: as many as the tree has levels, and the one that is next. The largest are those of a patch
/// of W1 and of 16 columns of another W.
#define NNK_LEVELS_(n)                                                                                       \
    (((n) > 1) + ((n) > 2) + ((n) > 4) + ((n) > 8) + ((n) > 16) + ((n) > 32) + ((n) > 64) + ((n) > 128) +    \
     ((n) > 256) + ((n) > 512) + ((n) > 1024) + ((n) > 2048) + ((n) > 4096) + ((n) > 8192) + ((n) > 16384) + \
     ((n) > 32768))
#define NNK_PRIMAL_SHARDS_BYTES_OF(sizes, real_bytes, shards)                                                \
    NNK_ROUND_TO_CACHE_LINE(                                                                                 \
        NNK_LARGER(NNK_SIZE(NNK_UNITS_1_OF(sizes)) * NNK_PATCH, NNK_LARGEST_ABOVE_OF(sizes) * NNK_LANES) *   \
        NNK_SIZE(NNK_LEVELS_(shards) + 1) * (real_bytes))

/// Activations, P, D and the square G.
#define NNK_DUAL_WIDE_ROWS_BYTES_OF(sizes, real_bytes, examples)                                             \
    (NNK_ROWS_BYTES(NNK_SIZE(NNK_UNITS_OF(sizes)), real_bytes, examples) +                                   \
     NNK_ROWS_BYTES(2 * NNK_SIZE(NNK_UNITS_1_OF(sizes)), real_bytes, examples) +                             \
     NNK_ROWS_BYTES(examples, real_bytes, examples))

#define NNK_DUAL_WIDE_BYTES_OF(sizes, real_bytes, examples)                                                  \
    (NNK_LAYERS_BYTES_OF(sizes, real_bytes) + NNK_DUAL_WIDE_ROWS_BYTES_OF(sizes, real_bytes, examples) +     \
     NNK_DUAL_WIDE_SLICE_BYTES(NNK_SIZE(NNK_UNITS_1_OF(sizes)), real_bytes, examples) +                      \
     2 * NNK_PATCH_BYTES + NNK_GRAM_BLOCK_BYTES)

/// To write a row of W1: a patch of 16 images; a patch of weights, of their gradient, and 16 deltas; for each
/// unit of layer 1 a bias, and the scale of its row of NNK_I8.
#define NNK_DUAL_WRITING_BYTES(units_1, real_bytes)                                                          \
    (NNK_PATCH_BYTES + (2 * NNK_PATCH + NNK_LANES) * NNK_SIZE(real_bytes) +                                  \
     NNK_ROUND_UP(NNK_SIZE(units_1) * (real_bytes), 8) + NNK_ROUND_UP(NNK_SIZE(units_1) * 4, 8))

/// P and D; then what is needed at different times, in the same memory: activations and two rows in the loop,
/// patches of images and a block of products before and after; then the packed G, or a piece of a row of W1
/// and of its gradient.
#define NNK_DUAL_ROWS_BYTES_OF(sizes, real_bytes, examples)                                                  \
    (NNK_ROUND_UP(2 * NNK_SIZE(NNK_UNITS_1_OF(sizes)) * (examples) * (real_bytes), 8) +                      \
     NNK_LARGER(NNK_ROUND_UP((NNK_SIZE(NNK_UNITS_OF(sizes)) - NNK_SIZE(NNK_UNITS_1_OF(sizes)) + 2) *         \
                                 (examples) * (real_bytes),                                                  \
                             8),                                                                             \
                NNK_LARGER(2 * NNK_PATCH_BYTES + NNK_GRAM_BLOCK_BYTES,                                       \
                           NNK_DUAL_WRITING_BYTES(NNK_UNITS_1_OF(sizes), real_bytes))) +                     \
     NNK_LARGER(NNK_ROUND_UP(NNK_SIZE(examples) * ((examples) + 1) / 2 * ((real_bytes) == 4 ? 3 : 4), 8),    \
                2 * NNK_PATCH * NNK_SIZE(real_bytes)))

#define NNK_DUAL_BYTES_OF(sizes, real_bytes, examples)                                                       \
    (sizeof(nnk_trainer) + NNK_ROUND_UP(NNK_PARAMETERS_ABOVE_OF(sizes) * (real_bytes), 8) +                  \
     NNK_DUAL_ROWS_BYTES_OF(sizes, real_bytes, examples))

#define NNK_PRIMAL_SCRATCH_BYTES_OF(sizes, real_bytes, examples)                                             \
    (NNK_PRIMAL_SLICE_BYTES(NNK_SIZE(NNK_UNITS_1_OF(sizes)), real_bytes, examples) + 2 * NNK_PATCH_BYTES +   \
     NNK_GRAM_BLOCK_BYTES)
#define NNK_DUAL_WIDE_SCRATCH_BYTES_OF(sizes, real_bytes, examples)                                          \
    (NNK_DUAL_WIDE_SLICE_BYTES(NNK_SIZE(NNK_UNITS_1_OF(sizes)), real_bytes, examples) +                      \
     2 * NNK_PATCH_BYTES + NNK_GRAM_BLOCK_BYTES)

/// A checkpoint's header, the job's other numbers, the counters and costs, and the random number generator.
#define NNK_CHECKPOINT_STATE_BYTES (NNK_SIZE(NNK_HEADER_BYTES) + 36 + 84 + (NNK_RANDOM_WORDS + 2) * 4 + 8)

#define NNK_PRIMAL_CHECKPOINT_BYTES_OF(sizes, real_bytes, examples)                                          \
    (NNK_CHECKPOINT_STATE_BYTES + NNK_SIZE(NNK_PARAMETERS_OF(sizes)) * (real_bytes) +                        \
     NNK_ROWS_BYTES(NNK_SIZE(NNK_UNITS_OF(sizes)), real_bytes, examples))
#define NNK_DUAL_WIDE_CHECKPOINT_BYTES_OF(sizes, real_bytes, examples)                                       \
    (NNK_CHECKPOINT_STATE_BYTES + NNK_SIZE(NNK_PARAMETERS_OF(sizes)) * (real_bytes) +                        \
     NNK_DUAL_WIDE_ROWS_BYTES_OF(sizes, real_bytes, examples))
#define NNK_DUAL_CHECKPOINT_BYTES_OF(sizes, real_bytes, examples)                                            \
    (NNK_CHECKPOINT_STATE_BYTES + NNK_PARAMETERS_ABOVE_OF(sizes) * (real_bytes) +                            \
     NNK_DUAL_ROWS_BYTES_OF(sizes, real_bytes, examples))

/// The header, the parameters and the class names. NNK_I8 has a scale for each unit of layer 1, and W1 in
/// bytes.
#define NNK_MODEL_BYTES_OF(sizes, real_bytes)                                                                \
    (NNK_SIZE(NNK_HEADER_BYTES) + NNK_SIZE(NNK_PARAMETERS_OF(sizes)) * (real_bytes) +                        \
     2 * NNK_CLASS_NAME_BYTES)
#define NNK_MODEL_I8_BYTES_OF(sizes)                                                                         \
    (NNK_SIZE(NNK_HEADER_BYTES) + 4 * (NNK_SIZE(NNK_UNITS_1_OF(sizes)) + NNK_PARAMETERS_ABOVE_OF(sizes)) +   \
     NNK_SIZE(NNK_UNITS_1_OF(sizes)) * NNK_SIZE(NNK_INPUTS_OF(sizes)) + 2 * NNK_CLASS_NAME_BYTES)

/// The predictor; the sums of the largest layer; those of the largest above the first, or a patch.
#define NNK_PREDICT_BYTES_OF(sizes, real_bytes) NNK_PREDICTOR_BYTES_OF(sizes, real_bytes, NNK_PATCH)
#define NNK_PREDICT_I8_BYTES_OF(sizes)          NNK_PREDICTOR_BYTES_OF(sizes, 4, 1)
#define NNK_PREDICTOR_BYTES_OF(sizes, real_bytes, patch)                                                     \
    (sizeof(nnk_predictor) +                                                                                 \
     NNK_ROUND_UP(NNK_LARGER(NNK_SIZE(NNK_UNITS_1_OF(sizes)), NNK_LARGEST_ABOVE_OF(sizes)) * (real_bytes),   \
                  8) +                                                                                       \
     NNK_ROUND_UP(NNK_LARGER(NNK_LARGEST_ABOVE_OF(sizes) * (real_bytes), patch), 8))

/// Also a piece of the model: weights for a patch of the image, or the parameters above W1.
#define NNK_PREDICT_READING_BYTES_OF(sizes, real_bytes)                                                      \
    (NNK_PREDICTOR_BYTES_OF(sizes, real_bytes, NNK_PATCH) +                                                  \
     NNK_ROUND_UP(NNK_LARGER(NNK_PATCH, NNK_PARAMETERS_ABOVE_OF(sizes)) * (real_bytes), 8))
#define NNK_PREDICT_READING_I8_BYTES_OF(sizes)                                                               \
    (NNK_PREDICTOR_BYTES_OF(sizes, 4, NNK_PATCH) +                                                           \
     NNK_ROUND_UP(                                                                                           \
         NNK_LARGER(NNK_PATCH, (NNK_SIZE(NNK_UNITS_1_OF(sizes)) + NNK_PARAMETERS_ABOVE_OF(sizes)) * 4), 8))

#endif
