/// The work of phases that several methods share.
#ifndef NNK_WORK_H
#define NNK_WORK_H

#include "arena.h"

#pragma GCC visibility push(hidden) // not for users of a shared library

// ---- How many items a phase has ---------------------------------------------------------------------------

static inline uint32_t nnk_one_item(const nnk_job *job, const nnk_trainer *t) {
    return (void)job, (void)t, 1;
}

/// An item is an image, unless a Gram matrix that is there was formed of them. With a share, they are only
/// read for their contrast.
static inline uint32_t nnk_images(const nnk_job *job, const nnk_trainer *t) {
    const bool is_known = nnk_gram_of(job) || (nnk_share_of(job) && !nnk_takes_contrast_off(job));
    return (void)t, is_known ? 0 : nnk_images_here(job);
}

/// An item is a block of up to 16 examples.
static inline uint32_t nnk_blocks(const nnk_job *job, const nnk_trainer *t) {
    return (void)t, nnk_part_count(nnk_columns(job), NNK_LANES);
}

/// An item is a block of 16 x 16 products of images, or of images and mirror images.
uint32_t nnk_gram_items(const nnk_job *job, const nnk_trainer *t);

/// An item is NNK_PATCH bytes of the input, or what is left of it.
static inline uint32_t nnk_patches(const nnk_job *job, const nnk_trainer *t) {
    return (void)t, nnk_part_count((uint32_t)job->topology->size[0], NNK_PATCH);
}

// ---- Images (images.c) ------------------------------------------------------------------------------------

/// Finds bytes of examples: up to `count` examples from `first` on, up to `width` bytes of each from `offset`
/// on. Less is found where the examples, or their bytes, end. Images that are not mapped and mirror images
/// are copied; for these, `offset` is a multiple of NNK_PATCH. NNK_OK, NNK_E_SOURCE.
///   bytes (count, NNK_PATCH): room for copies
nnk_status nnk_fetch(const nnk_job *job, uint8_t *bytes, uint32_t first, uint32_t count, uint32_t offset,
                     uint32_t width, nnk_patch *patch);

/// Adds an image to the data's checksum, and gives its sums unless `sums` is NULL. NNK_MORE; NNK_E_SOURCE:
/// the checksum is as it was.
///   bytes (NNK_PATCH): room for copies
nnk_status nnk_digest_image(const nnk_job *job, uint8_t *bytes, uint32_t image, uint32_t *data_crc,
                            nnk_byte_sums *sums);

/// DIGEST. An item is an image. With own contrast it also takes its contrast.
nnk_status nnk_digest(const nnk_job *job, const arena *a, uint32_t item);

/// How the lower triangle of G is cut into square blocks, and where they are computed.
typedef struct nnk_tiling {
    uint32_t side;      ///< images; NNK_LANES in the small build (fast.h)
    uint8_t *bytes;     ///< (2 side, NNK_PATCH): room for copies
    uint32_t *products; ///< (side, side)
} nnk_tiling;

/// The number of blocks, which are counted along the rows of blocks, from the first row that is not formed
/// on.
uint32_t nnk_count_blocks(const nnk_job *job, const nnk_trainer *t, uint32_t side);

/// products += what `width` bytes of each image, from `offset` on, add to a block; at offset 0 the products
/// begin as zeros, and the last bytes store them in G. NNK_MORE, NNK_E_SOURCE.
nnk_status nnk_multiply_block(const nnk_job *job, const arena *a, const nnk_tiling *b, uint32_t block,
                              uint32_t offset, uint32_t width);

/// GRAM: G = X^T X. An item is a block of 16 x 16 products.
///
/// Let M be the matrix that mirrors an image: M M = 1 and M^T = M. Then the products of mirror images are
/// those of the images, and x_i . M x_j = M x_i . x_j. So of the m x m matrices in
///
///     [X, M X]^T [X, M X] = [[G, H], [H, G]],   G = X^T X,   H = X^T M X
///
/// two are computed, and both are symmetric. NNK_MORE, NNK_E_SOURCE.
nnk_status nnk_form_gram(const nnk_job *job, const arena *a, uint32_t item);

/// The factor of G in P -= rate/m dZ1 G, as G is stored: pixels count 1/255 on both of its sides.
double nnk_delta_scale(const nnk_job *job, const arena *a);

// ---- Adjusted images (adjust.c) ---------------------------------------------------------------------------

/// Stores the contrast and the brightness of an image.
void nnk_take_contrast(const nnk_job *job, const arena *a, uint32_t image, nnk_byte_sums sums);

/// s = sd = 1: what images that keep their contrast are adjusted by.
void nnk_take_no_contrast(const nnk_job *job, const arena *a);

/// ADJUST. Item 0 forms the vectors; in the dual methods, a further item is a row of P.
nnk_status nnk_adjust(const nnk_job *job, const arena *a, uint32_t item);
uint32_t nnk_adjust_items(const nnk_job *job, const nnk_trainer *t);

/// PROJECT in the primal method, with a model to start from: its bias is changed by W1 times the mean.
uint32_t nnk_first_mean_items(const nnk_job *job, const nnk_trainer *t);

/// What a unit's deltas take off its row of P, beside their products with G: multiples of three vectors.
typedef struct nnk_adjustment {
    double brightness, means, spread;
} nnk_adjustment;

///   dz (stride): a unit's deltas
nnk_adjustment nnk_adjustment_of(const nnk_job *job, const arena *a, const nnk_real *dz);

/// Takes it off columns of a row of P.
void nnk_adjust_descent(const nnk_job *job, const arena *a, nnk_adjustment adjustment, nnk_real *row,
                        size_t column, size_t columns);

/// The mean over the examples of a row of D, in the basis of D; centring takes its multiple off each delta.
double nnk_mean_of_deltas(const nnk_job *job, const arena *a, const nnk_real *row);

/// The mean over the images of W1 x^, from what it was at the beginning:
/// W1 x^ = left W1(0) x^ - rate/m (D H) X^^T x^.
double nnk_mean_of_row(const nnk_job *job, const arena *a, uint32_t unit, double left);

/// The row times H = 1 - 1 1^T / M, in the basis of D: the images' mean is off, so the deltas' is too.
void nnk_center_deltas(const nnk_job *job, const arena *a, nnk_real *row);

/// FOLD in the dual methods: b1, D and what is taken off each weight. An item is a unit of layer 1.
nnk_status nnk_fold(const nnk_job *job, const arena *a, uint32_t unit);

/// A unit of layer 1 is an item, if images are adjusted.
static inline uint32_t nnk_fold_items(const nnk_job *job, const nnk_trainer *t) {
    return (void)t, nnk_is_adjusted(job) ? (uint32_t)job->topology->size[1] : 0;
}

/// CENTER: a row of A1 from the row of W1 X / 255 in its place.
nnk_status nnk_adjust_activations(const nnk_job *job, const arena *a, uint32_t unit);

/// FOLD in the primal method: b1, and the row's mean off W1, from the row of W1 X / 255.
nnk_status nnk_fold_sums(const nnk_job *job, const arena *a, uint32_t unit);

// ---- The arena of nnk_dual (dual.c) -----------------------------------------------------------------------

/// The part of the arena, from `from` to `to`, that holds 32-bit words in this phase and not reals. It ends
/// at the triangle's start or before, except in PROJECT_ROWS.
void nnk_dual_words(const nnk_job *job, const arena *a, uint32_t phase, uint8_t **from, uint8_t **to);

/// Whether the generators among these words, of a trainer that was read, can draw.
bool nnk_dual_words_sound(const nnk_job *job, const nnk_trainer *t);

// ---- Examples that come and go (change.c) -----------------------------------------------------------------

/// ADJUST after a change: D is centred over the examples that there are now, P follows, and columns of P that
/// are new get what D has descended.
void nnk_settle(const nnk_job *job, const arena *a, uint32_t unit);

// ---- Initial parameters (initial.c) -----------------------------------------------------------------------

/// w = the next `count` initial weights of layer `number`: from the one of that index on.
void nnk_initialize(const nnk_job *job, const arena *a, nnk_real *w, int32_t number, uint32_t index,
                    size_t count);

/// A bias of the model to start from. Without one, biases begin as zeros.
double nnk_initial_bias(const nnk_job *job, int32_t number, uint32_t unit);

// ---- The layers above the first (layers_above.c) ----------------------------------------------------------

/// DRAW of these layers. An item is a row of a layer's weights.
nnk_status nnk_draw_above(const nnk_job *job, const arena *a, uint32_t item);
uint32_t nnk_draw_above_items(const nnk_job *job, const nnk_trainer *t);

/// Computes the cost if it is due, then the last layer's deltas from its logits. NNK_MORE, NNK_COST,
/// NNK_E_DIVERGED.
nnk_status nnk_loss(const nnk_job *job, const arena *a);

/// RESTORE: the best parameters.
nnk_status nnk_restore(const nnk_job *job, const arena *a, uint32_t item);
uint32_t nnk_restore_items(const nnk_job *job, const nnk_trainer *t);

/// FORWARD of these layers, for `columns` columns from `first` on. The last layer's logits stay logits.
void nnk_forward_above(const nnk_job *job, const arena *a, uint32_t first, size_t columns);

/// BACKWARD. Item 0 is the loss; then an item is a layer, from the last down to the third.
nnk_status nnk_backward(const nnk_job *job, const arena *a, uint32_t item);
uint32_t nnk_backward_items(const nnk_job *job, const nnk_trainer *t);

/// LAYER_2, in spans. An item is a unit of layer 1: its weights in layer 2 are updated, and its deltas
/// formed.
void nnk_update_layer_2(const nnk_job *job, const arena *a, uint32_t first, uint32_t count);
uint32_t nnk_layer_2_items(const nnk_job *job, const nnk_trainer *t);

/// BIASES, of layer 1 and, if there is one, of layer 2. Then the deltas of layer 1 are multiplied by the
/// contrast of their images.
nnk_status nnk_update_biases(const nnk_job *job, const arena *a, uint32_t item);

/// b -= rate sum of dZ over the examples.
void nnk_update_biases_of(const nnk_job *job, const arena *a, const layer *l);

/// Multiplies the weights of a layer for `units` of its inputs from `first` on by the decay, if there is one.
void nnk_decay_inputs(const nnk_job *job, const layer *l, uint32_t first, uint32_t units);

// ---- W1 in memory, transposed (first_layer.c) -------------------------------------------------------------

/// DRAW of all layers. An item is a piece of a row of W1, then a row of the layers above.
nnk_status nnk_draw_all(const nnk_job *job, const arena *a, uint32_t item);
uint32_t nnk_draw_all_items(const nnk_job *job, const nnk_trainer *t);

/// scratch (units, 16) = W1 times up to 16 images from `first` on. NNK_OK, NNK_E_SOURCE.
nnk_status nnk_input_sums(const nnk_job *job, const arena *a, uint32_t first);

/// W1 = decay W1 - rate dZ X^T for NNK_PATCH columns. NNK_MORE, NNK_E_SOURCE.
///   dz (units, stride)
nnk_status nnk_input_descent(const nnk_job *job, const arena *a, nnk_real *dz, double decay, double rate,
                             uint32_t patch);

/// Takes the offsets of the rows off the weights of NNK_PATCH columns.
void nnk_take_off_offsets(const nnk_job *job, const arena *a, uint32_t patch);

/// next_weights of nnk_method.
nnk_status nnk_transposed_weights(const nnk_job *job, const arena *a, nnk_real **weights, uint32_t *count);

#pragma GCC visibility pop

#endif
