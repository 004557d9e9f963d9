/// The sizes as constant expressions are those of the functions, for the given networks and for others.
///
/// The text is C11 and C++20: scripts/check-embedding.sh compiles it as both.
#include "nnkernel/nnkernel.h"
#include <stdio.h>
#include <string.h>

#define NNK_NETWORK_SMALL   (768, 12, 4, 1) // 16 x 16 RGB pixels
#define NNK_NETWORK_SINGLE  (13, 1)
#define NNK_NETWORK_LARGEST (65535, 256, 256, 256, 256, 256, 256, 1)

static const nnk_topology small = NNK_TOPOLOGY(SMALL), single = NNK_TOPOLOGY(SINGLE),
                          largest = NNK_TOPOLOGY(LARGEST), deep = NNK_TOPOLOGY(DEEP),
                          two_layer = NNK_TOPOLOGY(TWO_LAYER);

/// Where only a constant expression will do.
typedef struct arrays {
    uint8_t arena[NNK_DUAL_BYTES(SMALL, 4, 100)], scratch[NNK_PRIMAL_SCRATCH_BYTES(SMALL, 4, 9)],
        checkpoint[NNK_DUAL_WIDE_CHECKPOINT_BYTES(SMALL, 8, 9)], model[NNK_MODEL_BYTES(SMALL, 8)],
        i8_model[NNK_MODEL_I8_BYTES(SMALL)], memory[NNK_PREDICT_BYTES(SMALL, 8)],
        i8_memory[NNK_PREDICT_I8_BYTES(SMALL)];
} arrays;
enum { PIXELS = NNK_INPUTS(SMALL), PARAMETERS = NNK_PARAMETERS(SMALL), UNITS = NNK_UNITS(SMALL) };

static unsigned long passed, failed;

static void check(size_t constant, size_t want, const char *what) {
    if (constant == want) {
        passed++;
        return;
    }
    if (failed++ < 20)
        printf("%s: the constant is %lu, the function returns %lu\n", what, (unsigned long)constant,
               (unsigned long)want);
}

#define CHECK(constant, want) check((constant), (want), #constant)

static const uint8_t no_bytes[1] = {0};
static const float no_weights[1] = {0};

static nnk_job job_of(const nnk_topology *topology, const nnk_arithmetic *arithmetic,
                      const nnk_method *method, uint32_t examples) {
    nnk_job job;
    memset(&job, 0, sizeof job);
    job.topology = topology;
    job.arithmetic = arithmetic;
    job.method = method;
    job.examples = examples;
    job.learning_rate = 1;
    job.labels = no_bytes;
    job.images.images = no_bytes;
    return job;
}

#define CHECK_METHOD(network, topology, real, k, m, METHOD, method)                                          \
    do {                                                                                                     \
        const nnk_job job = job_of(topology, k, method, m);                                                  \
        CHECK(METHOD##_BYTES(network, real, m), nnk_train_bytes(&job));                                      \
        CHECK(METHOD##_CHECKPOINT_BYTES(network, real, m), nnk_checkpoint_bytes(&job));                      \
    } while (0)

#define CHECK_SCRATCH(network, topology, real, k, m, METHOD, method)                                         \
    do {                                                                                                     \
        const nnk_job job = job_of(topology, k, method, m);                                                  \
        CHECK(METHOD##_SCRATCH_BYTES(network, real, m), nnk_train_scratch_bytes(&job));                      \
    } while (0)

/// The same with options: `more` bytes in the arena and in the checkpoint. keep_best needs weights.
#define CHECK_MORE(network, real, m, METHOD, job, more)                                                      \
    do {                                                                                                     \
        CHECK(NNK_##METHOD##_BYTES(network, real, m) + (more), nnk_train_bytes(&job));                       \
        CHECK(NNK_##METHOD##_CHECKPOINT_BYTES(network, real, m) + (more), nnk_checkpoint_bytes(&job));       \
    } while (0)

/// What a job with shards has more in its arena and in a thread's scratch.
#define CHECK_SHARDS(network, topology, real, k, m)                                                          \
    do {                                                                                                     \
        nnk_job job = job_of(topology, k, &nnk_primal, m);                                                   \
        for (job.shards = 1; job.shards <= NNK_MAX_SHARDS; job.shards *= 2) {                                \
            const size_t more = NNK_PRIMAL_SHARDS_BYTES(network, real, job.shards);                          \
            CHECK(NNK_PRIMAL_BYTES(network, real, m) + more, nnk_train_bytes(&job));                         \
            CHECK(NNK_PRIMAL_SCRATCH_BYTES(network, real, m) + more, nnk_train_scratch_bytes(&job));         \
            job.mirror.row_bytes = job.mirror.pixel_bytes = 1;                                               \
            CHECK(NNK_PRIMAL_BYTES(network, real, 2 * (m)) +                                                 \
                      NNK_PRIMAL_SHARDS_BYTES(network, real, 2 * job.shards),                                \
                  nnk_train_bytes(&job));                                                                    \
            job.mirror.row_bytes = job.mirror.pixel_bytes = 0;                                               \
        }                                                                                                    \
    } while (0)

#define CHECK_OPTIONS(network, topology, real, k, m, METHOD, method, ADJUSTED)                               \
    do {                                                                                                     \
        nnk_job job = job_of(topology, k, method, m);                                                        \
        job.center = true;                                                                                   \
        CHECK_MORE(network, real, m, METHOD, job, NNK_##ADJUSTED##_BYTES(network, real, m));                 \
        job.own_contrast = true;                                                                             \
        CHECK_MORE(network, real, m, METHOD, job, NNK_##ADJUSTED##_BYTES(network, real, m));                 \
        job.weights = no_weights;                                                                            \
        job.keep_best = true;                                                                                \
        job.cost_every = 1;                                                                                  \
        CHECK_MORE(network, real, m, METHOD, job,                                                            \
                   NNK_##ADJUSTED##_BYTES(network, real, m) + NNK_##METHOD##_KEPT_BYTES(network, real, m));  \
    } while (0)

/// A Gram matrix on its own, and a trainer that reads it.
#define CHECK_SHARED(network, topology, real, k, m, GRAM, gram_method, METHOD, method_)                      \
    do {                                                                                                     \
        nnk_job job = job_of(topology, k, gram_method, m);                                                   \
        CHECK(NNK_##GRAM##_BYTES(network, real, m), nnk_train_bytes(&job));                                  \
        job.gram = no_bytes;                                                                                 \
        job.method = method_;                                                                                \
        CHECK(NNK_##METHOD##_SHARING_BYTES(network, real, m), nnk_train_bytes(&job));                        \
    } while (0)

/// Everything that does not need two layers.
#define CHECK_NETWORK(network, topology, real, k, inference, m)                                              \
    do {                                                                                                     \
        CHECK_METHOD(network, topology, real, k, m, NNK_PRIMAL, &nnk_primal);                                \
        CHECK_SCRATCH(network, topology, real, k, m, NNK_PRIMAL, &nnk_primal);                               \
        CHECK_OPTIONS(network, topology, real, k, m, PRIMAL, &nnk_primal, ADJUSTED);                         \
        CHECK_SHARDS(network, topology, real, k, m);                                                         \
        CHECK(NNK_MODEL_BYTES(network, real), nnk_model_bytes(topology, (k)->dtype));                        \
        CHECK(NNK_MODEL_I8_BYTES(network), nnk_model_bytes(topology, NNK_I8));                               \
        CHECK(NNK_PREDICT_BYTES(network, real), nnk_predict_bytes(topology, inference));                     \
        CHECK(NNK_PREDICT_I8_BYTES(network), nnk_predict_bytes(topology, &nnk_i8_inference));                \
        CHECK(NNK_PREDICT_READING_BYTES(network, real), nnk_predict_reading_bytes(topology, inference));     \
        CHECK(NNK_PREDICT_READING_I8_BYTES(network),                                                         \
              nnk_predict_reading_bytes(topology, &nnk_i8_inference));                                       \
        CHECK((size_t)NNK_INPUTS(network), (size_t)(topology)->size[0]);                                     \
        CHECK((size_t)NNK_UNITS(network), nnk_unit_count(topology));                                         \
        CHECK((size_t)NNK_UNITS_1(network), (size_t)(topology)->size[1]);                                    \
        CHECK((size_t)NNK_PARAMETERS(network), nnk_parameter_count(topology));                               \
    } while (0)

#define CHECK_DUAL(network, topology, real, k, m)                                                            \
    do {                                                                                                     \
        CHECK_METHOD(network, topology, real, k, m, NNK_DUAL, &nnk_dual);                                    \
        CHECK_METHOD(network, topology, real, k, m, NNK_DUAL_WIDE, &nnk_dual_wide);                          \
        CHECK_SCRATCH(network, topology, real, k, m, NNK_DUAL_WIDE, &nnk_dual_wide);                         \
        CHECK_OPTIONS(network, topology, real, k, m, DUAL, &nnk_dual, DUAL_ADJUSTED);                        \
        CHECK_OPTIONS(network, topology, real, k, m, DUAL_WIDE, &nnk_dual_wide, ADJUSTED);                   \
        CHECK_SHARED(network, topology, real, k, m, GRAM, &nnk_gram, DUAL_WIDE, &nnk_dual_wide);             \
        CHECK_SHARED(network, topology, real, k, m, GRAM_PACKED, &nnk_gram_packed, DUAL, &nnk_dual);         \
    } while (0)

#define CHECK_BOTH_TYPES(network, topology, m)                                                               \
    do {                                                                                                     \
        CHECK_NETWORK(network, topology, 4, &nnk_f32, &nnk_f32_inference, m);                                \
        CHECK_NETWORK(network, topology, 8, &nnk_f64, &nnk_f64_inference, m);                                \
    } while (0)

#define CHECK_BOTH_TYPES_DUAL(network, topology, m)                                                          \
    do {                                                                                                     \
        CHECK_BOTH_TYPES(network, topology, m);                                                              \
        CHECK_DUAL(network, topology, 4, &nnk_f32, m);                                                       \
        CHECK_DUAL(network, topology, 8, &nnk_f64, m);                                                       \
    } while (0)

int main(void) {
    static const uint32_t counts[] = {1, 2, 7, 15, 16, 17, 31, 33, 100, 209, 1000, 5000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const uint32_t m = counts[i];
        CHECK_BOTH_TYPES_DUAL(SMALL, &small, m);
        CHECK_BOTH_TYPES_DUAL(DEEP, &deep, m);
        CHECK_BOTH_TYPES_DUAL(TWO_LAYER, &two_layer, m);
        CHECK_BOTH_TYPES(SINGLE, &single, m);
        CHECK_BOTH_TYPES(LARGEST, &largest, m);
    }
    check((size_t)nnk_topology_equal(&deep, &nnk_deep), 1, "NNK_TOPOLOGY(DEEP)");
    check((size_t)nnk_topology_equal(&two_layer, &nnk_two_layer), 1, "NNK_TOPOLOGY(TWO_LAYER)");
    check((size_t)nnk_topology_valid(&small), 1, "NNK_TOPOLOGY(SMALL)");
    CHECK(NNK_DUAL_BYTES_OF((768, 12, 4, 1), 4, 100), NNK_DUAL_BYTES(SMALL, 4, 100));
    CHECK(NNK_MODEL_BYTES(SMALL, 4), 64 + 4 * (12 * 769 + 4 * 13 + 5) + 64);
    check(sizeof(arrays) > 0, 1, "arrays");
    check(PIXELS == 768 && UNITS == 17 && PARAMETERS == 12 * 769 + 4 * 13 + 5, 1, "counts");
    printf("%lu passed, %lu failed\n", passed, failed);
    return failed != 0;
}
