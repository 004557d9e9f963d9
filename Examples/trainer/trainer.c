/// Trains a network with the C core alone, then predicts with it. Prints one line: the SHA-256 of the model
/// file, the cost before the last iteration, and the probability that the first image is a cat; with weights
/// also the held-out cost; then, for the i8 model made from it, the SHA-256, the total of the first layer's
/// sums for the first image, and the probability.
///
///     cc -std=gnu11 -O2 -I../../include trainer.c ../../Sources/CNNKernel/*.c -o trainer
///     ./trainer drawn deep f32 dual 100 1
///     ./trainer drawn deep f32 dual+center+mirror 100 1
///
/// Options of the training (nnk_job) follow the method, each after a +:
///
///     center     the mean of the images is taken off
///     contrast   each image's own brightness and contrast are taken off
///     mirror     each image is also learned mirrored
///     decay      weight decay 0.1
///     weights    of the examples: every fifth is held out; the others have 1, 1.5 or 2
///     best       the parameters with the lowest held-out cost; needs `weights`
///     start      from an i8 model, which the program trains first: 10 iterations with the next seed, by
///     `wide` all        all of these
///
/// `-s model.nnk` starts from the model in a file.
///
/// With `teach` in the place of the options, two recipes are judged in three folds, the better one trains,
/// and the model is calibrated; behind the probability stands what to expect of it.
///
/// The output is the same on every machine, to the bit; scripts/cross.sh tests this.
#include "nnkernel/nnkernel.h"
#if __has_include("nnkernel/kernels.h") // else this is the core as two files, whose header has all
#include "nnkernel/kernels.h"
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef TRAINER_ALL_VECTORS // for scripts/cross.sh, which compares all kernels
#include "vector_arithmetic.h"
#endif

static const char usage[] =
    "usage: trainer FILE|drawn|drawn-few deep|two-layer f32|f64 primal|dual|wide[+OPTION...] "
    "ITERATIONS SEED [scalar|fastest] [-s start.nnk] [-o model.nnk] [-b model.i8.nnk]\n"
    "OPTION is center, contrast, mirror, decay, weights, best, start, all, or teach alone\n"
    "FILE has the number of images m (4 bytes, little-endian), m labels, m images "
    "of 12288 bytes\n";

enum { IMAGE_BYTES = NNK_INPUTS(DEEP), USAGE = 64, BAD_DATA = 65, UNAVAILABLE = 69 };

_Noreturn static void fail(int code, const char *what, const char *why) {
    fprintf(stderr, "trainer: %s: %s\n%s", what, why, code == USAGE ? usage : "");
    exit(code);
}

static void *allocate(size_t bytes) {
    void *memory = malloc(bytes);
    if (!memory) fail(UNAVAILABLE, "malloc", "not enough memory");
    return memory;
}

// ---- Data -------------------------------------------------------------------------------------------------

typedef struct data_set {
    uint32_t examples;
    uint8_t *labels; ///< (examples)
    uint8_t *images; ///< (examples, IMAGE_BYTES)
} data_set;

static data_set data_set_for(uint32_t examples) {
    return (data_set){examples, allocate(examples), allocate((size_t)examples * IMAGE_BYTES)};
}

/// Draws images of noise, 0 ... 127, each with a square of 16 x 16 pixels that is brighter by 128: in the
/// upper left for label 0, in the lower right for label 1. Only integers are used, so the images are the same
/// everywhere.
static data_set draw(uint32_t examples) {
    data_set d = data_set_for(examples);
    uint32_t noise = 1;
    for (uint32_t j = 0; j < examples; j++) {
        const uint32_t label = j % 3 == 1, corner = 8 + 32 * label + j % 5;
        d.labels[j] = (uint8_t)label;
        for (uint32_t k = 0; k < IMAGE_BYTES; k++) {
            const uint32_t row = k / 192, column = k % 192 / 3;
            const uint32_t inside =
                row - corner < 16 && column - corner < 16; // unsigned: a negative difference is large
            noise = noise * 1664525 +
                    1013904223; // generator of Numerical Recipes; the top bits are the most random
            d.images[(size_t)j * IMAGE_BYTES + k] = (uint8_t)((noise >> 25) + 128 * inside);
        }
    }
    return d;
}

static data_set load(const char *path) {
    uint8_t count[4];
    FILE *file = fopen(path, "rb");
    if (!file || fread(count, 1, 4, file) != 4) fail(BAD_DATA, path, "cannot be read");
    const uint32_t m =
        count[0] | (uint32_t)count[1] << 8 | (uint32_t)count[2] << 16 | (uint32_t)count[3] << 24;
    if (m < 1 || m > 100000) fail(BAD_DATA, path, "expected 1 to 100000 images");
    data_set d = data_set_for(m);
    if (fread(d.labels, 1, m, file) != m || fread(d.images, IMAGE_BYTES, m, file) != m)
        fail(BAD_DATA, path, "incomplete: there are fewer images than its first number says");
    fclose(file);
    return d;
}

/// `drawn`: 33 images; `drawn-few`: 17. Neither is a multiple of the 16 lanes of the core's sums.
static data_set data_for(const char *word) {
    if (strcmp(word, "drawn") == 0) return draw(33);
    return strcmp(word, "drawn-few") == 0 ? draw(17) : load(word);
}

// ---- Choices ----------------------------------------------------------------------------------------------

/// The index of `word` among `count` names.
static int32_t index_of(const char *word, const char *const *names, int32_t count) {
    for (int32_t i = 0; i < count; i++)
        if (strcmp(word, names[i]) == 0) return i;
    fail(USAGE, word, "unknown");
}
#define INDEX_OF(word, ...)                                                                                  \
    index_of(word, (const char *const[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *))

static uint32_t number(const char *word) {
    char *end;
    const unsigned long long n = strtoull(word, &end, 10);
    if (*word < '0' || *word > '9' || *end || n > UINT32_MAX) fail(USAGE, word, "not a number below 2^32");
    return (uint32_t)n;
}

/// All of these compute the same bits; they differ only in speed.
static const nnk_arithmetic *arithmetic_for(int32_t dtype, const char *kernels) {
    const int32_t wide = dtype == NNK_F64;
    if (strcmp(kernels, "scalar") == 0) return wide ? &nnk_f64 : &nnk_f32;
    if (strcmp(kernels, "fastest") == 0) return nnk_fastest(dtype);
#ifdef TRAINER_ALL_VECTORS
    if (strcmp(kernels, "vectors") == 0) return wide ? &nnk_f64_vectors : &nnk_f32_vectors;
#if NNK_X86
    if (strcmp(kernels, "avx2") == 0 && nnk_x86_vectors() >= 2) return wide ? &nnk_f64_avx2 : &nnk_f32_avx2;
    if (strcmp(kernels, "avx512") == 0 && nnk_x86_vectors() >= 512)
        return wide ? &nnk_f64_avx512 : &nnk_f32_avx512;
#endif
    if (kernels[0] == 'a') fail(UNAVAILABLE, kernels, "not available on this processor");
#endif
    fail(USAGE, kernels, "unknown");
}

static const nnk_inference *inference_for(int32_t dtype, int32_t options, const char *kernels) {
    if (strcmp(kernels, "scalar") != 0) return nnk_fastest_inference(dtype);
    if (options & NNK_OPTION_OWN_CONTRAST)
        return dtype == NNK_F32   ? &nnk_f32_contrast_inference
               : dtype == NNK_F64 ? &nnk_f64_contrast_inference
                                  : &nnk_i8_contrast_inference;
    return dtype == NNK_F32 ? &nnk_f32_inference : dtype == NNK_F64 ? &nnk_f64_inference : &nnk_i8_inference;
}

/// The options that remain of the word of which strtok has taken the method: NNK_OPTION_CENTERED and so on.
enum { TEACH = 1 << 16 };

static int32_t remaining_options(void) {
    int32_t options = 0;
    for (const char *name; (name = strtok(NULL, "+"));)
        options |=
            (int32_t[]){
                NNK_OPTION_CENTERED,
                NNK_OPTION_OWN_CONTRAST,
                NNK_OPTION_MIRRORED,
                NNK_OPTION_DECAY,
                NNK_OPTION_WEIGHTS,
                NNK_OPTION_KEEP_BEST,
                NNK_OPTION_START,
                NNK_OPTIONS & ~NNK_OPTION_JUDGED,
                TEACH,
            }[INDEX_OF(name, "center", "contrast", "mirror", "decay", "weights", "best", "start", "all",
                       "teach")];
    if (options & TEACH && options != TEACH) fail(USAGE, "teach", "no other option goes with it");
    return options;
}

// ---- Training and prediction ------------------------------------------------------------------------------

/// A model file in memory.
typedef struct model_file {
    uint8_t *bytes;
    size_t length;
} model_file;

static model_file room_for(const nnk_topology *topology, int32_t dtype) {
    return (model_file){
        allocate(nnk_model_bytes(topology, dtype) + NNK_TRAINING_RECORD_BYTES + NNK_EXPECTATION_BYTES), 0};
}

static nnk_status into_memory(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    model_file *file = context;
    memcpy(file->bytes + offset, bytes, count);
    if (file->length < offset + count) file->length = offset + count;
    return NNK_OK;
}

static void check(nnk_status status, const char *what) {
    if (status < 0) fail(BAD_DATA, what, nnk_status_text(status));
}

/// Returns the model; `progress` becomes that of the end.
static model_file train(const nnk_job *job, nnk_progress *progress) {
    const size_t arena_bytes = nnk_train_bytes(job);
    model_file file = room_for(job->topology, job->arithmetic->dtype);
    void *arena = allocate(arena_bytes);
    nnk_status status;

    check(nnk_train_begin(job, arena, arena_bytes), "begin");
    while ((status = nnk_train_step(job, arena)) > 0) {
    }
    check(status, "train");
    check(nnk_train_progress(job, arena, progress), "progress");
    while ((status = nnk_train_finish(job, arena, (nnk_sink){into_memory, &file})) > 0) {
    }
    check(status, "finish");
    free(arena);
    return file;
}

/// Returns the i8 model made from a model.
static model_file quantize(const nnk_model *model) {
    model_file file = room_for(model->topology, NNK_I8);
    check(nnk_model_quantize(model, (nnk_sink){into_memory, &file}), "quantize");
    return file;
}

/// Opens a model. On a big-endian machine this reverses the bytes of its numbers.
static nnk_model opened(model_file file, const nnk_topology *topology) {
    nnk_model model;
    check(nnk_model_open(&model, file.bytes, file.length, topology), "model");
    nnk_model_to_native(&model, file.bytes);
    return model;
}

/// Weights of the examples: every fifth is held out.
static float *example_weights(uint32_t examples) {
    float *weights = allocate(examples * sizeof *weights);
    for (uint32_t j = 0; j < examples; j++) weights[j] = j % 5 == 0 ? 0 : 1 + (float)(j % 3) / 2;
    return weights;
}

/// The i8 model to start from: 10 iterations of the job with the next seed, by the fastest method.
static model_file start_model(nnk_job job) {
    nnk_progress progress;
    job.method = &nnk_dual_wide;
    job.seed++;
    job.iterations = 10;
    const model_file file = train(&job, &progress);
    const nnk_model model = opened(file, job.topology);
    const model_file in_bytes = quantize(&model);
    free(file.bytes);
    return in_bytes;
}

/// Trains with options; see above.
static model_file train_with(int32_t options, nnk_job job, nnk_progress *progress) {
    nnk_model start;
    model_file start_file = {NULL, 0};
    float *weights = options & NNK_OPTION_WEIGHTS ? example_weights(job.examples) : NULL;
    job.own_contrast = options & NNK_OPTION_OWN_CONTRAST;
    if (options & NNK_OPTION_START) {
        start_file = start_model(job);
        start = opened(start_file, job.topology);
        job.start = &start;
    }
    job.center = options & NNK_OPTION_CENTERED;
    job.keep_best = options & NNK_OPTION_KEEP_BEST;
    job.weights = weights;
    if (options & NNK_OPTION_MIRRORED) job.mirror = (nnk_mirror){192, 3};
    if (options & NNK_OPTION_DECAY) job.weight_decay = 0.1;
    const model_file file = train(&job, progress);
    free(weights);
    free(start_file.bytes);
    return file;
}

/// Writes a model again, calibrated, with what to expect of it.
static model_file calibrated(model_file file, const nnk_topology *topology,
                             const nnk_expectation *expectation) {
    const nnk_model model = opened(file, topology);
    model_file result = room_for(topology, model.dtype);
    check(nnk_model_calibrate(&model, expectation, (nnk_sink){into_memory, &result}), "calibrate");
    free(file.bytes);
    return result;
}

/// All held-out logits of a validation.
static double *validate(const nnk_validation *v) {
    const size_t arena_bytes = nnk_validation_arena_bytes(v);
    void *arena = allocate(arena_bytes), *scratch = allocate(nnk_validation_scratch_bytes(v));
    double *logits = allocate(nnk_validation_bytes(v));
    for (uint32_t n = 0; n < nnk_validation_networks(v); n++)
        check(nnk_validation_train(v, n, arena, arena_bytes, scratch, logits), "network");
    free(arena);
    free(scratch);
    return logits;
}

/// What to expect of the choice that a validation leads to, and its calibration.
static nnk_expectation expectation_of(const nnk_validation *v, double *logits, nnk_choice *choice) {
    const uint32_t m = v->job.examples;
    uint32_t *scratch = allocate(m * sizeof *scratch);
    double *expected = allocate(m * v->repeats * sizeof *expected);
    nnk_calibration c;
    nnk_scores s;
    check(nnk_choose(v, logits, NULL, 0, choice), "choose");
    check(nnk_calibrate(nnk_validation_logits(v, logits, *choice), v->repeats, v->job.labels, m, NULL, 0, &c),
          "calibrate");
    check(nnk_expect(v, logits, scratch, expected), "expect");
    check(nnk_score(expected, v->repeats, v->job.labels, m, scratch, &s), "score");
    free(scratch);
    free(expected);
    return (nnk_expectation){.scale = c.scale,
                             .shift = c.shift,
                             .accuracy = (float)s.accuracy,
                             .low = (float)s.low,
                             .high = (float)s.high,
                             .log_loss = (float)s.log_loss,
                             .auc = (float)s.auc,
                             .guessing = (float)s.guessing,
                             .examples = m,
                             .folds = v->folds.count};
}

/// Judges two recipes after half of the iterations and after all, and trains the better one.
static model_file teach(nnk_job job, nnk_progress *progress) {
    const nnk_recipe recipes[] = {nnk_recipes[0], nnk_recipes[NNK_RECIPES - 1]};
    nnk_choice choice;
    job.center = true;
    job.mirror = (nnk_mirror){192, 3};
    job.cost_every = (job.iterations + 1) / 2;
    job.iterations = 2 * job.cost_every;
    const nnk_validation v = {.job = job,
                              .recipes = recipes,
                              .recipe_count = 2,
                              .folds = {.count = 3, .seed = job.seed},
                              .repeats = 1};
    double *logits = validate(&v);
    const nnk_expectation expectation = expectation_of(&v, logits, &choice);
    free(logits);
    const nnk_recipe *chosen = &recipes[choice.recipe];
    job.iterations = (choice.point + 1) * job.cost_every;
    job.cost_every = 1;
    job.own_contrast = chosen->own_contrast;
    job.weight_decay = chosen->weight_decay;
    if (!chosen->mirror) job.mirror = (nnk_mirror){0, 0};
    return calibrated(train(&job, progress), job.topology, &expectation);
}

static void print_expectation(const nnk_model *model) {
    nnk_expectation e;
    check(nnk_model_expectation(model, &e), "expectation");
    printf(" expected %.9g (%.9g to %.9g) log loss %.9g area %.9g scale %.17g shift %.17g",
           (double)e.accuracy, (double)e.low, (double)e.high, (double)e.log_loss, (double)e.auc, e.scale,
           e.shift);
}

static model_file read_file(const char *path, const nnk_topology *topology) {
    model_file file = room_for(topology, NNK_F64);
    FILE *in = fopen(path, "rb");
    if (!in) fail(BAD_DATA, path, "cannot be read");
    file.length = fread(file.bytes, 1, nnk_model_bytes(topology, NNK_F64), in);
    fclose(in);
    return file;
}

static void write_file(const char *path, model_file file) {
    FILE *out = fopen(path, "wb");
    if (!out || fwrite(file.bytes, 1, file.length, out) != file.length || fclose(out) != 0)
        fail(UNAVAILABLE, path, "cannot be written");
}

static double predict(const nnk_model *model, const nnk_inference *inference, const uint8_t *image) {
    const size_t bytes = nnk_predict_bytes(model->topology, inference);
    void *memory = allocate(bytes);
    double probability;

    check(nnk_predict_begin(memory, bytes, model, inference), "predict");
    check(nnk_predict_feed(memory, image, IMAGE_BYTES), "predict");
    check(nnk_predict_finish(memory, &probability), "predict");

    free(memory);
    return probability;
}

/// The total of the first layer's sums of an i8 model.
static long long total(const nnk_model *model, const nnk_inference *inference, const uint8_t *image) {
    const size_t units = (size_t)model->topology->size[1];
    int32_t sum[NNK_MAX_UNITS] = {0};
    long long all = 0;
    const nnk_parameters *weights = nnk_model_weights(model, 1);
    inference->accumulate((nnk_real *)sum, weights, IMAGE_BYTES, units, image, IMAGE_BYTES);
    for (size_t i = 0; i < units; i++) all += sum[i];
    return all;
}

// ---- SHA-256 (FIPS 180-4) of the model file --------------------------------------------------------------

static uint32_t rotated(uint32_t x, int by) { return x >> by | x << (32 - by); }

static void sha256_block(uint32_t state[8], const uint8_t block[64]) {
    // The fractional parts of the cube roots of the first 64 primes.
    static const uint32_t round[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + w[i - 7] + (rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3) +
               (rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10);
    memcpy(s, state, sizeof s);
    for (int i = 0; i < 64; i++) {
        const uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
        const uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        const uint32_t t =
            s[7] + (rotated(s[4], 6) ^ rotated(s[4], 11) ^ rotated(s[4], 25)) + choice + round[i] + w[i];
        const uint32_t u = (rotated(s[0], 2) ^ rotated(s[0], 13) ^ rotated(s[0], 22)) + majority;
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += t;
        s[0] = t + u;
    }
    for (int i = 0; i < 8; i++) state[i] += s[i];
}

static void print_sha256(model_file file) {
    const uint8_t *bytes = file.bytes;
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint8_t last[128] = {0};
    const size_t length = file.length, rest = length % 64, end = rest < 56 ? 64 : 128;
    for (size_t i = 0; i + 64 <= length; i += 64) sha256_block(state, bytes + i);
    memcpy(last, bytes + length - rest, rest);
    last[rest] = 0x80;
    for (size_t i = 0; i < 8; i++) last[end - 1 - i] = (uint8_t)((uint64_t)length * 8 >> 8 * i);
    for (size_t i = 0; i < end; i += 64) sha256_block(state, last + i);
    for (size_t i = 0; i < 8; i++) printf("%08lx", (unsigned long)state[i]);
}

int main(int count, char **word) {
    const char *kernels = "fastest", *start_path = NULL, *output = NULL, *output_in_bytes = NULL;
    if (count < 7) fail(USAGE, "arguments", "too few");
    for (int i = 7; i < count; i++)
        if (strcmp(word[i], "-s") != 0 && strcmp(word[i], "-o") != 0 && strcmp(word[i], "-b") != 0)
            kernels = word[i];
        else if (i + 1 == count)
            fail(USAGE, word[i], "a file name is missing");
        else
            *(word[i][1] == 's'   ? &start_path
              : word[i][1] == 'o' ? &output
                                  : &output_in_bytes) = word[i + 1],
                                    i++;

    const char *method = strtok(word[4], "+");
    nnk_job job = {
        .topology =
            (const nnk_topology *[]){&nnk_deep, &nnk_two_layer}[INDEX_OF(word[2], "deep", "two-layer")],
        .arithmetic = arithmetic_for((int32_t[]){NNK_F32, NNK_F64}[INDEX_OF(word[3], "f32", "f64")], kernels),
        .method =
            (const nnk_method *[]){&nnk_primal, &nnk_dual,
                                   &nnk_dual_wide}[INDEX_OF(method ? method : "", "primal", "dual", "wide")],
        .seed = number(word[6]),
        .iterations = number(word[5]),
        .cost_every = 1,
        .learning_rate = 0.0075,
        .class_names = {"non-cat", "cat"},
    };
    const int32_t options = remaining_options();
    const data_set data = data_for(word[1]);
    job.examples = data.examples;
    job.labels = data.labels;
    job.images = (nnk_source){.images = data.images};
    model_file start_file = {NULL, 0};
    nnk_model start;
    if (start_path) {
        start_file = read_file(start_path, job.topology);
        start = opened(start_file, job.topology);
        job.start = &start;
    }

    nnk_progress progress;
    const model_file file = options & TEACH ? teach(job, &progress) : train_with(options, job, &progress);
    if (output) write_file(output, file);
    print_sha256(file);
    printf(" cost %.17g", progress.cost);
    const nnk_model model = opened(file, job.topology);
    const nnk_inference *inference = inference_for(model.dtype, model.options, kernels);
    printf(" first %.17g", predict(&model, inference, data.images));
    if (options & TEACH) print_expectation(&model);
    if (options & NNK_OPTION_WEIGHTS) printf(" held out %.17g", progress.held_out_cost);

    const model_file in_bytes_file = quantize(&model);
    if (output_in_bytes) write_file(output_in_bytes, in_bytes_file);
    printf(" i8 ");
    print_sha256(in_bytes_file);
    const nnk_model in_bytes = opened(in_bytes_file, job.topology);
    inference = inference_for(NNK_I8, model.options, kernels);
    printf(" total %lld", total(&in_bytes, inference, data.images));
    printf(" first %.17g\n", predict(&in_bytes, inference, data.images));
    free(in_bytes_file.bytes);
    free(file.bytes);
    free(start_file.bytes);
    free(data.images);
    free(data.labels);
    return 0;
}
