/// Training: full-batch gradient descent, in bounded slices, on memory that the caller owns.
///
///     nnk_job job = {.topology = &nnk_deep, .arithmetic = &nnk_f32, .method = &nnk_dual, .examples = 209,
///                    .labels = labels, .images = {.images = pixels}, .iterations = 2500,
///                    .learning_rate = 0.0075, .seed = 1};
///     nnk_train_begin(&job, arena, sizeof arena);
///     while (nnk_train_step(&job, arena) > 0) {}     // anything else may happen between two slices
///     while (nnk_train_finish(&job, arena, sink) > 0) {}
#ifndef NNKERNEL_TRAIN_H
#define NNKERNEL_TRAIN_H

#include "nnkernel/kernels.h"
#include "nnkernel/random.h"
#include "nnkernel/status.h"
#include "nnkernel/stream.h"
#include "nnkernel/topology.h"

#ifdef __cplusplus
extern "C" {
#endif

/// How the weights of layer 1 are computed. It is the same gradient descent; only the rounding differs.
///
/// Full-batch gradient descent changes W1 only along the images, the columns of X: with D, the sum of all
/// deltas dZ1 so far, and G = X^T X, the Gram matrix, both m wide,
///
///     W1 = W1(0) - rate/m D X^T,   W1 X = P = W1(0) X - rate/m D G
///
/// so once P and G are formed, an iteration needs neither a weight of layer 1 nor an image: D += dZ1 and
/// P -= rate/m dZ1 G. W1 is written out in the end.
///
/// A caller names the objects that it wants, and the linker keeps only these.
typedef struct nnk_method nnk_method;
extern const nnk_method nnk_primal;    ///< On the weights themselves; for many examples.
extern const nnk_method nnk_dual;      ///< By P and G, in little memory: W1 exists row by row, G packed.
extern const nnk_method nnk_dual_wide; ///< The same bits at speed: W1 and a square G in memory.

/// Their numbers, as they stand in the headers of files. A model of nnk_dual_wide says NNK_DUAL.
#define NNK_PRIMAL    0
#define NNK_DUAL      1
#define NNK_DUAL_WIDE 2

#define NNK_MAX_EXAMPLES    1000000
#define NNK_MAX_DUAL_INPUTS 16512 ///< so that G < 2^30

/// What to train. Nothing of it is kept between calls: pass the same job each time.
typedef struct nnk_job {
    const nnk_topology *topology;     ///< with two layers or more for the dual methods
    const nnk_arithmetic *arithmetic; ///< nnk_f32, nnk_f64, or what nnk_fastest gives: the same bits
    const nnk_method *method;         ///< nnk_primal, nnk_dual, nnk_dual_wide
    int32_t initializer;              ///< NNK_INIT_...; 0: by the number of layers
    uint32_t seed;                    ///< of the initial weights
    uint32_t iterations;              ///< gradient steps; 0 leaves the initial weights
    uint32_t cost_every;              ///< iterations between two costs; 0: none
    uint32_t examples;                ///< m, 1 ... NNK_MAX_EXAMPLES
    double learning_rate;             ///< > 0
    const uint8_t *labels;            ///< m labels, 0 or 1
    const char *class_names[2];       ///< up to 31 bytes of UTF-8 each go into the model; NULL: none
    nnk_source images;                ///< m images of topology->size[0] bytes
} nnk_job;

struct nnk_arena;
struct nnk_phase;

/// What a method is made of. The trainer's business: callers pass it on.
struct nnk_method {
    int32_t number;      ///< NNK_PRIMAL, NNK_DUAL, NNK_DUAL_WIDE
    int32_t first_layer; ///< of those that the arena holds: 1, or 2 where W1 has no room
    const struct nnk_phase *phases;
    size_t (*scratch_bytes)(const nnk_job *job); ///< of a slice; NULL where slices can't be taken in parallel
    void (*carve)(const nnk_job *job, struct nnk_arena *arena);
    /// The next weights of W1 for the model. The trainer's item: bytes written.
    nnk_status (*next_weights)(const nnk_job *job, const struct nnk_arena *arena, uint8_t **bytes,
                               uint32_t *count);
};

/// A job's numbers, kept so that a trainer goes on only with the job that it was begun with.
typedef struct nnk_job_numbers {
    nnk_topology topology;
    int32_t dtype, method, initializer;
    uint32_t seed, iterations, cost_every, examples;
    double learning_rate;
} nnk_job_numbers;

/// The start of the arena. Of interest to callers: what nnk_train_progress shows.
typedef struct nnk_trainer {
    uint32_t magic;
    uint32_t phase;
    uint32_t item; ///< of the phase: the slice that comes next
    uint32_t iteration;
    uint32_t cost_iteration;
    uint32_t data_crc;
    uint32_t payload_crc;
    uint32_t zero;
    double cost;
    nnk_job_numbers job;
    nnk_random random;
} nnk_trainer;

#define NNK_SETUP   0 ///< The initial weights are drawn, the images' checksum is formed.
#define NNK_LOOP    1 ///< Gradient descent.
#define NNK_TRAINED 2 ///< All iterations are done.

typedef struct nnk_progress {
    int32_t stage;           ///< NNK_SETUP, NNK_LOOP or NNK_TRAINED
    uint32_t iteration;      ///< gradient steps done
    uint32_t cost_iteration; ///< the last cost is of the parameters after that many steps
    double cost;
} nnk_progress;

#define NNK_LINE(n)          NNK_ROUND_UP(n, 64) ///< of a cache: the parts of the large arenas begin at one
#define NNK_STRIDE(examples) NNK_ROUND_UP(examples, NNK_LANES)
#define NNK_PATCH_BYTES      ((size_t)NNK_LANES * NNK_PATCH)
#define NNK_SCRATCH_REALS(units_1, examples)                                                                 \
    NNK_LARGER(NNK_LARGER((size_t)(units_1)*NNK_PATCH, (NNK_PATCH + (size_t)(units_1)) * NNK_LANES),         \
               NNK_STRIDE(examples))

/// Bytes of the arena as constant expressions. `network`: DEEP or TWO_LAYER; `real_bytes`: 4 or 8.
///
///     _Alignas(8) static uint8_t arena[NNK_DUAL_BYTES(DEEP, 4, 209)];
#define NNK_PRIMAL_BYTES(network, real_bytes, examples)                                                      \
    NNK_PRIMAL_BYTES_OF(NNK_##network##_PARAMETERS, NNK_##network##_UNITS, NNK_##network##_UNITS_1,          \
                        real_bytes, examples)
#define NNK_DUAL_BYTES(network, real_bytes, examples)                                                        \
    NNK_DUAL_BYTES_OF(NNK_##network##_PARAMETERS, NNK_##network##_UNITS, NNK_##network##_UNITS_1,            \
                      NNK_##network##_INPUTS, real_bytes, examples)
#define NNK_DUAL_WIDE_BYTES(network, real_bytes, examples)                                                   \
    NNK_DUAL_WIDE_BYTES_OF(NNK_##network##_PARAMETERS, NNK_##network##_UNITS, NNK_##network##_UNITS_1,       \
                           real_bytes, examples)

#define NNK_PRIMAL_BYTES_OF(parameters, units, units_1, real_bytes, examples)                                \
    (NNK_LINE(sizeof(nnk_trainer)) + NNK_LINE((size_t)(parameters) * (real_bytes)) +                         \
     NNK_STRIDE(examples) * (units) * (real_bytes) +                                                         \
     NNK_LINE(NNK_SCRATCH_REALS(units_1, examples) * (real_bytes)) + NNK_PATCH_BYTES)

#define NNK_DUAL_WIDE_BYTES_OF(parameters, units, units_1, real_bytes, examples)                             \
    (NNK_LINE(sizeof(nnk_trainer)) + NNK_LINE((size_t)(parameters) * (real_bytes)) +                         \
     NNK_STRIDE(examples) * ((size_t)(units) + 2 * (size_t)(units_1)) * (real_bytes) +                       \
     NNK_STRIDE(examples) * (examples) * (real_bytes) +                                                      \
     NNK_LINE(NNK_LARGER(NNK_SCRATCH_REALS(units_1, examples) * (real_bytes),                                \
                         (size_t)(units_1)*NNK_LIST_BYTES(real_bytes))) +                                    \
     2 * NNK_PATCH_BYTES + NNK_GRAM_BLOCK_BYTES)

/// P and D; the layers above; then what is needed at different times, in the same place: activations and
/// two rows in the loop, patches of images and the products of a block before and after.
#define NNK_DUAL_BYTES_OF(parameters, units, units_1, inputs, real_bytes, examples)                          \
    (sizeof(nnk_trainer) +                                                                                   \
     NNK_ROUND_UP(((size_t)(parameters) - (size_t)(units_1) * (inputs)) * (real_bytes), 8) +                 \
     NNK_ROUND_UP(2 * (size_t)(units_1) * (examples) * (real_bytes), 8) +                                    \
     NNK_LARGER(NNK_ROUND_UP(((size_t)(units) - (units_1) + 2) * (examples) * (real_bytes), 8),              \
                2 * NNK_PATCH_BYTES + NNK_GRAM_BLOCK_BYTES) +                                                \
     NNK_LARGER(NNK_ROUND_UP((size_t)(examples) * ((examples) + 1) / 2 * ((real_bytes) == 4 ? 3 : 4), 8),    \
                2 * NNK_PATCH * (size_t)(real_bytes)))

#define NNK_GRAM_BLOCK_BYTES ((size_t)NNK_LANES * NNK_LANES * 4)

/// Bytes of the arena; 0 if a field of the job is out of its range or the arena would not fit an address.
size_t nnk_train_bytes(const nnk_job *job);

/// Starts the job in `arena`, aligned to 8 bytes. What the arena held before is lost.
/// NNK_E_ARGUMENT, NNK_E_MEMORY, NNK_E_ALIGN, NNK_E_LABEL, NNK_E_FLOAT.
nnk_status nnk_train_begin(const nnk_job *job, void *arena, size_t bytes);

/// One slice: NNK_MORE or NNK_COST; NNK_OK once all iterations are done, until nnk_train_finish.
/// The longest takes 16 images forward, or all images' gradients for 192 bytes of the input, or one unit
/// through the whole Gram matrix.
/// NNK_E_STATE, NNK_E_SOURCE (the slice can be tried again), NNK_E_DIVERGED.
nnk_status nnk_train_step(const nnk_job *job, void *arena);

/// Up to `slices` of nnk_train_step, ending early with a cost, the end of the setup, the last slice or an
/// error.
nnk_status nnk_train_run(const nnk_job *job, void *arena, uint32_t slices);

/// Several threads at once: the number of slices that lie ahead and are independent of each other; 0 where
/// the next one must be taken by nnk_train_step alone. Not for nnk_dual. All threads round and treat
/// subnormal numbers as the one of nnk_train_begin did; a source's `read` is called by several of them at
/// once.
///
///     n = nnk_train_parallel(&job, arena);
///     nnk_train_items(&job, arena, first, count, scratch) for all of 0 ... n - 1, on any threads, each with
///                                                  // its own scratch; several items at once cost less
///     nnk_train_advance(&job, arena, n);           // on one, after all have come back with NNK_MORE
uint32_t nnk_train_parallel(const nnk_job *job, const void *arena);

/// Bytes of scratch for each thread, aligned to 8 bytes; 0 for nnk_dual and for invalid jobs.
size_t nnk_train_scratch_bytes(const nnk_job *job);

/// `count` of these slices from `first` on. NNK_E_ARGUMENT; NNK_E_SOURCE: the slice that failed and those
/// behind it are not done; one at a time, it can be tried again.
nnk_status nnk_train_items(const nnk_job *job, void *arena, uint32_t first, uint32_t count, void *scratch);

/// Counts `items` slices, 0 ... items - 1, as done. NNK_E_ARGUMENT if there are not so many, or none.
nnk_status nnk_train_advance(const nnk_job *job, void *arena, uint32_t items);

/// After the last step, one slice of writing the model: NNK_MORE, then NNK_OK when the header is written.
/// NNK_E_STATE, NNK_E_SINK (writing starts anew at the next call), NNK_E_DIVERGED; in nnk_dual also
/// NNK_E_SOURCE (the slice can be tried again).
nnk_status nnk_train_finish(const nnk_job *job, void *arena, nnk_sink sink);

/// How far it is. NNK_E_STATE if the arena holds no trainer of this job.
nnk_status nnk_train_progress(const nnk_job *job, const void *arena, nnk_progress *progress);

#ifdef __cplusplus
}
#endif

#endif
