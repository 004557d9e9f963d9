/// The sizes of a network's layers. nnk_deep and nnk_two_layer are there; others are the caller's constants:
///
///     static const nnk_topology small_network = {3, {768, 12, 4, 1}}; // 16 x 16 RGB pixels
///
/// sizes.h names a network for constant expressions, such as the bytes of an arena.
#ifndef NNKERNEL_TOPOLOGY_H
#define NNKERNEL_TOPOLOGY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NNK_MAX_LAYERS 7     ///< layers of weights
#define NNK_MAX_INPUTS 65535 ///< bytes of an image
#define NNK_MAX_UNITS  256   ///< units of a layer

/// Sizes from the input to the output: `size[0]` bytes of an image, then the units of layers 1 to `layers`.
/// Hidden layers use ReLU. The last layer has one unit with a sigmoid: the probability of class 1.
typedef struct nnk_topology {
    int32_t layers;                   ///< 1 ... NNK_MAX_LAYERS
    int32_t size[NNK_MAX_LAYERS + 1]; ///< [0]: 1 ... NNK_MAX_INPUTS; hidden: 1 ... NNK_MAX_UNITS; last: 1
} nnk_topology;

extern const nnk_topology nnk_deep;      ///< 12288-20-7-5-1
extern const nnk_topology nnk_two_layer; ///< 12288-7-1

/// 1 if every field of `t` is in its range, else 0; 0 for NULL.
int32_t nnk_topology_valid(const nnk_topology *t);

/// 1 if `a` and `b` are valid and have the same layers, else 0.
int32_t nnk_topology_equal(const nnk_topology *a, const nnk_topology *b);

/// The number of weights and biases; 0 if `t` is not valid. At most 16.8 million in layer 1 (256 x 65536) and
/// 65792 in each other layer (256 x 257).
uint32_t nnk_parameter_count(const nnk_topology *t);

/// The number of units of layers 1 to `layers`; 0 if `t` is not valid.
uint32_t nnk_unit_count(const nnk_topology *t);

/// How the initial weights are scaled; biases start at zero.
#define NNK_INIT_DEFAULT 0 ///< NNK_INIT_SMALL for up to two layers of weights, NNK_INIT_DEEP for more
#define NNK_INIT_DEEP    1 ///< normal / sqrt(inputs of the layer)
#define NNK_INIT_SMALL   2 ///< normal * 0.01

#ifdef __cplusplus
}
#endif

#endif
