/// How often the 95 % interval of a teaching (judge.h) holds the accuracy on many images that it has not
/// seen.
///
///     intervals drawn TEACHINGS SEED     60 to 209 drawn images each, tested on 5,000 others
///     intervals DATA.raw TEACHINGS SEED  random halves of a data set, each tested on the other half
///
/// DATA.raw: m images of 12288 bytes, then m labels. Prints a line per teaching and a summary. The drawn
/// images are made so hard that most detectors are right in 60 to 95 % of cases.
#include "nnkernel/nnkernel.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = 12288, SIDE = 64, TESTED = 5000, FOLDS = 5, THREADS = 2 };

static void check(int ok, const char *what) {
    if (ok) return;
    fprintf(stderr, "intervals: failed: %s\n", what);
    exit(70);
}

static void *room(size_t bytes) {
    void *memory = aligned_alloc(64, (bytes + 127) / 64 * 64);
    check(memory != NULL, "memory");
    return memory;
}

// ---- Images -----------------------------------------------------------------------------------------------

static uint64_t state;

/// Uniform on [0, 1), by splitmix64.
static double uniform(void) {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static double between(double low, double high) { return low + (high - low) * uniform(); }

static uint8_t to_byte(double value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

/// Two kinds of images. Both are the harder, the higher the difficulty, 0 ... 1.
typedef void drawing(uint8_t *image, uint8_t label, double difficulty);

/// A disc (class 1) or a square (class 0) of about the same area, in any colours, on a background that grows
/// brighter to one side; and noise. It wanders around the middle.
static void draw_shape(uint8_t *image, uint8_t label, double difficulty) {
    const double x0 = 32 + between(-8, 8) * difficulty, y0 = 32 + between(-8, 8) * difficulty;
    const double r = between(10, 18), noise = 22 + 40 * difficulty, slope = between(-1, 1),
                 tilt = between(-1, 1);
    double back[3], front[3];
    for (int c = 0; c < 3; c++) back[c] = between(20, 120), front[c] = back[c] + between(30, 110);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const double dx = fabs(x - x0), dy = fabs(y - y0);
            const int inside = label ? dx * dx + dy * dy < r * r : dx < 0.886 * r && dy < 0.886 * r;
            for (int c = 0; c < 3; c++)
                image[(y * SIDE + x) * 3 + c] = to_byte((inside ? front[c] : back[c]) + slope * (x - 32) +
                                                        tilt * (y - 32) + between(-noise, noise));
        }
}

/// Four soft spots anywhere, and waves that add to the brightness in class 1 and take from it in class 0; and
/// noise.
static void draw_waves(uint8_t *image, uint8_t label, double difficulty) {
    double x0[4], y0[4], height[4];
    const double base = between(60, 180);
    const double waves = (label ? 14 : -14) * (1.05 - difficulty) * between(0.2, 1.8);
    for (int i = 0; i < 4; i++) x0[i] = between(0, 64), y0[i] = between(0, 64), height[i] = between(-60, 60);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            double value = base + waves * sin(x * 0.2) * cos(y * 0.15);
            for (int i = 0; i < 4; i++)
                value += height[i] * exp(-((x - x0[i]) * (x - x0[i]) + (y - y0[i]) * (y - y0[i])) / 400);
            for (int c = 0; c < 3; c++) image[(y * SIDE + x) * 3 + c] = to_byte(value + between(-40, 40));
        }
}

typedef struct data {
    uint8_t *images, *labels;
    uint32_t count;
} data;

static data drawn(uint32_t count, drawing *draw, double share, double difficulty) {
    data d = {room((size_t)count * PIXELS), room(count), count};
    for (uint32_t j = 0; j < count; j++) {
        d.labels[j] = j < 10 ? j % 2 : uniform() < share; // some of each class
        draw(d.images + (size_t)j * PIXELS, d.labels[j], difficulty);
    }
    return d;
}

static data read_data(const char *path) {
    FILE *in = fopen(path, "rb");
    check(in && fseek(in, 0, SEEK_END) == 0, path);
    const size_t bytes = (size_t)ftell(in);
    data d = {room(bytes), NULL, (uint32_t)(bytes / (PIXELS + 1))};
    d.labels = d.images + (size_t)d.count * PIXELS;
    rewind(in);
    check(fread(d.images, 1, bytes, in) == bytes && fclose(in) == 0, path);
    return d;
}

/// The images at `places`.
static data part_of(const data *d, const uint32_t *places, uint32_t count) {
    data part = {room((size_t)count * PIXELS), room(count), count};
    for (uint32_t j = 0; j < count; j++) {
        memcpy(part.images + (size_t)j * PIXELS, d->images + (size_t)places[j] * PIXELS, PIXELS);
        part.labels[j] = d->labels[places[j]];
    }
    return part;
}

static void release(data d) { free(d.images), free(d.labels); }

// ---- Teaching ---------------------------------------------------------------------------------------------

static const nnk_validation *validation;
static double *logits;
static uint32_t next_network;

static void *train_networks(void *unused) {
    const size_t bytes = nnk_validation_arena_bytes(validation);
    void *arena = room(bytes), *scratch = room(nnk_validation_scratch_bytes(validation));
    (void)unused;
    for (uint32_t n;
         (n = __atomic_fetch_add(&next_network, 1, __ATOMIC_RELAXED)) < nnk_validation_networks(validation);)
        check(nnk_validation_train(validation, n, arena, bytes, scratch, logits) == NNK_OK, "network");
    free(arena);
    free(scratch);
    return NULL;
}

/// The held-out logits of all networks.
static double *validate(const nnk_validation *v) {
    pthread_t thread[THREADS];
    validation = v, next_network = 0, logits = room(nnk_validation_bytes(v));
    for (int i = 0; i < THREADS; i++)
        check(!pthread_create(&thread[i], NULL, train_networks, NULL), "thread");
    for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
    return logits;
}

static void *form_gram(nnk_job job, bool is_mirrored) {
    job.method = &nnk_gram;
    if (!is_mirrored) job.mirror = (nnk_mirror){0, 0};
    const size_t bytes = nnk_train_bytes(&job);
    void *gram = room(bytes);
    check(nnk_train_begin(&job, gram, bytes) == NNK_OK, "Gram matrix");
    while (nnk_train_run(&job, gram, UINT32_MAX) > 0) {
    }
    return gram;
}

static nnk_status to_memory(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    memcpy((uint8_t *)context + offset, bytes, count);
    return NNK_OK;
}

/// The share of the images that a network is right about, with its calibration.
static double accuracy_on(const data *d, const uint8_t *file, size_t bytes, nnk_calibration c) {
    nnk_model model;
    _Alignas(8) uint8_t predictor[NNK_PREDICT_BYTES(DEEP, 4)];
    uint32_t right = 0;
    check(nnk_model_open(&model, file, bytes, &nnk_deep) == NNK_OK, "model");
    for (uint32_t j = 0; j < d->count; j++) {
        double p;
        nnk_predict_begin(predictor, sizeof predictor, &model, nnk_fastest_inference(NNK_F32));
        nnk_predict_feed(predictor, d->images + (size_t)j * PIXELS, PIXELS);
        nnk_predict_finish(predictor, &p);
        const double z = p <= 0 ? -100 : p >= 1 ? 100 : log(p / (1 - p));
        right += (c.scale * z + c.shift > 0) == d->labels[j];
    }
    return (double)right / d->count;
}

/// How the images are judged: all recipes, centred, on Gram matrices that are formed once.
static nnk_validation validation_of(const data *d, uint32_t seed) {
    nnk_validation v = {.recipes = nnk_recipes,
                        .recipe_count = NNK_RECIPES,
                        .folds = {.count = FOLDS, .seed = seed},
                        .repeats = 1};
    v.job = (nnk_job){.topology = &nnk_deep,
                      .arithmetic = nnk_fastest(NNK_F32),
                      .method = &nnk_dual_wide,
                      .seed = seed,
                      .iterations = 3000,
                      .cost_every = 1000,
                      .examples = d->count,
                      .learning_rate = 0.0075,
                      .labels = d->labels,
                      .images = {.images = d->images},
                      .center = true,
                      .mirror = {192, 3}};
    v.gram = form_gram(v.job, false);
    v.mirrored_gram = form_gram(v.job, true);
    return v;
}

static nnk_scores scores_of(const double *z, const data *d) {
    nnk_scores scores;
    uint32_t *order = room(d->count * sizeof *order);
    check(nnk_score(z, 1, d->labels, d->count, order, &scores) == NNK_OK, "scores");
    free(order);
    return scores;
}

/// The scores of nnk_expect.
static nnk_scores judged(const nnk_validation *v, const double *z, const data *d) {
    uint32_t *fold = room(d->count * sizeof *fold);
    double *expected = room(d->count * sizeof *expected);
    check(nnk_expect(v, z, fold, expected) == NNK_OK, "expectation");
    const nnk_scores scores = scores_of(expected, d);
    free(fold);
    free(expected);
    return scores;
}

/// The same of networks that learned half of the examples.
static nnk_scores judged_by_half(nnk_validation v, nnk_choice choice, const data *d) {
    nnk_recipe curve[NNK_CURVE_RECIPES];
    nnk_curve_recipes(&v.recipes[choice.recipe], curve);
    v.recipes = &curve[2], v.recipe_count = 1;
    v.job.iterations = v.job.cost_every = (choice.point + 1) * v.job.cost_every;
    double *z = validate(&v);
    const nnk_scores scores = judged(&v, z, d);
    free(z);
    return scores;
}

/// The accuracy on other images of the network that all examples teach by this choice.
static double tested(const nnk_validation *v, nnk_choice choice, nnk_calibration c, const data *others) {
    const nnk_recipe *chosen = &v->recipes[choice.recipe];
    nnk_job job = v->job;
    job.iterations = (choice.point + 1) * job.cost_every;
    job.cost_every = 0;
    job.own_contrast = chosen->own_contrast;
    job.weight_decay = chosen->weight_decay;
    if (!chosen->mirror) job.mirror = (nnk_mirror){0, 0};
    job.gram = chosen->mirror ? v->mirrored_gram : v->gram;
    const size_t bytes = nnk_train_bytes(&job);
    const size_t model_bytes = nnk_model_bytes(&nnk_deep, NNK_F32) + NNK_TRAINING_RECORD_BYTES;
    void *arena = room(bytes);
    uint8_t *model = room(model_bytes);
    check(nnk_train_begin(&job, arena, bytes) == NNK_OK, "training");
    while (nnk_train_run(&job, arena, UINT32_MAX) > 0) {
    }
    while (nnk_train_finish(&job, arena, (nnk_sink){to_memory, model}) > 0) {
    }
    const double accuracy = accuracy_on(others, model, model_bytes, c);
    free(arena);
    free(model);
    return accuracy;
}

typedef struct result {
    nnk_scores expected, chosen; ///< chosen, calibrated and judged on the same folds
    double tested;
} result;

static result teach(const data *d, const data *others, uint32_t seed) {
    const nnk_validation v = validation_of(d, seed);
    nnk_choice choice;
    nnk_calibration c;
    result r;
    double *z = validate(&v);
    check(nnk_choose(&v, z, NULL, 0, &choice) == NNK_OK, "choice");
    double *chosen = nnk_validation_logits(&v, z, choice);
    check(nnk_calibrate(chosen, 1, d->labels, d->count, NULL, 0, &c) == NNK_OK, "calibration");
    const nnk_scores whole = judged(&v, z, d), half = judged_by_half(v, choice, d);
    for (uint32_t j = 0; j < d->count; j++) chosen[j] = c.scale * chosen[j] + c.shift;
    r.chosen = scores_of(chosen, d);
    nnk_extrapolate(&whole, &r.chosen, &half, FOLDS, &r.expected);
    r.tested = tested(&v, choice, c, others);
    free((void *)(uintptr_t)v.gram);
    free((void *)(uintptr_t)v.mirrored_gram);
    free(z);
    return r;
}

// ---- Many teachings ---------------------------------------------------------------------------------------

/// Both kinds in turn.
static result teach_drawn(uint32_t seed, uint32_t *count) {
    drawing *draw = seed % 2 ? draw_shape : draw_waves;
    const double difficulty = seed % 2 ? between(0.1, 1) : between(0.5, 1), share = between(0.35, 0.65);
    *count = (uint32_t)between(60, 210);
    data d = drawn(*count, draw, share, difficulty), others = drawn(TESTED, draw, share, difficulty);
    const result r = teach(&d, &others, seed);
    release(d);
    release(others);
    return r;
}

static result teach_half(const data *all, uint32_t seed, uint32_t *count) {
    uint32_t *order = room(all->count * sizeof *order);
    for (uint32_t j = 0; j < all->count; j++) {
        const uint32_t other = (uint32_t)(uniform() * (j + 1));
        order[j] = order[other];
        order[other] = j;
    }
    *count = all->count / 2 + all->count % 2;
    data half = part_of(all, order, *count), rest = part_of(all, order + *count, all->count - *count);
    const result r = teach(&half, &rest, seed);
    release(half);
    release(rest);
    free(order);
    return r;
}

int main(int argc, char **argv) {
    if (argc < 4) return 64;
    const uint32_t teachings = (uint32_t)atoi(argv[2]);
    const int is_drawn = !strcmp(argv[1], "drawn");
    data all = {0};
    if (!is_drawn) all = read_data(argv[1]);
    double expected = 0, chosen = 0, tested = 0;
    uint32_t held = 0;
    state = (uint64_t)atoi(argv[3]) << 32;
    for (uint32_t i = 0; i < teachings; i++) {
        uint32_t count;
        const result r = is_drawn ? teach_drawn(i + 1, &count) : teach_half(&all, i + 1, &count);
        const int holds = r.tested >= r.expected.low && r.tested <= r.expected.high;
        printf("%u images: expected %.3f (%.3f to %.3f), chosen and judged on the same folds %.3f, tested "
               "%.3f%s\n",
               count, r.expected.accuracy, r.expected.low, r.expected.high, r.chosen.accuracy, r.tested,
               holds ? "" : "  outside");
        fflush(stdout);
        held += (uint32_t)holds;
        expected += r.expected.accuracy, chosen += r.chosen.accuracy, tested += r.tested;
    }
    printf("%u of %u intervals hold the tested accuracy; means: expected %.4f, chosen and judged on the same "
           "folds %.4f, "
           "tested %.4f\n",
           held, teachings, expected / teachings, chosen / teachings, tested / teachings);
    return 0;
}
