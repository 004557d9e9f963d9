/// What lies where in the memory of a training.
#ifndef NNK_ARENA_H
#define NNK_ARENA_H

#include "phases.h"

#pragma GCC visibility push(hidden) // not for users of a shared library

/// The sums of an image's bytes and of their squares, below 2^24 and 2^32.
typedef struct nnk_byte_sums {
    uint32_t bytes, squares;
} nnk_byte_sums;

/// The parts of the arena. Names in one union are one place, which has one of these meanings at a time.
typedef struct nnk_arena {
    nnk_trainer *trainer;
    nnk_real *parameters; ///< W1 transposed, (inputs, units), as it is read; then b1, W2, ... as in a model.
                          ///< Packed dual: from b1 on
    // Where images are adjusted (adjust.c), rows of examples:
    nnk_real *contrast;   ///< s; ones without own contrast
    nnk_real *spread;     ///< sd = 1 / s; the same row as contrast without own contrast
    nnk_real *brightness; ///< c, with own contrast
    nnk_real *means;      ///< g, in the dual methods
    // and numbers of units of layer 1:
    nnk_real *row_sums;     ///< of W1(0)
    nnk_real *row_means;    ///< the mean of W1(0) x^ over the images
    nnk_real *offsets;      ///< from FOLD on, what is taken off each weight of a row of W1; zeros before
    nnk_real *activations;  ///< (units, stride) of all layers; packed dual: of those above the first
    nnk_real *logits;       ///< dual: P (units of layer 1, stride)
    nnk_real *deltas;       ///< dual: D (units of layer 1, stride)
    nnk_real *kept;         ///< with keep_best: the best parameters, without W1 in the dual methods, and D
    nnk_byte_sums *sums_of; ///< with a Gram matrix on its own: of each image
    nnk_real *gram;         ///< wide dual: G (stride / 16, examples, 16), perhaps not in the arena
    uint8_t *packed_gram;   ///< packed dual: the lower triangle of G, row by row, perhaps not in the arena
    uint8_t *triangle;  ///< packed dual: the place of G, if it is in the arena; before and behind the loop
                        ///< also of other things
    nnk_real *scratch;  ///< a tile and sums, or rows, or the gradient of NNK_PATCH columns of W1
    nnk_real *nodes;    ///< with shards: sums of some of them (shards.h); the first one becomes that of all
    uint8_t *bytes;     ///< pieces of images that are not mapped; in MODEL also of the model
    uint32_t *products; ///< dual, in GRAM: a block of elements of G
    uint8_t *end;
    size_t stride; ///< reals of a row of activations, P or D
    size_t width;  ///< of these, how many are computed with
    size_t row;    ///< bytes of a row
} arena;

/// The sum of the weights of all examples, which have weights.
double nnk_sum_of_weights(const nnk_job *job);

/// The sum of the weights of all examples.
static inline double nnk_total_weight(const nnk_job *job) {
    return nnk_weights_of(job) ? nnk_sum_of_weights(job) : (double)nnk_all_columns(job);
}

/// The learning rate over the sum of the weights: sums over examples are not divided by it.
static inline double nnk_rate_per_example(const nnk_job *job, const arena *a) {
    return job->learning_rate / a->trainer->total_weight;
}

/// The same for weights, whose update is followed by their decay.
static inline double nnk_weight_rate(const nnk_job *job, const arena *a) {
    return nnk_rate_per_example(job, a) / nnk_decay(job);
}

/// a = the parts of the arena that is in this memory, or would be.
void nnk_carve(const nnk_job *job, void *memory, arena *a);

/// The parts in front of scratch that primal and wide dual have: the trainer, parameters and activations.
/// Returns where the next part begins.
nnk_real *nnk_carve_layers(const nnk_job *job, arena *a);

/// Where a real is read or written as a double.
double nnk_get(const nnk_job *job, const nnk_real *reals, size_t index);
void nnk_set(const nnk_job *job, nnk_real *reals, size_t index, double x);

/// The part for the best parameters, if they are kept, from `next` on. Returns where the next part begins.
void *nnk_carve_kept(const nnk_job *job, arena *a, void *next);

/// The parts of a Gram matrix on its own, in this memory: the sums of each image and G, behind a trainer.
void nnk_carve_gram(const nnk_job *job, arena *a, const void *memory);

/// The CRC-32 of the labels, and of the images, which a Gram matrix on its own or the share knows.
uint32_t nnk_known_data_crc(const nnk_job *job);

/// The CRC-32 of the labels; and of the images, if theirs is known.
static inline uint32_t nnk_first_data_crc(const nnk_job *job) {
    if (nnk_gram_of(job) || nnk_share_of(job)) return nnk_known_data_crc(job);
    return nnk_crc32(0, job->labels, job->examples);
}

/// The parts of adjusted images, if images are adjusted, from `next` on. Returns where the next part begins.
void *nnk_carve_adjusted(const nnk_job *job, arena *a, void *next);

/// The last parts of primal and wide dual: the arena's own, or those of a thread.
void nnk_carve_scratch(const nnk_job *job, arena *a, void *scratch);

/// Where the real of that index is.
static inline nnk_real *nnk_at(const nnk_job *job, nnk_real *reals, size_t index) {
    return (nnk_real *)(void *)((uint8_t *)reals + index * nnk_real_bytes(job));
}

/// Packed dual, from FOLD on, in front of the place of G: b1 as the loop had it, if that was changed.
static inline nnk_real *nnk_biases_of(const nnk_job *job, const arena *a) {
    return (nnk_real *)(void *)(a->triangle -
                                NNK_ROUND_UP((size_t)job->topology->size[1] * nnk_real_bytes(job), 8));
}

/// Packed dual, in MODEL, in front of these: of NNK_I8, the scales of the rows of W1.
static inline float *nnk_scales_of(const nnk_job *job, const arena *a) {
    return (float *)nnk_biases_of(job, a) - job->topology->size[1];
}

/// Row `unit` of activations, P or D.
static inline nnk_real *nnk_row(const arena *a, nnk_real *rows, size_t unit) {
    return (nnk_real *)(void *)((uint8_t *)rows + unit * a->row);
}

/// A layer, 1 ... topology->layers, at work on all columns. Where the arena has no W1, layer 1 has only
/// biases, and its rows are those of layer 2.
typedef struct layer {
    nnk_real *weights; ///< (outputs, inputs); W1 transposed
    nnk_real *biases;  ///< (outputs)
    nnk_real *rows;    ///< (outputs, stride): activations; in the last layer logits; from BACKWARD on deltas
    nnk_shape shape;
} layer;

layer nnk_layer(const nnk_job *job, const arena *a, int32_t number);

/// Whether the arguments are right, and the memory is large enough: NNK_OK, NNK_E_ARGUMENT, NNK_E_ALIGN,
/// NNK_E_MEMORY.
nnk_status nnk_check_memory(const nnk_job *job, const void *memory, size_t bytes);

/// Whether the parameters of the model to start from, which is there, are finite as reals of the job: NNK_OK,
/// NNK_E_PARAMETER (initial.c).
nnk_status nnk_check_initial(const nnk_job *job);

/// Whether a training can begin, or go on, in this memory: NNK_OK, or an error of nnk_train_begin.
nnk_status nnk_check_start(const nnk_job *job, const void *memory, size_t bytes);

#pragma GCC visibility pop

#endif
