/// The kernels: every computation of training and inference, for programs that call them one by one. To train
/// or use a network, name one of the objects in arithmetic.h and pass it on.
///
/// `real` below is the object's element type, float or double. Matrices lie row by row; (rows, columns) is
/// their shape. The columns of activations are examples: A is (units, examples), W is (outputs, inputs).
///
/// The order of sums is the same on every machine. A sum over inputs or units ascends from +0. A sum over
/// examples runs in 16 lanes: example j is in lane j mod 16, each lane ascends from +0, and then neighbours
/// are added: 1 + 1, 2 + 2, 4 + 4, 8 + 8. No product and sum are fused.
///
/// Sizes are trusted: a kernel checks none of its arguments.
#ifndef NNKERNEL_KERNELS_H
#define NNKERNEL_KERNELS_H

#include "nnkernel/arithmetic.h"
#include "nnkernel/random.h"
#include "nnkernel/status.h"
#include "nnkernel/topology.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NNK_LANES 16  ///< examples side by side; the results depend on it, see above
#define NNK_PATCH 192 ///< bytes of an image that are summed at a time: a row of 64 RGB pixels

// For sizes of memory as constant expressions.
#ifdef __cplusplus // which has compilers that warn of casts in C's style, and to the type that a number has
constexpr size_t nnk_size(size_t n) { return n; }
#define NNK_SIZE(n) nnk_size(n)
#else
#define NNK_SIZE(n) ((size_t)(n))
#endif
#define NNK_ROUND_UP(n, to) ((NNK_SIZE(n) + (to)-1) / (to) * (to))
#define NNK_LARGER(a, b)    (NNK_SIZE(a) > NNK_SIZE(b) ? NNK_SIZE(a) : NNK_SIZE(b))

/// Bytes of dual_update's scratch for each unit: up to 128 deltas, their places, and how many they are.
#define NNK_LIST_BYTES(real_bytes) (128 * (NNK_SIZE(real_bytes) + 4) + 8)

/// An array of reals. The type is never completed: a `float *` or `double *` is cast to it, and an array of
/// anything else, such as labels or pixels, is an error when it is passed for it.
typedef struct nnk_real nnk_real;

/// The parameters of a model as they lie in its payload (docs/FORMAT.md): reals, in an i8 model also bytes.
typedef struct nnk_parameters nnk_parameters;

/// The sizes of one layer at work. Rows of activations begin `stride` reals apart; stride >= examples.
typedef struct nnk_shape {
    size_t outputs, inputs, examples, stride;
} nnk_shape;

/// Parts of images, `width` bytes of each: byte k of image j is x[j * stride + k]. 1 <= width <= NNK_PATCH.
typedef struct nnk_patch {
    const uint8_t *x;
    size_t stride, examples, width;
} nnk_patch;

/// What a network should answer, and how much each example counts.
typedef struct nnk_targets {
    const uint8_t *labels; ///< (count): 0 or 1
    const float *weights;  ///< (count): 0 or above; NULL: all are 1
    size_t count;          ///< example j >= count has the label and the weight of example j - count
    bool held_out;         ///< take the examples of weight 0, each with weight 1, and no others
    double total;          ///< the weights of all examples that are taken, above 0
} nnk_targets;

/// The kernels of training. Outputs must not overlap inputs, except where it is said that they may.
struct nnk_arithmetic {
    int32_t dtype;      ///< NNK_F32 or NNK_F64
    int32_t real_bytes; ///< of a real: 4 or 8

    /// Whether this thread's floating point is what the results rely on: it has subnormal numbers, rounds to
    /// nearest, and fuses nothing.
    bool (*is_strict)(void);

    /// nnk_crc32 of model.h.
    uint32_t (*crc32)(uint32_t crc, const uint8_t *bytes, size_t count);

    /// w[0 ... count) = the next normals / sqrt(inputs) (NNK_INIT_DEEP) or the next normals * 0.01
    /// (NNK_INIT_SMALL). Drawn and scaled in double, then rounded to real; for float by a shorter logarithm
    /// (docs/DESIGN.md).
    void (*initialize)(nnk_real *w, size_t count, int32_t inputs, int32_t initializer, nnk_random *random);

    /// Leaves the generator as initialize of `count` weights does, at a fraction of the cost. NULL in a core
    /// that is built with -DNNK_FAST=0.
    void (*skip)(size_t count, nnk_random *random);

    /// Z = W A + b.
    ///   z (outputs, examples); w (outputs, inputs); b (outputs); a (inputs, examples)
    void (*linear_forward)(nnk_real *z, const nnk_real *w, const nnk_real *b, const nnk_real *a,
                           nnk_shape shape);

    /// dW = dZ A^T / m,  db = sum of dZ's columns / m,  dA = W^T dZ;  m = examples.
    ///   Shapes as in linear_forward. `da` may be NULL.
    void (*linear_backward)(nnk_real *dw, nnk_real *db, nnk_real *da, const nnk_real *dz, const nnk_real *w,
                            const nnk_real *a, nnk_shape shape);

    /// a = max(z, 0); a NaN stays one.
    ///   a, z (count); a may be z
    void (*relu)(nnk_real *a, const nnk_real *z, size_t count);

    /// dz = z <= 0 ? 0 : da.
    ///   dz, da, z (count); dz may be da or z
    void (*relu_backward)(nnk_real *dz, const nnk_real *da, const nnk_real *z, size_t count);

    /// a = 1 / (1 + exp(-z)).
    ///   a, z (count); a may be z
    void (*sigmoid)(nnk_real *a, const nnk_real *z, size_t count);

    /// dz = da s (1 - s), s = sigmoid(z).
    ///   dz, da, z (count); dz may be da
    void (*sigmoid_backward)(nnk_real *dz, const nnk_real *da, const nnk_real *z, size_t count);

    /// Returns the binary cross-entropy, -1/m sum of y log(p) + (1 - y) log(1 - p); m = examples >= 1.
    /// No logarithm is taken of less than the smallest normal real, so the cost is finite for p = 0 and 1
    /// too.
    ///   p, y (examples); y: labels, 0 or 1
    double (*cost)(const nnk_real *p, const uint8_t *y, size_t examples);

    /// dp = -(y / p - (1 - y) / (1 - p)): the gradient of m times the cost. A divisor nearer to zero than the
    /// smallest normal real counts as that.
    ///   dp, p, y (examples)
    void (*cost_backward)(nnk_real *dp, const nnk_real *p, const uint8_t *y, size_t examples);

    /// Returns the same cost from logits, z = log(p / (1 - p)), as a weighted mean:
    /// -1/total sum of w (y z - max(z, 0) - log(1 + exp(-|z|))). Every term is finite for a finite z.
    ///   z (examples); examples <= 2 targets->count
    double (*logit_cost)(const nnk_real *z, const nnk_targets *targets, size_t examples);

    /// z = sigmoid(z) - y, in place: the gradient of m times the cost. Returns whether all z were finite.
    ///   z, y (examples)
    bool (*logit_backward)(nnk_real *z, const uint8_t *y, size_t examples);

    /// x *= w.
    ///   x, w (count)
    void (*weigh)(nnk_real *x, const float *w, size_t count);

    /// x *= factor.
    ///   x (count)
    void (*scale)(nnk_real *x, double factor, size_t count);

    /// Returns the sum of x y over examples.
    ///   x, y (count)
    double (*dot)(const nnk_real *x, const nnk_real *y, size_t count);

    /// z = x y, element by element.
    ///   z, x, y (count); z may be x
    void (*multiply)(nnk_real *z, const nnk_real *x, const nnk_real *y, size_t count);

    /// *sum += x, which are added one after the other.
    ///   x: (count) reals, `step` apart
    void (*add_up)(nnk_real *sum, const nnk_real *x, size_t step, size_t count);

    /// p -= rate g.
    ///   p, g (count)
    void (*update)(nnk_real *p, const nnk_real *g, double rate, size_t count);

    /// One layer backwards and its weights down the gradient, for the first `units` of its inputs:
    /// dA = W^T dZ (by the old W) where A > 0, else 0;  W -= rate dZ A^T;  A = dA.
    ///   a (units, examples): in, the activations of the layer below, after ReLU; out, its deltas
    ///   w: the first of these inputs' columns of W (outputs, inputs)
    ///   dz (outputs, examples); row (stride): scratch; 1 <= units <= inputs
    void (*hidden_update)(nnk_real *a, nnk_real *w, const nnk_real *dz, double rate, nnk_real *row,
                          size_t units, nnk_shape shape);

    /// hidden_update for one unit, in less code.
    void (*unit_update)(nnk_real *a, nnk_real *w, const nnk_real *dz, double rate, nnk_real *row,
                        nnk_shape shape);

    /// Z += w a^T, what one unit of the layer below contributes to Z = W A.
    ///   z (outputs, examples); w: the unit's column of W (outputs, inputs); a (examples): its row of A
    void (*unit_forward)(nnk_real *z, const nnk_real *w, const nnk_real *a, nnk_shape shape);

    /// b -= rate sum of dZ's columns.
    ///   b (outputs); dz (outputs, examples); shape.inputs is not used
    void (*bias_update)(nnk_real *b, const nnk_real *dz, double rate, nnk_shape shape);

    /// sum += W x, one patch of layer 1, forward.
    ///   sum (units, NNK_LANES); w (patch.width, units): W transposed; 1 ... NNK_LANES examples
    ///   tile (NNK_PATCH, NNK_LANES): scratch. Zeros are added to the columns of sum that have no example.
    void (*input_forward)(nnk_real *sum, const nnk_real *w, size_t units, nnk_patch patch, nnk_real *tile);

    /// a = sum * (1/255) + b, and with_relu: max(that, 0). The end of input_forward.
    ///   a (outputs, examples); sum (outputs, NNK_LANES); b (outputs); 1 ... NNK_LANES examples
    void (*input_activate)(nnk_real *a, const nnk_real *sum, const nnk_real *b, bool with_relu,
                           nnk_shape shape);

    /// g += dZ x^T, one patch of layer 1, backward. Any number of examples.
    ///   g (units, NNK_PATCH); dz (units, patch.examples), rows `stride` reals apart
    void (*input_gradient)(nnk_real *g, const nnk_real *dz, size_t stride, size_t units, nnk_patch patch);

    /// W -= rate g.
    ///   w (width, units): W transposed; g (units, NNK_PATCH); width <= NNK_PATCH
    void (*input_update)(nnk_real *w, const nnk_real *g, double rate, size_t units, size_t width);

    /// What 1 in a stored element of the Gram matrix stands for: 64 for float, 1 for double.
    double gram_unit;

    /// sum += X^T Y, products of bytes, exact below 2^32. This alone takes patches of any width, the same in
    /// both. If x.x is y.x, the images are the same, and what is above the diagonal is left open: it may be
    /// computed or not.
    ///   sum (x.examples, y.examples), rows `stride` elements apart: [i][j] for image i of x and image j of y
    void (*gram_products)(uint32_t *sum, size_t stride, nnk_patch x, nnk_patch y);

    /// Stores one element, sum / gram_unit rounded: packed in 3 bytes (float) or 4 (double), sum < 2^30.
    void (*gram_pack)(uint8_t *packed, uint32_t sum);

    /// Stores the elements (j, k) and (k, j) of the wide layout, as reals.
    ///   gram: blocks of NNK_LANES columns; in a block (examples, NNK_LANES), row by row
    void (*gram_spread)(nnk_real *gram, uint32_t sum, size_t j, size_t k, size_t examples);

    /// P += W X, some units of layer 1 over one patch; any number of examples. Each sum goes on from p.
    ///   p (units, patch.examples), rows p_stride apart
    ///   w (units, patch.width), rows w_stride apart: the patch's columns of W
    void (*project)(nnk_real *p, size_t p_stride, const nnk_real *w, size_t w_stride, size_t units,
                    nnk_patch patch);

    /// p *= 1/255, the scale of bytes, after the last patch.
    ///   p (count)
    void (*project_end)(nnk_real *p, size_t count);

    /// a = P + b, and with_relu: max(that, 0).
    ///   a, p (outputs, examples); b (outputs); a may be p
    void (*dual_logits)(nnk_real *a, const nnk_real *p, const nnk_real *b, bool with_relu, nnk_shape shape);

    /// D += dZ,  P += scale dZ G, in columns `column` to column + columns of D and P; both are multiples of
    /// NNK_LANES. Deltas that are zero are skipped, which changes no bit.
    ///   p, d, dz (outputs, examples), stride a multiple of NNK_LANES; dz holds zeros beyond the examples
    ///   gram: wide; scratch: NNK_LIST_BYTES for each unit, aligned to 8 bytes
    void (*dual_update)(nnk_real *p, nnk_real *d, const nnk_real *dz, double scale, const nnk_real *gram,
                        size_t column, size_t columns, nnk_shape shape, uint8_t *scratch);

    /// The same for one unit and the packed G, part 1: d += dz, then dz *= scale.
    ///   d, dz (count)
    void (*dual_collect)(nnk_real *d, nnk_real *dz, double scale, size_t count);

    /// Part 2: p += G e, e being the dz that dual_collect leaves. Zeros in e are skipped.
    ///   p, e (examples); gram: the lower triangle, row by row, each element as gram_pack stores it
    void (*dual_update_packed)(nnk_real *p, const nnk_real *e, const uint8_t *gram, size_t examples);
};

/// The kernels of inference, for one image at a time.
///
/// A sum of layer 1 takes in NNK_PATCH bytes of the image at a time, in 16 lanes: byte k of a patch is in
/// lane k mod 16. The lanes' neighbours are added as above, and the patches ascend. With NNK_I8 sums are
/// int32, in the place of reals, and exact in any order.
struct nnk_inference {
    int32_t dtype;        ///< NNK_F32, NNK_F64 or NNK_I8
    int32_t real_bytes;   ///< of a sum: 4 or 8
    int32_t weight_bytes; ///< of a weight of layer 1: 4, 8 or 1
    int32_t patch_bytes;  ///< of an image, that are summed at a time: NNK_PATCH; 1: any number may be

    /// As nnk_arithmetic.is_strict.
    bool (*is_strict)(void);

    /// sum += W x.
    ///   sum (units); w: (units) rows, which begin `inputs` weights apart; x (count): pixels
    ///   count: a multiple of patch_bytes, except for the last bytes of an image
    void (*accumulate)(nnk_real *sum, const nnk_parameters *w, size_t inputs, size_t units, const uint8_t *x,
                       size_t count);

    /// contrast[0] += the sum of x, contrast[1] += the sum of its squares. NULL in an inference that is not
    /// for models with NNK_OPTION_OWN_CONTRAST.
    ///   x (count): pixels
    void (*take_contrast)(uint32_t contrast[2], const uint8_t *x, size_t count);

    /// The rest of the network, from the sums of a whole image. Returns the probability of class 1, a NaN if
    /// a logit is not finite. The logits of layer 1 are sum (1/255) s + b, where s is 1 / sd, and sd
    /// the standard deviation of the image's inputs, bytes / 255. s is 1 if that is 0, if nothing was added
    /// to `contrast`, and without take_contrast.
    ///   above: the parameters without W1: b1, W2, b2, ...; with NNK_I8 the scales, then these
    ///   sum (units of the largest layer): in, layer 1's sums; overwritten
    ///   work (units of the largest layer above the first): scratch
    double (*head)(const nnk_topology *topology, const nnk_parameters *above, const uint32_t contrast[2],
                   nnk_real *sum, nnk_real *work);
};

#ifdef __cplusplus
}
#endif

#endif
