/// What the parts of the trainer share: the phases, the arena, the data.
#ifndef NNK_TRAINER_H
#define NNK_TRAINER_H

#include "layout.h"
#include "nnkernel/sizes.h"
#include "nnkernel/train.h"
#include "strict_float.h"

#pragma GCC visibility push(hidden) // not for users of a shared library

/// The phases in their order; its file says which of them a method has.
enum {
    PROJECT_ROWS, // dual: a row of W1(0) at a time times the images, P
    DRAW,         // initial weights
    DIGEST,       // the data's checksum
    PROJECT,      // wide: W1(0) times 16 images, P
    GRAM,         // the Gram matrix, 16 x 16 images a slice
    FORWARD,      // the loop: activations
    BACKWARD,     // the loss, and layers above the second, which learn on the way
    SECOND,       // primal and wide: layer 2 learns, layer 1 gets its deltas
    BIASES,       // of both
    DESCENT,      // layer 1 learns
    EXPAND,       // wide: W1 from D
    TRAINED,
    PAYLOAD,
    HEADER,
    WRITTEN,
    DIVERGED,
};

enum { NNK_TRAINER_MAGIC = 0x4e4e4b01 };

enum { NNK_AT_ONCE = NNK_LANES * NNK_PATCH }; ///< bytes of a file that one slice moves

/// The arena's parts.
typedef struct nnk_arena {
    nnk_trainer *trainer;
    nnk_real *parameters;  ///< W1 transposed, (inputs, units), which is how it is read; b1, W2, ... as in the
                           ///< model; in packed dual from b1 on
    nnk_real *activations; ///< (units, stride) of all layers, in packed dual of those above the first
    nnk_real *logits;      ///< dual: P (units of layer 1, stride)
    nnk_real *deltas;      ///< dual: D (units of layer 1, stride)
    union {
        nnk_real *gram;       ///< wide dual: G
        uint8_t *packed_gram; ///< packed dual: G, once it is formed, to the end of the loop
        nnk_real *piece;      ///< packed dual, before and after: of a row of W1, and of its gradient
    };
    nnk_real *scratch; ///< a tile and sums; or rows; or the gradient of NNK_PATCH columns of W1
    uint8_t *bytes;    ///< patches of images that aren't mapped; the model on its way out
    union {
        uint32_t *products; ///< dual: 16 x 16 of G
        nnk_real *sums;     ///< packed dual, while P is formed: a unit's part of P for 16 images
    };
    uint8_t *end;
    size_t stride;  ///< of rows of activations, P and D
    size_t columns; ///< of these, computed with: up to the stride where it is padded
    size_t row;     ///< bytes from one of these rows to the next
} arena;

/// What a phase is made of: its work, how many items, and whether they are independent of each other.
typedef struct nnk_phase {
    nnk_status (*work)(const nnk_job *job, const arena *a, uint32_t item);
    uint32_t (*items)(const nnk_job *job);
    int32_t parallel;
    /// Instead of `work`, where it can't fail and many items in a row cost less than each alone.
    void (*span)(const nnk_job *job, const arena *a, uint32_t first, uint32_t count);
} nnk_phase;

enum { NNK_SPAN = 16 }; ///< items of a span that make a slice

static inline uint32_t nnk_smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

static inline size_t nnk_real_bytes(const nnk_job *job) { return (size_t)job->arithmetic->real_bytes; }

static inline int32_t nnk_is_dual(const nnk_job *job) { return job->method->number != NNK_PRIMAL; }

/// Where the real of that index is.
static inline nnk_real *nnk_at(const nnk_job *job, nnk_real *reals, size_t index) {
    return (nnk_real *)(void *)((uint8_t *)reals + index * nnk_real_bytes(job));
}

/// The parameter of that index in the model, from b1 on. W1 lies transposed at index 0.
static inline nnk_real *nnk_parameter(const nnk_job *job, const arena *a, uint32_t index) {
    if (job->method->first_layer > 1) index -= nnk_biases_at(job->topology, 1);
    return nnk_at(job, a->parameters, index);
}

/// The activations of layer `l` from example `first` on.
static inline nnk_real *nnk_activations(const nnk_job *job, const arena *a, int32_t l, uint32_t first) {
    size_t unit = 0;
    for (int32_t i = job->method->first_layer; i < l; i++) unit += (size_t)job->topology->size[i];
    return nnk_at(job, a->activations, unit * a->stride + first);
}

/// Row `unit` of P or D.
static inline nnk_real *nnk_row(const arena *a, nnk_real *rows, size_t unit) {
    return (nnk_real *)(void *)((uint8_t *)rows + unit * a->row);
}

/// Layer `l` at work on all columns.
static inline nnk_shape nnk_layer_shape(const nnk_job *job, const arena *a, int32_t l) {
    return (nnk_shape){(size_t)job->topology->size[l], (size_t)job->topology->size[l - 1], a->columns,
                       a->stride};
}

/// Up to `count` images from `first` on, up to `width` bytes of each from `offset` on, as many as there are:
/// where they are mapped, or copied.
nnk_status nnk_fetch(const nnk_job *job, uint8_t *bytes, uint32_t first, uint32_t count, uint32_t offset,
                     uint32_t width, nnk_patch *patch);

int32_t nnk_initializer_of(const nnk_job *job);

/// The arena's parts, in the order and of the sizes of NNK_..._BYTES_OF. Nothing of them is looked at.
arena nnk_carve(const nnk_job *job, void *memory);

void nnk_take_numbers(nnk_job_numbers *numbers, const nnk_job *job);
int32_t nnk_same_numbers(const nnk_job_numbers *a, const nnk_job_numbers *b);

/// Whether a run can begin, or go on, in this memory: NNK_OK, or what nnk_train_begin says.
nnk_status nnk_check_start(const nnk_job *job, const void *memory, size_t bytes);

/// Whether the arena holds a trainer of this job: NNK_OK, NNK_E_ARGUMENT, NNK_E_ALIGN, NNK_E_STATE.
nnk_status nnk_check_trainer(const nnk_job *job, const void *memory);

/// Whether its counters are such as training gives: a file may say anything.
int32_t nnk_trainer_sound(const nnk_trainer *trainer, const nnk_job *job);

/// Items of a phase.
uint32_t nnk_items_of(const nnk_job *job, uint32_t phase);

/// Counts `items` as done, and goes on to the next phase that has any.
void nnk_advance(const nnk_job *job, nnk_trainer *t, uint32_t items);

/// NNK_MORE if there is work for nnk_train_step.
nnk_status nnk_readiness(const nnk_job *job, const nnk_trainer *t);

// ---- Phases, an item at a time: it is computed, and nothing is counted. After NNK_E_SOURCE everything is as
// it was. Items of phases that are parallel are independent of each other.

/// DRAW, of the layers from the method's first on that are above the first; biases are zeros.
nnk_status nnk_draw(const nnk_job *job, const arena *a, uint32_t item);
uint32_t nnk_draw_items(const nnk_job *job);

/// Adds an image to the data's checksum. NNK_MORE, or NNK_E_SOURCE: the checksum is as it was.
/// bytes (NNK_PATCH): scratch, for images that are not mapped
nnk_status nnk_digest_image(const nnk_job *job, uint8_t *bytes, uint32_t image, uint32_t *data_crc);

/// DIGEST, an image an item.
nnk_status nnk_digest(const nnk_job *job, const arena *a, uint32_t item);

static inline uint32_t nnk_one_item(const nnk_job *job) { return (void)job, 1; }

/// An item an image, 16 images, 192 bytes of the input, 16 x 16 elements of the Gram matrix.
static inline uint32_t nnk_images(const nnk_job *job) { return job->examples; }

static inline uint32_t nnk_blocks(const nnk_job *job) { return (job->examples + NNK_LANES - 1) / NNK_LANES; }

static inline uint32_t nnk_patches(const nnk_job *job) {
    return ((uint32_t)job->topology->size[0] + NNK_PATCH - 1) / NNK_PATCH;
}

static inline uint32_t nnk_pairs_of_blocks(const nnk_job *job) {
    return nnk_blocks(job) * (nnk_blocks(job) + 1) / 2;
}

// ---- What phases are made of -----------------------------------------------------------------------------

/// Layer `number` at work on all columns: its parameters in the order of the model, its rows of activations.
/// Where the arena has no W1, of layer 1 only the biases.
typedef struct layer {
    nnk_real *weights, *biases, *rows;
    nnk_shape shape;
} layer;

layer nnk_layer(const nnk_job *job, const arena *a, int32_t number);

/// The next initial weights, of a layer with so many inputs.
void nnk_initialize(const nnk_job *job, const arena *a, nnk_real *w, size_t count, int32_t inputs);

/// The learning rate over the examples.
double nnk_step(const nnk_job *job);

/// The cost if it is due, then the last layer's deltas.
nnk_status nnk_loss(const nnk_job *job, const arena *a);

// W1 in memory, transposed: primal and wide.

/// The parts of the arena up to the activations; where the next one begins.
void *nnk_carve_layers(const nnk_job *job, arena *a);

/// The last parts: the arena's own or, for a slice in parallel, a thread's.
static inline void nnk_carve_scratch(const nnk_job *job, arena *a, void *scratch) {
    a->scratch = scratch;
    a->bytes = (uint8_t *)scratch + job->method->scratch_bytes(job);
    a->products = (uint32_t *)(void *)(a->bytes + 2 * NNK_PATCH_BYTES);
    a->end = a->bytes + (nnk_is_dual(job) ? 2 * NNK_PATCH_BYTES + NNK_GRAM_BLOCK_BYTES : NNK_PATCH_BYTES);
}

/// DRAW with the first layer.
nnk_status nnk_draw_all(const nnk_job *job, const arena *a, uint32_t item);
uint32_t nnk_draw_all_items(const nnk_job *job);

/// Layers 2 and up for so many columns from `first` on; the last layer's logits stay logits.
void nnk_forward_above(const nnk_job *job, const arena *a, uint32_t first, size_t columns);

/// BACKWARD: item 0 is the loss; then a layer an item, from the last down to the third.
nnk_status nnk_backward(const nnk_job *job, const arena *a, uint32_t item);
uint32_t nnk_backward_items(const nnk_job *job);

/// SECOND, units of layer 1.
void nnk_step_second(const nnk_job *job, const arena *a, uint32_t first, uint32_t count);
uint32_t nnk_second_items(const nnk_job *job);

/// BIASES, of layer 2, if there is one, and layer 1.
nnk_status nnk_step_biases(const nnk_job *job, const arena *a, uint32_t item);

/// sum (units, 16), in scratch, = W1 times 16 images from `first` on.
nnk_status nnk_input_sums(const nnk_job *job, const arena *a, uint32_t first);

/// W1 -= rate/m dZ X^T for NNK_PATCH columns.   dz (units, stride)
nnk_status nnk_input_descent(const nnk_job *job, const arena *a, nnk_real *dz, uint32_t patch);

/// nnk_method.next_weights: made in `a->bytes`.
nnk_status nnk_transposed_weights(const nnk_job *job, const arena *a, uint8_t **bytes, uint32_t *count);

// The Gram matrix: both dual methods.

/// What turns a delta into its weight in P -= rate/m dZ1 G: pixels count 1/255 on both sides of G.
double nnk_delta_scale(const nnk_job *job);

/// Puts sums into `a->products`, those of images `*row` on with images `*column` on: one block of 16 x 16.
/// The items count the blocks along the rows of the lower triangle.
nnk_status nnk_gram_block(const nnk_job *job, const arena *a, uint32_t item, uint32_t *row, uint32_t *column);

#pragma GCC visibility pop

#endif
