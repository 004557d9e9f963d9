/// The arithmetic: every computation of training and inference, once for float and once for double.
///
/// A caller names the objects that it wants (nnk_f32, nnk_f64_inference, ...), and the linker keeps only
/// these. `real` below is the object's element type. All matrices lie row by row; the columns of activations
/// are examples, so A is (units, examples) and W is (outputs, inputs).
///
/// Order of sums, the same on every machine: a sum over inputs or units ascends from +0. A sum over examples
/// runs in 16 lanes (example j in lane j mod 16), each ascending from +0, then neighbours are added: 1 + 1,
/// 2 + 2, 4 + 4, 8 + 8. Nothing is contracted to a fused multiply-add.
#ifndef NNKERNEL_KERNELS_H
#define NNKERNEL_KERNELS_H

#include "nnkernel/random.h"
#include "nnkernel/status.h"
#include "nnkernel/topology.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Element types, as they stand in a model's header.
#define NNK_F32 1
#define NNK_F64 2
#define NNK_I8  3 ///< for inference: W1 in bytes, all else in float

#define NNK_LANES 16  ///< examples side by side; part of the results, see above
#define NNK_PATCH 192 ///< bytes of an image that are taken in at a time: a row of 64 RGB pixels

// For sizes of memory as constant expressions.
#define NNK_ROUND_UP(n, to) (((size_t)(n) + (to)-1) / (to) * (to))
#define NNK_LARGER(a, b)    ((size_t)(a) > (size_t)(b) ? (size_t)(a) : (size_t)(b))

/// Scratch of one unit in dual_update: up to 128 deltas, their places, and how many they are.
#define NNK_LIST_BYTES(real_bytes) (128 * ((size_t)(real_bytes) + 4) + 8)

/// An array of the arithmetic's reals, float or double; incomplete, so that nothing else is passed for it.
typedef struct nnk_real nnk_real;

/// The sizes of one layer at work. Rows of activations start `stride` reals apart, stride >= examples.
typedef struct nnk_shape {
    size_t outputs, inputs, examples, stride;
} nnk_shape;

/// Up to NNK_LANES (forward) or any number (gradient) of images, of which `width` <= NNK_PATCH bytes are
/// visited: byte k of image j is x[j * stride + k].
typedef struct nnk_patch {
    const uint8_t *x;
    size_t stride, examples, width;
} nnk_patch;

/// Building blocks of training. Outputs must not overlap inputs unless it is said that they may.
typedef struct nnk_arithmetic {
    int32_t dtype;      ///< NNK_F32 or NNK_F64
    int32_t real_bytes; ///< 4 or 8

    /// 1, or 0 if floating point is not as the bits rely on: subnormals, rounding to nearest, nothing fused.
    int32_t (*is_strict)(void);

    /// nnk_crc32 of model.h.
    uint32_t (*crc32)(uint32_t crc, const void *bytes, size_t count);

    /// w[0 ... count) = the next normals, scaled: `initializer` NNK_INIT_DEEP or NNK_INIT_SMALL.
    /// Drawn and scaled in double, then rounded to real; for float by a shorter logarithm (docs/DESIGN.md).
    void (*initialize)(void *w, size_t count, int32_t inputs, int32_t initializer, nnk_random *random);

    /// Z = W A + b.   z (outputs, examples), w (outputs, inputs), b (outputs), a (inputs, examples)
    void (*linear_forward)(void *z, const void *w, const void *b, const void *a, nnk_shape shape);

    /// dW = dZ A^T / m,  db = sum of dZ's columns / m,  dA = W^T dZ; `da` may be NULL.
    void (*linear_backward)(void *dw, void *db, void *da, const void *dz, const void *w, const void *a,
                            nnk_shape shape);

    /// a = max(z, 0).   a may be z
    void (*relu)(void *a, const void *z, size_t count);

    /// dz = z <= 0 ? 0 : da.   dz may be da or z
    void (*relu_backward)(void *dz, const void *da, const void *z, size_t count);

    /// a = 1 / (1 + exp(-z)).   a may be z
    void (*sigmoid)(void *a, const void *z, size_t count);

    /// dz = da s (1 - s), s = sigmoid(z).   dz may be da
    void (*sigmoid_backward)(void *dz, const void *da, const void *z, size_t count);

    /// Binary cross-entropy: -1/m sum of y log(p) + (1 - y) log(1 - p), p (examples), y 0 or 1.
    /// No logarithm is taken of less than the smallest normal real, so p = 0 and 1 give a finite cost.
    double (*cost)(const void *p, const uint8_t *y, size_t examples);

    /// dp = -(y / p - (1 - y) / (1 - p)); divisors are kept from zero as in `cost`.
    void (*cost_backward)(void *dp, const void *p, const uint8_t *y, size_t examples);

    /// The same cost from logits, z = log(p / (1 - p)): every term is finite for a finite z.
    /// -1/m sum of y z - max(z, 0) - log(1 + exp(-|z|))
    double (*logit_cost)(const void *z, const uint8_t *y, size_t examples);

    /// z = sigmoid(z) - y, in place: the gradient of m times the cost.  Returns 1, or 0 if a z was not
    /// finite.
    int32_t (*logit_backward)(void *z, const uint8_t *y, size_t examples);

    /// p -= rate g
    void (*update)(void *p, const void *g, double rate, size_t count);

    /// A hidden layer backwards and its weights down the gradient, for `units` units of the layer below:
    ///   a (units, examples): their activations in, their dZ out (ReLU's derivative applied)
    ///   w: points to their first column of W; W -= step dZ A^T; their dZ uses the old W
    ///   dz (outputs, examples); row (stride): scratch
    void (*hidden_step)(void *a, void *w, const void *dz, double step, void *row, size_t units,
                        nnk_shape shape);

    /// hidden_step for one unit, in less code.
    void (*unit_step)(void *below, void *w, const void *dz, double step, void *row, nnk_shape shape);

    /// Z += the part of one unit of the layer below: `a` is its row, `w` points to its column of W.
    void (*unit_forward)(void *z, const void *w, const void *a, nnk_shape shape);

    /// b -= step sum of dZ's columns.   dz (outputs, examples); shape.inputs is not used
    void (*bias_step)(void *b, const void *dz, double step, nnk_shape shape);

    /// sum += W x over one patch of images.
    ///   sum (units, NNK_LANES); w (patch.width, units): W transposed
    ///   tile (NNK_PATCH, NNK_LANES): scratch. Columns from patch.examples on hold zeros.
    void (*input_forward)(void *sum, const void *w, size_t units, nnk_patch patch, void *tile);

    /// a = max(sum / 255 + b, 0) (or without max, if `relu` is 0), the end of input_forward.
    ///   sum (units, NNK_LANES), a: (units, examples) of `stride`, 1 ... NNK_LANES examples
    void (*input_activate)(void *a, const void *sum, const void *b, int32_t relu, nnk_shape shape);

    /// g += dZ x^T over one patch of images.
    ///   g (units, NNK_PATCH), dz: (units, patch.examples) of `stride`
    void (*input_gradient)(void *g, const void *dz, size_t stride, size_t units, nnk_patch patch);

    /// W -= step g.   w (width, units): W transposed; g (units, NNK_PATCH)
    void (*input_step)(void *w, const void *g, double step, size_t units, size_t width);

    /// What one step of a stored element of the Gram matrix stands for: 64 for float, 1 for double.
    double gram_unit;

    /// sum (16, 16) += X^T Y over two patches of up to 16 images, of any (the same) width.
    void (*gram_products)(uint32_t *sum, nnk_patch x, nnk_patch y);

    /// Stores one element: in 3 bytes (float) or 4 (double); or, in the wide layout, twice as a real.
    void (*gram_pack)(uint8_t *packed, uint32_t sum);
    void (*gram_spread)(void *gram, uint32_t sum, size_t j, size_t k, size_t examples);

    /// p (examples) += x . w of one unit over one patch, and the scale of the bytes at the end.
    void (*project)(void *p, const void *w, nnk_patch patch);
    void (*project_end)(void *p, size_t count);

    /// a = max(P + b, 0) (or without max, if `relu` is 0).   a may be p
    void (*dual_logits)(void *a, const void *p, const void *b, int32_t relu, nnk_shape shape);

    /// D += dZ, P += scale dZ G, G wide, in `columns` columns of D and P from `column` on, whole blocks of
    /// NNK_LANES. Deltas that are zero are skipped.
    ///   p, d, dz (outputs, examples), stride a multiple of NNK_LANES, zeros beyond the examples
    ///   scratch: NNK_LIST_BYTES for each unit
    void (*dual_update)(void *p, void *d, const void *dz, double scale, const void *gram, size_t column,
                        size_t columns, nnk_shape shape, void *scratch);

    /// d += dz, then dz *= scale: the same for one unit, and
    void (*dual_collect)(void *d, void *dz, double scale, size_t count);

    /// p += G e, G packed.   p, e (examples); zeros in e are skipped
    void (*dual_walk)(void *p, const void *e, const uint8_t *gram, size_t examples);
} nnk_arithmetic;

/// The definition, in scalar C.
extern const nnk_arithmetic nnk_f32, nnk_f64;

/// What nnk_dual calls of it, and no more: for boards. The other functions are NULL.
extern const nnk_arithmetic nnk_f32_dual, nnk_f64_dual;

/// The same bits from the widest vectors that this processor has.
const nnk_arithmetic *nnk_fastest(int32_t dtype);

/// Building blocks of inference, one image at a time.
///
/// Sums of the first layer run in 16 lanes over each NNK_PATCH bytes (byte k of a patch in lane k mod 16),
/// then neighbours are added as above, and the patches ascend. With NNK_I8 they are int32, and exact.
typedef struct nnk_inference {
    int32_t dtype;        ///< NNK_F32, NNK_F64 or NNK_I8
    int32_t real_bytes;   ///< of a sum: 4 or 8
    int32_t weight_bytes; ///< of a weight of layer 1: 4, 8 or 1
    int32_t patch_bytes;  ///< of an image that are summed at a time: NNK_PATCH, or 1 where any number may be

    /// sum += W x.   sum (units), w: (units) rows, `inputs` weights apart, x (count), whole patches but the
    /// last
    void (*accumulate)(void *sum, const void *w, size_t inputs, size_t units, const uint8_t *x, size_t count);

    /// The layers above.   sum (size[1]) in; parameters: the model's payload; sum has room for the largest
    /// layer, work for the largest above the first. Returns the probability of class 1.
    double (*head)(const nnk_topology *topology, const void *parameters, void *sum, void *work);
} nnk_inference;

extern const nnk_inference nnk_f32_inference, nnk_f64_inference, nnk_i8_inference;

/// The same bits from the widest vectors that this processor has.
const nnk_inference *nnk_fastest_inference(int32_t dtype);

#ifdef __cplusplus
}
#endif

#endif
