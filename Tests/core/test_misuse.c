/// Wrong arguments, by the rule in status.h: every function that is declared for callers, with every pointer
/// NULL, every enumeration and every field of a job out of its range, and memory that is not aligned.
#include "jobs.h"

enum { EXAMPLES = 20, ITERATIONS = 3 };

static const nnk_topology topology = {3, {200, 4, 3, 1}};
static const nnk_topology one_layer = {1, {10, 1}};
static const nnk_topology no_layers = {0, {10, 1}}, too_many_layers = {8, {10, 1, 1, 1, 1, 1, 1, 1}};
static const nnk_topology no_inputs = {2, {0, 3, 1}}, too_many_units = {2, {10, NNK_MAX_UNITS + 1, 1}};
static const nnk_topology two_outputs = {2, {10, 3, 2}}, large_images = {2, {NNK_MAX_DUAL_INPUTS + 1, 3, 1}};
static const nnk_topology *const invalid_topologies[] = {NULL,       &no_layers,      &too_many_layers,
                                                         &no_inputs, &too_many_units, &two_outputs};
static const int32_t invalid_dtypes[] = {INT32_MIN, -1, 0, 4, 99, INT32_MAX};

#define FOR_EACH(index, array) for (size_t index = 0; index < sizeof(array) / sizeof(array)[0]; index++)

static nnk_status no_read(void *context, uint32_t offset, uint32_t count, uint8_t *out) {
    (void)context, (void)offset, (void)count, (void)out;
    check_that(0, __FILE__, __LINE__, "nothing is read");
    return NNK_E_SOURCE;
}

static nnk_status no_write(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    (void)context, (void)offset, (void)bytes, (void)count;
    check_that(0, __FILE__, __LINE__, "nothing is written");
    return NNK_E_SINK;
}

static const nnk_reader reading = {no_read, NULL}, no_reader = {NULL, NULL};
static const nnk_sink writing = {no_write, NULL}, no_sink = {NULL, NULL};

// ---- Every function with a job ----------------------------------------------------------------------------

/// Memory for any of the jobs here; one that has begun lies at its start.
static _Alignas(8) uint8_t arena[1 << 18], before[1 << 18], scratch[1 << 16];

typedef nnk_status (*call)(const nnk_job *job, void *arena);

static nnk_status begin(const nnk_job *j, void *a) { return nnk_train_begin(j, a, sizeof arena); }
static nnk_status run(const nnk_job *j, void *a) { return nnk_train_run(j, a, 5); }
static nnk_status items(const nnk_job *j, void *a) { return nnk_train_items(j, a, 0, 1, scratch); }
static nnk_status advance(const nnk_job *j, void *a) { return nnk_train_advance(j, a, 1); }
static nnk_status finish_model(const nnk_job *j, void *a) { return nnk_train_finish(j, a, writing); }
static nnk_status finish_bytes(const nnk_job *j, void *a) {
    return nnk_train_finish_as(j, a, NNK_I8, writing);
}
static nnk_status go_on(const nnk_job *j, void *a) { return nnk_train_again(j, a, false); }
static nnk_status forget(const nnk_job *j, void *a) { return nnk_train_forget(j, a, 0); }
static nnk_status progress_of(const nnk_job *j, void *a) {
    nnk_progress progress;
    return nnk_train_progress(j, a, &progress);
}
static nnk_status save(const nnk_job *j, void *a) {
    nnk_checkpoint progress = {0, 0};
    return nnk_checkpoint_save(j, a, &progress, writing);
}
static nnk_status load(const nnk_job *j, void *a) {
    nnk_checkpoint progress = {0, 0};
    return nnk_checkpoint_load(j, a, sizeof arena, &progress, reading);
}
static nnk_status results_of(const nnk_job *j, void *a) {
    nnk_results results;
    return nnk_train_results(j, a, &results);
}
static nnk_status team_run(const nnk_job *j, void *a) {
    nnk_team team = {.threads = 2};
    return nnk_team_run(&team, j, a, 5);
}
static nnk_status shares(const nnk_job *j, void *a) {
    nnk_team team = {.threads = 2};
    return (nnk_status)nnk_team_shares(&team, j, a);
}
static nnk_status parallel(const nnk_job *j, void *a) { return (nnk_status)nnk_train_parallel(j, a); }

/// What they return for a wrong job or no arena, and for one that is not aligned. nnk_train_items and
/// nnk_train_advance ask nnk_train_parallel, which has no items then.
static const struct {
    call call;
    nnk_status argument, align;
} calls[] = {
    {begin, NNK_E_ARGUMENT, NNK_E_ALIGN},
    {nnk_train_step, NNK_E_ARGUMENT, NNK_E_ALIGN},
    {run, NNK_E_ARGUMENT, NNK_E_ALIGN},
    {items, NNK_E_ARGUMENT, NNK_E_ARGUMENT},
    {advance, NNK_E_ARGUMENT, NNK_E_ARGUMENT},
    {finish_model, NNK_E_ARGUMENT, NNK_E_ALIGN},
    {finish_bytes, NNK_E_ARGUMENT, NNK_E_ALIGN},
    {go_on, NNK_E_ARGUMENT, NNK_E_ALIGN},
    {forget, NNK_E_ARGUMENT, NNK_E_ALIGN},
    {progress_of, NNK_E_ARGUMENT, NNK_E_ALIGN},
    {save, NNK_E_ARGUMENT, NNK_E_ALIGN},
    {load, NNK_E_ARGUMENT, NNK_E_ALIGN},
    {results_of, NNK_E_ARGUMENT, NNK_E_ALIGN},
    {team_run, NNK_E_ARGUMENT, NNK_E_ALIGN},
    {shares, 0, 0},
    {parallel, 0, 0},
};

/// A job of which something is wrong; `has_size` if only what nnk_train_bytes does not need is missing.
static void check_wrong_job(const nnk_job *job, int has_size) {
    memcpy(before, arena, sizeof arena);
    FOR_EACH(i, calls) CHECK_EQUAL(calls[i].call(job, arena), calls[i].argument);
    CHECK_SAME(before, arena, sizeof arena);
    CHECK(has_size == (nnk_train_bytes(job) != 0));
    CHECK(has_size == (nnk_checkpoint_bytes(job) != 0));
    if (!has_size) CHECK_EQUAL(nnk_train_scratch_bytes(job), 0);
}

#define WRONG(field, value, has_size)                                                                        \
    do {                                                                                                     \
        nnk_job wrong = *job;                                                                                \
        wrong.field = (value);                                                                               \
        check_wrong_job(&wrong, has_size);                                                                   \
    } while (0)

static void test_wrong_jobs(const nnk_job *job) {
    check_wrong_job(NULL, 0);
    FOR_EACH(i, invalid_topologies) WRONG(topology, invalid_topologies[i], 0);
    if (job->method != &nnk_primal) {
        WRONG(topology, &one_layer, 0);
        WRONG(topology, &large_images, 0);
    }
    if (job->method != &nnk_dual) WRONG(arithmetic, &nnk_f32_dual, 0);
    WRONG(arithmetic, NULL, 0);
    WRONG(method, NULL, 0);
    WRONG(initializer, -1, 0);
    WRONG(initializer, NNK_INIT_SMALL + 1, 0);
    WRONG(examples, 0, 0);
    WRONG(examples, NNK_MAX_EXAMPLES + 1, 0);
    WRONG(examples, UINT32_MAX, 0);
    WRONG(learning_rate, 0.0, 0);
    WRONG(learning_rate, -0.1, 0);
    WRONG(learning_rate, (double)INFINITY, 0);
    WRONG(learning_rate, (double)NAN, 0);
    WRONG(labels, NULL, 1);
    WRONG(images, (nnk_source){0}, 1);
}

static void test_wrong_arenas(const nnk_job *job) {
    FOR_EACH(i, calls) CHECK_EQUAL(calls[i].call(job, NULL), calls[i].argument);
    for (size_t by = 1; by < 8; by++)
        FOR_EACH(i, calls) CHECK_EQUAL(calls[i].call(job, arena + by), calls[i].align);
}

/// The arguments beside the job and the arena.
static void test_other_arguments(const nnk_job *job) {
    nnk_checkpoint c = {0, 0}, far = {UINT32_MAX, 0};
    nnk_team team = {.threads = 2}, nobody = {.threads = 0};
    memcpy(before, arena, sizeof arena);
    CHECK_EQUAL(nnk_train_progress(job, arena, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_train_finish(job, arena, no_sink), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_train_finish_as(job, arena, NNK_I8, no_sink),
                job->method == &nnk_dual ? NNK_E_ARGUMENT : NNK_E_KIND);
    CHECK_EQUAL(nnk_train_finish_as(job, arena, 0, writing), NNK_E_KIND);
    CHECK_EQUAL(nnk_train_again(job, arena, true), NNK_E_ARGUMENT); // no capacity
    CHECK_EQUAL(nnk_train_forget(job, arena, 0), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_checkpoint_save(job, arena, &c, no_sink), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_checkpoint_save(job, arena, NULL, writing), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_checkpoint_save(job, arena, &far, writing), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_checkpoint_load(job, arena, sizeof arena, &c, no_reader), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_checkpoint_load(job, arena, sizeof arena, NULL, reading), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_train_items(job, arena, 0, 1, NULL), NNK_E_ARGUMENT);
    const uint32_t ahead = nnk_train_parallel(job, arena);
    if (ahead > 0) CHECK_EQUAL(nnk_train_items(job, arena, 0, 1, scratch + 4), NNK_E_ALIGN);
    CHECK_EQUAL(nnk_train_items(job, arena, ahead, 0, scratch), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_train_items(job, arena, 0, ahead + 1, scratch), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_team_run(NULL, job, arena, 1), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_team_run(&nobody, job, arena, 1), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_team_shares(NULL, job, arena), 0);
    CHECK_EQUAL(nnk_team_shares(&nobody, job, arena), 0);
    CHECK_EQUAL(nnk_team_help(NULL, scratch), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_team_help(&team, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_team_help(&team, scratch + 4), NNK_E_ALIGN);
    nnk_team_dismiss(NULL);
    CHECK_SAME(before, arena, sizeof arena);
}

/// Before training, and with the first items that threads can share ahead.
static void test_training(int32_t method) {
    data d = random_data(&topology, EXAMPLES);
    nnk_job job = job_of(&topology, &nnk_f32, &d, ITERATIONS);
    job.method = methods[method];
    CHECK(nnk_train_bytes(&job) <= sizeof arena && nnk_train_scratch_bytes(&job) <= sizeof scratch);
    CHECK_EQUAL(nnk_train_begin(&job, arena, sizeof arena), NNK_OK);
    if (method != NNK_DUAL)
        while (nnk_train_parallel(&job, arena) == 0) CHECK(nnk_train_step(&job, arena) > 0);
    test_wrong_jobs(&job);
    test_wrong_arenas(&job);
    test_other_arguments(&job);
    CHECK_EQUAL(steps(&job, arena), NNK_OK); // nothing was lost
    test_wrong_jobs(&job);
    test_wrong_arenas(&job);
    test_other_arguments(&job);
    release_data(d);
}

// ---- Everything else --------------------------------------------------------------------------------------

static void test_topologies(void) {
    FOR_EACH(i, invalid_topologies) {
        const nnk_topology *t = invalid_topologies[i];
        CHECK_EQUAL(nnk_topology_valid(t), 0);
        CHECK_EQUAL(nnk_topology_equal(t, &topology), 0);
        CHECK_EQUAL(nnk_topology_equal(&topology, t), 0);
        CHECK_EQUAL(nnk_topology_equal(t, t), 0);
        CHECK_EQUAL(nnk_parameter_count(t), 0);
        CHECK_EQUAL(nnk_unit_count(t), 0);
        CHECK_EQUAL(nnk_model_bytes(t, NNK_F32), 0);
        CHECK_EQUAL(nnk_predict_bytes(t, &nnk_f32_inference), 0);
        CHECK_EQUAL(nnk_predict_reading_bytes(t, &nnk_f32_inference), 0);
    }
    CHECK(nnk_topology_equal(&topology, &topology) && !nnk_topology_equal(&topology, &one_layer));
    CHECK(nnk_predict_reading_bytes(&topology, &nnk_f32_inference) > 0);
    CHECK_EQUAL(nnk_predict_bytes(&topology, NULL), 0);
    CHECK_EQUAL(nnk_predict_reading_bytes(&topology, NULL), 0);
}

static void test_shards(void) {
    static const struct {
        uint32_t first, count;
    } outside[] = {{0, 9}, {8, 1}, {9, 0}, {1, UINT32_MAX}, {UINT32_MAX, 1}, {UINT32_MAX, UINT32_MAX}};
    FOR_EACH(i, outside) CHECK_EQUAL(nnk_shard_nodes(8, outside[i].first, outside[i].count), 0);
    CHECK_EQUAL(nnk_shard_start(10, 0, 0), 0);
    static const uint32_t too_many[] = {9};
    float nodes[] = {1, 2};
    nnk_sum_nodes(8, too_many, 1, nodes, 1, 4);
    nnk_sum_nodes(8, NULL, 0, nodes, 1, 4);
    CHECK(nodes[0] == 1 && nodes[1] == 2);
    CHECK_EQUAL(nnk_train_results(NULL, arena, NULL), NNK_E_ARGUMENT);
}

static void test_enumerations(void) {
    FOR_EACH(i, invalid_dtypes) {
        CHECK_EQUAL(nnk_model_bytes(&nnk_deep, invalid_dtypes[i]), 0);
        CHECK(nnk_fastest(invalid_dtypes[i]) == NULL);
        CHECK(nnk_fastest_inference(invalid_dtypes[i]) == NULL);
    }
    CHECK(nnk_fastest(NNK_I8) == NULL); // no training is of bytes
    CHECK(nnk_method_of(-1) == NULL && nnk_method_of(NNK_GRAM_PACKED + 1) == NULL);
    CHECK(nnk_method_of(NNK_GRAM) == &nnk_gram && nnk_method_of(NNK_GRAM_PACKED) == &nnk_gram_packed);
    FOR_EACH_METHOD(number) CHECK(nnk_method_of(number) == methods[number]);
    CHECK_EQUAL(nnk_fastest(NNK_F32)->dtype, NNK_F32);
    CHECK_EQUAL(nnk_fastest(NNK_F64)->dtype, NNK_F64);
    for (int32_t dtype = NNK_F32; dtype <= NNK_I8; dtype++) {
        CHECK_EQUAL(nnk_fastest_inference(dtype)->dtype, dtype);
        CHECK(nnk_model_bytes(&nnk_deep, dtype) > NNK_HEADER_BYTES);
    }
}

static file small_model(void) {
    data d = random_data(&topology, EXAMPLES);
    const nnk_job job = job_of(&topology, &nnk_f32, &d, ITERATIONS);
    file f = train(&job);
    release_data(d);
    return f;
}

static const nnk_expectation expectation = {1, 0, 0.7f, 0.6f, 0.8f, 0.5f, 0.75f, 0.6f, 60, 5};

static void check_unwritable(const nnk_model *m, nnk_sink sink) {
    CHECK_EQUAL(nnk_model_write(m, sink), NNK_E_ARGUMENT);
    nnk_steps steps = {0};
    CHECK_EQUAL(nnk_model_quantize(m, sink), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_quantize_step(m, sink, &steps), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_calibrate(m, &expectation, sink), NNK_E_ARGUMENT);
}

/// What a model says, and one that says nothing, or too much.
static void test_records(void) {
    file f = small_model();
    const nnk_model m = opened(&f, &topology);
    nnk_training_record record;
    nnk_expectation e;
    CHECK_EQUAL(nnk_model_record(NULL, &record), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_record(&m, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_record(&m, &record), NNK_OK);
    CHECK(record.mirror.row_bytes == 0 && record.weight_decay == 0 && record.weights_rule == 0);
    CHECK_EQUAL(nnk_model_expectation(NULL, &e), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_expectation(&m, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_expectation(&m, &e), NNK_E_STATE);
    CHECK_EQUAL(nnk_model_calibrate(&m, NULL, writing), NNK_E_ARGUMENT);
    nnk_records_to_file(NULL);
    nnk_model wrong = m;
    wrong.options = NNK_OPTION_JUDGED; // and no expectation
    CHECK_EQUAL(nnk_model_expectation(&wrong, &e), NNK_E_STATE);
    CHECK_EQUAL(nnk_model_write(&wrong, writing), NNK_E_ARGUMENT);
    wrong.options = NNK_OPTION_MIRRORED; // and no record that says how
    check_unwritable(&wrong, writing);
    static const int32_t unknown[] = {INT32_MIN, -1, NNK_OPTIONS + 1, INT32_MAX};
    FOR_EACH(i, unknown) {
        wrong.options = unknown[i];
        check_unwritable(&wrong, writing);
    }
    free(f.bytes);
}

static void test_models(void) {
    file f = small_model();
    nnk_model m;
    CHECK_EQUAL(nnk_model_open(NULL, f.bytes, f.size, &topology), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_open(&m, NULL, f.size, &topology), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_open(&m, NULL, 0, &topology), NNK_E_LENGTH); // an empty file
    nnk_steps steps = {0};
    char name[NNK_CLASS_NAME_BYTES];
    CHECK_EQUAL(nnk_model_open_step(NULL, f.bytes, f.size, &topology, &steps), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_open_step(&m, NULL, f.size, &topology, &steps), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_open_step(&m, f.bytes, f.size, &topology, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_read_step(NULL, reading, &topology, &steps), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_read_step(&m, no_reader, &topology, &steps), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_read_step(&m, reading, &topology, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_peek(NULL, f.bytes, &topology), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_peek(&m, NULL, &topology), NNK_E_ARGUMENT);
    FOR_EACH(i, invalid_topologies) {
        CHECK_EQUAL(nnk_model_open(&m, f.bytes, f.size, invalid_topologies[i]), NNK_E_ARGUMENT);
        CHECK_EQUAL(nnk_model_peek(&m, f.bytes, invalid_topologies[i]), NNK_E_ARGUMENT);
        CHECK_EQUAL(nnk_model_open_step(&m, f.bytes, f.size, invalid_topologies[i], &steps), NNK_E_ARGUMENT);
        CHECK_EQUAL(nnk_model_read_step(&m, reading, invalid_topologies[i], &steps), NNK_E_ARGUMENT);
    }
    m = opened(&f, &topology);
    nnk_model other = m;
    steps = (nnk_steps){.position = 1};
    CHECK_EQUAL(nnk_model_open_step(NULL, f.bytes, f.size, &topology, &steps), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_open_step(&other, NULL, f.size, &topology, &steps), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_open_step(&other, f.bytes, f.size, &topology, &steps), NNK_MORE);
    const nnk_steps beyond = {.position = m.payload_bytes + 1};
    steps = beyond;
    CHECK_EQUAL(nnk_model_open_step(&m, f.bytes, f.size, &topology, &steps), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_read_step(&m, reading, &topology, &steps), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_quantize_step(&m, writing, &steps), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_quantize_step(&m, writing, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_class_name(NULL, 0, name), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_class_name(&m, -1, name), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_class_name(&m, 2, name), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_class_name(&m, 0, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_class_name(&m, 1, name), NNK_OK);
    CHECK_EQUAL(nnk_block_write(NULL, 64, f.bytes, 1), NNK_E_ARGUMENT); // test_blocks.c has the others
    nnk_model_to_native(NULL, f.bytes);
    nnk_model_to_native(&m, NULL);

    CHECK_EQUAL(nnk_model_write(NULL, writing), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_write(&m, no_sink), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_quantize(NULL, writing), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_quantize(&m, no_sink), NNK_E_ARGUMENT);
    nnk_model wrong = m;
    wrong.parameters = NULL;
    check_unwritable(&wrong, writing);
    FOR_EACH(i, invalid_topologies) {
        wrong = m;
        wrong.topology = invalid_topologies[i];
        check_unwritable(&wrong, writing);
        nnk_model_to_native(&wrong, f.bytes);
    }
    FOR_EACH(i, invalid_dtypes) {
        wrong = m;
        wrong.dtype = invalid_dtypes[i];
        check_unwritable(&wrong, writing);
    }
    // One byte of a file holds each of these: 256 + NNK_DUAL would be taken for NNK_DUAL.
    static const int32_t invalid[] = {INT32_MIN, -1, 3, 99, 256, 257, INT32_MAX};
    FOR_EACH(i, invalid) {
        wrong = m;
        wrong.method = invalid[i];
        check_unwritable(&wrong, writing);
        wrong = m;
        wrong.initializer = invalid[i];
        check_unwritable(&wrong, writing);
    }
    free(f.bytes);
}

static void test_parts(void) {
    file f = small_model();
    const nnk_model m = opened(&f, &topology);
    static const int32_t no_layers_of_it[] = {INT32_MIN, -1, 0, 4, INT32_MAX};
    CHECK(nnk_model_weights(&m, 3) != NULL && nnk_model_biases(&m, 3) != NULL);
    FOR_EACH(i, no_layers_of_it) {
        const int32_t layer = no_layers_of_it[i];
        CHECK(nnk_model_weights(&m, layer) == NULL && nnk_model_biases(&m, layer) == NULL);
        CHECK_EQUAL(nnk_model_weights_at(&topology, NNK_F32, layer), 0);
        CHECK_EQUAL(nnk_model_biases_at(&topology, NNK_F32, layer), 0);
    }
    FOR_EACH(i, invalid_topologies) {
        nnk_model wrong = m;
        wrong.topology = invalid_topologies[i];
        CHECK(nnk_model_weights(&wrong, 1) == NULL && nnk_model_biases(&wrong, 1) == NULL);
        CHECK_EQUAL(nnk_model_weights_at(invalid_topologies[i], NNK_F32, 1), 0);
        CHECK_EQUAL(nnk_model_biases_at(invalid_topologies[i], NNK_F32, 1), 0);
    }
    FOR_EACH(i, invalid_dtypes) {
        CHECK_EQUAL(nnk_model_weights_at(&topology, invalid_dtypes[i], 1), 0);
        CHECK_EQUAL(nnk_model_biases_at(&topology, invalid_dtypes[i], 1), 0);
    }
    CHECK(nnk_model_weights(NULL, 1) == NULL && nnk_model_biases(NULL, 1) == NULL);
    CHECK(nnk_model_scales(NULL) == NULL);
    CHECK_EQUAL(nnk_model_payload_crc(NULL), 0);
    free(f.bytes);
}

static void test_predictions(void) {
    file f = small_model();
    const nnk_model m = opened(&f, &topology);
    const nnk_inference *k = &nnk_f32_inference;
    uint8_t *image = random_bytes(200);
    double p;
    CHECK_EQUAL(nnk_predict_begin(NULL, sizeof arena, &m, k), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_predict_begin(arena, sizeof arena, NULL, k), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_predict_begin(arena, sizeof arena, &m, NULL), NNK_E_ARGUMENT);
    nnk_model wrong = m;
    wrong.parameters = NULL;
    CHECK_EQUAL(nnk_predict_begin(arena, sizeof arena, &wrong, k), NNK_E_ARGUMENT);
    FOR_EACH(i, invalid_topologies) {
        wrong = m;
        wrong.topology = invalid_topologies[i];
        CHECK_EQUAL(nnk_predict_begin(arena, sizeof arena, &wrong, k), NNK_E_ARGUMENT);
    }
    for (size_t by = 1; by < 8; by++)
        CHECK_EQUAL(nnk_predict_begin(arena + by, sizeof arena - by, &m, k), NNK_E_ALIGN);
    CHECK_EQUAL(nnk_predict_begin(arena, sizeof arena, &m, k), NNK_OK);
    CHECK_EQUAL(nnk_predict_feed(NULL, image, 1), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_predict_feed(arena, NULL, 1), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_predict_feed(arena, NULL, 0), NNK_OK); // no bytes
    CHECK_EQUAL(nnk_predict_feed(arena, image, 200), NNK_OK);
    CHECK_EQUAL(nnk_predict_finish(NULL, &p), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_predict_finish(arena, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_predict_finish(arena, &p), NNK_OK); // nothing was lost
    free(image);
    free(f.bytes);
}

static void test_checkpoints(void) {
    static const uint8_t bytes[NNK_CHECKPOINT_START_BYTES];
    nnk_job_numbers numbers;
    uint32_t crc;
    CHECK_EQUAL(nnk_checkpoint_peek(NULL, &numbers, &crc), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_checkpoint_peek(bytes, NULL, &crc), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_checkpoint_peek(bytes, &numbers, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_checkpoint_peek(bytes, &numbers, &crc), NNK_E_MAGIC);
}

/// What an error says must be true of every function that returns it: models, checkpoints and images are read
/// and written by the same statuses.
static void test_texts(void) {
    CHECK(strstr(nnk_status_text(NNK_E_SOURCE), "image") == NULL);
    CHECK(strstr(nnk_status_text(NNK_E_SINK), "model") == NULL);
    for (nnk_status s = NNK_E_PAYLOAD; s <= NNK_E_LENGTH; s++)
        CHECK(s == NNK_E_MAGIC || strstr(nnk_status_text(s), "model") == NULL);
    CHECK(strstr(nnk_status_text(NNK_E_MAGIC), "checkpoint") != NULL);
}

/// The library under test is that of the headers.
static void test_version(void) { CHECK_EQUAL(nnk_version(), NNK_VERSION); }

int main(void) {
    test_version();
    FOR_EACH_METHOD(method) test_training(method);
    test_topologies();
    test_shards();
    test_enumerations();
    test_models();
    test_records();
    test_parts();
    test_predictions();
    test_checkpoints();
    test_texts();
    return check_end();
}
