/// Trainings with options against numpy's (options.py): costs, held-out costs, the best iteration and the
/// written model's logits, for six networks and all methods, the primal one also with shards.
#include "jobs.h"
#include "options.h"

enum { ROWS = sizeof options_rows / sizeof options_rows[0] };

/// Of sums of up to 768 terms and 60 iterations, rounded to double; the table has 13 digits.
static const double tolerance = 1e-11;

/// The job of a row.
static nnk_job job_of_row(size_t row, const data *d, const float *weights, uint32_t iterations) {
    const nnk_topology *t = &options_networks[options_rows[row].network].topology;
    nnk_job job = job_of(t, &nnk_f64, d, iterations);
    job.seed = OPTIONS_SEED;
    job.learning_rate = OPTIONS_RATE;
    job.cost_every = OPTIONS_COST_EVERY;
    job.center = options_rows[row].centered;
    job.own_contrast = options_rows[row].own_contrast;
    if (options_rows[row].weights) job.weights = weights;
    if (options_rows[row].decay) job.weight_decay = OPTIONS_DECAY;
    if (options_rows[row].mirrored)
        job.mirror = (nnk_mirror){options_networks[options_rows[row].network].row_bytes,
                                  options_networks[options_rows[row].network].pixel_bytes};
    return job;
}

/// The model that a job without options, except own contrast, trains.
static file start_of_row(size_t row, const data *d) {
    nnk_job job = job_of_row(row, d, NULL, OPTIONS_START_ITERATIONS);
    job.seed = OPTIONS_START_SEED;
    job.center = false;
    job.weight_decay = 0;
    job.mirror = (nnk_mirror){0, 0};
    return train(&job);
}

/// Which of the shown iterations that is, or -1.
static int shown(uint32_t iteration) {
    for (int i = 0; i < 3; i++)
        if (options_shown[i] == iteration) return i;
    return -1;
}

static void check_costs(size_t row, const nnk_job *job, void *arena) {
    nnk_status status;
    int checked = 0;
    while ((status = nnk_train_step(job, arena)) > 0) {
        nnk_progress now;
        if (status != NNK_COST) continue;
        CHECK_EQUAL(nnk_train_progress(job, arena, &now), NNK_OK);
        const int i = shown(now.cost_iteration);
        if (i < 0) continue;
        CHECK_NEAR(now.cost, options_rows[row].costs[i], tolerance);
        CHECK_NEAR(now.held_out_cost, options_rows[row].held_out_costs[i], tolerance);
        checked++;
    }
    CHECK_EQUAL(status, NNK_OK);
    CHECK_EQUAL(checked, 3);
}

static void test_row(size_t row, int32_t method, uint32_t shards) {
    const nnk_topology *t = &options_networks[options_rows[row].network].topology;
    data d = drawn_photos(t, OPTIONS_EXAMPLES);
    CHECK_EQUAL(nnk_crc32(0, d.images, (size_t)OPTIONS_EXAMPLES * (size_t)t->size[0]),
                options_networks[options_rows[row].network].images_crc);
    float weights[OPTIONS_EXAMPLES];
    for (uint32_t j = 0; j < OPTIONS_EXAMPLES; j++) weights[j] = (float)(j % 4) / 2;
    file start = start_of_row(row, &d);
    const nnk_model start_model = opened(&start, t);
    nnk_job job = job_of_row(row, &d, weights, OPTIONS_ITERATIONS);
    job.method = methods[method];
    job.shards = shards;
    if (options_rows[row].started) job.start = &start_model;
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes);
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    check_costs(row, &job, arena);
    file f = new_file(&job);
    CHECK_EQUAL(finish(&job, arena, &f), NNK_OK);
    const nnk_model m = opened(&f, t);
    for (size_t i = 0; i < 3; i++)
        CHECK_NEAR(predict(nnk_fastest_inference(NNK_F64), &m, d.images + i * (size_t)t->size[0], 0),
                   1 / (1 + exp(-options_rows[row].logits[i])), tolerance);
    if (options_rows[row].weights) {
        job.keep_best = true;
        file best = train(&job);
        const nnk_model kept = opened(&best, t);
        CHECK_EQUAL(record_of(&kept).kept_iteration, options_rows[row].best);
        free(best.bytes);
    }
    free(arena);
    free(f.bytes);
    free(start.bytes);
    release_data(d);
}

int main(void) {
    for (size_t row = 0; row < ROWS; row++)
        FOR_EACH_METHOD_OF(method, &options_networks[options_rows[row].network].topology)
    if (check_takes(row * 3 + (size_t)method)) test_row(row, method, 0);
    static const uint32_t shards[] = {1, 2, 8, 64};
    for (size_t row = 0; row < ROWS; row++)
        for (size_t i = 0; i < sizeof shards / sizeof shards[0]; i++)
            if (check_takes(row * 4 + i)) test_row(row, NNK_PRIMAL, shards[i]);
    return check_end();
}
