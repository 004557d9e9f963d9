/// The judgement of detectors (judge.h): folds, the networks of a validation, scores against scikit-learn's
/// (scores.py) and against their definitions in a wider type, the choice, calibration, and what to expect.
#include "jobs.h"
#include "judgement.h"
#include "scores.h"

enum { MOST = 1000 };

// ---- Folds ------------------------------------------------------------------------------------------------

/// Blocks of a class in a fold.
static uint32_t blocks_in(const uint32_t *fold, const uint8_t *labels, uint32_t m, uint32_t block,
                          uint8_t label, uint32_t k) {
    uint32_t blocks = 0, number = 0;
    for (uint32_t j = 0; j < m; j++) {
        if (labels[j] != label) continue;
        blocks += number++ % block == 0 && fold[j] == k;
    }
    return blocks;
}

static void check_folds(nnk_folds f, const uint8_t *labels, uint32_t m) {
    uint32_t fold[MOST], last[2] = {0, 0}, number[2] = {0, 0}, least = UINT32_MAX, most = 0;
    const uint32_t block = f.block > 1 ? f.block : 1;
    CHECK_EQUAL(nnk_deal_folds(&f, labels, m, fold), NNK_OK);
    for (uint32_t j = 0; j < m; j++) {
        const uint8_t label = labels[j];
        CHECK(fold[j] < f.count);
        if (number[label]++ % block > 0) CHECK_EQUAL(fold[j], last[label]);
        last[label] = fold[j];
    }
    for (uint32_t k = 0; k < f.count; k++) {
        uint32_t both = 0;
        for (uint8_t label = 0; label < 2; label++) {
            const uint32_t blocks = (number[label] + block - 1) / block, fair = blocks / f.count;
            const uint32_t here = blocks_in(fold, labels, m, block, label, k);
            CHECK(here == fair || here == fair + (blocks % f.count > 0));
            both += here;
        }
        if (both < least) least = both;
        if (both > most) most = both;
    }
    CHECK(most - least <= 1); // the second class goes on where the first ended
}

static void test_folds(void) {
    uint8_t labels[MOST];
    for (uint32_t m = 4; m < 200; m += 13)
        for (uint32_t block = 0; block < 4; block++)
            for (uint32_t count = 2; count <= 10 && count < m; count++) {
                for (uint32_t j = 0; j < m; j++) labels[j] = random_below(3) == 0;
                for (uint32_t j = 0; j < 4 * (block + 1) && j < m; j++) labels[j] = j % 2;
                const nnk_folds f = {count, block, m + count};
                if (m >= 4 * (block + 1)) check_folds(f, labels, m);
            }
}

/// The numbers that deal are those of splitmix64.
static void test_draw(void) {
    for (uint64_t count = 1000; count <= UINT32_MAX; count += UINT32_MAX - 1000) {
        uint64_t state = 0;
        for (uint64_t n = 1; n <= 1000; n++)
            CHECK_EQUAL(nnk_draw(&state, (uint32_t)count), (random_bits_at(n) >> 32) * count >> 32);
    }
}

/// Every example comes into every fold about equally often, and other seeds deal in another way.
static void test_fairness(void) {
    enum { M = 11, FOLDS = 3, ROUNDS = 3000 };
    const uint8_t labels[M] = {0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0};
    uint32_t fold[M], times[M][FOLDS] = {{0}};
    for (uint32_t seed = 0; seed < ROUNDS; seed++) {
        const nnk_folds f = {FOLDS, 0, seed};
        CHECK_EQUAL(nnk_deal_folds(&f, labels, M, fold), NNK_OK);
        for (uint32_t j = 0; j < M; j++) times[j][fold[j]]++;
    }
    // Class 0 has 7 examples, of which 3 go to fold 0 and 2 to each other; class 1 has 2, 1 and 1 from fold 1
    // on.
    static const double shares[2][FOLDS] = {{3 / 7.0, 2 / 7.0, 2 / 7.0}, {1 / 4.0, 2 / 4.0, 1 / 4.0}};
    for (uint32_t j = 0; j < M; j++)
        for (uint32_t k = 0; k < FOLDS; k++) {
            const double p = shares[labels[j]][k], rounds = ROUNDS;
            CHECK_NEAR(times[j][k], rounds * p, 5 * sqrt(rounds * p * (1 - p))); // five standard deviations
        }
}

static void test_leave_one_out(void) {
    uint8_t labels[100];
    uint32_t fold[100];
    for (uint32_t j = 0; j < 100; j++) labels[j] = j % 3 == 0;
    const nnk_folds all = {100, 0, 7}, blocks = {100, 2, 7};
    CHECK_EQUAL(nnk_deal_folds(&all, labels, 100, fold), NNK_OK);
    for (uint32_t j = 0; j < 100; j++) CHECK_EQUAL(fold[j], j);
    CHECK_EQUAL(nnk_deal_folds(&blocks, labels, 100, fold), NNK_E_ARGUMENT);
}

static void test_wrong_folds(void) {
    uint8_t labels[100] = {0};
    uint32_t fold[100];
    const nnk_folds five = {5, 0, 1}, one = {1, 0, 1}, none = {0, 0, 1}, many = {NNK_MAX_FOLDS + 1, 0, 1},
                    more = {101, 0, 1}, in_blocks = {5, 30, 1}, in_one = {5, UINT32_MAX, 1};
    CHECK_EQUAL(nnk_deal_folds(&five, labels, 100, fold), NNK_OK); // of one class
    labels[3] = 1;
    CHECK_EQUAL(nnk_deal_folds(&five, labels, 100, fold), NNK_E_WEIGHT);
    labels[70] = 1;
    CHECK_EQUAL(nnk_deal_folds(&five, labels, 100, fold), NNK_OK);
    CHECK_EQUAL(nnk_deal_folds(&in_blocks, labels, 100, fold), NNK_E_WEIGHT);
    CHECK_EQUAL(nnk_deal_folds(&in_one, labels, 100, fold), NNK_E_WEIGHT);
    labels[5] = 2;
    CHECK_EQUAL(nnk_deal_folds(&five, labels, 100, fold), NNK_E_LABEL);
    labels[5] = 0;
    CHECK_EQUAL(nnk_deal_folds(&one, labels, 100, fold), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_deal_folds(&none, labels, 100, fold), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_deal_folds(&many, labels, 100, fold), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_deal_folds(&more, labels, 100, fold), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_deal_folds(NULL, labels, 100, fold), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_deal_folds(&five, NULL, 100, fold), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_deal_folds(&five, labels, 100, NULL), NNK_E_ARGUMENT);
    const nnk_folds each = {4, 0, 1}, each_in_blocks = {4, 2, 1};
    const uint8_t one_zero[] = {1, 0, 1, 1}, one_one[] = {0, 0, 1, 0}, pairs[] = {0, 1, 1, 0};
    CHECK_EQUAL(nnk_deal_folds(&each, pairs, 4, fold), NNK_OK);
    CHECK_EQUAL(nnk_deal_folds(&each, one_zero, 4, fold), NNK_E_WEIGHT);
    CHECK_EQUAL(nnk_deal_folds(&each, one_one, 4, fold), NNK_E_WEIGHT);
    CHECK_EQUAL(nnk_deal_folds(&each_in_blocks, pairs, 4, fold), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_deal_folds(&one, pairs, 1, fold), NNK_E_ARGUMENT); // nothing would be left to learn
    const nnk_folds each_of_two = {2, 1, 1}, most = {NNK_MAX_FOLDS, 0, 1};
    CHECK_EQUAL(nnk_deal_folds(&each_of_two, (const uint8_t[]){0, 0}, 2, fold), NNK_OK);
    CHECK_EQUAL(nnk_deal_folds(&each_of_two, pairs, 2, fold), NNK_E_WEIGHT);
    CHECK_EQUAL(nnk_deal_folds(&most, labels, 100, fold), NNK_OK);
}

// ---- The networks of a validation -------------------------------------------------------------------------

enum { EXAMPLES = 30, ITERATIONS = 20, EVERY = 5, POINTS = 4, REPEATS = 2, FOLDS = 3 };
static const nnk_topology topology = {3, {192, 5, 3, 1}};
static const nnk_recipe recipes[] = {
    {.weight_decay = 0.03},
    {.mirror = true, .own_contrast = true, .weight_decay = 0.1},
    {.learning_rate = 0.1, .share = {0.5, 0.25}},
};
enum { RECIPES = sizeof recipes / sizeof recipes[0] };

static nnk_validation validation_of(const data *d, const nnk_arithmetic *k, const nnk_method *method) {
    nnk_validation v = {.recipes = recipes,
                        .recipe_count = RECIPES,
                        .folds = {FOLDS, 2, 5},
                        .repeats = REPEATS,
                        .balance = true};
    v.job = job_of(&topology, k, d, ITERATIONS);
    v.job.method = method;
    v.job.cost_every = EVERY;
    v.job.center = true;
    v.job.mirror = (nnk_mirror){24, 3};
    return v;
}

static double *run_validation(const nnk_validation *v) {
    const size_t bytes = nnk_validation_arena_bytes(v), scratch_bytes = nnk_validation_scratch_bytes(v);
    void *arena = room_for(bytes), *scratch = room_for(scratch_bytes);
    double *logits = room_for(nnk_validation_bytes(v));
    memset(logits, 0xff, nnk_validation_bytes(v));          // NaN
    for (uint32_t n = nnk_validation_networks(v); n-- > 0;) // in any order
        CHECK_EQUAL(nnk_validation_train(v, n, arena, bytes, scratch, logits), NNK_OK);
    free(arena);
    free(scratch);
    return logits;
}

static void *form_gram(const nnk_job *of, bool is_mirrored) {
    nnk_job job = *of;
    job.method = job.method == &nnk_dual ? &nnk_gram_packed : &nnk_gram;
    if (!is_mirrored) job.mirror = (nnk_mirror){0, 0};
    const size_t bytes = nnk_train_bytes(&job);
    void *gram = room_for(bytes);
    CHECK_EQUAL(nnk_train_begin(&job, gram, bytes), NNK_OK);
    CHECK_EQUAL(steps(&job, gram), NNK_OK);
    return gram;
}

static void test_shapes(const nnk_validation *v) {
    CHECK_EQUAL(nnk_validation_networks(v), RECIPES * REPEATS * FOLDS);
    CHECK_EQUAL(nnk_validation_points(v), POINTS);
    CHECK_EQUAL(nnk_validation_bytes(v), RECIPES * POINTS * REPEATS * EXAMPLES * sizeof(double));
    CHECK_EQUAL(nnk_validation_scratch_bytes(v),
                (POINTS + 1) * EXAMPLES * sizeof(double) + EXAMPLES * (sizeof(float) + sizeof(uint32_t)));
    static double x[RECIPES * POINTS * REPEATS * EXAMPLES];
    CHECK(nnk_validation_logits(v, x, (nnk_choice){2, 3}) == x + (2 * POINTS + 3) * REPEATS * EXAMPLES);
    CHECK(nnk_validation_logits(v, x, (nnk_choice){3, 0}) == NULL);
    CHECK(nnk_validation_logits(v, x, (nnk_choice){0, 4}) == NULL);
}

/// Of the examples of a class that teach, the share is drawn one after the other, each so that all draws have
/// the same chance.
static void check_share(const nnk_validation *v, uint32_t network, const nnk_job *job, const uint32_t *fold) {
    const nnk_recipe *r = &v->recipes[network / (REPEATS * FOLDS)];
    const uint32_t repeat = network / FOLDS % REPEATS, k = network % FOLDS;
    uint64_t random = (uint64_t)v->folds.seed + repeat + ((uint64_t)k + 1) * 0x100000000;
    for (uint8_t label = 0; label < 2; label++) {
        uint32_t left = 0;
        for (uint32_t j = 0; j < EXAMPLES; j++) left += v->job.labels[j] == label && fold[j] != k;
        uint32_t wanted = r->share[label] > 0 ? (uint32_t)(r->share[label] * left + 0.5) : left;
        for (uint32_t j = 0; j < EXAMPLES; j++) {
            if (v->job.labels[j] != label || fold[j] == k) continue;
            const bool teaches = !(r->share[label] > 0) || nnk_draw(&random, left--) < wanted;
            CHECK((job->weights[j] > 0) == teaches);
            wanted -= teaches;
        }
    }
}

/// The training of a network as a user would write it: its model's logits of the held-out images are those of
/// the last point, as near as a model's are to the loop's.
static void check_network(const nnk_validation *v, uint32_t network, const double *logits, const data *d) {
    const uint32_t recipe = network / (REPEATS * FOLDS), repeat = network / FOLDS % REPEATS;
    const nnk_recipe *r = &recipes[recipe];
    void *scratch = room_for(nnk_validation_scratch_bytes(v));
    nnk_job job;
    CHECK_EQUAL(nnk_validation_begin(v, network, scratch, &job), NNK_OK);
    uint32_t fold[EXAMPLES], taught[2] = {0, 0}, others[2] = {0, 0};
    const nnk_folds folds = {FOLDS, 2, 5 + repeat};
    CHECK_EQUAL(nnk_deal_folds(&folds, d->labels, EXAMPLES, fold), NNK_OK);
    double weight[2] = {0, 0};
    for (uint32_t j = 0; j < EXAMPLES; j++) {
        if (fold[j] == network % FOLDS) CHECK(job.weights[j] == 0);
        others[d->labels[j]] += fold[j] != network % FOLDS;
        taught[d->labels[j]] += job.weights[j] > 0;
        weight[d->labels[j]] += (double)job.weights[j];
    }
    for (int c = 0; c < 2; c++)
        CHECK_EQUAL(taught[c], r->share[c] > 0 ? floor(r->share[c] * others[c] + 0.5) : others[c]);
    check_share(v, network, &job, fold);
    CHECK_NEAR(weight[0], weight[1], 1e-5); // balanced
    CHECK_EQUAL(job.seed, v->job.seed + repeat);
    CHECK(job.learning_rate == (r->learning_rate > 0 ? r->learning_rate : v->job.learning_rate));
    CHECK(job.weight_decay == r->weight_decay && job.own_contrast == r->own_contrast);
    CHECK(job.mirror.row_bytes == (r->mirror ? 24 : 0) && job.center);

    job.iterations = ITERATIONS;
    job.held_out_logits = NULL;
    file f = train(&job);
    const nnk_model m = opened(&f, &topology);
    const double *last =
        nnk_validation_logits(v, (double *)(uintptr_t)logits, (nnk_choice){recipe, POINTS - 1}) +
        repeat * EXAMPLES;
    for (uint32_t j = 0; j < EXAMPLES; j++) {
        if (fold[j] != network % FOLDS) continue;
        const double p = predict(nnk_fastest_inference(m.dtype), &m, d->images + j * 192, 0);
        CHECK_NEAR(nnk_probability(last[j]), p, m.dtype == NNK_F32 ? 1e-2 : 1e-11);
    }
    free(scratch);
    free(f.bytes);
}

static void test_networks(const nnk_arithmetic *k) {
    data d = drawn_photos(&topology, EXAMPLES);
    for (uint32_t j = 0; j < EXAMPLES; j++) d.labels[j] = j % 3 > 0;
    nnk_validation v = validation_of(&d, k, &nnk_dual_wide);
    test_shapes(&v);
    const size_t bytes = nnk_validation_bytes(&v);
    double *own = run_validation(&v);
    for (size_t i = 0; i < bytes / sizeof(double); i++) CHECK(own[i] == own[i]); // every place was written
    for (uint32_t n = 0; n < nnk_validation_networks(&v); n++) check_network(&v, n, own, &d);

    void *gram = form_gram(&v.job, false), *mirrored = form_gram(&v.job, true);
    v.gram = gram, v.mirrored_gram = mirrored;
    double *shared = run_validation(&v);
    CHECK_SAME(own, shared, bytes);
    v = validation_of(&d, k, &nnk_dual);
    double *packed = run_validation(&v);
    CHECK_SAME(own, packed, bytes);
    v = validation_of(&d, k, &nnk_primal);
    double *primal = run_validation(&v);
    // In float, rounding G moves logits by tenths where own contrast divides by little.
    for (size_t i = 0; k->dtype == NNK_F64 && i < bytes / sizeof(double); i++)
        CHECK_NEAR(primal[i], own[i], 1e-11);
    free(gram);
    free(mirrored);
    free(own);
    free(shared);
    free(packed);
    free(primal);
    release_data(d);
}

/// A rate at which a recipe diverges costs only this recipe.
static void test_divergence(void) {
    const nnk_recipe wild[] = {{.learning_rate = 1e300}, {.learning_rate = 0.1}};
    data d = drawn_photos(&topology, EXAMPLES);
    for (uint32_t j = 0; j < EXAMPLES; j++) d.labels[j] = j % 2;
    nnk_validation v = validation_of(&d, &nnk_f64, &nnk_dual_wide);
    v.recipes = wild, v.recipe_count = 2;
    const size_t bytes = nnk_validation_arena_bytes(&v);
    void *arena = room_for(bytes), *scratch = room_for(nnk_validation_scratch_bytes(&v));
    double *logits = room_for(nnk_validation_bytes(&v));
    for (uint32_t n = 0; n < nnk_validation_networks(&v); n++)
        CHECK_EQUAL(nnk_validation_train(&v, n, arena, bytes, scratch, logits),
                    n < REPEATS * FOLDS ? NNK_E_DIVERGED : NNK_OK);
    nnk_choice choice;
    CHECK_EQUAL(nnk_choose(&v, logits, NULL, 0, &choice), NNK_OK);
    CHECK_EQUAL(choice.recipe, 1);
    nnk_scores s;
    uint32_t order[EXAMPLES];
    CHECK_EQUAL(nnk_score(logits, REPEATS, d.labels, EXAMPLES, order, &s), NNK_OK);
    CHECK(s.log_loss != s.log_loss && s.accuracy != s.accuracy && s.guessing == 0.5);
    nnk_calibration c;
    CHECK_EQUAL(nnk_calibrate(logits, REPEATS, d.labels, EXAMPLES, NULL, 0, &c), NNK_E_DIVERGED);
    v.recipe_count = 1;
    CHECK_EQUAL(nnk_choose(&v, logits, NULL, 0, &choice), NNK_E_DIVERGED);
    free(arena);
    free(scratch);
    free(logits);
    release_data(d);
}

// ---- Scores -----------------------------------------------------------------------------------------------

/// Labels and logits as scores.py draws them.
static void draw(size_t row, uint8_t *labels, double *z) {
    for (uint32_t j = 0; j < scores_rows[row].examples; j++) {
        double sum = -2;
        labels[j] = (random_bits_at(5 * j + 1) & 255) < scores_rows[row].share;
        for (uint32_t i = 1; i < 5; i++) sum += (double)(random_bits_at(5 * j + i + 1) >> 11) * 0x1p-53;
        z[j] = 2 * sum + (labels[j] ? 1 : -1) * scores_rows[row].distance;
        if (scores_rows[row].step > 0) z[j] = rint(z[j] / scores_rows[row].step) * scores_rows[row].step;
    }
}

static void check_against_sklearn(size_t row) {
    const uint32_t m = scores_rows[row].examples;
    const double *want = scores_rows[row].scores, *fit = scores_rows[row].calibration;
    uint8_t labels[MOST];
    uint32_t order[MOST];
    double z[MOST];
    nnk_scores s;
    draw(row, labels, z);
    CHECK_EQUAL(nnk_score(z, 1, labels, m, order, &s), NNK_OK);
    CHECK_EQUAL(s.examples, m);
    CHECK_NEAR(s.accuracy, want[0], 1e-12);
    CHECK_NEAR(s.log_loss, want[1], 1e-12);
    CHECK_NEAR(s.auc, want[2], 1e-12);
    for (size_t t = 0; t < 4; t++) {
        const nnk_confusion c = nnk_confusion_at(z, labels, m, scores_thresholds[t]);
        CHECK_EQUAL(c.true_positives + c.true_negatives + c.false_positives + c.false_negatives, m);
        CHECK_NEAR(nnk_precision(&c), want[3 + t], 1e-12);
        CHECK_NEAR(nnk_recall(&c), want[7 + t], 1e-12);
    }
    nnk_calibration c;
    CHECK_EQUAL(nnk_calibrate(z, 1, labels, m, NULL, 0, &c), NNK_OK);
    if (fit[0] <= NNK_LEAST_SCALE) CHECK(c.scale == NNK_LEAST_SCALE);
    if (fit[0] <= NNK_LEAST_SCALE) return;
    CHECK_NEAR(c.scale, fit[0], 1e-3 * fit[0]); // scikit-learn's search ends early
    CHECK_NEAR(c.shift, fit[1], 1e-3);
}

/// The definitions, in a wider type.
static void check_definitions(size_t row) {
    const uint32_t m = scores_rows[row].examples;
    uint8_t labels[MOST];
    uint32_t order[MOST];
    double z[MOST];
    nnk_scores s;
    draw(row, labels, z);
    CHECK_EQUAL(nnk_score(z, 1, labels, m, order, &s), NNK_OK);
    wide sum = 0, squares = 0, ones = 0;
    for (uint32_t j = 0; j < m; j++) {
        const wide loss = wide_log1p(wide_exp(labels[j] ? -(wide)z[j] : (wide)z[j]));
        CHECK_NEAR(nnk_log_loss(z[j], labels[j]), loss, 4 * DBL_EPSILON * (1 + (double)loss));
        CHECK_NEAR(nnk_probability(z[j]), 1 / (1 + wide_exp(-(wide)z[j])), 4 * DBL_EPSILON);
        sum += loss, squares += loss * loss, ones += labels[j];
        if (j > 0)
            CHECK(z[order[j]] > z[order[j - 1]] ||
                  (!(z[order[j]] < z[order[j - 1]]) && order[j] > order[j - 1]));
    }
    const wide mean = sum / m, variance = (squares - m * mean * mean) / (m - 1);
    CHECK_NEAR(s.log_loss_error, sqrt((double)(variance / m)), 1e-12);
    const wide share = ones / m, q = 1.959963984540054L, p = (wide)s.accuracy, n = m;
    CHECK_NEAR(s.guessing, share > 0.5L ? share : 1 - share, 1e-15);
    CHECK_NEAR(s.guessing_log_loss, -share * wide_log(share) - (1 - share) * wide_log(1 - share), 1e-14);
    // The ends of Wilson's interval are the shares x for which p is q standard deviations away: |p - x| = q
    // sd(x).
    CHECK_NEAR((double)(p - s.low), (double)q * sqrt(s.low * (1 - s.low) / (double)n), 1e-12);
    CHECK_NEAR((double)(s.high - p), (double)q * sqrt(s.high * (1 - s.high) / (double)n), 1e-12);
    CHECK_EQUAL(nnk_better_than_guessing(&s), s.low > s.guessing);
}

/// Bins hold all examples, in order, and the error is that of their means.
static void check_bins(size_t row) {
    const uint32_t m = scores_rows[row].examples;
    uint8_t labels[MOST];
    uint32_t order[MOST], count = 0;
    double z[MOST], ones = 0, error = 0, probability = 0, p_of_all = 0, ones_of_all = 0;
    nnk_bin bins[NNK_CALIBRATION_BINS];
    nnk_scores s;
    draw(row, labels, z);
    CHECK_EQUAL(nnk_score(z, 1, labels, m, order, &s), NNK_OK);
    nnk_fill_bins(z, labels, m, order, bins, NNK_CALIBRATION_BINS);
    for (uint32_t b = 0; b < NNK_CALIBRATION_BINS; b++) {
        CHECK(bins[b].examples >= m / NNK_CALIBRATION_BINS &&
              bins[b].examples <= m / NNK_CALIBRATION_BINS + 1);
        CHECK(b == 0 || bins[b].examples == 0 || bins[b].probability >= bins[b - 1].probability);
        count += bins[b].examples;
        ones += bins[b].examples * bins[b].share;
        probability += bins[b].examples * bins[b].probability;
        error += bins[b].examples * fabs(bins[b].probability - bins[b].share);
    }
    for (uint32_t j = 0; j < m; j++) ones_of_all += labels[j], p_of_all += nnk_probability(z[j]);
    CHECK_EQUAL(count, m);
    CHECK_NEAR(ones, ones_of_all, 1e-9);
    CHECK_NEAR(probability, p_of_all, 1e-9);
    CHECK_NEAR(s.calibration_error, error / m, 1e-12);
}

/// Scores of several repeats are the means of their scores.
static void test_repeats(void) {
    enum { M = 60 };
    uint8_t labels[MOST];
    uint32_t order[MOST];
    double z[2 * MOST];
    nnk_scores first, second, both;
    draw(1, labels, z);
    for (uint32_t j = 0; j < M; j++) z[M + j] = z[j] * random_between(-0.5, 1);
    CHECK_EQUAL(nnk_score(z, 1, labels, M, order, &first), NNK_OK);
    CHECK_EQUAL(nnk_score(z + M, 1, labels, M, order, &second), NNK_OK);
    CHECK_EQUAL(nnk_score(z, 2, labels, M, order, &both), NNK_OK);
    CHECK_NEAR(both.accuracy, (first.accuracy + second.accuracy) / 2, 1e-15);
    CHECK_NEAR(both.auc, (first.auc + second.auc) / 2, 1e-15);
    CHECK_NEAR(both.log_loss, (first.log_loss + second.log_loss) / 2, 1e-15);
    double own[M];
    nnk_own_class(z, 2, labels, M, own);
    for (uint32_t j = 0; j < M; j++) {
        const double p = (nnk_probability(z[j]) + nnk_probability(z[M + j])) / 2;
        CHECK_NEAR(own[j], labels[j] ? p : 1 - p, 1e-15);
    }
}

static void test_extremes(void) {
    const double z[4] = {-1000, 1000, -1e308, 1e308};
    const uint8_t right[4] = {0, 1, 0, 1}, wrong[4] = {1, 0, 1, 0}, same[4] = {1, 1, 1, 1},
                  bad[4] = {0, 1, 2, 1};
    uint32_t order[4];
    nnk_scores s;
    CHECK_EQUAL(nnk_score(z, 1, right, 4, order, &s), NNK_OK);
    CHECK(s.accuracy == 1 && s.log_loss == 0 && s.auc == 1 && s.high <= 1 && s.low < 1);
    CHECK_EQUAL(nnk_score(z, 1, wrong, 2, order, &s), NNK_OK);
    CHECK(s.accuracy == 0 && s.log_loss == 1000 && s.auc == 0 && s.low >= 0 && s.high > 0);
    CHECK_EQUAL(nnk_score(z, 1, same, 4, order, &s), NNK_OK);
    CHECK(s.auc == 0.5 && s.guessing == 1 && s.guessing_log_loss == 0 && !nnk_better_than_guessing(&s));
    CHECK_EQUAL(nnk_score(z, 1, bad, 4, order, &s), NNK_E_LABEL);
    CHECK_EQUAL(nnk_score(z, 1, right, 1, order, &s), NNK_OK);
    CHECK(s.log_loss_error == 0);
    CHECK_EQUAL(nnk_score(z, 1, wrong, 4, order, &s), NNK_OK); // the sum of the losses is above DBL_MAX
    CHECK(s.log_loss > DBL_MAX && s.log_loss_error > DBL_MAX);
    // The bounds of 0 and of 1 are exact, whatever rounding says of them.
    for (uint32_t count = 1; count <= 1000; count++) {
        double low = -1, high = 2;
        nnk_interval(0, count, &low, &high);
        CHECK(low >= 0 && low < 1e-15 && high > 0 && high < 1);
        nnk_interval(1, count, &low, &high);
        CHECK(high <= 1 && high > 1 - 1e-15 && low > 0 && low < 1);
    }
}

// ---- The choice, and calibration --------------------------------------------------------------------------

/// Logits of a validation that was not run: those of a recipe and a point are a scale and noise apart from
/// the truth.
static double *made_up_logits(const nnk_validation *v) {
    const size_t count = nnk_validation_bytes(v) / sizeof(double);
    double *logits = room_for(count * sizeof(double));
    const double scale = random_between(0.2, 2), noise = random_between(0.5, 3);
    for (size_t i = 0; i < count; i++) {
        const size_t row = i / (REPEATS * EXAMPLES);
        logits[i] = scale * (v->job.labels[i % EXAMPLES] ? 1 : -1) + noise * random_between(-1, 1) +
                    0.1 * (double)(row % 7);
    }
    return logits;
}

/// The losses of a candidate, calibrated, and their mean over those that count.
static wide loss_in(const nnk_validation *v, const double *logits, nnk_choice choice, const uint32_t *fold,
                    uint32_t left_out, wide *of_example) {
    const double *z = logits + (choice.recipe * POINTS + choice.point) * REPEATS * EXAMPLES;
    nnk_calibration c;
    CHECK_EQUAL(nnk_calibrate(z, REPEATS, v->job.labels, EXAMPLES, fold, left_out, &c), NNK_OK);
    wide sum = 0, count = 0;
    for (uint32_t j = 0; j < EXAMPLES; j++) {
        of_example[j] = 0;
        for (uint32_t r = 0; r < REPEATS; r++) {
            const wide y = (wide)c.scale * z[r * EXAMPLES + j] + (wide)c.shift;
            of_example[j] += wide_log1p(wide_exp(v->job.labels[j] ? -y : y)) / (wide)REPEATS;
        }
        if (fold[j] == left_out) continue;
        sum += of_example[j];
        count++;
    }
    return sum / count;
}

/// The rule of judge.h, written down once more.
static nnk_choice expected_choice(const nnk_validation *v, const double *logits, const uint32_t *fold,
                                  uint32_t left_out) {
    nnk_choice all[RECIPES * POINTS];
    wide losses[RECIPES * POINTS][EXAMPLES], mean[RECIPES * POINTS];
    size_t best = 0;
    for (uint32_t i = 0; i < RECIPES * POINTS; i++) {
        all[i] = (nnk_choice){i / POINTS, POINTS - 1 - i % POINTS}; // the most iterations first
        mean[i] = loss_in(v, logits, all[i], fold, left_out, losses[i]);
        if (mean[i] < mean[best]) best = i;
    }
    for (size_t i = 0; i < best; i++) {
        wide squares = 0, count = 0;
        for (uint32_t j = 0; j < EXAMPLES; j++) {
            if (fold[j] == left_out) continue;
            const wide d = losses[i][j] - losses[best][j] - (mean[i] - mean[best]);
            squares += d * d;
            count++;
        }
        if (mean[i] - mean[best] <= (wide)sqrt((double)(squares / (count - 1) / count))) return all[i];
    }
    return all[best];
}

/// At the lowest loss the gradient is zero. Newton's last step is far below this bound.
static void check_gradient(const double *z, const uint8_t *labels, const uint32_t *fold, uint32_t left_out,
                           nnk_calibration c) {
    wide n[2] = {0, 0}, g[2] = {0, 0}, size = 0;
    for (uint32_t j = 0; j < EXAMPLES; j++) n[labels[j]] += fold[j] != left_out;
    for (uint32_t i = 0; i < REPEATS * EXAMPLES; i++) {
        const uint32_t j = i % EXAMPLES;
        if (fold[j] == left_out) continue;
        const wide target = labels[j] ? (n[1] + 1) / (n[1] + 2) : 1 / (n[0] + 2);
        const wide r = 1 / (1 + wide_exp(-((wide)c.scale * z[i] + (wide)c.shift))) - target;
        g[0] += r * z[i], g[1] += r, size += wide_abs(z[i]) + 1;
    }
    CHECK_NEAR(g[1], 0, 1e-7 * (double)size);
    if (c.scale > NNK_LEAST_SCALE)
        CHECK_NEAR(g[0], 0, 1e-7 * (double)size);
    else
        CHECK(c.scale == NNK_LEAST_SCALE && g[0] > -1e-7L * size); // a lower scale would be better
}

static void check_expected(const nnk_validation *v, const double *logits) {
    double expected[REPEATS * EXAMPLES];
    uint32_t scratch[EXAMPLES], fold[EXAMPLES];
    CHECK_EQUAL(nnk_expect(v, logits, scratch, expected), NNK_OK);
    for (uint32_t r = 0; r < REPEATS; r++) {
        const nnk_folds folds = {FOLDS, 2, 5 + r};
        CHECK_EQUAL(nnk_deal_folds(&folds, v->job.labels, EXAMPLES, fold), NNK_OK);
        for (uint32_t k = 0; k < FOLDS; k++) {
            const nnk_choice want = expected_choice(v, logits, fold, k);
            nnk_choice choice;
            nnk_calibration c;
            CHECK_EQUAL(nnk_choose(v, logits, fold, k, &choice), NNK_OK);
            CHECK(choice.recipe == want.recipe && choice.point == want.point);
            const double *z = logits + (choice.recipe * POINTS + choice.point) * REPEATS * EXAMPLES;
            CHECK_EQUAL(nnk_calibrate(z, REPEATS, v->job.labels, EXAMPLES, fold, k, &c), NNK_OK);
            check_gradient(z, v->job.labels, fold, k, c);
            for (uint32_t j = 0; j < EXAMPLES; j++)
                if (fold[j] == k)
                    CHECK_NEAR(expected[r * EXAMPLES + j], c.scale * z[r * EXAMPLES + j] + c.shift, 1e-12);
        }
    }
}

static void test_choice(void) {
    data d = drawn_photos(&topology, EXAMPLES);
    for (uint32_t j = 0; j < EXAMPLES; j++) d.labels[j] = j % 3 > 0;
    const nnk_validation v = validation_of(&d, &nnk_f64, &nnk_dual_wide);
    uint32_t chosen[RECIPES] = {0};
    for (uint32_t round = 0; round < check_rounds(40); round++) {
        double *logits = made_up_logits(&v);
        nnk_choice choice;
        CHECK_EQUAL(nnk_choose(&v, logits, NULL, 0, &choice), NNK_OK);
        chosen[choice.recipe]++;
        check_expected(&v, logits);
        free(logits);
    }
    CHECK((chosen[0] > 0 && chosen[1] > 0 && chosen[2] > 0) || CHECK_SHARE > 1);
    release_data(d);
}

/// Logits without a mistake have a finite calibration.
static void test_separable(void) {
    const double z[6] = {-3, -2, -1, 1, 2, 3};
    const uint8_t labels[6] = {0, 0, 0, 1, 1, 1};
    nnk_calibration c;
    CHECK_EQUAL(nnk_calibrate(z, 1, labels, 6, NULL, 0, &c), NNK_OK);
    CHECK(c.scale > 0.3 && c.scale < 3);
    CHECK_NEAR(c.shift, 0, 1e-9);
    const double same[6] = {1, 1, 1, 1, 1, 1};
    CHECK_EQUAL(nnk_calibrate(same, 1, labels, 6, NULL, 0, &c), NNK_OK);
    CHECK(c.scale == NNK_LEAST_SCALE);
    CHECK_NEAR(c.shift, -NNK_LEAST_SCALE, 1e-9);
}

/// Where logits have two values, and each value one class, both targets can be met: (1 + 1) / (1 + 2) for one
/// example of class 1, 1 / (m - 1 + 2) for the others. From the odds of so few, a whole step of Newton's
/// leads far beyond. The loss is some 7 and rounded by 1e-15, so the search may end 1e-7 before the lowest
/// one.
static void test_two_values(void) {
    enum { M = 101 };
    for (int place = -30; place <= 30; place += 30) {
        double z[M];
        uint8_t labels[M] = {0};
        nnk_calibration c;
        for (uint32_t j = 0; j < M; j++) z[j] = place;
        z[7] += 1;
        labels[7] = 1;
        CHECK_EQUAL(nnk_calibrate(z, 1, labels, M, NULL, 0, &c), NNK_OK);
        CHECK_NEAR(c.scale, log(2) + log(M), 1e-6);
        CHECK_NEAR(c.shift + place * c.scale, -log(M), 1e-6);
    }
}

/// At the least scale, the shift is the best one wherever the logits are: the mean probability is the mean
/// target.
static void check_shift(const double *z, const uint8_t *labels, uint32_t m) {
    nnk_calibration c;
    double ones = 0, p = 0;
    CHECK_EQUAL(nnk_calibrate(z, 1, labels, m, NULL, 0, &c), NNK_OK);
    CHECK(c.scale == NNK_LEAST_SCALE);
    for (uint32_t j = 0; j < m; j++) ones += labels[j], p += nnk_probability(c.scale * z[j] + c.shift);
    const double zeros = m - ones, target = ones * (ones + 1) / (ones + 2) + zeros / (zeros + 2);
    CHECK_NEAR(p / m, target / m, 1e-9); // the shift is below 1e6, so it is rounded by 1e-10
}

static void test_far_logits(void) {
    static const double places[] = {0, 1000, -1000, 1e6};
    const uint8_t labels[8] = {0, 0, 0, 1, 0, 0, 1, 0}, ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    double z[8];
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        for (int j = 0; j < 8; j++) z[j] = places[i];
        check_shift(z, labels, 8);
        check_shift(z, ones, 8);
        for (int j = 0; j < 8; j++) z[j] += j; // the later, the less of class 1
        check_shift(z, (const uint8_t[8]){1, 1, 0, 1, 0, 0, 1, 0}, 8);
    }
    // One mistake of any size leaves the shift where the others want it.
    static const double mistakes[] = {1e3, 1e100, 1e300};
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        for (int j = 0; j < 8; j++) z[j] = labels[j] ? 1 : -1;
        z[0] = mistakes[i];
        check_shift(z, labels, 8);
    }
}

/// Where no example counts, the calibration is that of even odds, and there is nothing to choose by.
static void test_nothing_counts(void) {
    const double z[] = {-3, 1, 2, 5};
    const uint8_t labels[] = {0, 1, 0, 1};
    uint32_t fold[EXAMPLES] = {0};
    nnk_calibration c;
    CHECK_EQUAL(nnk_calibrate(z, 1, labels, 4, fold, 0, &c), NNK_OK);
    CHECK(c.scale == NNK_LEAST_SCALE && c.shift == 0);
    data d = drawn_photos(&topology, EXAMPLES);
    const nnk_validation v = validation_of(&d, &nnk_f64, &nnk_dual_wide);
    double *logits = made_up_logits(&v);
    nnk_choice choice = {7, 7};
    CHECK_EQUAL(nnk_choose(&v, logits, fold, 0, &choice), NNK_E_DIVERGED);
    CHECK(choice.recipe == 7 && choice.point == 7);
    fold[5] = 1; // one that counts is enough
    CHECK_EQUAL(nnk_choose(&v, logits, fold, 0, &choice), NNK_OK);
    double *expected = room_for(REPEATS * EXAMPLES * sizeof *expected);
    memset(logits, 0xff, nnk_validation_bytes(&v)); // NaN: every recipe diverged
    CHECK_EQUAL(nnk_expect(&v, logits, fold, expected), NNK_E_DIVERGED);
    free(expected);
    free(logits);
    release_data(d);
}

/// A share leaves at least one example of a class, and without balance all that teach weigh 1.
static void test_small_share(void) {
    data d = drawn_photos(&topology, EXAMPLES);
    const nnk_recipe few = {.share = {1e-6, 0}};
    nnk_validation v = validation_of(&d, &nnk_f64, &nnk_dual_wide);
    v.recipes = &few;
    v.recipe_count = 1;
    v.balance = false;
    void *scratch = room_for(nnk_validation_scratch_bytes(&v));
    for (uint32_t n = 0; n < nnk_validation_networks(&v); n++) {
        nnk_job job;
        uint32_t fold[EXAMPLES], taught[2] = {0, 0}, ones = 0;
        CHECK_EQUAL(nnk_validation_begin(&v, n, scratch, &job), NNK_OK);
        nnk_folds folds = v.folds;
        folds.seed += n / FOLDS;
        CHECK_EQUAL(nnk_deal_folds(&folds, d.labels, EXAMPLES, fold), NNK_OK);
        for (uint32_t j = 0; j < EXAMPLES; j++) {
            CHECK(job.weights[j] == 0 || job.weights[j] == 1);
            taught[d.labels[j]] += job.weights[j] > 0;
            ones += d.labels[j] && fold[j] != n % FOLDS;
        }
        CHECK_EQUAL(taught[0], 1);
        CHECK_EQUAL(taught[1], ones);
    }
    free(scratch);
    release_data(d);
}

/// A network that cannot be trained leaves its logits as they are; one that diverged does not.
static void test_failed_network(void) {
    data d = drawn_photos(&topology, EXAMPLES);
    nnk_validation v = validation_of(&d, &nnk_f64, &nnk_dual_wide);
    const size_t bytes = nnk_validation_arena_bytes(&v);
    void *arena = room_for(bytes), *scratch = room_for(nnk_validation_scratch_bytes(&v));
    double *logits = made_up_logits(&v), *before = copy_of(logits, nnk_validation_bytes(&v));
    CHECK_EQUAL(nnk_validation_train(&v, 0, arena, bytes / 4, scratch, logits), NNK_E_MEMORY);
    d.labels[1] = 2;
    CHECK_EQUAL(nnk_validation_train(&v, 0, arena, bytes, scratch, logits), NNK_E_LABEL);
    CHECK_SAME(logits, before, nnk_validation_bytes(&v));
    free(before);
    free(logits);
    free(scratch);
    free(arena);
    release_data(d);
}

/// A recipe that diverged is never chosen, not even as a simpler one of which all losses are infinite.
static void test_choice_after_divergence(void) {
    data d = drawn_photos(&topology, EXAMPLES);
    for (uint32_t j = 0; j < EXAMPLES; j++) d.labels[j] = j % 3 > 0;
    const nnk_validation v = validation_of(&d, &nnk_f64, &nnk_dual_wide);
    double *logits = made_up_logits(&v);
    const size_t of_recipe = POINTS * REPEATS * EXAMPLES;
    for (size_t i = 0; i < of_recipe; i++) {
        logits[i] = (double)NAN;
        logits[of_recipe + i] = d.labels[i % EXAMPLES] ? 3 : -3;
        logits[2 * of_recipe + i] = 0;
    }
    nnk_choice choice;
    CHECK_EQUAL(nnk_choose(&v, logits, NULL, 0, &choice), NNK_OK);
    CHECK(choice.recipe == 1 && choice.point == POINTS - 1);
    free(logits);
    release_data(d);
}

// ---- What would help --------------------------------------------------------------------------------------

static void test_curve(void) {
    const nnk_recipe chosen = {.mirror = true, .weight_decay = 0.1, .share = {0.9, 0.9}};
    nnk_recipe curve[NNK_CURVE_RECIPES];
    nnk_curve_recipes(&chosen, curve);
    for (int i = 0; i < NNK_CURVE_RECIPES; i++) CHECK(curve[i].mirror && curve[i].weight_decay == 0.1);
    CHECK(curve[0].share[0] == 0.5 && curve[0].share[1] == 0 && curve[1].share[1] == 0.5);
    nnk_scores whole = {.log_loss = 0.5, .log_loss_error = 0.05}, halves[NNK_CURVE_RECIPES] = {{0}};
    halves[0].log_loss = 0.54, halves[1].log_loss = 0.52;
    CHECK_EQUAL(nnk_class_to_add(&whole, halves), -1);
    halves[1].log_loss = 0.6;
    CHECK_EQUAL(nnk_class_to_add(&whole, halves), 1);
    halves[0].log_loss = 0.7;
    CHECK_EQUAL(nnk_class_to_add(&whole, halves), 0);
}

static void test_extrapolation(void) {
    const nnk_scores whole = {.examples = 100, .accuracy = 0.8, .auc = 0.9}, chosen = {.accuracy = 0.85},
                     half = {.accuracy = 0.7}, better_half = {.accuracy = 0.9}, little = {.accuracy = 0};
    nnk_scores e;
    double low, high, unused;
    nnk_extrapolate(&whole, &chosen, &half, 5, &e);
    CHECK_NEAR(e.accuracy, 0.8 + 0.1 * log2(5 / 4.0), 1e-15);
    nnk_interval(0.8, 50, &low, &unused);
    nnk_interval(0.85 + 0.2 * log2(5 / 4.0), 50, &unused, &high);
    CHECK_NEAR(e.low, low, 1e-15);
    CHECK_NEAR(e.high, high, 1e-15);
    CHECK(e.auc == 0.9 && e.examples == 100);
    nnk_extrapolate(&whole, &half, &better_half, 5, &e);
    nnk_interval(0.8, 50, &low, &high);
    CHECK(e.low == low && e.high == high);
    CHECK(e.accuracy == 0.8);
    nnk_extrapolate(&whole, &whole, &little, 2, &e); // half of what is missing to 1
    CHECK_NEAR(e.accuracy, 0.9, 1e-15);
    CHECK(e.high <= 1);
    nnk_extrapolate(NULL, &chosen, &half, 5, &e);
    nnk_extrapolate(&whole, NULL, &half, 5, &e);
    nnk_extrapolate(&whole, &chosen, &half, 1, &e);
    CHECK_NEAR(e.accuracy, 0.9, 1e-15); // as it was
    const nnk_scores diverged = {
        .examples = 100, .accuracy = (double)NAN, .low = (double)NAN, .high = (double)NAN};
    nnk_extrapolate(&diverged, &diverged, &half, 5, &e);
    CHECK(e.accuracy != e.accuracy && e.low != e.low && e.high != e.high);
}

/// Distances from the Gram matrix are those of the bytes. float keeps G / 64 rounded, so that a square is off
/// by up to 4 * 32.
static void test_distances(const nnk_arithmetic *k, const nnk_method *method, double error) {
    data d = drawn_photos(&topology, EXAMPLES);
    for (uint32_t j = 0; j < EXAMPLES; j++) d.labels[j] = j % 3 > 0;
    nnk_job job = job_of(&topology, k, &d, 1);
    job.mirror = (nnk_mirror){24, 3};
    job.method = method == &nnk_gram ? &nnk_dual_wide : &nnk_dual;
    void *gram = form_gram(&job, true);
    job.method = method;
    wide sums[2] = {0, 0}, counts[2] = {0, 0};
    for (uint32_t i = 0; i < EXAMPLES; i++)
        for (uint32_t j = 0; j < EXAMPLES; j++) {
            double square = 0;
            for (uint32_t b = 0; b < 192; b++) {
                const double x = (double)d.images[i * 192 + b] - (double)d.images[j * 192 + b];
                square += x * x;
            }
            const double got = nnk_image_distance(&job, gram, i, j);
            CHECK_NEAR(got * got, square / 192, error / 192 + 1e-9);
            const double mirrored = nnk_image_distance(&job, gram, EXAMPLES + i, EXAMPLES + j);
            CHECK_NEAR(mirrored, got, 0);
            if (j <= i || d.labels[i] != d.labels[j]) continue;
            sums[1] += got, counts[1]++;
            bool is_next = true;
            for (uint32_t between = i + 1; between < j; between++)
                is_next &= d.labels[between] != d.labels[i];
            if (is_next) sums[0] += got, counts[0]++;
        }
    nnk_likeness l;
    CHECK_EQUAL(nnk_measure_likeness(&job, gram, &l), NNK_OK);
    CHECK_NEAR(l.neighbours, sums[0] / counts[0], 1e-9);
    CHECK_NEAR(l.pairs, sums[1] / counts[1], 1e-9);
    CHECK(!nnk_is_sequence(&l) && nnk_nearly_alike(&l, 0) && !nnk_nearly_alike(&l, l.pairs));
    l.neighbours = 0.7 * l.pairs;
    CHECK(nnk_is_sequence(&l));
    l = (nnk_likeness){0, 0}; // of images that are all the same
    CHECK(nnk_nearly_alike(&l, 0));
    const double none = nnk_image_distance(&job, gram, 2 * EXAMPLES, 0),
                 neither = nnk_image_distance(&job, gram, 0, 2 * EXAMPLES);
    CHECK(none != none && neither != neither);
    CHECK_EQUAL(nnk_measure_likeness(&job, NULL, &l), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_measure_likeness(&job, gram, NULL), NNK_E_ARGUMENT);
    job.labels = NULL;
    CHECK_EQUAL(nnk_measure_likeness(&job, gram, &l), NNK_E_ARGUMENT);
    free(gram);
    release_data(d);
}

/// Before a Gram matrix is formed there are no distances, and a trainer has none. Of two images of two
/// classes no pair is of one.
static void test_no_distances(void) {
    data d = drawn_photos(&topology, 2);
    d.labels[0] = 0, d.labels[1] = 1;
    nnk_job job = job_of(&topology, &nnk_f64, &d, 0);
    job.method = &nnk_dual_wide;
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes);
    nnk_likeness l = {7, 7};
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    CHECK_EQUAL(steps(&job, arena), NNK_OK);
    const double of_trainer = nnk_image_distance(&job, arena, 0, 1);
    CHECK(of_trainer != of_trainer);
    CHECK_EQUAL(nnk_measure_likeness(&job, arena, &l), NNK_E_STATE);
    free(arena);
    void *gram = form_gram(&job, false);
    job.method = &nnk_gram;
    CHECK_EQUAL(nnk_measure_likeness(&job, gram, &l), NNK_OK);
    CHECK(l.neighbours == 0 && l.pairs == 0);
    CHECK_EQUAL(nnk_train_begin(&job, gram, nnk_train_bytes(&job)), NNK_OK);
    l = (nnk_likeness){7, 7};
    const double too_early = nnk_image_distance(&job, gram, 0, 1);
    CHECK(too_early != too_early);
    CHECK_EQUAL(nnk_measure_likeness(&job, gram, &l), NNK_E_STATE);
    memset(gram, 0, sizeof(nnk_trainer));
    CHECK_EQUAL(nnk_measure_likeness(&job, gram, &l), NNK_E_STATE);
    CHECK(l.neighbours == 7 && l.pairs == 7);
    free(gram);
    release_data(d);
}

// ---- Wrong arguments --------------------------------------------------------------------------------------

#define CHECK_INVALID(change)                                                                                \
    do {                                                                                                     \
        nnk_validation w = v;                                                                                \
        nnk_recipe r = recipes[1];                                                                           \
        w.recipes = &r, w.recipe_count = 1;                                                                  \
        CHECK(nnk_validation_networks(&w) > 0);                                                              \
        change;                                                                                              \
        CHECK_EQUAL(nnk_validation_networks(&w), 0);                                                         \
        CHECK_EQUAL(nnk_validation_points(&w), 0);                                                           \
        CHECK_EQUAL(nnk_validation_bytes(&w), 0);                                                            \
        CHECK_EQUAL(nnk_validation_arena_bytes(&w), 0);                                                      \
        CHECK_EQUAL(nnk_validation_scratch_bytes(&w), 0);                                                    \
        CHECK_EQUAL(nnk_validation_train(&w, 0, &w, sizeof w, &w, &x), NNK_E_ARGUMENT);                      \
        CHECK_EQUAL(nnk_choose(&w, &x, NULL, 0, &choice), NNK_E_ARGUMENT);                                   \
        CHECK_EQUAL(nnk_expect(&w, &x, &u, &x), NNK_E_ARGUMENT);                                             \
    } while (0)

static void test_wrong_validations(void) {
    data d = drawn_photos(&topology, EXAMPLES);
    const nnk_validation v = validation_of(&d, &nnk_f64, &nnk_dual_wide);
    nnk_choice choice;
    double x = 0;
    uint32_t u;
    CHECK_INVALID(w.recipes = NULL);
    CHECK_INVALID(w.recipe_count = 0);
    CHECK_INVALID(w.repeats = 0);
    CHECK_INVALID(w.folds.count = 1);
    CHECK_INVALID(w.folds.count = EXAMPLES + 1);
    CHECK_INVALID(w.job.cost_every = 0);
    CHECK_INVALID(w.job.cost_every = 3);
    CHECK_INVALID(w.job.iterations = 0);
    CHECK_INVALID((w.job.iterations = UINT32_MAX, w.job.cost_every = 5));
    CHECK_INVALID(w.job.method = NULL);
    CHECK_INVALID(w.job.method = &nnk_gram);
    CHECK_INVALID(w.job.arithmetic = NULL);
    CHECK_INVALID(w.job.topology = NULL);
    CHECK_INVALID((w.job.mirror = (nnk_mirror){0, 0}));
    CHECK_INVALID(w.repeats = UINT32_MAX);
    CHECK_INVALID((w.recipes = recipes, w.recipe_count = 2, w.repeats = UINT32_MAX));
    CHECK_INVALID((w.repeats = 1u << 29, w.job.iterations = UINT32_MAX - 1, w.job.cost_every = 1));
    CHECK_INVALID(r.weight_decay = -1);
    CHECK_INVALID(r.learning_rate = -1);
    CHECK_INVALID(r.share[0] = 1);
    CHECK_INVALID(r.share[1] = -0.1);
    nnk_validation least = v;
    least.job.iterations = least.job.cost_every = 1;
    CHECK_EQUAL(nnk_validation_points(&least), 1);
    CHECK_EQUAL(nnk_validation_networks(NULL), 0);
    CHECK_EQUAL(nnk_validation_bytes(NULL), 0);
    CHECK_EQUAL(nnk_validation_train(&v, nnk_validation_networks(&v), &x, sizeof x, &x, &x), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_validation_train(&v, 0, &x, sizeof x, NULL, &x), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_validation_train(&v, 0, &x, sizeof x, &x, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_validation_store(&v, 0, NULL, false, &x), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_validation_store(&v, 0, (uint8_t *)&x + 4, true, &x), NNK_E_ALIGN);
    nnk_job job;
    CHECK_EQUAL(nnk_validation_store(&v, 0, &x, false, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_validation_store(&v, nnk_validation_networks(&v), &x, false, &x), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_validation_begin(&v, 0, (uint8_t *)&x + 4, &job), NNK_E_ALIGN);
    CHECK_EQUAL(nnk_validation_begin(&v, 0, &x, NULL), NNK_E_ARGUMENT);
    CHECK(nnk_validation_logits(&v, NULL, (nnk_choice){0, 0}) == NULL);
    CHECK(nnk_validation_logits(&v, &x, (nnk_choice){RECIPES, 0}) == NULL);
    CHECK(nnk_validation_logits(&v, &x, (nnk_choice){0, nnk_validation_points(&v)}) == NULL);
    CHECK_EQUAL(nnk_choose(&v, NULL, NULL, 0, &choice), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_choose(&v, &x, NULL, 0, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_expect(&v, &x, NULL, &x), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_expect(&v, NULL, &u, &x), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_expect(&v, &x, &u, NULL), NNK_E_ARGUMENT);
    nnk_validation w = v;
    w.job.labels = NULL;
    CHECK_EQUAL(nnk_choose(&w, &x, NULL, 0, &choice), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_expect(&w, &x, &u, &x), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_choose(&v, NULL, NULL, 0, &choice), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_choose(&v, &x, NULL, 0, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_expect(&v, NULL, &u, &x), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_expect(&v, &x, NULL, &x), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_expect(&v, &x, &u, NULL), NNK_E_ARGUMENT);
    uint32_t fold[EXAMPLES];
    d.labels[EXAMPLES - 1] = 2;
    CHECK_EQUAL(nnk_choose(&v, &x, NULL, 0, &choice), NNK_E_LABEL);
    CHECK_EQUAL(nnk_expect(&v, &x, fold, &x), NNK_E_LABEL);
    release_data(d);
}

static void test_wrong_scores(void) {
    const double z = 1;
    const uint8_t label = 1, bad = 2;
    uint32_t order;
    nnk_scores s;
    nnk_calibration c;
    CHECK_EQUAL(nnk_score(NULL, 1, &label, 1, &order, &s), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_score(&z, 0, &label, 1, &order, &s), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_score(&z, 1, NULL, 1, &order, &s), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_score(&z, 1, &label, 0, &order, &s), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_score(&z, 1, &label, 1, NULL, &s), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_score(&z, 1, &label, 1, &order, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_calibrate(NULL, 1, &label, 1, NULL, 0, &c), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_calibrate(&z, 0, &label, 1, NULL, 0, &c), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_calibrate(&z, 1, NULL, 1, NULL, 0, &c), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_calibrate(&z, 1, &label, 0, NULL, 0, &c), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_calibrate(&z, 1, &bad, 1, NULL, 0, &c), NNK_E_LABEL);
    CHECK_EQUAL(nnk_calibrate(&z, 1, &label, 1, NULL, 0, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_better_than_guessing(NULL), 0);
    const nnk_scores points[4] = {0};
    CHECK_EQUAL(nnk_class_to_add(NULL, points), -1);
    CHECK_EQUAL(nnk_class_to_add(points, NULL), -1);
    CHECK_EQUAL(nnk_confusion_at(NULL, &label, 1, 0).true_positives, 0);
    CHECK_EQUAL(nnk_confusion_at(&z, NULL, 1, 0).true_positives, 0);
    const nnk_confusion nothing = {0, 0, 0, 0};
    CHECK(nnk_precision(&nothing) == 1 && nnk_recall(&nothing) == 0);
    CHECK(nnk_precision(NULL) == 0 && nnk_recall(NULL) == 0);
    CHECK_EQUAL(nnk_is_sequence(NULL), 0);
    CHECK_EQUAL(nnk_nearly_alike(NULL, 0), 0);
    CHECK_EQUAL(nnk_measure_likeness(NULL, &z, NULL), NNK_E_ARGUMENT);
    double low = 7, high = 7, own = 7;
    nnk_bin bin = {7, 7, 7};
    nnk_recipe made[NNK_CURVE_RECIPES] = {{.weight_decay = 7}};
    order = 7;
    nnk_order(NULL, 1, &order);
    nnk_order(&z, 1, NULL);
    nnk_own_class(NULL, 1, &label, 1, &own);
    nnk_own_class(&z, 0, &label, 1, &own);
    nnk_own_class(&z, 1, NULL, 1, &own);
    nnk_own_class(&z, 1, &label, 1, NULL);
    nnk_fill_bins(NULL, &label, 1, &order, &bin, 1);
    nnk_fill_bins(&z, NULL, 1, &order, &bin, 1);
    nnk_fill_bins(&z, &label, 1, NULL, &bin, 1);
    nnk_fill_bins(&z, &label, 1, &order, NULL, 1);
    nnk_curve_recipes(NULL, made);
    nnk_curve_recipes(made, NULL);
    nnk_interval(0.5, 10, NULL, &high);
    nnk_interval(0.5, 10, &low, NULL);
    nnk_extrapolate(&s, &s, NULL, 5, &s);
    nnk_extrapolate(&s, &s, &s, 5, NULL);
    CHECK(order == 7 && own == 7 && bin.examples == 7 && made[0].weight_decay == 7);
    nnk_interval(0.5, 0, &low, &high);
    nnk_interval(1.5, 10, &low, &high);
    nnk_interval(-0.5, 10, &low, &high);
    nnk_interval((double)NAN, 10, &low, &high);
    CHECK(low == 7 && high == 7);
}

int main(void) {
    test_draw();
    test_folds();
    test_fairness();
    test_leave_one_out();
    test_wrong_folds();
    test_networks(&nnk_f32);
    test_networks(&nnk_f64);
    test_divergence();
    for (size_t row = 0; row < sizeof scores_rows / sizeof scores_rows[0]; row++) {
        check_against_sklearn(row);
        check_definitions(row);
        check_bins(row);
    }
    test_repeats();
    test_extremes();
    test_choice();
    test_choice_after_divergence();
    test_nothing_counts();
    test_small_share();
    test_failed_network();
    test_separable();
    test_two_values();
    test_far_logits();
    test_curve();
    test_extrapolation();
    test_distances(&nnk_f64, &nnk_gram, 0);
    test_distances(&nnk_f64, &nnk_gram_packed, 0);
    test_distances(&nnk_f32, &nnk_gram, 128);
    test_distances(&nnk_f32, &nnk_gram_packed, 128);
    test_no_distances();
    test_wrong_validations();
    test_wrong_scores();
    return check_end();
}
