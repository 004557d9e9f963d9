/// Training: full-batch gradient descent, in slices of bounded work, in memory that the caller owns.
///
///     nnk_job job = {.topology = &nnk_deep,
///                    .arithmetic = &nnk_f32,
///                    .method = &nnk_dual,
///                    .seed = 1,
///                    .iterations = 2500,
///                    .examples = 209,
///                    .learning_rate = 0.0075,
///                    .labels = labels,
///                    .images = {.images = pixels}};
///     nnk_status status = nnk_train_begin(&job, arena, sizeof arena);
///     while (status >= 0 && (status = nnk_train_step(&job, arena)) > 0) {
///     } // the caller may do anything else between two slices
///     while (status >= 0 && (status = nnk_train_finish(&job, arena, sink)) > 0) {
///     }
///
/// sizes.h gives the bytes of the arena as a constant expression, nnk_train_bytes while a program runs.
///
/// Every function that takes a job and an arena returns NNK_E_ARGUMENT for a job with a field out of its
/// range, and for NULL; NNK_E_ALIGN if the arena is not aligned to 8 bytes; and NNK_E_STATE if the arena does
/// not hold a trainer of this job, or is not ready for this call. Further errors are named at each function.
#ifndef NNKERNEL_TRAIN_H
#define NNKERNEL_TRAIN_H

#include "nnkernel/arithmetic.h"
#include "nnkernel/random.h"
#include "nnkernel/status.h"
#include "nnkernel/stream.h"
#include "nnkernel/topology.h"
#include "nnkernel/version.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How layer 1 is trained. All methods do the same gradient descent; only the rounding differs.
///
/// Full-batch gradient descent changes W1 only along the images, the columns of X. Let D be the sum of all
/// deltas dZ1 so far, and G = X^T X the Gram matrix (m x m) of the m images. Then
///
///     W1 = W1(0) - rate/m D X^T,   W1 X = P = W1(0) X - rate/m D G
///
/// so once P and G are computed, an iteration needs neither the weights of layer 1 nor an image: D += dZ1 and
/// P -= rate/m dZ1 G. W1 is computed at the end. This is the dual method; the primal method changes W1
/// itself.
///
/// A program names the methods that it wants, and the linker leaves out the others.
typedef struct nnk_method nnk_method;
extern const nnk_method nnk_primal;    ///< Changes the weights themselves: for many examples.
extern const nnk_method nnk_dual;      ///< Dual in little memory: W1 exists one row at a time, G is packed.
extern const nnk_method nnk_dual_wide; ///< Dual at speed, the same bits: W1 and a square G are in memory.

/// The Gram matrix alone, in a memory of its own. A job with one of these methods is begun and run as a
/// training is, on one thread or with a team, and has no model to write. Of the job it needs the topology,
/// the arithmetic, the images, how many they are, and `mirror`; labels may be NULL, and `iterations` is
/// ignored.
extern const nnk_method nnk_gram;        ///< for nnk_dual_wide
extern const nnk_method nnk_gram_packed; ///< for nnk_dual

/// The numbers of the methods in files. A model that nnk_dual_wide trained says NNK_DUAL: it has the same
/// bits.
#define NNK_PRIMAL      0
#define NNK_DUAL        1
#define NNK_DUAL_WIDE   2
#define NNK_GRAM        3
#define NNK_GRAM_PACKED 4

/// The method of that number; NULL for others. It links all of them.
const nnk_method *nnk_method_of(int32_t number);

#define NNK_MAX_EXAMPLES    1000000
#define NNK_MAX_DUAL_INPUTS 16512 ///< so that every element of G is below 2^30
#define NNK_MAX_SHARDS      32768

typedef struct nnk_share nnk_share;

/// What to train. Nothing of it is kept between two calls: pass the same job each time.
typedef struct nnk_job {
    const nnk_topology *topology; ///< of two layers or more for the dual methods
    /// nnk_f32, nnk_f64 or the result of nnk_fastest, which gives the same bits. With nnk_dual also
    /// nnk_f32_dual or nnk_f64_dual, which have less code.
    const nnk_arithmetic *arithmetic;
    const nnk_method *method;   ///< nnk_primal, nnk_dual or nnk_dual_wide
    int32_t initializer;        ///< NNK_INIT_DEFAULT, NNK_INIT_DEEP or NNK_INIT_SMALL
    uint32_t seed;              ///< seed of the initial weights
    uint32_t iterations;        ///< gradient steps; 0 leaves the initial weights
    uint32_t cost_every;        ///< iterations from one cost to the next; 0: no costs
    uint32_t examples;          ///< m, 1 ... NNK_MAX_EXAMPLES
    double learning_rate;       ///< above 0, and finite
    const uint8_t *labels;      ///< m labels, each 0 or 1
    const char *class_names[2]; ///< stored in the model, up to 31 bytes of UTF-8 each; NULL: none
    nnk_source images;          ///< m images of topology->size[0] bytes each

    // Options. Zeros: plain gradient descent on the images as they are.

    /// m weights of the examples: finite, 0 or above. NULL: all are 1. The cost is the weighted mean. An
    /// example of weight 0 is held out: it teaches nothing, and nnk_train_progress tells its cost.
    const float *weights;
    double weight_decay; ///< L2, on weights, not on biases: learning_rate weight_decay is 0 or above, below 1
    /// Every image is taken a second time, mirrored from left to right: behind the m images come their mirror
    /// images, in the same order, with the same labels and weights. They take no memory of their own. Zeros:
    /// no mirror images.
    nnk_mirror mirror;
    /// The mean of all images, held out or not, is taken off. It is folded into the first bias at the end, so
    /// prediction does not know of it. Then training succeeds where units of layer 1 would be off for all
    /// images.
    bool center;
    /// Each image's own brightness and contrast are taken off: x becomes (x - mean of x) / sd of x. The model
    /// says so, and prediction does it too. Then a detector survives another light.
    bool own_contrast;
    /// Of the parameters whose cost was computed, those with the lowest held-out cost become the model. It
    /// needs examples of weight 0, and cost_every above 0.
    bool keep_best;
    /// A model to start from, instead of drawn weights; NULL: none. It has the job's topology and own
    /// contrast, any element type and this processor's byte order, and it is read where it lies. nnk_dual
    /// reads it once more at the end.
    const struct nnk_model *start;
    /// For nnk_dual: room for so many examples, which may come and go (nnk_train_again). The Gram matrix then
    /// outlives the writing of the model. 0: the examples stay as they are. Not with `mirror`, `keep_best`,
    /// `gram` and `held_out_logits`.
    uint32_t capacity;
    /// A Gram matrix of the images, formed with the method nnk_gram (for nnk_dual_wide) or nnk_gram_packed
    /// (for nnk_dual) and the same element type, images and mirror; NULL: the trainer forms its own. Any
    /// number of trainers read it, at once or one after the other.
    const void *gram;
    uint32_t weights_rule; ///< a number of the caller's own for how it made the weights; the model keeps it
    /// Where the logits of the examples of weight 0 go, whenever a cost is computed; NULL: nowhere. Row
    /// iteration / cost_every of m doubles is written, and of it only the places of these examples; with a
    /// share, of those that are here.
    double *held_out_logits;
    /// For nnk_primal: a power of two up to NNK_MAX_SHARDS. The examples are cut into so many shards, and
    /// every sum over examples is one of each shard, added along a binary tree. So the result depends on
    /// `shards` alone, and not on how many processes share them (share.h). 0: one sum over all examples,
    /// whose rounding is different.
    uint32_t shards;
    /// The shards that are here, while other processes have the others (share.h); NULL: all of them are. Then
    /// `images` has the examples of these shards alone, from 0 on; all else is of all examples.
    const nnk_share *share;
} nnk_job;

/// The numbers of a job, kept so that a trainer goes on only with the job that it was begun with.
typedef struct nnk_job_numbers {
    nnk_topology topology;
    int32_t dtype, method, initializer;
    uint32_t seed, iterations, examples;
    uint32_t shards;
    uint16_t first_shard, shards_here; ///< of nnk_job.share; without one, all of them
    uint32_t cost_every;
    uint32_t options; ///< NNK_OPTION_...
    uint32_t start_crc;
    uint32_t capacity, weights_rule;
    nnk_mirror mirror;
    double weight_decay, learning_rate;
} nnk_job_numbers;

/// The start of the arena. Its fields are the core's own; nnk_train_progress shows what is of interest.
typedef struct nnk_trainer {
    uint32_t magic;
    uint32_t phase;
    uint32_t item; ///< of the phase: the one that comes next
    uint32_t iteration;
    uint32_t cost_iteration;
    uint32_t data_crc;
    uint32_t payload_crc;
    uint32_t kept_iteration; ///< the model will be the parameters after so many iterations
    uint32_t weights_crc;    ///< CRC-32 of the weights of the examples, little-endian; 0 if there are none
    // With a capacity:
    uint32_t formed;     ///< examples whose rows of the Gram matrix stay
    uint32_t projected;  ///< examples whose columns of P stay; 0: the parameters are drawn
    uint32_t changed_at; ///< iteration of the last change
    uint32_t unadjusted; ///< 1 while P is without what adjusts images
    // In any case:
    uint32_t outcome; ///< 0 unless the training has failed
    // While a model is written:
    uint32_t weight;     ///< of W1: the one that is made next
    uint32_t ahead;      ///< weights by which the generator ran ahead, for the next row
    uint32_t file_dtype; ///< of the model
    uint32_t scanned;    ///< NNK_I8: 1 once the scales of all rows are known
    double cost, held_out_cost;
    double best_cost; ///< with keep_best: the lowest held-out cost so far
    double left;      ///< of the initial weights, by decay, up to the iteration of the last change
    double carried;   ///< writing NNK_I8: a row's largest weight so far; then what rounding left of the last
    double total_weight; ///< of the examples; mirror images count
    nnk_job_numbers job;
    nnk_random random;
} nnk_trainer;

#define NNK_SETUP   0 ///< Before the first iteration: initial weights, checksum of the data, P and G.
#define NNK_LOOP    1 ///< Gradient descent and, in nnk_dual_wide, writing out W1.
#define NNK_TRAINED 2 ///< nnk_train_finish can write the model.

typedef struct nnk_progress {
    int32_t stage;           ///< NNK_SETUP, NNK_LOOP or NNK_TRAINED
    uint32_t iteration;      ///< gradient steps done
    uint32_t cost_iteration; ///< the last cost is of the parameters after that many steps
    uint32_t kept_iteration; ///< the model will be that of so many steps; with keep_best: of the best so far
    double cost;             ///< of the examples with a weight; weight decay adds nothing to it
    double held_out_cost;    ///< the plain mean over the examples of weight 0; 0 if there are none
} nnk_progress;

/// Bytes of the arena for this job; 0 if a field of the job is out of its range, or if the arena would be too
/// large for the processor's addresses. Labels and images may still be NULL.
size_t nnk_train_bytes(const nnk_job *job);

/// Starts the job in `arena` (`bytes` bytes, aligned to 8). What the arena held before is lost.
///
/// NNK_E_ARGUMENT, NNK_E_ALIGN. NNK_E_MEMORY: `bytes` is below nnk_train_bytes. NNK_E_LABEL: a label is
/// neither 0 nor 1. NNK_E_WEIGHT: a weight is negative or not finite, or all examples of a class that is
/// there are held out, or none is although keep_best is set. NNK_E_PARAMETER: a parameter of the model to
/// start from is not finite in the job's type; nnk_dual looks at the layers above the first. NNK_E_STATE: the
/// Gram matrix is not formed, or was formed of another number of images, in another size, type or layout.
/// NNK_E_FLOAT: the processor's floating point rounds differently, treats subnormal numbers as zeros, or the
/// compiler was told to fuse products and sums. On an RP2040, docs/BOARDS.md says what to set.
nnk_status nnk_train_begin(const nnk_job *job, void *arena, size_t bytes) NNK_VERSIONED(nnk_train_begin);

/// Takes one slice of work: NNK_MORE, NNK_COST, or NNK_OK once all iterations are done.
///
/// With nnk_dual no slice does more than one of these, for m images and u units of layer 1: 192 bytes of each
/// of 48 x 48 pairs of images; 192 bytes of 16 images times u rows of W1; 192 weights drawn, or 1024 passed
/// over; the checksum of an image; one unit through the m x m Gram matrix (after a change of the examples,
/// twice), or through the layers above. A slice of nnk_train_finish draws up to 2 x 192 weights, and takes
/// their gradient of all m images. For 209 images of 12288 bytes, in float and with the fast paths (fast.h),
/// that is below 2 million instructions on a Cortex-M4F (docs/BOARDS.md). With the other methods a slice
/// takes 16 images through layer 1, or 256 through the layers above; 16 x 16 pairs of images; the gradient of
/// all images for 192 bytes of the input; 16 units of layer 1 through the update of layer 2; or all of them
/// through 256 columns of the Gram matrix.
///
/// NNK_E_PARAMETER: a weight of W1 of the model to start from is not finite (nnk_dual). NNK_E_SOURCE: a read
/// failed; the slice can be tried again. NNK_E_DIVERGED: the cost or a logit is not finite; the run is over.
nnk_status nnk_train_step(const nnk_job *job, void *arena);

/// Takes up to `slices` slices as nnk_train_step does. It returns early with a cost or an error, and at the
/// end of the setup and of the training.
nnk_status nnk_train_run(const nnk_job *job, void *arena, uint32_t slices);

/// For several threads: the number of next slices that are independent of each other; 0 where nnk_train_step
/// must take the next one, and for wrong arguments. nnk_dual has none. team.h does all of this.
///
///     uint32_t n = nnk_train_parallel(&job, arena);
///     nnk_train_items(&job, arena, 0, n / 2, scratch_a);     // on one thread
///     nnk_train_items(&job, arena, n / 2, n - n / 2, scratch_b); // on another one, at the same time
///     nnk_train_advance(&job, arena, n);                     // on one, once all have returned NNK_MORE
///
/// All threads must round, and treat subnormal numbers, as the thread that called nnk_train_begin. Several of
/// them call the source's `read` at once. With a share, slices that call nnk_share.sum are not among them.
uint32_t nnk_train_parallel(const nnk_job *job, const void *arena);

/// Bytes of scratch that each thread needs, aligned to 8; 0 for nnk_dual and for a job that is not valid.
size_t nnk_train_scratch_bytes(const nnk_job *job);

/// Takes `count` of these slices, from `first` on. Several in one call cost less than one at a time.
///
/// NNK_E_ARGUMENT: there are not so many, or `scratch` is NULL. NNK_E_ALIGN: `scratch` is not aligned.
/// NNK_E_SOURCE: the slice whose read failed and those behind it are not done; taken one at a time, they can
/// be tried again.
nnk_status nnk_train_items(const nnk_job *job, void *arena, uint32_t first, uint32_t count, void *scratch);

/// Counts the slices 0 ... `items` - 1 as done. NNK_E_ARGUMENT: there are not so many, or none at all.
nnk_status nnk_train_advance(const nnk_job *job, void *arena, uint32_t items);

/// After the last step: makes the next part of the model, and writes it once it is there, up to 3072 bytes. A
/// model of a job with options has NNK_TRAINING_RECORD_BYTES (model.h) more than nnk_model_bytes. NNK_MORE,
/// then NNK_OK when the header is written. It may be called again for another copy.
///
/// NNK_E_STATE: iterations are left. NNK_E_SINK: a write failed; the next call starts the file anew.
/// NNK_E_DIVERGED: a weight is not finite. NNK_E_SOURCE: a read failed; the slice can be tried again.
/// nnk_dual reads the images once more for every two units of layer 1; or for each, where there is little
/// memory, with a capacity, and in the small build (-DNNK_FAST=0).
nnk_status nnk_train_finish(const nnk_job *job, void *arena, nnk_sink sink);

/// The same for a model of that element type: the job's own, or NNK_I8, which has the bytes that
/// nnk_model_quantize makes of the job's own. nnk_dual reads the images twice as often for NNK_I8.
///
/// Also NNK_E_KIND: any other type, and NNK_I8 with another method than nnk_dual; nnk_model_quantize makes it
/// of the model then. NNK_E_DIVERGED: a parameter is not finite, or too large for a float.
nnk_status nnk_train_finish_as(const nnk_job *job, void *arena, int32_t dtype, nnk_sink sink);

/// With a capacity: goes on with a job that has changed, from any slice on. Its examples, of which the new
/// ones are the last, labels, weights, learning rate, decay, iterations and cost_every may be others. What is
/// missing is formed in a setup, so nnk_train_step follows until NNK_OK, as after nnk_train_begin: rows of
/// the Gram matrix and columns of P for new images, and the checksum of the data.
///
/// anew = false: the parameters stay. The iterations count on, and the job's number of them includes those
/// that are done: without more of them, the setup alone follows. An iteration that has begun keeps what it
/// has changed, and begins again; so the bytes depend on the slice after which the change comes.
///
/// anew = true: from the initial weights, without forming the Gram matrix anew. The model has the bytes of
/// one that nnk_train_begin trains with this job.
///
/// NNK_E_ARGUMENT: also without a capacity, with fewer examples than before, and with fewer iterations than
/// are done. NNK_E_STATE: another job in what does not change. NNK_E_DIVERGED: the training has failed; it
/// can only begin anew. NNK_E_LABEL, NNK_E_WEIGHT, NNK_E_FLOAT, NNK_E_PARAMETER as nnk_train_begin.
nnk_status nnk_train_again(const nnk_job *job, void *arena, bool anew);

/// Takes an example out: its row and column of the Gram matrix, and what it has added to W1. `job` is as it
/// is afterwards: it has an example less, and the labels, weights and images behind that one have moved up.
/// Then the training goes on as after nnk_train_again with anew = false; for a model that has never seen the
/// example, nnk_train_again follows with anew = true. The call takes about as long as a slice
/// (docs/BOARDS.md).
///
/// NNK_E_ARGUMENT: also for an example that there was not, or the last one left. Else as nnk_train_again, but
/// a training that has failed begins anew.
nnk_status nnk_train_forget(const nnk_job *job, void *arena, uint32_t example);

/// How far the run is.
nnk_status nnk_train_progress(const nnk_job *job, const void *arena, nnk_progress *progress);

#ifdef __cplusplus
}
#endif

#endif
